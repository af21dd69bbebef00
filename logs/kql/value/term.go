package value

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A term is a maximal run of letters and digits. Text comparison without case folds each character on its own (simple folding), and an
// ASCII character equals only ASCII ones, so that a text and its folded form have the same length wherever the needle is ASCII.

// HasTerm says whether needle stands in text with its ends on borders of terms: has, has_cs. A needle may hold several terms and what
// separates them. An empty needle is in every text. cs means that case matters.
func HasTerm(text, needle string, cs bool) bool { return findTerm(text, needle, cs, true, true) }

// HasPrefixTerm says whether a term of text begins with needle: hasprefix, hasprefix_cs.
func HasPrefixTerm(text, needle string, cs bool) bool { return findTerm(text, needle, cs, true, false) }

// HasSuffixTerm says whether a term of text ends with needle: hassuffix, hassuffix_cs.
func HasSuffixTerm(text, needle string, cs bool) bool { return findTerm(text, needle, cs, false, true) }

// ContainsText says whether needle stands anywhere in text: contains, contains_cs.
func ContainsText(text, needle string, cs bool) bool { return findTerm(text, needle, cs, false, false) }

// StartsWith says whether text begins with needle: startswith, startswith_cs.
func StartsWith(text, needle string, cs bool) bool {
	if cs {
		return strings.HasPrefix(text, needle)
	}
	return prefixFold(text, needle) >= 0
}

// EndsWith says whether text ends with needle: endswith, endswith_cs.
func EndsWith(text, needle string, cs bool) bool {
	if cs {
		return strings.HasSuffix(text, needle)
	}
	for needle != "" {
		if text == "" {
			return false
		}
		a, n := utf8.DecodeLastRuneInString(text)
		b, m := utf8.DecodeLastRuneInString(needle)
		if a != b && !equalRune(a, b) {
			return false
		}
		text, needle = text[:len(text)-n], needle[:len(needle)-m]
	}
	return true
}

// EqualFold says whether two texts are equal without case: =~, in~.
func EqualFold(a, b string) bool { return prefixFold(a, b) == len(a) }

// Terms returns the terms of a text in order, as they are written. They share memory with it.
func Terms(text string) []string {
	var terms []string
	start := -1
	for i, r := range text {
		if isAlnum(r) {
			if start < 0 {
				start = i
			}
		} else if start >= 0 {
			terms = append(terms, text[start:i])
			start = -1
		}
	}
	if start >= 0 {
		terms = append(terms, text[start:])
	}
	return terms
}

// findTerm looks for needle, with its left, its right or both ends on a border where these are asked for.
func findTerm(text, needle string, cs, left, right bool) bool {
	if needle == "" {
		return true
	}
	if left {
		r, _ := utf8.DecodeRuneInString(needle)
		left = isAlnum(r) // a separator at the end of the needle is a border by itself
	}
	if right {
		r, _ := utf8.DecodeLastRuneInString(needle)
		right = isAlnum(r)
	}
	if cs {
		return findExact(text, needle, left, right)
	}
	return findFold(text, needle, left, right)
}

func findExact(text, needle string, left, right bool) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], needle)
		if i < 0 {
			return false
		}
		i += from
		if (!left || borderBefore(text, i)) && (!right || borderAfter(text, i+len(needle))) {
			return true
		}
		from = i + 1
	}
}

// findFold finds candidates by the rarest byte of an ASCII needle.
func findFold(text, needle string, left, right bool) bool {
	at, ascii := rarest(needle)
	if !ascii {
		return findRunes(text, needle, left, right)
	}
	if len(needle) > len(text) {
		return false
	}
	low := lower(needle[at])
	up := low
	if low >= 'a' && low <= 'z' {
		up = low - 'a' + 'A'
	}
	end := len(text) - (len(needle) - 1 - at) // candidates for needle[at] lie in text[at:end]
	nextLow, nextUp := at-1, at-1             // positions of the next low and up; end when there is none
	for {
		pos := min(nextLow, nextUp)
		if nextLow == pos {
			nextLow = indexFrom(text, low, pos+1, end)
		}
		if nextUp == pos {
			if up == low {
				nextUp = nextLow
			} else {
				nextUp = indexFrom(text, up, pos+1, end)
			}
		}
		pos = min(nextLow, nextUp)
		if pos == end {
			return false
		}
		i := pos - at
		if equalFoldASCII(text[i:i+len(needle)], needle) && (!left || borderBefore(text, i)) && (!right || borderAfter(text, i+len(needle))) {
			return true
		}
	}
}

// findRunes tries every place where a character may equal the first of needle.
func findRunes(text, needle string, left, right bool) bool {
	first := lower(needle[0])
	for i := range len(text) {
		if c := text[i]; first < utf8.RuneSelf && lower(c) != first || first >= utf8.RuneSelf && (c < utf8.RuneSelf || !utf8.RuneStart(c)) {
			continue
		}
		if n := prefixFold(text[i:], needle); n >= 0 && (!left || borderBefore(text, i)) && (!right || borderAfter(text, i+n)) {
			return true
		}
	}
	return false
}

func indexFrom(text string, c byte, from, end int) int {
	if i := strings.IndexByte(text[from:end], c); i >= 0 {
		return from + i
	}
	return end
}

// rarest returns the index of the byte of needle that is likely to be the rarest in texts, and whether needle is ASCII.
func rarest(needle string) (int, bool) {
	// From the most frequent; what is not listed counts as rare.
	const common = " etaonirsldhcu0m1pf-2g./:y3w4bv586=97_,k\"x"
	best, rank := 0, -1
	for i := range len(needle) {
		c := needle[i]
		if c >= utf8.RuneSelf {
			return 0, false
		}
		r := strings.IndexByte(common, lower(c))
		if r < 0 {
			r = len(common)
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best, true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalFoldASCII compares texts of one length, of which b is ASCII.
func equalFoldASCII(a, b string) bool {
	for i := range len(b) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// prefixFold returns how many bytes of text its prefix that equals needle takes, or -1.
func prefixFold(text, needle string) int {
	i, j := 0, 0
	for j < len(needle) {
		if i >= len(text) {
			return -1
		}
		if a, b := text[i], needle[j]; a < utf8.RuneSelf || b < utf8.RuneSelf {
			if a != b && lower(a) != lower(b) {
				return -1
			}
			i, j = i+1, j+1
			continue
		}
		a, n := utf8.DecodeRuneInString(text[i:])
		b, m := utf8.DecodeRuneInString(needle[j:])
		if a != b && !equalRune(a, b) {
			return -1
		}
		i, j = i+n, j+m
	}
	return i
}

// equalRune says whether two different characters are equal without case.
func equalRune(a, b rune) bool {
	if a < utf8.RuneSelf || b < utf8.RuneSelf {
		return a < utf8.RuneSelf && b < utf8.RuneSelf && lower(byte(a)) == lower(byte(b))
	}
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

func isAlnum(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlnumByte(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func isAlnumByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// borderBefore says whether no term goes on across i from the left, given that one begins or goes on at i.
func borderBefore(text string, i int) bool {
	if i == 0 {
		return true
	}
	if c := text[i-1]; c < utf8.RuneSelf {
		return !isAlnumByte(c)
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return !isAlnum(r)
}

// borderAfter says whether no term goes on across i to the right.
func borderAfter(text string, i int) bool {
	if i == len(text) {
		return true
	}
	if c := text[i]; c < utf8.RuneSelf {
		return !isAlnumByte(c)
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return !isAlnum(r)
}
