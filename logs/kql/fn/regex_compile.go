package fn

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxPattern bounds the bytes of a regular expression, because a pattern may come from a column.
	maxPattern = 1 << 16
	// maxRanges bounds the ranges of characters that the classes and properties of a pattern have before they are put together. \w in
	// brackets has about 750 of them.
	maxRanges = 1 << 16
)

// CompileRegex compiles a regular expression of the language. The syntax is that of RE2, and beyond what Go's package reads:
//
//   - the flags x (white space and comments in the pattern), R (CRLF) and u beside i, m, s and U;
//   - classes in classes, their intersection [a-y&&xyz], difference [0-9--4] and symmetric difference [a-g~~b-h];
//   - \d, \s and \w as Unicode classes (not under (?-u)), long names of properties such as \p{Letter} and \p{ascii};
//   - \u00e9, \u{e9}, \U000000e9, octal codes, \< and \>, and repetitions of repetitions.
//
// Each of flags is a set of flag letters that hold for the whole pattern, as the parse operator takes them.
//
// Go's engine sets limits: word boundaries (\b, \B, and \< and \> that become \b) look at ASCII letters only, and what needs to look around
// (look-ahead, \b{start-half}, ^ or $ under both m and R) is an error, as are back references.
func CompileRegex(pattern string, flags ...string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("regular expression of %d bytes is longer than the limit of %d bytes", len(pattern), maxPattern)
	}
	if !utf8.ValidString(pattern) {
		return nil, fmt.Errorf("regular expression %s is not UTF-8", strconv.Quote(pattern))
	}
	re, err := compileRegex(pattern, flags)
	if err == nil {
		return re, nil
	}
	if se := (*syntax.Error)(nil); errors.As(err, &se) {
		err = fmt.Errorf("%s: `%s`", se.Code, se.Expr)
	}
	return nil, fmt.Errorf("regular expression %s: %w", strconv.Quote(pattern), err)
}

func compileRegex(pattern string, flags []string) (*regexp.Regexp, error) {
	r := regexRewriter{src: pattern, flags: regexFlags{unicode: true}, atom: -1}
	on, _, err := parseRegexFlags(strings.Join(flags, ""))
	if err != nil {
		return nil, err
	}
	next := r.flags.with(on, "")
	r.out = append(r.out, flagGroup(r.flags, next)...)
	if len(r.out) > 0 {
		r.out = append(r.out, ')')
	}
	r.flags = next
	if err := r.run(); err != nil {
		return nil, err
	}
	return regexp.Compile(string(r.out))
}

// regexFlags are the flags that hold at one place of a pattern.
type regexFlags struct {
	fold, multi, dotAll, crlf, ungreedy, unicode, verbose bool
}

// with returns the flags after on were set and off cleared.
func (f regexFlags) with(on, off string) regexFlags {
	set := func(letters string, to bool) {
		for _, c := range letters {
			switch c {
			case 'i':
				f.fold = to
			case 'm':
				f.multi = to
			case 's':
				f.dotAll = to
			case 'R':
				f.crlf = to
			case 'U':
				f.ungreedy = to
			case 'u':
				f.unicode = to
			case 'x':
				f.verbose = to
			}
		}
	}
	set(on, true)
	set(off, false)
	return f
}

// flagGroup returns the opening of a group that changes those flags that Go knows, such as `(?i-s`, or "" when none of them changes.
func flagGroup(from, to regexFlags) string {
	var on, off []byte
	for _, f := range []struct {
		letter byte
		a, b   bool
	}{{'i', from.fold, to.fold}, {'m', from.multi, to.multi}, {'s', from.dotAll, to.dotAll}, {'U', from.ungreedy, to.ungreedy}} {
		if f.a != f.b && f.b {
			on = append(on, f.letter)
		} else if f.a != f.b {
			off = append(off, f.letter)
		}
	}
	switch {
	case len(on)+len(off) == 0:
		return ""
	case len(off) == 0:
		return "(?" + string(on)
	}
	return "(?" + string(on) + "-" + string(off)
}

// parseRegexFlags splits `is-m` into the flags to set and those to clear.
func parseRegexFlags(s string) (on, off string, err error) {
	on, off, cleared := strings.Cut(s, "-")
	for _, c := range on + off {
		if !strings.ContainsRune("imsRUux", c) {
			return "", "", fmt.Errorf("flag %q is none of i, m, s, R, U, u and x", string(c))
		}
	}
	if cleared && off == "" {
		return "", "", errors.New("no flag after the - of a flag group")
	}
	return on, off, nil
}

// regexRewriter writes a pattern of the language in Go's syntax.
type regexRewriter struct {
	src   string
	pos   int
	out   []byte
	flags regexFlags
	// atom is where in out the last thing begins that a repetition would repeat, -1 where there is none.
	atom     int
	repeated bool // the atom has a repetition already
	groups   []openGroup
	ranges   int // read so far
}

type openGroup struct {
	start int
	flags regexFlags
}

