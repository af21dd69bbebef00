package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

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
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // every number as of one commit
	if err != nil {
		return nil, fmt.Errorf("count alerts: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	out := &Summary{BySeverity: map[int]int{}, ByCondition: map[alerts.Condition]int{alerts.Fired: 0, alerts.Resolved: 0}, ByUserState: map[alerts.UserState]int{}}
	for i := range 5 {
		out.BySeverity[i] = 0
	}
	for _, state := range userStates() {
		out.ByUserState[state] = 0
	}
	err = eachRow(ctx, tx, "SELECT severity, condition, user_state, suppressed, count(*) FROM alerts"+clause(where)+" GROUP BY 1, 2, 3, 4", args, func(scan func(...any) error) error {
		var severity, condition, userState, n int
		var suppressed bool
		if err := scan(&severity, &condition, &userState, &suppressed, &n); err != nil {
			return err
		}
		out.Total += n
		if suppressed {
			out.Suppressed += n
		}
		out.BySeverity[severity] += n
		out.ByCondition[conditionOf(condition)] += n
		out.ByUserState[userStates()[userState]] += n
		return nil
	})
	if err != nil {
		return nil, err
	}
	if out.Rules, out.ByRule, err = counts(ctx, tx, "rule", "rule", where, args); err != nil {
		return nil, err
	}
	path := "endpoint || CASE WHEN deployment <> '' THEN '/' || deployment ELSE '' END || CASE WHEN instance <> '' THEN '/' || instance ELSE '' END"
	out.Scopes, out.ByScope, err = counts(ctx, tx, path, "endpoint, deployment, instance", append(slices.Clone(where), "endpoint <> ''"), args)
	return out, err
}

// counts returns how many groups there are, and the largest with their names.
func counts(ctx context.Context, tx *sql.Tx, name, group string, where []string, args []any) (groups int, largest []Count, err error) {
	inner := "SELECT " + name + " AS name, count(*) AS n FROM alerts" + clause(where) + " GROUP BY " + group
	err = eachRow(ctx, tx, "SELECT name, n, count(*) OVER () FROM ("+inner+") ORDER BY n DESC, name LIMIT ?", append(slices.Clone(args), MaxCounts), func(scan func(...any) error) error {
		var c Count
		if err := scan(&c.Name, &c.N, &groups); err != nil {
			return err
		}
		largest = append(largest, c)
		return nil
	})
	return groups, largest, err
}

// eachRow calls row for every row of a query.
func eachRow(ctx context.Context, tx *sql.Tx, query string, args []any, row func(scan func(...any) error) error) (err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("count alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
