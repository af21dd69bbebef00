package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// alertFilters are the parameters that say which alerts are meant.
func alertFilters() []string {
	return []string{"timeRange", "start", "end", "severity", "monitorCondition", "alertState", "alertRule", "scope", "actionGroup", "suppressed", "q"}
}

// asParameter makes an error of a parameter from what a store says of a field of a question.
func asParameter(err error) error {
	var field *alerts.FieldError
	if errors.As(err, &field) {
		return &ParameterError{Parameter: field.Field, Value: field.Value, Rule: field.Rule}
	}
	return err
}

// alertsQuery reads which alerts a request asks for, and in which order.
func alertsQuery(r *http.Request, now time.Time) (state.Query, error) {
	p := newParams(r, now, append(alertFilters(), "sort", "order", "top", "limit", "cursor")...)
	q := state.Query{Filter: alertFilter(p), Cursor: p.one("cursor")}
	q.Sort = state.Sort(p.oneOf("sort", string(state.SortFired), string(state.SortChanged), string(state.SortSeverity), string(state.SortRule)))
	q.Ascending = p.oneOf("order", "asc", "desc") == "asc"
	if p.values.Has("top") && p.values.Has("limit") {
		p.fail("top", p.one("top"), "must not be given together with limit, which is the same")
	}
	q.Limit = p.number("limit", p.number("top", 0, 1, state.MaxPage), 1, state.MaxPage)
	return q, p.err()
}

// alertFilter reads which alerts are meant.
func alertFilter(p *params) state.Filter {
	f := state.Filter{Rules: p.list("alertRule"), Groups: p.list("actionGroup"), Text: p.one("q")}
	for _, text := range p.list("severity") {
		n, err := strconv.Atoi(strings.TrimPrefix(strings.ToLower(text), "sev"))
		if err != nil || n < 0 || n > 4 {
			p.fail("severity", text, "must be from 0 to 4, or Sev0 to Sev4")
		}
		f.Severities = append(f.Severities, n)
	}
	for _, text := range p.list("monitorCondition") {
		f.Conditions = append(f.Conditions, word(p, "monitorCondition", text, alerts.Fired, alerts.Resolved))
	}
	for _, text := range p.list("alertState") {
		f.UserStates = append(f.UserStates, word(p, "alertState", text, alerts.New, alerts.Acknowledged, alerts.Closed))
	}
	for _, text := range p.list("scope") {
		pattern, err := scopes.ParsePattern(text)
		if err != nil {
			p.note(err)
		}
		f.Scopes = append(f.Scopes, pattern)
	}
	if p.one("suppressed") != "" {
		suppressed := p.flag("suppressed", false)
		f.Suppressed = &suppressed
	}
	f.From, f.To = p.time("start", time.Time{}), p.time("end", time.Time{})
	if text := p.one("timeRange"); text != "" {
		d, err := query.ParseDuration(text)
		switch {
		case err != nil || d <= 0:
			p.fail("timeRange", text, "must be a duration such as 1h, 1d, 7d, 30d or PT1H")
		case !f.From.IsZero() || !f.To.IsZero():
			p.fail("timeRange", text, "must not be given together with start or end")
		}
		f.From = p.now.Add(-d)
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.To.After(f.From) {
		p.fail("end", p.one("end"), "must be after start")
	}
	return f
}

// word returns the one of some words that a text is, compared without case.
func word[T ~string](p *params, name, text string, words ...T) T {
	var names []string
	for _, w := range words {
		if strings.EqualFold(text, string(w)) {
			return w
		}
		names = append(names, string(w))
	}
	p.fail(name, text, "must be "+strings.Join(names, " or "))
	return ""
}

// handleAlertsSummary answers GET /api/v1/alerts/summary: how many alerts there are, by what is asked for.
func (s *Server) handleAlertsSummary(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), append(alertFilters(), "groupby")...)
	f := alertFilter(p)
	by := p.list("groupby")
	known := []string{"severity", "monitorCondition", "alertState", "alertRule", "scope"}
	for i, name := range by {
		at := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if at < 0 {
			p.fail("groupby", name, "must be of "+strings.Join(known, ", "))
			continue
		}
		by[i] = known[at]
	}
	if err := p.err(); err != nil {
		return err
	}
	if len(by) == 0 {
		by = known[:3]
	}
	sum, err := s.set.Alerts.Alerts.Summary(r.Context(), f)
	if err != nil {
		return asParameter(err)
	}
	return writeJSON(w, newSummaryJSON(sum, by))
}

// summaryJSON is the answer of /api/v1/alerts/summary.
type summaryJSON struct {
	Total      int                  `json:"total"`
	Suppressed int                  `json:"suppressed"`
	Groups     map[string]groupJSON `json:"groups"`
}

// groupJSON counts alerts by one thing. Total is how many values there are, of which the most frequent are listed.
type groupJSON struct {
	Total  int         `json:"total"`
	Values []countJSON `json:"values"`
}

type countJSON struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func newSummaryJSON(sum *state.Summary, by []string) summaryJSON {
	out := summaryJSON{Total: sum.Total, Suppressed: sum.Suppressed, Groups: map[string]groupJSON{}}
	for _, name := range by {
		g := groupJSON{Values: []countJSON{}}
		add := func(name string, n int) { g.Values = append(g.Values, countJSON{name, n}) }
		switch name {
		case "severity":
			for i := range 5 {
				add(fmt.Sprint(i), sum.BySeverity[i])
			}
		case "monitorCondition":
			for _, c := range []alerts.Condition{alerts.Fired, alerts.Resolved} {
				add(string(c), sum.ByCondition[c])
			}
		case "alertState":
			for _, u := range []alerts.UserState{alerts.New, alerts.Acknowledged, alerts.Closed} {
				add(string(u), sum.ByUserState[u])
			}
		case "alertRule":
			g.Total = sum.Rules
			for _, c := range sum.ByRule {
				add(c.Name, c.N)
			}
		case "scope":
			g.Total = sum.Scopes
			for _, c := range sum.ByScope {
				add(c.Name, c.N)
			}
		}
		if g.Total == 0 {
			g.Total = len(g.Values)
		}
		out.Groups[name] = g
	}
	return out
}
