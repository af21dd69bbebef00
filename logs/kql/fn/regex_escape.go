package fn

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape rewrites what follows a backslash outside of a class.
func (r *regexRewriter) escape() error {
	if r.pos+1 >= len(r.src) {
		return errors.New("a backslash ends the pattern")
	}
	c := r.src[r.pos+1]
	switch c {
	case 'd', 'D', 's', 'S', 'w', 'W':
		r.pos += 2
		r.emit(r.perlText(c))
		return nil
	case 'b', 'B', '<', '>', 'A', 'z':
		return r.boundary(c)
	case 'Q':
		r.quoted()
		return nil
	case 'p', 'P':
		set, err := r.property()
		if err != nil {
			return err
		}
		r.emitSet(set)
		return nil
	}
	code, err := r.runeEscape()
	if err != nil {
		return err
	}
	r.emit(runeText(code))
	return nil
}

// perlText returns Go's text for \d and its kin. All of them are closed under case folding, so that flag i needs no care.
func (r *regexRewriter) perlText(c byte) string {
	if !r.flags.unicode {
		switch c {
		case 's':
			return `[\t-\r ]`
		case 'S':
			return `[^\t-\r ]`
		}
		return `\` + string(c)
	}
	switch c {
	case 'd':
		return `\p{Nd}`
	case 'D':
		return `\P{Nd}`
	case 's':
		return `[` + spaceClass + `]`
	case 'S':
		return `[^` + spaceClass + `]`
	case 'w':
		return `[` + wordClass + `]`
	}
	return `[^` + wordClass + `]`
}

// spaceClass is White_Space, and wordClass is what Unicode calls a word character: letters, marks, decimal and letter numbers, connecting
// punctuation, the two joiners, and the circled and squared letters that are symbols.
const (
	spaceClass = `\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	wordClass  = `\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200c}\x{200d}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}`
)

// boundary rewrites the assertions that have a letter. A word that begins or ends is near enough to \b: the two differ only where the
// pattern goes on with something that is no word character.
func (r *regexRewriter) boundary(c byte) error {
	r.pos += 2
	switch c {
	case '<', '>':
		r.emit(`\b`)
		return nil
	case 'b':
		rest := r.src[r.pos:]
		for _, side := range []string{"{start}", "{end}"} {
			if strings.HasPrefix(rest, side) {
				r.pos += len(side)
				r.emit(`\b`)
				return nil
			}
		}
		for _, side := range []string{"{start-half}", "{end-half}"} {
			if strings.HasPrefix(rest, side) {
				return fmt.Errorf(`\b%s would need to look around and is not supported`, side)
			}
		}
	}
	r.emit(`\` + string(c))
	return nil
}

// quoted copies \Q...\E as literal characters.
func (r *regexRewriter) quoted() {
	text, _, closed := strings.Cut(r.src[r.pos+2:], `\E`)
	r.pos += 2 + len(text)
	if closed {
		r.pos += 2
	}
	for _, c := range text {
		r.emit(runeText(c))
	}
}

// runeEscape reads an escape that stands for one character, in and out of classes.
func (r *regexRewriter) runeEscape() (rune, error) {
	if r.pos+1 >= len(r.src) {
		return 0, errors.New("a backslash ends the pattern")
	}
	c, n := utf8.DecodeRuneInString(r.src[r.pos+1:])
	start := r.pos
	r.pos += 1 + n
	switch c {
	case 'a':
		return '\a', nil
	case 'f':
		return '\f', nil
	case 't':
		return '\t', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 'v':
		return '\v', nil
	case 'x':
		return r.hex(start, 2)
	case 'u':
		return r.hex(start, 4)
	case 'U':
		return r.hex(start, 8)
	}
	switch {
	case c >= '0' && c <= '7':
		for r.pos < len(r.src) && r.pos < start+4 && r.src[r.pos] >= '0' && r.src[r.pos] <= '7' {
			r.pos++
		}
		digits := r.src[start+1 : r.pos]
		if len(digits) == 1 && c != '0' {
			return 0, fmt.Errorf(`back reference \%s is not supported`, digits)
		}
		code, _ := strconv.ParseInt(digits, 8, 32)
		return rune(code), nil
	case c >= '8' && c <= '9':
		return 0, fmt.Errorf(`back reference \%c is not supported`, c)
	case c < utf8.RuneSelf && (c|0x20 >= 'a' && c|0x20 <= 'z'):
		return 0, fmt.Errorf(`unknown escape \%c`, c)
	}
	return c, nil
}

// hex reads the digits of \x, \u or \U: just so many, or any number in braces.
func (r *regexRewriter) hex(start, digits int) (rune, error) {
	rest := r.src[r.pos:]
	text, n := "", 0
	if strings.HasPrefix(rest, "{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return 0, fmt.Errorf("missing } after `%s`", r.src[start:r.pos])
		}
		text, n = rest[1:end], end+1
	} else {
		n = min(digits, len(rest))
		text = rest[:n]
		if n < digits {
			text = "" // too few digits
		}
	}
	code, err := strconv.ParseUint(text, 16, 32)
	if err != nil || code > utf8.MaxRune || code >= 0xd800 && code < 0xe000 {
		return 0, fmt.Errorf("`%s` is no character code", r.src[start:r.pos+n])
	}
	r.pos += n
	return rune(code), nil
}

// runeText returns the pattern that matches just c.
func runeText(c rune) string {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return string(c)
	case c > ' ' && c < 0x7f:
		return `\` + string(c)
	}
	return `\x{` + strconv.FormatInt(int64(c), 16) + `}`
}
