package kql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// Engine answers queries over a catalog of tables.
type Engine struct {
	catalog Catalog
	lib     *fn.Library
}

// NewEngine makes an engine.
func NewEngine(catalog Catalog) (*Engine, error) {
	lib, err := fn.NewLibrary()
	if err != nil {
		return nil, err
	}
	return &Engine{catalog: catalog, lib: lib}, nil
}

// Library returns the functions of the language.
func (e *Engine) Library() *fn.Library { return e.lib }

// Request is one query with what surrounds it.
type Request struct {
	Query string
	// From and To bound TimeGenerated of every table, both inclusive. Zero To means no bound.
	From, To value.Time
	// Equal are columns that must have these texts in every table, however the query is written: the scope that it is asked in.
	// A table without such a column has no rows for it.
	Equal map[string]string
	Now   time.Time
	// Limits that are exceeded while rows are read make an answer partial; those of computing make an error.
	Limits Limits
	// Naive computes everything over rows, as the query is written: no SQL, and no condition is moved. It is for tests that compare.
	Naive bool
	// noSQL computes everything over rows, since SQL could not.
	noSQL bool
}

// Render is the chart that a query asks for.
type Render struct {
	Kind       string
	Properties []Property
}

// Property is one name and value of a chart: a string, number or bool, or a list of them ([]any), such as names of columns.
type Property struct {
	Name  string
	Value any
}

// Prepared is a query that means something. It runs once.
type Prepared struct {
	engine  *Engine
	req     Request
	tables  []tableResult
	render  *Render
	context *fn.Context
	budget  *budget
	early   *run          // what was read while binding
	spent   time.Duration // by binding
}

type tableResult struct {
	name string
	root node
}

// Prepare reads and binds a query. Errors are *syntax.Error and *SemanticError, and those of running: an operator whose columns depend on
// data (evaluate bag_unpack and pivot without a schema) reads its input here, under the limits of the request, and its rows count as read.
func (e *Engine) Prepare(ctx context.Context, req Request) (_ *Prepared, err error) {
	defer recovered(&err)
	if req.Now.IsZero() {
		req.Now = time.Now()
	}
	parsed, err := syntax.Parse(req.Query)
	if err != nil {
		return nil, err
	}
	p := &Prepared{engine: e, req: req, budget: &budget{limit: req.Limits.Memory}}
	p.context = &fn.Context{Now: fn.TimeOf(req.Now), Budget: p.budget.take}
	err = p.bind(ctx, parsed)
	if errors.Is(err, ErrOutOfRange) && !req.noSQL {
		req.noSQL = true
		return e.Prepare(ctx, req)
	}
	if err != nil {
		return nil, place(err, req.Query)
	}
	return p, nil
}

// bind binds every statement of a query. The rows that operators read here are kept for the run, and the time that it took counts.
func (p *Prepared) bind(ctx context.Context, parsed *syntax.Query) error {
	started := time.Now()
	ctx, cancel := p.deadline(ctx)
	defer cancel()
	p.early = p.newRun(ctx)
	b := &binder{engine: p.engine, req: p.req, context: p.context, run: p.early}
	tables, err := b.query(parsed)
	if err != nil {
		return p.explain(ctx, err)
	}
	p.spent = time.Since(started)
	for _, t := range tables {
		t.root = b.optimize(t.root)
		p.tables = append(p.tables, t)
	}
	p.render = b.render
	return nil
}

// Results returns how many tables the query answers; it is at least 1.
func (p *Prepared) Results() int { return len(p.tables) }

// Columns returns the columns of the first result.
func (p *Prepared) Columns() []Column { return p.tables[0].root.columns() }

// Render returns the chart that the query asks for; nil means none.
func (p *Prepared) Render() *Render { return p.render }

// Stats says what a query took.
type Stats struct {
	Rows     int // of all answers
	Scanned  int // rows that tables gave
	SQL      int // statements
	Duration time.Duration
}

