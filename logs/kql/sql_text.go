package kql

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// equalFold writes =~ and !~ with a constant of ASCII.
func (g *generator) equalFold(e *compare) (string, error) {
	x, y := e.x, e.y
	v, ok := constantValue(y, g.r)
	if !ok {
		x, y = y, x
		v, ok = constantValue(y, g.r)
	}
	text, isText := v.(string)
	if !ok || !isText || !isASCII(text) {
		return "", nil
	}
	cell, err := g.expr(x)
	if cell == "" || err != nil {
		return "", err
	}
	text = strings.ToLower(text)
	return fmt.Sprintf("(%s %s %s)", lowerFor(cell, text), map[string]string{"=~": "=", "!~": "<>"}[e.op], g.arg(text)), nil
}

// lowerFor writes a text in lower case, to be compared with a needle of lower-case ASCII. To the language no other letter is the same as an
// ASCII one, but SQL makes an i of U+0130 and a k of U+212A; so these are made another letter first, where that matters.
func lowerFor(text, needle string) string {
	if strings.ContainsAny(needle, "ik") {
		return "lower(replace(replace(" + text + ", chr(304), chr(233)), chr(8490), chr(233)))"
	}
	return "lower(" + text + ")"
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// match writes a string operator with a constant needle. A term is a run of letters and digits, so `has` is the needle with no letter or
// digit beside it; that it is contained at all is checked first, which is much faster.
func (g *generator) match(e *match) (string, error) {
	v, ok := constantValue(e.y, g.r)
	needle, isText := v.(string)
	if !ok || !isText || !e.cs && !isASCII(needle) {
		return "", nil
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	exact := x
	if !e.cs {
		needle = strings.ToLower(needle)
		exact, x = lowerFor(x, needle), "lower("+x+")"
	}
	var text string
	switch e.op {
	case "contains":
		if text = fmt.Sprintf("contains(%s, %s)", x, g.arg(needle)); exact != x {
			text = fmt.Sprintf("(%s AND contains(%s, %s))", text, exact, g.arg(needle))
		}
	case "startswith":
		text = fmt.Sprintf("starts_with(%s, %s)", exact, g.arg(needle))
	case "endswith":
		text = fmt.Sprintf("ends_with(%s, %s)", exact, g.arg(needle))
	default:
		if text = g.term(e.op, x, exact, needle); text == "" {
			return "", nil
		}
	}
	if e.not {
		return "(NOT " + text + ")", nil
	}
	return text, nil
}

// term writes has, hasprefix or hassuffix of a text that has the needle's case already; "" where only the language's own code decides. x is
// quick to compute and contains the needle wherever exact does.
func (g *generator) term(op, x, exact, needle string) string {
	if needle == "" || !isAlphanumericASCII(needle) {
		return ""
	}
	const border = `[^\p{L}\p{Nd}]`
	before, after := "(^|"+border+")", "("+border+"|$)"
	if op == "hasprefix" {
		after = ""
	}
	if op == "hassuffix" {
		before = ""
	}
	return fmt.Sprintf("(contains(%s, %s) AND regexp_matches(%s, %s))", x, g.arg(needle), exact, g.arg("(?s)"+before+needle+after))
}

func isAlphanumericASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// maxList bounds the constants of a list in a statement.
const maxList = 10_000

func (g *generator) in(e *in) (string, error) {
	t := sqlType(e.x.typ())
	if t == "" || t == "DOUBLE" {
		return "", nil
	}
	consts, rest, err := g.r.splitList(e.list, e.sub)
	if err != nil || len(rest) > 0 || len(consts) > maxList {
		return "", err
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	if e.fold {
		x = lowerFor(x, "ik")
	}
	var list []string
	for _, v := range consts {
		if v == nil {
			continue
		}
		same := value.TypeOf(v) == e.x.typ() || value.TypeOf(v) == value.Long && e.x.typ() == value.Int || value.TypeOf(v) == value.Int && e.x.typ() == value.Long
		if s, ok := v.(string); e.fold && ok && isASCII(s) {
			list = append(list, g.arg(strings.ToLower(s)))
			continue
		}
		if !same || e.fold {
			return "", nil
		}
		list = append(list, g.constant(&constant{value.TypeOf(v), v}))
	}
	text := "false"
	if len(list) > 0 {
		text = fmt.Sprintf("(%s IN (%s))", x, strings.Join(list, ", "))
		if !neverNull(e.x) {
			text = "coalesce(" + text + ", false)"
		}
	}
	if e.not {
		return "(NOT " + text + ")", nil
	}
	return text, nil
}

func (g *generator) inTerms(e *inTerms) (string, error) {
	consts, rest, err := g.r.splitList(e.list, e.sub)
	if err != nil || len(rest) > 0 || len(consts) == 0 || len(consts) > 100 {
		return "", err
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	var list []string
	for _, v := range consts {
		s, ok := v.(string)
		if !ok {
			return "", nil
		}
		needle := strings.ToLower(s)
		text := g.term("has", "lower("+x+")", lowerFor(x, needle), needle)
		if text == "" || !isASCII(s) {
			return "", nil
		}
		list = append(list, text)
	}
	if e.all {
		return "(" + strings.Join(list, " AND ") + ")", nil
	}
	return "(" + strings.Join(list, " OR ") + ")", nil
}
