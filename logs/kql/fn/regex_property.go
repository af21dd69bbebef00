package fn

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// perlSet returns the set of \d, \s, \w and their opposites; without Unicode, of ASCII only.
func perlSet(c byte, inUnicode bool) runeSet {
	var s runeSet
	switch c | 0x20 {
	case 'd':
		s = runeSet{'0', '9'}
		if inUnicode {
			s = tableSet(unicode.Nd)
		}
	case 's':
		s = runeSet{'\t', '\r', ' ', ' '}
		if inUnicode {
			s = tableSet(unicode.White_Space)
		}
	case 'w':
		s = runeSet{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}
		if inUnicode {
			s = alphabetic().union(tableSet(unicode.M)).union(tableSet(unicode.Nd)).union(tableSet(unicode.Pc)).union(tableSet(unicode.Join_Control))
		}
	}
	if c < 'a' {
		return s.negate()
	}
	return s
}

func alphabetic() runeSet {
	return tableSet(unicode.L).union(tableSet(unicode.Nl)).union(tableSet(unicode.Other_Alphabetic))
}

// property reads \pX, \p{Name} or its negation \P and returns the set, folded under flag i.
func (r *regexRewriter) property() (runeSet, error) {
	start := r.pos
	negated := r.src[r.pos+1] == 'P'
	r.pos += 2
	rest := r.src[r.pos:]
	if rest == "" {
		return nil, fmt.Errorf("`%s` names no property", r.src[start:])
	}
	_, n := utf8.DecodeRuneInString(rest)
	name := rest[:n]
	if name == "{" {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return nil, errors.New("missing } after the name of a property")
		}
		name, n = rest[1:end], end+1
		if inner, ok := strings.CutPrefix(name, "^"); ok {
			name, negated = inner, !negated
		}
	}
	r.pos += n
	s, ok := propertySet(name)
	if !ok {
		return nil, fmt.Errorf("no Unicode property is called %q", name)
	}
	if r.flags.fold {
		s = s.fold()
	}
	if negated {
		s = s.negate()
	}
	return s, r.charge(s)
}

// propertySet returns the set of a category, script or property. Case, blanks, _ and - in names do not count, and the kind of property may
// go before, as in script=Greek.
func propertySet(name string) (runeSet, bool) {
	if kind, value, ok := strings.Cut(name, "="); ok {
		switch looseName(kind) {
		case "gc", "generalcategory", "category", "sc", "script", "scx", "scriptextensions":
			name = value
		default:
			return nil, false
		}
	}
	loose := looseName(name)
	switch loose {
	case "any":
		return runeSet{0, unicode.MaxRune}, true
	case "ascii":
		return runeSet{0, 0x7f}, true
	case "assigned":
		return tableSet(unicode.Cn).negate(), true
	case "alphabetic", "alpha":
		return alphabetic(), true
	case "uppercase", "upper":
		return tableSet(unicode.Lu).union(tableSet(unicode.Other_Uppercase)), true
	case "lowercase", "lower":
		return tableSet(unicode.Ll).union(tableSet(unicode.Other_Lowercase)), true
	case "space":
		return tableSet(unicode.White_Space), true
	}
	for alias, short := range unicode.CategoryAliases {
		if looseName(alias) == loose {
			return tableSet(unicode.Categories[short]), true
		}
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts, unicode.Properties} {
		for known, t := range tables {
			if looseName(known) == loose {
				return tableSet(t), true
			}
		}
	}
	return nil, false
}

func looseName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
}
