package redact

import "strings"

// isSecret reports whether a value that a name of that kind is given may be a secret. Close says that it stands right after a = or in quotes.
func isSecret(kind nameKind, value string, quoted, equals bool) bool {
	least := 6
	if quoted || equals {
		least = 4
	}
	if len(value) < least || isOrdinary(value) {
		return false
	}
	switch kind {
	case nameOther:
		return false
	case nameToken:
		if len(value) < 6 || isNumber(value) || value[0] == '<' && value[len(value)-1] == '>' {
			return false
		}
		return quoted || equals || len(value) >= 12 || strings.ContainsAny(value, "0123456789")
	case nameKey:
		return looksRandom(value)
	case namePath:
		return value[0] != '/' && value[0] != '~'
	case nameCookie:
		return !isNumber(value)
	}
	return true
}

// isOrdinary tells the words that stand in the place of a secret where there is none.
func isOrdinary(value string) bool {
	value = strings.TrimRight(value, ".!")
	if len(value) < 2 || len(value) > 10 {
		return false
	}
	var buf [10]byte
	for i := range len(value) {
		c := value[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	switch string(buf[:len(value)]) {
	case "true", "false", "none", "null", "nil", "undefined", "disabled", "enabled", "required", "optional", "default", "missing", "present", "absent", "unset", "invalid", "unknown", "configured", "provided",
		"changed", "expired", "rejected", "accepted", "denied", "failed", "failure", "success", "valid", "verified", "loaded", "found", "generated", "created", "updated", "removed", "hidden", "empty",
		"must", "should", "cannot", "string", "bool", "bytes", "with", "from", "that", "this":
		return true
	}
	return false
}

// isNumber tells numbers with a unit or without: 512, 0.25, 12.5ms, 1,024.
func isNumber(value string) bool {
	if len(value) > 32 {
		return false
	}
	rest := strings.TrimLeft(value, "0123456789.,+-_e%")
	if rest == value || !strings.ContainsAny(value, "0123456789") {
		return false
	}
	switch rest {
	case "", "s", "ms", "us", "ns", "k", "K", "m", "M", "G", "B", "KB", "MB", "GB", "x", "/s", "h", "min", "d":
		return true
	}
	return false
}

// looksRandom tells what nobody has thought of: 16 or more letters and digits of which each occurs.
func looksRandom(value string) bool {
	if len(value) < 16 {
		return false
	}
	digits, letters := false, false
	for i := range min(len(value), 64) {
		c := value[i]
		switch {
		case isDigit(c):
			digits = true
		case isLower(c | 0x20):
			letters = true
		case strings.IndexByte("_-+/=.~", c) < 0:
			return false
		}
	}
	return digits && letters
}
