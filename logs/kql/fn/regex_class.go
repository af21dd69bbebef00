package fn

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxClassDepth bounds how deep classes nest, so that a hostile pattern cannot exhaust the stack.
const maxClassDepth = 100

var errOpenClass = errors.New("missing closing ]")

// class rewrites a class as its ranges, because Go has neither classes in classes nor set operations. RE2 takes a [ in a class literally: where
// the class has no end when it is taken as a nested one, it is read that way, since patterns such as [^[]+ are in use.
func (r *regexRewriter) class() error {
	start := r.pos
	set, err := r.classSet(0, true)
	if errors.Is(err, errOpenClass) {
		r.pos = start
		set, err = r.classSet(0, false)
	}
	if err != nil {
		return err
	}
	r.emitSet(set)
	return nil
}

// emitSet writes a set whose case is folded already.
func (r *regexRewriter) emitSet(s runeSet) {
	r.begin()
	if r.flags.fold {
		r.out = append(r.out, "(?-i:"...)
	}
	r.out = s.appendClass(r.out)
	if r.flags.fold {
		r.out = append(r.out, ')')
	}
}

// classParser collects one class: the ranges of the operand being read, and what stands left of it.
type classParser struct {
	left    runeSet
	op      string // what joins left and the operand: "" (nothing yet), && -- ~~
	operand []rune // ranges
}

func (p *classParser) apply() {
	set := newRuneSet(p.operand...)
	switch p.op {
	case "":
		p.left = set
	case "&&":
		p.left = p.left.intersect(set)
	case "--":
		p.left = p.left.subtract(set)
	case "~~":
		p.left = p.left.union(set).subtract(p.left.intersect(set))
	}
	p.operand = nil
}

// classSet reads the class at the position and returns its set, folded under flag i. nested: a [ opens a class in the class.
func (r *regexRewriter) classSet(depth int, nested bool) (runeSet, error) {
	if depth > maxClassDepth {
		return nil, fmt.Errorf("classes nest deeper than the limit of %d", maxClassDepth)
	}
	r.pos++
	negated := r.take("^")
	p := &classParser{}
	for first := true; ; first = false {
		if r.flags.verbose {
			for r.pos < len(r.src) && strings.IndexByte(" \t\n\v\f\r", r.src[r.pos]) >= 0 {
				r.pos++
			}
		}
		if r.pos >= len(r.src) {
			return nil, errOpenClass
		}
		if !first && r.take("]") {
			break
		}
		if err := r.classItem(p, depth, nested, first); err != nil {
			return nil, err
		}
	}
	p.apply()
	if negated {
		return p.left.negate(), nil
	}
	return p.left, nil
}

// classItem reads one operator, class, range or character into p.
func (r *regexRewriter) classItem(p *classParser, depth int, nested, first bool) error {
	rest := r.src[r.pos:]
	if set, n := posixClass(rest); n > 0 {
		r.pos += n
		r.addSet(p, set)
		return nil
	}
	if rest[0] == '[' && nested {
		set, err := r.classSet(depth+1, nested)
		if err != nil {
			return err
		}
		p.operand = append(p.operand, set...)
		return r.charge(set)
	}
	for _, op := range []string{"&&", "--", "~~"} {
		if !first && strings.HasPrefix(rest, op) {
			r.pos += 2
			p.apply()
			p.op = op
			return nil
		}
	}
	if len(rest) > 1 && rest[0] == '\\' {
		switch c := rest[1]; c {
		case 'd', 'D', 's', 'S', 'w', 'W':
			r.pos += 2
			set := perlSet(c, r.flags.unicode)
			p.operand = append(p.operand, set...)
			return r.charge(set)
		case 'p', 'P':
			set, err := r.property()
			p.operand = append(p.operand, set...)
			return err
		case 'b', 'B', 'A', 'z', 'Q':
			return fmt.Errorf(`\%c has no meaning in a class`, c)
		}
	}
	return r.classRange(p)
}

// classRange reads a character or a range of them.
func (r *regexRewriter) classRange(p *classParser) error {
	start := r.pos
	lo, err := r.classRune()
	if err != nil {
		return err
	}
	hi := lo
	rest := r.src[r.pos:]
	if strings.HasPrefix(rest, "-") && !strings.HasPrefix(rest, "--") && len(rest) > 1 && rest[1] != ']' {
		r.pos++
		if hi, err = r.classRune(); err != nil {
			return err
		}
		if hi < lo {
			return fmt.Errorf("the range `%s` runs backwards", r.src[start:r.pos])
		}
	}
	r.addSet(p, runeSet{lo, hi})
	return nil
}

func (r *regexRewriter) classRune() (rune, error) {
	if r.src[r.pos] == '\\' {
		return r.runeEscape()
	}
	c, n := utf8.DecodeRuneInString(r.src[r.pos:])
	r.pos += n
	return c, nil
}

func (r *regexRewriter) addSet(p *classParser, s runeSet) {
	if r.flags.fold {
		s = s.fold()
	}
	p.operand = append(p.operand, s...)
}

// charge counts the ranges of a set against the limit of the pattern.
func (r *regexRewriter) charge(s runeSet) error {
	if r.ranges += len(s) / 2; r.ranges > maxRanges {
		return fmt.Errorf("its classes have more than the limit of %d ranges of characters", maxRanges)
	}
	return nil
}

// take skips s where it comes next.
func (r *regexRewriter) take(s string) bool {
	if strings.HasPrefix(r.src[r.pos:], s) {
		r.pos += len(s)
		return true
	}
	return false
}

// posixClass reads [:name:] or [:^name:] and returns its set and length, 0 when there is none.
func posixClass(s string) (runeSet, int) {
	if !strings.HasPrefix(s, "[:") {
		return nil, 0
	}
	name, _, closed := strings.Cut(s[2:], ":]")
	if !closed {
		return nil, 0
	}
	n := len("[:") + len(name) + len(":]")
	name, negated := strings.CutPrefix(name, "^")
	var set runeSet
	switch name {
	case "alnum":
		set = runeSet{'0', '9', 'A', 'Z', 'a', 'z'}
	case "alpha":
		set = runeSet{'A', 'Z', 'a', 'z'}
	case "ascii":
		set = runeSet{0, 0x7f}
	case "blank":
		set = runeSet{'\t', '\t', ' ', ' '}
	case "cntrl":
		set = runeSet{0, 0x1f, 0x7f, 0x7f}
	case "digit":
		set = runeSet{'0', '9'}
	case "graph":
		set = runeSet{'!', '~'}
	case "lower":
		set = runeSet{'a', 'z'}
	case "print":
		set = runeSet{' ', '~'}
	case "punct":
		set = runeSet{'!', '/', ':', '@', '[', '`', '{', '~'}
	case "space":
		set = runeSet{'\t', '\r', ' ', ' '}
	case "upper":
		set = runeSet{'A', 'Z'}
	case "word":
		set = runeSet{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}
	case "xdigit":
		set = runeSet{'0', '9', 'A', 'F', 'a', 'f'}
	default:
		return nil, 0
	}
	if negated {
		set = set.negate()
	}
	return set, n
}
