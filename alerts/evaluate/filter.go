package evaluate

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// quote writes a value of the filter language: in single quotes, with those in it doubled.
func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

func dimensionWord(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// filterOf writes the filter of a rule and the conditions of a criterion's dimensions in the language of drill-down filters. It returns
// an error where a dimension's name is no word there.
func filterOf(rule string, list []alerts.Dimension) (string, error) {
	var parts []string
	if strings.TrimSpace(rule) != "" {
		parts = append(parts, "("+rule+")")
	}
	for _, d := range list {
		if !dimensionWord(d.Name) {
			return "", fmt.Errorf("dimension %q: a name must be letters, digits, _ and dots", d.Name)
		}
		switch d.Operator {
		case alerts.Exclude:
			parts = append(parts, d.Name+" not in "+valueList(d.Values))
		case alerts.StartsWith:
			terms := make([]string, len(d.Values))
			for i, v := range d.Values {
				terms[i] = d.Name + " sw " + quote(v)
			}
			parts = append(parts, "("+strings.Join(terms, " or ")+")")
		default:
			if !slices.Contains(d.Values, scopes.Wildcard) {
				parts = append(parts, d.Name+" in "+valueList(d.Values))
			}
		}
	}
	return strings.Join(parts, " and "), nil
}

func valueList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}

// takes says whether a criterion's dimensions take the values that a row of a log table has.
func takes(d *alerts.Dimension, value string) bool {
	switch d.Operator {
	case alerts.Exclude:
		return !slices.ContainsFunc(d.Values, func(v string) bool { return strings.EqualFold(v, value) })
	case alerts.StartsWith:
		return slices.ContainsFunc(d.Values, func(v string) bool {
			return len(value) >= len(v) && strings.EqualFold(value[:len(v)], v)
		})
	}
	return slices.ContainsFunc(d.Values, func(v string) bool { return v == scopes.Wildcard || strings.EqualFold(v, value) })
}
