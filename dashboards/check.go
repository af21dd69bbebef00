package dashboards

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/endscope/endscope/internal/strict"
	"github.com/endscope/endscope/scopes"
)

// check notes everything that is wrong with a dashboard, as far as it can be seen without knowing metrics and languages.
func (d *Dashboard) check(m *strict.Mistakes) {
	checkHead(m, d.Title, d.Description, d.Tags)
	d.checkVariables(m)
	if d.Time != nil {
		checkLength(m, "time.last", d.Time.Last)
		if d.Time.Refresh != "off" {
			checkLength(m, "time.refresh", d.Time.Refresh)
		}
	}
	d.checkTiles(m)
}

func (q *SavedQuery) check(m *strict.Mistakes) {
	checkHead(m, q.Title, q.Description, q.Tags)
	checkQuery(m, "query", q.Query)
	checkMost(m, "scopes", len(q.Scopes), maxScopes, "scopes")
	for i, text := range q.Scopes {
		checkScope(m, indexed("scopes", i), text, text)
	}
}

func checkHead(m *strict.Mistakes, title, description string, tags []string) {
	checkLine(m, "title", title, maxTitle)
	checkText(m, "description", description, maxDescription)
	checkMost(m, "tags", len(tags), maxTags, "tags")
	for i, tag := range tags {
		at := indexed("tags", i)
		switch {
		case tag == "" || strings.TrimSpace(tag) != tag || strings.Contains(tag, ","):
			m.Add(at, fmt.Sprintf("%q", tag), "must be a text without a comma and without spaces at its ends")
		case slices.Contains(tags[:i], tag):
			m.Add(at, tag, "must not be given twice")
		default:
			checkLine(m, at, tag, maxTag)
		}
	}
}

// checkLine checks a text of one line.
func checkLine(m *strict.Mistakes, at, text string, most int) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		m.Add(at, fmt.Sprintf("%q", text), "must be one line of printable characters")
		return
	}
	checkText(m, at, text, most)
}

func checkText(m *strict.Mistakes, at, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		m.Addf(at, fmt.Sprint(n), "must have at most %d characters", most)
	}
}

func checkMost(m *strict.Mistakes, at string, n, most int, what string) bool {
	if n > most {
		m.Addf(at, fmt.Sprint(n), "must have at most %d %s", most, what)
	}
	return n <= most
}

// checkQuery checks the size of a query or expression.
func checkQuery(m *strict.Mistakes, at, text string) {
	switch {
	case strings.TrimSpace(text) == "":
		m.Add(at, "", "is required")
	case len(text) > maxQuery:
		m.Addf(at, fmt.Sprint(len(text)), "must have at most %d bytes", maxQuery)
	}
}

// checkScope checks a scope that was written as given and stands for text.
func checkScope(m *strict.Mistakes, at, given, text string) {
	if _, err := scopes.ParsePattern(text); err != nil {
		m.Add(at, given, "must be endpoint[/deployment[/instance]], where any part may be *: "+err.Error())
	}
}

// length reads a duration such as 30s, 1h30m or 7d; 0 for anything else.
func length(text string) time.Duration {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	var total time.Duration
	for text != "" {
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		if digits == 0 || digits > 6 || digits == len(text) {
			return 0
		}
		var n int64
		for _, c := range text[:digits] {
			n = 10*n + int64(c-'0')
		}
		unit, known := units[text[digits]]
		if !known || time.Duration(n) > maxLength/unit {
			return 0
		}
		total += time.Duration(n) * unit
		text = text[digits+1:]
	}
	if total > maxLength {
		return 0
	}
	return total
}

const maxLength = 3660 * 24 * time.Hour

func checkLength(m *strict.Mistakes, at, text string) {
	if text != "" && length(text) == 0 {
		m.Add(at, text, "must be a duration such as 30s, 1h30m or 7d, of at most ten years")
	}
}

func (d *Dashboard) checkVariables(m *strict.Mistakes) {
	if !checkMost(m, "variables", len(d.Variables), MaxVariables, "variables") {
		return
	}
	for i := range d.Variables {
		v, at := &d.Variables[i], indexed("variables", i)
		switch {
		case v.Name == "":
			m.Add(at+".name", "", "is required")
		case !variableName.MatchString(v.Name):
			m.Add(at+".name", v.Name, "must be a letter and then letters, digits and _, at most 40 in all")
		case reserved(v.Name):
			m.Add(at+".name", v.Name, "must not be left or right: $left and $right are words of KQL")
		case slices.ContainsFunc(d.Variables[:i], func(o Variable) bool { return o.Name == v.Name }):
			m.Add(at+".name", v.Name, "must not be given twice")
		}
		checkLine(m, at+".label", v.Label, maxTag)
		switch {
		case v.Kind == KindText:
			v.checkOptions(m, at)
		case v.level() > 0:
			d.checkLevel(m, at, i)
		default:
			m.Add(at+".kind", string(v.Kind), "must be one of endpoint, deployment, instance, text")
		}
	}
}

// checkOptions checks what only a text has.
func (v *Variable) checkOptions(m *strict.Mistakes, at string) {
	if v.Of != "" {
		m.Add(at+".of", v.Of, "must not be given for a text")
	}
	if !checkMost(m, at+".options", len(v.Options), maxOptions, "options") {
		return
	}
	for i, o := range v.Options {
		checkLine(m, indexed(at+".options", i), o, maxValue)
		if slices.Contains(v.Options[:i], o) {
			m.Add(indexed(at+".options", i), o, "must not be given twice")
		}
	}
	checkLine(m, at+".default", v.Default, maxValue)
	if len(v.Options) > 0 && v.Default != "" && !slices.Contains(v.Options, v.Default) {
		m.Addf(at+".default", v.Default, "must be one of the options: %s", strings.Join(v.Options, ", "))
	}
}

// checkLevel checks what only a level of scopes has.
func (d *Dashboard) checkLevel(m *strict.Mistakes, at string, i int) {
	v := &d.Variables[i]
	if len(v.Options) > 0 {
		m.Addf(at+".options", fmt.Sprint(len(v.Options)), "must not be given for a variable of the kind %s, whose choice is what is there", v.Kind)
	}
	if _, err := scopes.ParsePattern(v.Default); err != nil || strings.Contains(v.Default, "/") {
		m.Add(at+".default", v.Default, "must be the name of one "+string(v.Kind)+", or *")
	}
	if v.Of == "" {
		return
	}
	above := slices.IndexFunc(d.Variables[:i], func(o Variable) bool { return o.Name == v.Of })
	if above < 0 || d.Variables[above].level() == 0 || d.Variables[above].level() >= v.level() {
		m.Add(at+".of", v.Of, "must be the name of an earlier variable of a level above")
	}
}

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
