package scrape

import "strings"

// unknownKind is the kind of a page that no mapping knows.
const unknownKind = "unknown"

// targetLabel tells the targets of one agent apart, where it has several.
const targetLabel = "target"

// alias returns the name by which the mapping knows name.
func (m *Mapping) alias(name string) string {
	for i := range m.Aliases {
		if to, ok := m.Aliases[i].match.replace(name, m.Aliases[i].Replace); ok {
			return to
		}
	}
	return name
}

// detects tells whether a page that has name, as alias returned it, is of the mapping's kind.
func (m *Mapping) detects(name string) bool {
	for _, n := range m.Detect.Any {
		if n == name {
			return true
		}
	}
	for _, p := range m.Detect.Prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
