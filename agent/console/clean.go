package console

import (
	"bytes"
	"unicode/utf8"
)

// clean returns text without the sequences that colour a terminal or move its cursor, without control characters but for the tab, and with U+FFFD for
// each run of bytes that is not UTF-8. Of several states between carriage returns the last that is not blank is left. It may write into scratch.
func clean(text, scratch []byte) []byte {
	if bytes.IndexByte(text, '\r') >= 0 {
		text = lastState(text)
	}
	if isClean(text) {
		return text
	}
	out := scratch[:0]
	bad := false // the last thing written stands for bytes that are not UTF-8
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == 0x1b:
			i += escape(text[i:])
			continue
		case c < 0x20 && c != '\t' || c == 0x7f:
			i++
			continue
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
			bad = false
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			if !bad {
				out = utf8.AppendRune(out, utf8.RuneError)
			}
			bad = true
		case r < 0xa0: // control characters of the upper half
		default:
			out = append(out, text[i:i+size]...)
			bad = false
		}
		i += size
	}
	return out
}

func isClean(text []byte) bool {
	ascii := true
	for _, c := range text {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii {
		return true
	}
	for i := 0; i+1 < len(text); i++ {
		if text[i] == 0xc2 && text[i+1] < 0xa0 {
			return false
		}
	}
	return utf8.Valid(text)
}

// lastState returns the last part between carriage returns that is not blank.
func lastState(text []byte) []byte {
	for rest := text; ; {
		i := bytes.LastIndexByte(rest, '\r')
		if state := rest[i+1:]; len(bytes.TrimSpace(state)) > 0 {
			return state
		}
		if i < 0 {
			return nil
		}
		rest = rest[:i]
	}
}

// escape returns the length of the escape sequence (ECMA-48) that text begins with. One that is not finished ends with the text.
func escape(text []byte) int {
	if len(text) < 2 {
		return len(text)
	}
	switch c := text[1]; {
	case c == '[': // CSI: parameters and intermediates, then one final byte
		for i := 2; i < len(text); i++ {
			if text[i] < 0x20 || text[i] > 0x3f {
				if text[i] >= 0x40 && text[i] <= 0x7e {
					return i + 1
				}
				return i // not a sequence after all
			}
		}
		return len(text)
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_': // strings such as a window's title, ended by BEL or ESC \
		for i := 2; i < len(text); i++ {
			if text[i] == 0x07 {
				return i + 1
			}
			if text[i] == 0x1b {
				if i+1 < len(text) && text[i+1] == '\\' {
					return i + 2
				}
				return i
			}
		}
		return 2 // never ended: what follows is rather text
	case c >= 0x20 && c <= 0x2f: // ESC ( B and the like
		for i := 2; i < len(text); i++ {
			if text[i] < 0x20 || text[i] > 0x2f {
				if text[i] >= 0x30 && text[i] <= 0x7e {
					return i + 1
				}
				return i
			}
		}
		return len(text)
	case c >= 0x30 && c <= 0x7e:
		return 2
	}
	return 1
}
