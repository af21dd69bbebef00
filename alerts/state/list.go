package state

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// Filter says which alerts are meant. Each field that is set must hold; of several values one must. The zero Filter means all.
type Filter struct {
	From, To   time.Time // fired at From or later and before To
	Severities []int
	Conditions []alerts.Condition
	UserStates []alerts.UserState
	Rules      []string
	Scopes     []scopes.Pattern // the target is at or below one
	Groups     []string         // action groups that are told
	Suppressed *bool
	Open       bool   // fired and not resolved, but for those of stateless rules
	Text       string // in the ID, rule, target, dimensions, labels, summary or description, without regard to case
}

// Sort is what alerts are ordered by. Those that are equal in it come newest first.
type Sort string

// The orders.
const (
	SortFired    Sort = "firedAt"
	SortChanged  Sort = "changedAt"
	SortSeverity Sort = "severity"
	SortRule     Sort = "rule"
)

func sortColumns() map[Sort]string {
	return map[Sort]string{SortFired: "fired_at", SortChanged: "changed_at", SortSeverity: "severity", SortRule: "rule"}
}

// Query asks for a page of alerts.
type Query struct {
	Filter
	Sort      Sort // empty is SortFired
	Ascending bool
	Limit     int    // 1 to MaxPage; 0 is 50
	Cursor    string // Next of the page before; empty for the first
}

// Page is a part of a list.
type Page struct {
	Alerts []*Record
	Next   string // Cursor of the next page; empty at the end
}

// Bounds on a Query.
const (
	MaxPage       = 1000
	maxFilterText = 256
	maxFilterList = 100
)

