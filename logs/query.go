package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/internal/duck"
	"github.com/endscope/endscope/scopes"
)

// SQL is one SELECT over one table, in DuckDB's dialect.
type SQL struct {
	Table    string
	From, To int64 // of TimeGenerated, in ticks, both inclusive: the rows that the statement sees

	// Text has Placeholder where the table stands, any number of times. It names the columns of the table in double quotes; datetimes and
	// timespans are BIGINT ticks, dynamics and guids VARCHAR. $1, $2 … stand for Args: nil, bool, int32, int, int64, float64, string,
	// []string, []int64 or []float64.
	Text string
	Args []any

	// Columns are those of the result. Their types say which Go values the rows have.
	Columns []logrows.Column
}

// Rows is the answer to a query. It belongs to one goroutine.
type Rows struct {
	columns  []logrows.Column
	store    *Store
	session  *session
	conn     *duck.Conn
	rows     *duck.Rows
	parts    []*partition
	deadline time.Time
	table    *table
	start    time.Time
	warning  error
	err      error // what ended it, io.EOF after the last row
	closed   bool
}

// Query runs a statement over what the grants in ctx show, and sees every row that was acknowledged before the call. The caller must close
// the Rows.
//
// Errors: ErrClosed, *NotReadyError, *UnknownTableError, scopes.ErrNoGrants, *LimitError, ErrOutOfRange, ctx's error, and what DuckDB says of
// a statement that is wrong.
func (s *Store) Query(ctx context.Context, q SQL) (*Rows, error) {
	t := s.tables[q.Table]
	if t == nil {
		return nil, s.unknownTable(q.Table)
	}
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, fmt.Errorf("query of %s: %w", q.Table, err)
	}
	r := &Rows{columns: q.Columns, store: s, table: t, start: time.Now(), deadline: time.Now().Add(s.cfg.QueryTimeout)}
	err = r.within(ctx, func(ctx context.Context) error { return r.open(ctx, q, grants) })
	if err != nil {
		r.err = err
		r.Close()
		return nil, err
	}
	return r, nil
}

// within calls f with a context that ends with the query's time, and names the errors that limits are.
func (r *Rows) within(ctx context.Context, f func(context.Context) error) error {
	limited, cancel := context.WithDeadline(ctx, r.deadline)
	defer cancel()
	err := f(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("query of %s: %w", r.table.schema.Name, context.Cause(ctx))
	case errors.Is(err, context.DeadlineExceeded):
		return &LimitError{What: "time", Limit: r.store.cfg.QueryTimeout.String(), Key: "logs.query_timeout"}
	}
	switch duck.KindOf(err) {
	case duck.OutOfMemory:
		if strings.Contains(err.Error(), "max_temp_directory_size") {
			return &LimitError{What: "disk", Limit: r.store.cfg.MaxTemp.String(), Key: "logs.max_temp"}
		}
		return &LimitError{What: "memory", Limit: r.store.cfg.MemoryLimit.String(), Key: "logs.memory_limit"}
	case duck.OutOfRange:
		return fmt.Errorf("%w: %w", ErrOutOfRange, err)
	case duck.IO, duck.Fatal:
		switch {
		case unreadable(err):
			r.store.suspect(r.parts)
		case duck.KindOf(err) == duck.Fatal: // a defect of DuckDB's, which then answers nothing any more
			r.store.suspect(nil)
		}
	}
	return err
}

// unreadable says whether an error is about what a file holds, rather than about room for something new.
func unreadable(err error) bool {
	for _, part := range []string{"orrupt", "checksum", "Could not read", "Failed to deserialize", "Serialization Error"} {
		if strings.Contains(err.Error(), part) {
			return true
		}
	}
	return false
}

// suspect asks the applier to look whether partitions can still be read.
func (s *Store) suspect(parts []*partition) {
	select {
	case s.check <- slices.Clone(parts):
	default: // it is looking at others
	}
}