func (r *regexRewriter) run() error {
	for r.pos < len(r.src) {
		if err := r.token(); err != nil {
			return err
		}
	}
	return nil
}

// begin marks that the next thing written can be repeated.
func (r *regexRewriter) begin() { r.atom, r.repeated = len(r.out), false }

func (r *regexRewriter) emit(s string) {
	r.begin()
	r.out = append(r.out, s...)
}

func (r *regexRewriter) token() error {
	c := r.src[r.pos]
	switch c {
	case '\\':
		return r.escape()
	case '[':
		return r.class()
	case '(':
		return r.open()
	case ')':
		r.close()
		return nil
	case '*', '+', '?':
		r.pos++
		r.repeat(string(c))
		return nil
	case '{':
		if n := repetitionLength(r.src[r.pos:]); n > 0 {
			op := r.src[r.pos : r.pos+n]
			r.pos += n
			r.repeat(op)
			return nil
		}
	case '|':
		r.pos++
		r.out, r.atom = append(r.out, '|'), -1
		return nil
	case '^', '$':
		if r.flags.multi && r.flags.crlf {
			return fmt.Errorf("%c with both flags m and R would need to look around; match \\r? by hand", c)
		}
	case '.':
		r.pos++
		if r.flags.crlf && !r.flags.dotAll {
			r.emit(`[^\r\n]`)
		} else {
			r.emit(".")
		}
		return nil
	}
	if r.flags.verbose && r.skipVerbose() {
		return nil
	}
	_, n := utf8.DecodeRuneInString(r.src[r.pos:])
	r.emit(r.src[r.pos : r.pos+n])
	r.pos += n
	return nil
}

// skipVerbose skips a blank or a comment, and says whether there was one.
func (r *regexRewriter) skipVerbose() bool {
	switch c := r.src[r.pos]; c {
	case ' ', '\t', '\n', '\v', '\f', '\r':
		r.pos++
		return true
	case '#':
		if i := strings.IndexByte(r.src[r.pos:], '\n'); i >= 0 {
			r.pos += i + 1
		} else {
			r.pos = len(r.src)
		}
		return true
	}
	return false
}

// repetitionLength returns the length of a repetition {n}, {n,} or {n,m} at the beginning of s, or 0: other braces are literal.
func repetitionLength(s string) int {
	i := 1
	digits := func() bool {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > from
	}
	if !digits() {
		return 0
	}
	if i < len(s) && s[i] == ',' {
		i++
		digits()
	}
	if i < len(s) && s[i] == '}' {
		return i + 1
	}
	return 0
}

// repeat writes a repetition. Go does not repeat a repetition, so that one is put into a group first.
func (r *regexRewriter) repeat(op string) {
	if r.repeated && r.atom >= 0 {
		rest := string(r.out[r.atom:])
		r.out = append(append(append(r.out[:r.atom], "(?:"...), rest...), ')')
	}
	r.out = append(r.out, op...)
	r.repeated = true
	if r.pos < len(r.src) && r.src[r.pos] == '?' {
		r.pos++
		r.out = append(r.out, '?')
	}
}

// open writes the opening of a group, or a change of flags.
func (r *regexRewriter) open() error {
	rest := r.src[r.pos:]
	if !strings.HasPrefix(rest, "(?") {
		r.push(1, "(", r.flags)
		return nil
	}
	for _, look := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.HasPrefix(rest, look) {
			return fmt.Errorf("look-around `%s` is not supported", look)
		}
	}
	if strings.HasPrefix(rest, "(?P<") || strings.HasPrefix(rest, "(?<") {
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return fmt.Errorf("the name of a group has no end: `%s`", rest)
		}
		r.push(end+1, rest[:end+1], r.flags)
		return nil
	}
	end := strings.IndexAny(rest, ":)")
	if end < 0 {
		return errors.New("missing closing )")
	}
	on, off, err := parseRegexFlags(rest[2:end])
	if err != nil {
		return err
	}
	next := r.flags.with(on, off)
	text := flagGroup(r.flags, next)
	if rest[end] == ':' {
		if text == "" {
			text = "(?"
		}
		r.push(end+1, text+":", next)
		return nil
	}
	if text != "" {
		r.out, r.atom = append(append(r.out, text...), ')'), -1
	}
	r.flags = next
	r.pos += end + 1
	return nil
}

func (r *regexRewriter) push(n int, text string, inner regexFlags) {
	r.groups = append(r.groups, openGroup{len(r.out), r.flags})
	r.out, r.atom, r.flags = append(r.out, text...), -1, inner
	r.pos += n
}

// close ends a group. Without an open one the bracket is written all the same: Go reports it.
func (r *regexRewriter) close() {
	r.out = append(r.out, ')')
	r.pos++
	r.atom, r.repeated = -1, false
	if n := len(r.groups); n > 0 {
		g := r.groups[n-1]
		r.groups = r.groups[:n-1]
		r.atom, r.flags = g.start, g.flags
	}
}
