package value

import (
	"unicode"
	"unicode/utf8"
)

// AppendFold appends a text without case: what two texts append is equal exactly when EqualFold says that they are. It is for looking texts
// up; it is not for showing.
func AppendFold(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = append(dst, lower(c))
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, leastFold(r))
		i += n
	}
	return dst
}

// leastFold returns the first of the characters that equal r without case. None is ASCII: such as the sign of kelvin equal no letter there.
func leastFold(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f >= utf8.RuneSelf && f < least {
			least = f
		}
	}
	return least
}
