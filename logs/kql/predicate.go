package kql

import (
	"context"
	"errors"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
)

// predicatePrefix makes a query of a condition. The condition begins a line, so that only line numbers of errors move.
const predicatePrefix = "Rows | where\n"

// Predicate reads the condition in req.Query, what could stand after where, and returns what says whether it is true for a row with the
// columns of the table. The predicate belongs to one goroutine; an error of it is that of a function in the condition. A table that the
// condition asks is read once, now. Errors are those of Prepare, with places in the condition.
func (e *Engine) Predicate(ctx context.Context, table *logrows.Table, req Request) (func(Row) (bool, error), error) {
	if req.Now.IsZero() {
		req.Now = time.Now()
	}
	parsed, err := syntax.Parse(predicatePrefix + req.Query)
	if err != nil {
		return nil, inCondition(err, req.Query)
	}
	where, ok := onlyWhere(parsed)
	if !ok {
		return nil, &SemanticError{Message: "A filter is one condition, as it stands after where: no operator can follow it."}
	}
	p := &Prepared{engine: e, req: req, budget: &budget{limit: req.Limits.Memory}}
	p.context = &fn.Context{Now: fn.TimeOf(req.Now), Budget: p.budget.take}
	ctx, cancel := p.deadline(ctx)
	defer cancel()
	p.early = p.newRun(ctx)
	b := &binder{engine: e, req: req, context: p.context, run: p.early}
	bound, err := b.where(&values{cols: table.Columns}, where, nil)
	if err != nil {
		return nil, inCondition(p.explain(ctx, err), req.Query)
	}
	f, ok := bound.(*filter)
	if !ok {
		return nil, inCondition(errAt(where.At(), "A filter looks at one row: it cannot use functions over the rows around it."), req.Query)
	}
	test, err := p.early.compile(f.cond)
	if err != nil {
		return nil, inCondition(p.explain(ctx, err), req.Query)
	}
	held := p.budget.used.Load()
	return func(row Row) (bool, error) {
		p.budget.used.Store(held) // nothing of the row before is kept
		v, err := test(row)
		return v == true, err
	}, nil
}

// onlyWhere returns the where of a query that is nothing else.
func onlyWhere(q *syntax.Query) (*syntax.Where, bool) {
	if len(q.Statements) != 1 {
		return nil, false
	}
	statement, ok := q.Statements[0].(*syntax.ExpressionStatement)
	if !ok {
		return nil, false
	}
	pipe, ok := statement.Expr.(*syntax.Pipe)
	if !ok || len(pipe.Ops) != 1 {
		return nil, false
	}
	where, ok := pipe.Ops[0].(*syntax.Where)
	return where, ok
}

// inCondition moves an error's place from the query that was made of a condition to the condition.
func inCondition(err error, text string) error {
	var parse *syntax.Error
	var semantic *SemanticError
	switch {
	case errors.As(err, &parse):
		moved := *parse
		moved.Start, moved.End, moved.Line = max(0, parse.Start-len(predicatePrefix)), max(0, parse.End-len(predicatePrefix)), parse.Line-1
		return &moved
	case errors.As(err, &semantic):
		semantic.Span.Start, semantic.Span.End = max(0, semantic.Span.Start-len(predicatePrefix)), max(0, semantic.Span.End-len(predicatePrefix))
		return place(semantic, text)
	}
	return err
}
