package fn

import (
	"slices"
	"unicode"
)

// runeSet is a set of code points as ranges: pairs of first and last, ascending, neither touching nor overlapping.
type runeSet []rune

// newRuneSet returns the set of ranges in any order.
func newRuneSet(pairs ...rune) runeSet {
	type span struct{ lo, hi rune }
	spans := make([]span, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		spans = append(spans, span{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.lo - b.lo) })
	s := make(runeSet, 0, len(pairs))
	for _, p := range spans {
		if n := len(s); n > 0 && p.lo <= s[n-1]+1 {
			s[n-1] = max(s[n-1], p.hi)
			continue
		}
		s = append(s, p.lo, p.hi)
	}
	return s
}

// tableSet returns the set of a table of package unicode.
func tableSet(t *unicode.RangeTable) runeSet {
	var pairs []rune
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			pairs = append(pairs, lo, hi)
			return
		}
		for c := lo; c <= hi; c += stride {
			pairs = append(pairs, c, c)
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return newRuneSet(pairs...)
}

func (s runeSet) union(t runeSet) runeSet {
	if len(s) == 0 {
		return t
	}
	if len(t) == 0 {
		return s
	}
	return newRuneSet(slices.Concat(s, t)...)
}

func (s runeSet) negate() runeSet {
	n := make(runeSet, 0, len(s)+2)
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			n = append(n, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		n = append(n, next, unicode.MaxRune)
	}
	return n
}

func (s runeSet) intersect(t runeSet) runeSet {
	var both runeSet
	for i, j := 0, 0; i < len(s) && j < len(t); {
		if lo, hi := max(s[i], t[j]), min(s[i+1], t[j+1]); lo <= hi {
			both = append(both, lo, hi)
		}
		if s[i+1] < t[j+1] {
			i += 2
		} else {
			j += 2
		}
	}
	return both
}

func (s runeSet) subtract(t runeSet) runeSet { return s.intersect(t.negate()) }

// fold adds every character that differs from one of the set only by case.
func (s runeSet) fold() runeSet {
	const first, last = 'A', 0x1e943 // no character outside has another case
	var more []rune
	for i := 0; i < len(s); i += 2 {
		for c := max(s[i], first); c <= min(s[i+1], last); c++ {
			for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
				if f < s[i] || f > s[i+1] {
					more = append(more, f, f)
				}
			}
		}
	}
	if more == nil {
		return s
	}
	return s.union(newRuneSet(more...))
}

// appendClass appends the class in Go's syntax.
func (s runeSet) appendClass(dst []byte) []byte {
	if len(s) == 0 {
		return append(dst, `[^\x00-\x{10FFFF}]`...)
	}
	dst = append(dst, '[')
	for i := 0; i < len(s); i += 2 {
		dst = append(dst, runeText(s[i])...)
		if s[i+1] > s[i] {
			dst = append(append(dst, '-'), runeText(s[i+1])...)
		}
	}
	return append(dst, ']')
}
