package console

import (
	"errors"
	"regexp"
	"strings"
)

var (
	matchField = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*=.+$`)
	unitName   = regexp.MustCompile(`^[A-Za-z0-9:_.@\\-]+$`)
)

// journalMatch returns the match that journalctl is given for an entry of Config.Journald: the unit's own processes, or the match that it is.
func journalMatch(entry string) (string, error) {
	if strings.Contains(entry, "=") {
		if !matchField.MatchString(entry) || strings.ContainsAny(entry, "\x00\n") {
			return "", errors.New("must be a unit's name or a match such as CONTAINER_NAME=model")
		}
		return entry, nil
	}
	if !unitName.MatchString(entry) || strings.HasPrefix(entry, "-") || len(entry) > 255 {
		return "", errors.New("must be a unit's name or a match such as CONTAINER_NAME=model")
	}
	if !strings.Contains(entry, ".") {
		entry += ".service"
	}
	return "_SYSTEMD_UNIT=" + entry, nil
}