func (r *Rows) open(ctx context.Context, q SQL, grants scopes.Grants) error {
	s := r.store
	var err error
	if r.warning, err = s.settle(ctx, r.table, q.From, q.To); err != nil {
		return err
	}
	if r.session, err = s.acquire(); err != nil {
		return err
	}
	select {
	case r.conn = <-r.session.idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !grants.Empty() {
		r.parts = s.use(r.table, q.From, q.To)
	}
	who := Identity{Workspace: s.cfg.Workspace, Subscription: s.cfg.Subscription}
	text := strings.ReplaceAll(q.Text, Placeholder, r.table.relation(who, r.parts, q.From, q.To, grants, q.Text))
	if r.rows, err = r.conn.Query(ctx, text, q.Args...); err != nil {
		return err
	}
	if n := len(r.rows.Names()); n != len(q.Columns) {
		return fmt.Errorf("the statement has %d columns, and %d were declared", n, len(q.Columns))
	}
	return nil
}

// settle waits until every row that has been acknowledged for the table in [from, to] is in it. When the applier cannot go on it does not
// wait, and returns why as a warning.
func (s *Store) settle(ctx context.Context, t *table, from, to int64) (warning, err error) {
	last := uint64(0)
	for first := true; ; first = false {
		s.mu.Lock()
		waiting := false
		for _, e := range s.unapplied {
			if (first || e.seq <= last) && e.overlaps(t, from, to) {
				waiting = true
				last = max(last, e.seq)
			}
		}
		failing, progress := s.failing, s.progress
		s.mu.Unlock()
		if !waiting {
			return nil, nil
		}
		if failing != nil {
			return fmt.Errorf("the newest rows of %s are missing: they cannot be brought into the table: %w", t.schema.Name, failing), nil
		}
		s.kickApplier()
		select {
		case <-progress:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (e *entry) overlaps(t *table, from, to int64) bool {
	return e.table == t && slices.ContainsFunc(e.days, func(d dayRows) bool { return d.min <= to && d.max >= from })
}

// use returns the partitions with rows in [from, to], oldest first, which retention leaves alone until disuse.
func (s *Store) use(t *table, from, to int64) []*partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	var parts []*partition
	for day, p := range t.partitions {
		if day >= dayOf(from) && day <= dayOf(to) {
			p.users++
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b *partition) int { return int(a.day - b.day) })
	return parts
}

func (s *Store) disuse(parts []*partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		p.users--
	}
}

// Columns returns the columns of the result.
func (r *Rows) Columns() []logrows.Column { return r.columns }

// Warning returns why acknowledged rows may be missing from the answer, nil when none are: the disk is full, for example.
func (r *Rows) Warning() error { return r.warning }

// Next returns some more rows, io.EOF after the last: nil for null, bool for Bool, int32 for Int, int64 for Long and the ticks of Datetime and
// Timespan, float64 for Real, and string for the others. The rows belong to the caller. Errors are those of Query.
func (r *Rows) Next(ctx context.Context) ([][]any, error) {
	if r.err != nil {
		return nil, r.err
	}
	var batch [][]any
	r.err = r.within(ctx, func(ctx context.Context) (err error) {
		if batch, err = r.rows.Next(ctx); err != nil {
			return err
		}
		return r.convert(batch)
	})
	if r.err != nil {
		return nil, r.err
	}
	return batch, nil
}

// Close ends the query, also in the middle. It is safe a second time.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.rows != nil {
		r.rows.Close()
	}
	r.store.disuse(r.parts)
	if r.conn != nil {
		r.session.idle <- r.conn
	}
	if r.session != nil {
		r.session.release()
	}
	result := "ok"
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		result = "error"
	}
	r.store.metrics.queries.WithLabelValues(r.table.schema.Name, result).Inc()
	r.store.metrics.querySeconds.Observe(time.Since(r.start).Seconds())
	return nil
}
