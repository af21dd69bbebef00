package kql

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/value"
)

// node is a bound tabular expression.
type node interface {
	// columns returns the columns of the rows. The slice is the node's own.
	columns() []Column
	// open begins reading. Whoever opens closes, also after an error of Next. A node compiles its expressions, which may run subqueries,
	// before it opens its input: so one query never waits for a second statement of the store while it holds a first.
	open(r *run) (Rows, error)
	// require says which columns whoever reads this node looks at (nil: all), so that tables read no others. Every node tells its inputs.
	// It is called once, before open.
	require(need []bool)
}

// run is one execution of a query.
type run struct {
	ctx        context.Context
	context    *fn.Context
	budget     *budget
	noSQL      bool
	shared     map[*sharedTable][]Row
	firsts     map[*subquery][]value.Value
	scanned    int // rows that tables gave
	statements int // of SQL
	parts
	warnings []string
	// spans are the times in which rows with an id lie, by what was asked; see generator.find.
	spans map[string][2]value.Time
}

// warn keeps what rows say of themselves, once.
func (r *run) warn(rows Rows) {
	w, ok := rows.(Warner)
	if !ok || w.Warning() == nil {
		return
	}
	if text := w.Warning().Error(); !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

func (r *run) close() error { return nil }

// open opens a node: in SQL as far as that can say it, else over rows.
func (r *run) open(n node) (Rows, error) {
	if !r.noSQL {
		if rows, ok, err := r.openSQL(n); ok || err != nil {
			return rows, err
		}
	}
	return n.open(r)
}

// collect reads a node to its end. What it holds counts against the query's memory until the query ends.
func (r *run) collect(n node) ([]Row, error) {
	rows, err := r.open(n)
	if err != nil {
		return nil, err
	}
	return r.drain(rows)
}

// drain reads rows to their end and closes them.
func (r *run) drain(rows Rows) (all []Row, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		batch, err := rows.Next(r.ctx)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			if err := r.budget.take(sizeOf(row)); err != nil {
				return nil, err
			}
		}
		all = append(all, batch...)
	}
}

// batchRows is how many rows operators hand on at once.
const batchRows = 1024

// slice is Rows over rows in memory.
type slice struct{ rows []Row }

func (s *slice) Next(ctx context.Context) ([]Row, error) {
	if len(s.rows) == 0 {
		return nil, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := min(batchRows, len(s.rows))
	batch := s.rows[:n:n]
	s.rows = s.rows[n:]
	return batch, nil
}

func (s *slice) Close() error { return nil }

// mapped is Rows whose batches go through a function. An empty batch is skipped.
type mapped struct {
	in   Rows
	each func(batch []Row) ([]Row, error)
	last func() ([]Row, error) // called once after the last batch; nil: nothing follows
	done bool
}

func (m *mapped) Next(ctx context.Context) ([]Row, error) {
	for !m.done {
		batch, err := m.in.Next(ctx)
		if errors.Is(err, io.EOF) {
			m.done = true
			if m.last == nil {
				return nil, io.EOF
			}
			batch, err = m.last()
			if err != nil {
				return nil, err
			}
			if len(batch) == 0 {
				return nil, io.EOF
			}
			return batch, nil
		}
		if err != nil {
			return nil, err
		}
		if batch, err = m.each(batch); err != nil {
			return nil, err
		}
		if len(batch) > 0 {
			return batch, nil
		}
	}
	return nil, io.EOF
}

func (m *mapped) Close() error { return m.in.Close() }

// lazy is Rows that are made when the first are asked for.
type lazy struct {
	make func() ([]Row, error)
	rows *slice
}

func (l *lazy) Next(ctx context.Context) ([]Row, error) {
	if l.rows == nil {
		rows, err := l.make()
		if err != nil {
			return nil, err
		}
		l.rows = &slice{rows}
	}
	return l.rows.Next(ctx)
}

func (l *lazy) Close() error { return nil }

// subquery is a table inside a scalar expression.
type subquery struct{ root node }

// firstColumn returns the first column of a subquery, computed once.
func (r *run) firstColumn(s *subquery) ([]value.Value, error) {
	if v, ok := r.firsts[s]; ok {
		r.reuse(s)
		return v, nil
	}
	reads, used := r.partReads, r.budget.used.Load()
	rows, err := r.collect(s.root)
	if err != nil {
		return nil, err
	}
	out := make([]value.Value, len(rows))
	for i, row := range rows {
		out[i] = row[0]
	}
	r.firsts[s] = out
	r.keep(s, reads, used)
	return out, nil
}

// scalar returns the first cell of a subquery; null when it has no row.
func (r *run) scalar(s *subquery) (value.Value, error) {
	column, err := r.firstColumn(s)
	if err != nil {
		return nil, err
	}
	if len(column) == 0 {
		return value.Zero(s.root.columns()[0].Type), nil
	}
	return column[0], nil
}

// allColumns is a need of every column.
func allColumns(n int) []bool {
	need := make([]bool, n)
	for i := range need {
		need[i] = true
	}
	return need
}

// mark adds the columns that e looks at.
func mark(need []bool, e expr) {
	walk(e, func(e expr) bool {
		if c, ok := e.(*column); ok {
			need[c.i] = true
		}
		return true
	})
}
