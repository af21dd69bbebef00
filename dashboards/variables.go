package dashboards

import (
	"regexp"
	"strings"
)

// Any is the value of a variable that stands for all scopes of its level.
const Any = "*"

// Values are what variables stand for, by their names. In a text `$name` and `${name}` are replaced by the value of the variable, and
// `$$` is a dollar sign. A `$` that no name follows is itself, and so is `$left` or `$right` in KQL, which are words of that language.
type Values map[string]string

// reference finds what a dollar sign begins: itself twice, or a name.
var reference = regexp.MustCompile(`\$(?:\$|([A-Za-z][A-Za-z0-9_]*)|\{([A-Za-z][A-Za-z0-9_]*)\})`)

var variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`)

// reserved says whether a name is a word of KQL, which writes it with a dollar sign.
func reserved(name string) bool { return name == "left" || name == "right" }

// replace replaces what dollar signs begin. What value does not know stays as it is.
func replace(text string, value func(name string, before string) (string, bool)) string {
	var b strings.Builder
	end := 0
	for _, at := range reference.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:at[0]])
		end = at[1]
		whole, name := text[at[0]:at[1]], ""
		for _, group := range []int{2, 4} {
			if at[group] >= 0 {
				name = text[at[group]:at[group+1]]
			}
		}
		if name == "" {
			b.WriteByte('$')
			continue
		}
		if v, ok := value(name, text[:at[0]]); ok {
			b.WriteString(v)
		} else {
			b.WriteString(whole)
		}
	}
	b.WriteString(text[end:])
	return b.String()
}

// references returns the names of variables in a text, in their order.
func references(text string) []string {
	var names []string
	replace(text, func(name, _ string) (string, bool) {
		names = append(names, name)
		return "", true
	})
	return names
}

// Plain replaces variables in a text that is not in a language: a scope, a unit, a title.
func (v Values) Plain(text string) string {
	return replace(text, func(name, _ string) (string, bool) {
		value, ok := v[name]
		return value, ok
	})
}

// Filter replaces variables in a filter, where a quote in a text is written twice.
func (v Values) Filter(text string) string {
	return replace(text, func(name, _ string) (string, bool) {
		value, ok := v[name]
		return strings.ReplaceAll(value, "'", "''"), ok
	})
}

// inLiteral are the characters that a literal of KQL or PromQL does not hold as they are.
var inLiteral = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// KQL replaces variables in a query of the logs. A value is written as it stands inside a literal such as "…", not one with an @ before it.
func (v Values) KQL(text string) string {
	return replace(text, func(name, _ string) (string, bool) {
		value, ok := v[name]
		return inLiteral.Replace(value), ok && !reserved(name)
	})
}

// regexMatcher finds the beginning of a literal that is a matcher's regular expression, as far as the end of a text.
var regexMatcher = regexp.MustCompile(`[=!]~\s*(?:"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|` + "`[^`]*" + `)$`)

// equalMatcher finds the same of a matcher that compares.
var equalMatcher = regexp.MustCompile(`[A-Za-z0-9_"]\s*!?=\s*(?:"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|` + "`[^`]*" + `)$`)

// PromQL replaces variables in an expression. A value is written as it stands inside a literal such as "…". In a matcher with =~ or !~ it
// stands for itself and not for a regular expression, but for `*`, which becomes `.*`.
func (v Values) PromQL(text string) string {
	return replace(text, func(name, before string) (string, bool) {
		value, ok := v[name]
		if regexMatcher.MatchString(before) {
			if value == Any {
				return ".*", ok
			}
			value = regexp.QuoteMeta(value)
		}
		return inLiteral.Replace(value), ok
	})
}

// compared returns the variables that a matcher with = or != of an expression compares with a label.
func compared(text string) []string {
	var names []string
	replace(text, func(name, before string) (string, bool) {
		if equalMatcher.MatchString(before) {
			names = append(names, name)
		}
		return "", false
	})
	return names
}

// Defaults returns what the variables of a dashboard stand for where nobody chose.
func (d *Dashboard) Defaults() Values {
	v := Values{}
	for _, one := range d.Variables {
		v[one.Name] = one.Default
	}
	return v
}

// Samples returns harmless values of the variables, with which the questions of a dashboard can be checked: each its default; where that
// stands for all or is missing, the first option or a name.
func (d *Dashboard) Samples() Values {
	v := d.Defaults()
	for _, one := range d.Variables {
		switch {
		case v[one.Name] != "" && v[one.Name] != Any:
		case len(one.Options) > 0:
			v[one.Name] = one.Options[0]
		default:
			v[one.Name] = "sample"
		}
	}
	return v
}