// Answer is every table that a query makes.
type Answer struct {
	Tables []Table
	Render *Render
	Stats  Stats
	// Partial says which limit cut the answer; nil means that it is whole.
	Partial *LimitError
	// Warnings say why rows that were acknowledged may be missing, such as a full disk.
	Warnings []string
}

// Table is one result.
type Table struct {
	Name    string
	Columns []Column
	Rows    []Row
}

// Collect runs the query and returns all its rows, up to the limits of rows and bytes.
func (p *Prepared) Collect(ctx context.Context) (_ *Answer, err error) {
	defer recovered(&err)
	started := time.Now()
	a, err := p.collect(ctx)
	if errors.Is(err, ErrOutOfRange) && !p.req.noSQL {
		// What SQL cannot compute in its types is computed by the language's own rules.
		p.req.noSQL = true
		again, perr := p.engine.Prepare(ctx, p.req)
		if perr != nil {
			return nil, perr
		}
		a, err = again.collect(ctx)
	}
	if err != nil {
		return nil, place(err, p.req.Query)
	}
	a.Stats.Duration = time.Since(started)
	return a, nil
}

func (p *Prepared) collect(ctx context.Context) (_ *Answer, err error) {
	ctx, cancel := p.deadline(ctx)
	defer cancel()
	r := p.newRun(ctx)
	defer func() { err = errors.Join(err, r.close()) }()
	a := &Answer{Render: p.render}
	var bytes int64
	for _, t := range p.tables {
		out := Table{Name: t.name, Columns: t.root.columns()}
		rows, err := r.open(t.root)
		if err != nil {
			return nil, p.explain(ctx, err)
		}
		for a.Partial == nil {
			batch, err := rows.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				rows.Close()
				return nil, p.explain(ctx, err)
			}
			for _, row := range batch {
				size := int64(encodedSize(row))
				if l := p.req.Limits.Rows; l > 0 && a.Stats.Rows >= l {
					a.Partial = &LimitError{What: "rows", Limit: fmt.Sprint(l), Hint: "the rows up to it are here; filter or summarize to see all"}
					break
				}
				if l := p.req.Limits.Bytes; l > 0 && bytes+size > l {
					a.Partial = &LimitError{What: "bytes", Limit: fmt.Sprintf("%d MiB", l>>20), Hint: "the rows up to it are here; project fewer columns, filter or summarize to see all"}
					break
				}
				bytes += size
				a.Stats.Rows++
				out.Rows = append(out.Rows, row)
			}
		}
		if err := rows.Close(); err != nil && a.Partial == nil {
			return nil, p.explain(ctx, err)
		}
		a.Tables = append(a.Tables, out)
	}
	a.Stats.Scanned, a.Stats.SQL = r.scanned, r.statements
	a.Warnings = r.warnings
	return a, nil
}

func (p *Prepared) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.req.Limits.Time <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, max(0, p.req.Limits.Time-p.spent), &LimitError{What: "time", Limit: p.req.Limits.Time.String(), Hint: "look at a shorter time, or filter earlier"})
}

// explain names the limit behind an error of an ended context.
func (p *Prepared) explain(ctx context.Context, err error) error {
	var limit *LimitError
	if ctx.Err() != nil && errors.As(context.Cause(ctx), &limit) {
		return limit
	}
	return err
}

func (p *Prepared) newRun(ctx context.Context) *run {
	r := &run{ctx: ctx, context: p.context, budget: p.budget, noSQL: p.req.Naive || p.req.noSQL, shared: map[*sharedTable][]Row{}, firsts: map[*subquery][]value.Value{}, spans: map[string][2]value.Time{}}
	if p.early != nil {
		maps.Copy(r.shared, p.early.shared)
		maps.Copy(r.firsts, p.early.firsts)
		r.scanned, r.statements, r.held, r.warnings = p.early.scanned, p.early.statements, p.early.held, p.early.warnings
	}
	return r
}

// recovered makes an error of a panic, so that no query takes the server down: whatever it is, it is a defect of this package.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("internal error of the query engine: %v\n%s", p, debug.Stack())
	}
}

// TypeName returns how a type is called in answers.
func TypeName(t logrows.Type) string { return t.String() }
