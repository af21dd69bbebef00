package alerts

import "strings"

// WindowsZoneNames returns the names in the table of zones.
func WindowsZoneNames() []string {
	var names []string
	for line := range strings.Lines(windowsZones) {
		if name, _, ok := strings.Cut(line, "|"); ok {
			names = append(names, name)
		}
	}
	return names
}