// List returns a page of the alerts that the caller may see. Errors are *alerts.FieldError for what the query must not have. An alert
// that changes between two pages of SortChanged may be in both.
func (s *Store) List(ctx context.Context, q Query) (*Page, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	if q.Sort == "" {
		q.Sort = SortFired
	}
	column, ok := sortColumns()[q.Sort]
	if !ok {
		return nil, &alerts.FieldError{Field: "sort", Value: short(string(q.Sort)), Rule: "must be one of firedAt, changedAt, severity, rule"}
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return nil, &alerts.FieldError{Field: "limit", Value: fmt.Sprint(q.Limit), Rule: fmt.Sprintf("must be 1 to %d", MaxPage)}
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	query, args, err := q.statement(column, grants)
	if err != nil {
		return nil, err
	}
	all, err := plain(s.records(ctx, query, args...))
	if err != nil {
		return nil, err
	}
	p := &Page{Alerts: all}
	if len(all) > q.Limit {
		p.Alerts = all[:q.Limit]
		p.Next = cursorAfter(q, all[q.Limit-1])
	}
	return p, nil
}

// statement returns what reads a page, and one alert more, with its arguments. Column is the one to sort by.
func (q *Query) statement(column string, grants scopes.Grants) (string, []any, error) {
	where, args := q.where(grants)
	if q.Cursor != "" {
		c, err := parseCursor(*q)
		if err != nil {
			return "", nil, err
		}
		beyond := "<"
		if q.Ascending {
			beyond = ">"
		}
		where = append(where, fmt.Sprintf("%s %s= ?", column, beyond), fmt.Sprintf("(%s %s ? OR seq < ?)", column, beyond))
		args = append(args, c.value(), c.value(), c.Seq)
	}
	direction := "DESC"
	if q.Ascending {
		direction = "ASC"
	}
	from := "alerts"
	if q.Open {
		from += " INDEXED BY alerts_open" // the planner does not know how few they are
	}
	return "SELECT " + recordColumns + " FROM " + from + clause(where) + fmt.Sprintf(" ORDER BY %s %s, seq DESC LIMIT ?", column, direction), append(args, q.Limit+1), nil
}

func clause(where []string) string {
	if len(where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(where, " AND ")
}

func (f *Filter) check() error {
	for _, l := range []struct {
		field string
		n     int
	}{{"severity", len(f.Severities)}, {"condition", len(f.Conditions)}, {"state", len(f.UserStates)}, {"rule", len(f.Rules)}, {"scope", len(f.Scopes)}, {"actionGroup", len(f.Groups)}} {
		if l.n > maxFilterList {
			return &alerts.FieldError{Field: l.field, Value: fmt.Sprintf("%d values", l.n), Rule: fmt.Sprintf("must have at most %d values", maxFilterList)}
		}
	}
	for _, v := range f.Severities {
		if v < 0 || v > 4 {
			return &alerts.FieldError{Field: "severity", Value: fmt.Sprint(v), Rule: "must be 0 to 4"}
		}
	}
	for _, v := range f.Conditions {
		if v != alerts.Fired && v != alerts.Resolved {
			return &alerts.FieldError{Field: "condition", Value: short(string(v)), Rule: "must be Fired or Resolved"}
		}
	}
	for _, v := range f.UserStates {
		if !slices.Contains(userStates(), v) {
			return &alerts.FieldError{Field: "state", Value: short(string(v)), Rule: "must be one of New, Acknowledged, Closed"}
		}
	}
	if len(f.Text) > maxFilterText {
		return &alerts.FieldError{Field: "text", Value: fmt.Sprintf("%d bytes", len(f.Text)), Rule: fmt.Sprintf("must have at most %d bytes", maxFilterText)}
	}
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		return &alerts.FieldError{Field: "to", Value: f.To.UTC().Format(time.RFC3339), Rule: "must not be before from"}
	}
	return nil
}

// where returns conditions that must all hold, and their arguments.
func (f *Filter) where(grants scopes.Grants) (where []string, args []any) {
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if !f.From.IsZero() {
		add("fired_at >= ?", micros(f.From))
	}
	if !f.To.IsZero() {
		add("fired_at < ?", micros(f.To))
	}
	in := func(column string, values []any) {
		if len(values) > 0 {
			add(column+" IN (?"+strings.Repeat(",?", len(values)-1)+")", values...)
		}
	}
	in("severity", each(f.Severities, func(v int) any { return v }))
	in("condition", each(f.Conditions, func(v alerts.Condition) any { return conditionNumber(v) }))
	in("user_state", each(f.UserStates, func(v alerts.UserState) any { return slices.Index(userStates(), v) }))
	in("rule", each(f.Rules, func(v string) any { return v }))
	if f.Open {
		add("condition = 0 AND stateless = 0") // in these words, which are those of the index alerts_open
	}
	if f.Suppressed != nil {
		add("suppressed = ?", *f.Suppressed)
	}
	var some []string
	for _, p := range f.Scopes {
		condition, values := below(p)
		some, args = append(some, condition), append(args, values...)
	}
	if len(some) > 0 {
		where = append(where, "("+strings.Join(some, " OR ")+")")
	}
	some = nil
	for _, g := range f.Groups {
		some, args = append(some, "instr(action_groups, ?) > 0"), append(args, ","+g+",")
	}
	if len(some) > 0 {
		where = append(where, "("+strings.Join(some, " OR ")+")")
	}
	if f.Text != "" {
		add("instr(search, ?) > 0", strings.ToLower(f.Text))
	}
	if !grants.All() {
		some = nil
		for _, set := range grants.MatcherSets() {
			one := []string{"endpoint <> ''"}
			for _, m := range set {
				// The names of matchers are those of the columns; they are equal to a name, or not equal to "".
				operator := "="
				if m.Value == "" {
					operator = "<>"
				}
				one, args = append(one, m.Name+" "+operator+" ?"), append(args, m.Value)
			}
			some = append(some, "("+strings.Join(one, " AND ")+")")
		}
		if len(some) == 0 {
			some = []string{none} // nothing is visible
		}
		where = append(where, "("+strings.Join(some, " OR ")+")")
	}
	return where, args
}

// none is a condition that no alert fulfils. With a constant the planner refuses INDEXED BY.
const none = "seq < 0"

// below is the condition that the target is at or below a pattern.
func below(p scopes.Pattern) (string, []any) {
	var parts []string
	var args []any
	for i, name := range []string{p.Endpoint, p.Deployment, p.Instance} {
		column := string(scopes.Levels()[i])
		switch name {
		case "":
		case scopes.Wildcard:
			parts = append(parts, column+" <> ''")
		default:
			parts, args = append(parts, column+" = ?"), append(args, name)
		}
	}
	if len(parts) == 0 {
		return none, nil // the zero pattern covers nothing
	}
	return "(" + strings.Join(parts, " AND ") + ")", args
}

func each[T any](in []T, f func(T) any) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
