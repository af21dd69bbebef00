package kql

import (
	"errors"
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// regexPattern makes one regular expression of a pattern whose texts are regular expressions. It is bound to the beginning of the text. A
// column takes as much as it can, unless the flag U turns that round; `*` as little as it can.
func regexPattern(op *syntax.ParseOp) (func(string) ([]value.Value, bool), error) {
	var pattern strings.Builder
	pattern.WriteString("^")
	var types []value.Type
	for i := range op.Pattern {
		item := &op.Pattern[i]
		switch {
		case item.Text != nil:
			text := textOf(item)
			if strings.Contains(text, "|") {
				text = "(?:" + text + ")"
			}
			pattern.WriteString(text)
		case item.Star:
			pattern.WriteString(".*?")
		default:
			lazy := strings.Contains(op.Flags, "U")
			fmt.Fprintf(&pattern, "(?P<%s>%s)", columnGroup(len(types)), captured(item.Type, lazy, i == len(op.Pattern)-1))
			types = append(types, item.Type)
		}
	}
	re, err := compileRegex(pattern.String(), op.Flags)
	if err != nil {
		return nil, err
	}
	groups := make([]int, len(types)) // by column
	for i := range types {
		if groups[i] = re.SubexpIndex(columnGroup(i)); groups[i] < 0 {
			return nil, errors.New("the regular expression has lost a column")
		}
	}
	return func(text string) ([]value.Value, bool) {
		at := re.FindStringSubmatchIndex(text)
		if at == nil {
			return nil, false
		}
		vals := make([]value.Value, len(types))
		for i, g := range groups {
			part := ""
			if at[2*g] >= 0 {
				part = text[at[2*g]:at[2*g+1]]
			}
			if vals[i] = parsed(part, types[i]); vals[i] == nil {
				return nil, false
			}
		}
		return vals, true
	}, nil
}

// columnGroup names the group of a column, so that groups in the query's own expressions do not count.
func columnGroup(i int) string { return fmt.Sprintf("endscope%d", i) }

// captured is what a column takes, by its type. Under the flag U, which makes every repetition take as little as it can, a number is still a
// whole number, and the last column the rest.
func captured(t value.Type, lazy, last bool) string {
	more := ""
	if lazy {
		more = "?"
	}
	switch t {
	case value.Int, value.Long:
		return `[-+]?\d+` + more
	case value.Real, value.Decimal:
		return `[-+]?\d*` + more + `\.?\d+` + more + `(?:[eE][-+]?\d+` + more + `)?`
	}
	if last {
		return ".*" + more
	}
	return ".*"
}
