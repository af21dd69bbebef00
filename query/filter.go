package query

import (
	"regexp"
	"slices"
	"strings"
)

// Filter is a condition on the dimensions of a metric: every group must hold. The zero Filter takes everything.
//
//	filter := group { "and" group }
//	group  := term { "or" term } | "(" filter ")"     every term of a group names the same dimension
//	term   := dimension ( "eq" | "ne" | "sw" | "contains" | "matches" ) value
//	        | dimension [ "not" ] "in" "(" value { "," value } ")"
//	value  := "'" any text, in which '' stands for one quote
//
// `or` binds more tightly than `and`. Keywords, dimensions and values compare without case. A series that lacks a
// dimension has the empty value. `d eq '*'` takes every value, and also asks for a series for each.
type Filter struct {
	Groups []FilterGroup
}

// FilterGroup holds where at least one of its terms does.
type FilterGroup struct {
	Dimension string // as it was written first
	Terms     []FilterTerm
}

// FilterTerm compares a dimension's value with others.
type FilterTerm struct {
	Op     FilterOp
	Values []string       // one, but for In and NotIn
	regexp *regexp.Regexp // of Matches
}

// FilterOp is how a term compares.
type FilterOp string

// The comparisons, by their keywords.
const (
	FilterEqual    FilterOp = "eq"
	FilterNotEqual FilterOp = "ne"
	FilterStarts   FilterOp = "sw"
	FilterContains FilterOp = "contains"
	FilterMatches  FilterOp = "matches" // a regular expression, which must fit the whole value
	FilterIn       FilterOp = "in"
	FilterNotIn    FilterOp = "not in"
)

// anyValue is the operand of `eq` that takes every value and splits.
const anyValue = "*"

// Dimensions returns the names of the dimensions, each once and in order.
func (f Filter) Dimensions() []string {
	return f.names(func(FilterGroup) bool { return true })
}

// Splits returns the names of the dimensions that have an `eq '*'`, each once and in order.
func (f Filter) Splits() []string { return f.names(FilterGroup.splits) }

func (f Filter) names(take func(FilterGroup) bool) []string {
	var out []string
	for _, g := range f.Groups {
		if take(g) && !slices.ContainsFunc(out, func(name string) bool { return strings.EqualFold(name, g.Dimension) }) {
			out = append(out, g.Dimension)
		}
	}
	return out
}

func (g FilterGroup) splits() bool { return slices.ContainsFunc(g.Terms, FilterTerm.any) }

func (t FilterTerm) any() bool { return t.Op == FilterEqual && t.Values[0] == anyValue }

// Takes says whether a value of the group's dimension meets the group.
func (g FilterGroup) Takes(value string) bool {
	return slices.ContainsFunc(g.Terms, func(t FilterTerm) bool { return t.takes(value) })
}

func (t FilterTerm) takes(value string) bool {
	same := func(other string) bool { return strings.EqualFold(value, other) }
	switch t.Op {
	case FilterEqual:
		return t.any() || same(t.Values[0])
	case FilterNotEqual:
		return !same(t.Values[0])
	case FilterStarts:
		return strings.HasPrefix(strings.ToLower(value), strings.ToLower(t.Values[0]))
	case FilterContains:
		return strings.Contains(strings.ToLower(value), strings.ToLower(t.Values[0]))
	case FilterMatches:
		return t.regexp.MatchString(value)
	case FilterIn:
		return slices.ContainsFunc(t.Values, same)
	case FilterNotIn:
		return !slices.ContainsFunc(t.Values, same)
	}
	return false
}

// String returns a text that ParseFilter reads as the same filter.
func (f Filter) String() string {
	var b strings.Builder
	for i, g := range f.Groups {
		if i > 0 {
			b.WriteString(" and ")
		}
		for j, t := range g.Terms {
			if j > 0 {
				b.WriteString(" or ")
			}
			b.WriteString(g.Dimension + " " + string(t.Op) + " ")
			quoted := make([]string, len(t.Values))
			for k, v := range t.Values {
				quoted[k] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
			}
			if t.Op == FilterIn || t.Op == FilterNotIn {
				b.WriteString("(" + strings.Join(quoted, ", ") + ")")
			} else {
				b.WriteString(quoted[0])
			}
		}
	}
	return b.String()
}
