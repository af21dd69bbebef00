package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// Summary counts alerts.
type Summary struct {
	Total       int
	Suppressed  int
	BySeverity  map[int]int
	ByCondition map[alerts.Condition]int
	ByUserState map[alerts.UserState]int
	ByRule      []Count // the largest first, at most MaxCounts
	ByScope     []Count // targets at any level; without those that have none
	Rules       int     // how many there are
	Scopes      int
}

// Count is the number of alerts of a rule or target.
type Count struct {
	Name string
	N    int
}

// MaxCounts is how many rules and targets a Summary names.
const MaxCounts = 1000

// Summary counts the alerts that the caller may see. Its errors are those of List.
func (s *Store) Summary(ctx context.Context, f Filter) (_ *Summary, err error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	where, args := f.where(grants)
	rows, err := s.db.QueryContext(ctx, "SELECT severity, condition, user_state, suppressed, rule, endpoint, deployment, instance, count(*) FROM alerts"+clause(where)+
		" GROUP BY severity, condition, user_state, suppressed, rule, endpoint, deployment, instance", args...)
	if err != nil {
		return nil, fmt.Errorf("count alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := &Summary{BySeverity: map[int]int{}, ByCondition: map[alerts.Condition]int{alerts.Fired: 0, alerts.Resolved: 0}, ByUserState: map[alerts.UserState]int{}}
	for i := range 5 {
		out.BySeverity[i] = 0
	}
	for _, state := range userStates() {
		out.ByUserState[state] = 0
	}
	byRule, byScope := map[string]int{}, map[string]int{}
	for rows.Next() {
		var (
			severity, condition, userState, n    int
			suppressed                           bool
			rule, endpoint, deployment, instance string
		)
		if err := rows.Scan(&severity, &condition, &userState, &suppressed, &rule, &endpoint, &deployment, &instance, &n); err != nil {
			return nil, err
		}
		out.Total += n
		if suppressed {
			out.Suppressed += n
		}
		out.BySeverity[severity] += n
		out.ByCondition[conditionOf(condition)] += n
		out.ByUserState[userStates()[userState]] += n
		byRule[rule] += n
		if endpoint != "" {
			byScope[pathOf(endpoint, deployment, instance).String()] += n
		}
	}
	out.Rules, out.Scopes = len(byRule), len(byScope)
	out.ByRule, out.ByScope = largest(byRule), largest(byScope)
	return out, rows.Err()
}

func largest(counts map[string]int) []Count {
	out := make([]Count, 0, len(counts))
	for name, n := range counts {
		out = append(out, Count{name, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	return out[:min(len(out), MaxCounts)]
}
