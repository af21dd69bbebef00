package redact

import "strings"

// KeyBlock finds the lines of a private key that is printed over several lines, of which only the first can be told by itself. It is for one stream of lines, in order.
type KeyBlock struct {
	open  bool
	lines int
}

const maxKeyLines = 200

// Hides reports whether a line belongs to the inside of a key, and returns what is left of the line where it does not all.
func (k *KeyBlock) Hides(text string) (rest string, hidden bool) {
	if k.open {
		k.lines++
		if _, after, ok := strings.Cut(text, "-----END "); ok {
			k.open = false
			if _, after, ok = strings.Cut(after, "-----"); ok {
				text = after
			} else {
				text = ""
			}
			return text, strings.TrimSpace(text) == ""
		}
		if k.lines < maxKeyLines && looksEncoded(text) {
			return "", true
		}
		k.open = false
	}
	if i := strings.LastIndex(text, "-----BEGIN "); i >= 0 {
		if j := strings.Index(text[i:], "PRIVATE KEY"); j >= 0 && !strings.Contains(text[i+j:], "-----END ") {
			k.open, k.lines = true, 0
		}
	}
	return text, false
}

// looksEncoded reports whether a line may be of a key's body: base64, or the headers before it.
func looksEncoded(text string) bool {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "Proc-Type:") || strings.HasPrefix(text, "DEK-Info:") || strings.HasPrefix(text, "Comment:") || strings.HasPrefix(text, "Version:") {
		return true
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=')
	})
}
