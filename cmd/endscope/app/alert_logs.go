package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
	"github.com/endscope/endscope/scopes"
)

// alertLogs answers what alert rules ask about logs, in turn with the queries of people.
type alertLogs struct {
	engine *kql.Engine
	gate   *kql.Gate
}

// ask is an alerts.LogsFunc. For the query, the end of its time is now. An answer that is not whole is an error: what is counted in it
// would be wrong.
func (l *alertLogs) ask(ctx context.Context, q alerts.LogQuestion) (_ *alerts.LogTable, err error) {
	grants := scopes.AllAccess()
	if len(q.Scopes) > 0 {
		grants = scopes.GrantScopes(q.Scopes...)
	}
	ctx = scopes.WithGrants(ctx, grants)
	leave, err := l.gate.Enter(ctx)
	if err != nil {
		return nil, fmt.Errorf("query logs: %w", err)
	}
	var answer *kql.Answer
	defer func() {
		if answer != nil && answer.Partial != nil {
			leave(answer.Partial)
			return
		}
		leave(err)
	}()
	prepared, err := l.engine.Prepare(ctx, kql.Request{
		Query: q.Query, From: value.FromGo(q.From), To: value.FromGo(q.To) - 1, // both are inclusive
		Now: q.To, Limits: l.gate.Config().Limits(),
	})
	if err != nil {
		return nil, logsError(err)
	}
	if answer, err = prepared.Collect(ctx); err != nil {
		return nil, logsError(err)
	}
	switch {
	case answer.Partial != nil:
		return nil, fmt.Errorf("%w: %w", alerts.ErrQuery, answer.Partial)
	case len(answer.Warnings) > 0:
		return nil, fmt.Errorf("query logs: the answer is not whole: %s", strings.Join(answer.Warnings, "; "))
	case len(answer.Tables) == 0:
		return &alerts.LogTable{}, nil
	}
	return logTable(answer.Tables[0]), nil
}

// logsError says whether a query is to blame for its error.
func logsError(err error) error {
	var cost *kql.LimitError
	var store *logs.LimitError
	switch {
	case errors.As(err, new(*syntax.Error)), errors.As(err, new(*kql.SemanticError)), errors.As(err, new(*logs.UnknownTableError)),
		errors.As(err, &cost) && cost.What != "time", errors.As(err, &store) && store.What != "time":
		return fmt.Errorf("%w: %w", alerts.ErrQuery, err)
	}
	return fmt.Errorf("query logs: %w", err)
}

// logTable copies a table.
func logTable(t kql.Table) *alerts.LogTable {
	out := &alerts.LogTable{Columns: make([]alerts.LogColumn, 0, len(t.Columns)), Rows: make([][]any, 0, len(t.Rows))}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, alerts.LogColumn{Name: c.Name, Type: kql.TypeName(c.Type)})
	}
	for _, row := range t.Rows {
		cells := make([]any, len(row))
		for i, v := range row {
			switch v := v.(type) {
			case nil, bool, int64, float64, string:
				cells[i] = v
			case int32:
				cells[i] = int64(v)
			case value.Time:
				cells[i] = v.Go()
			default:
				cells[i] = kql.CellText(v, t.Columns[i].Type)
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}
