package fn

import (
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// encodeURLFunctions escape text for URLs and back, with lower-case digits as the service does.
func encodeURLFunctions() []Scalar {
	return []Scalar{
		textFunction("url_encode(text: string): string", "Escapes a text for a URL; a blank becomes +.",
			func(s string) value.Value { return escapeURL(s, "+") }),
		textFunction("url_encode_component(text: string): string", "Escapes a text for a URL; a blank becomes %20.",
			func(s string) value.Value { return escapeURL(s, "%20") }),
		textFunction("url_decode(text: string): string", "Resolves the escapes of a URL, and + as a blank.",
			func(s string) value.Value { return unescapeURL(s) }),
	}
}

func escapeURL(s, blank string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.!*()", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(blank)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// unescapeURL resolves %xx, %uxxxx and +. An escape that is none stays as it is; bytes that are no UTF-8 become U+FFFD.
func unescapeURL(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
			continue
		case c == '%' && i+5 < len(s) && s[i+1] == 'u':
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b = append(b, string(rune(n))...)
				i += 5
				continue
			}
		case c == '%' && i+2 < len(s):
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(n))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}
