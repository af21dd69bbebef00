package logs

import (
	"context"
	"fmt"
	"sync"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

// tailBuffer is the number of batches that wait for the reader of a tail. When it is full, new ones are dropped.
const tailBuffer = 64

// Tail is a subscription to the rows of a table as they are acknowledged.
type Tail struct {
	table   *table
	grants  scopes.Grants
	batches chan *logrows.Batch
	tails   *tails

	dropped int64 // rows since the last call of Dropped; guarded by tails.mu
}

// tails are the open subscriptions.
type tails struct {
	mu      sync.Mutex
	open    map[*Tail]bool
	closed  bool
	dropped func(table string, rows int)
}

// Subscribe returns a tail of what the grants in ctx show of a table, from now on. The caller must close it.
// Errors: *UnknownTableError, scopes.ErrNoGrants, ErrClosed.
func (s *Store) Subscribe(ctx context.Context, name string) (*Tail, error) {
	t := s.tables[name]
	if t == nil {
		return nil, s.unknownTable(name)
	}
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, fmt.Errorf("tail of %s: %w", name, err)
	}
	sub := &Tail{table: t, grants: grants, batches: make(chan *logrows.Batch, tailBuffer), tails: &s.tails}
	s.tails.mu.Lock()
	defer s.tails.mu.Unlock()
	if s.tails.closed {
		return nil, ErrClosed
	}
	if s.tails.open == nil {
		s.tails.open = map[*Tail]bool{}
		s.tails.dropped = func(table string, rows int) {
			s.metrics.tailDropped.WithLabelValues(table).Add(float64(rows))
		}
	}
	s.tails.open[sub] = true
	return sub, nil
}

// Batches gives the rows; it is closed when the store closes. Others have the same batches, so nobody may change them. Columns that queries
// compute are empty in them, and so may others be: see Append.
func (t *Tail) Batches() <-chan *logrows.Batch { return t.batches }

// Dropped returns the number of rows that were dropped since the last call because Batches was not read fast enough.
func (t *Tail) Dropped() int64 {
	t.tails.mu.Lock()
	defer t.tails.mu.Unlock()
	n := t.dropped
	t.dropped = 0
	return n
}

// Close ends the subscription. Batches gives nothing more, and is not closed by it.
func (t *Tail) Close() {
	t.tails.mu.Lock()
	defer t.tails.mu.Unlock()
	delete(t.tails.open, t)
}

// send gives a batch that was acknowledged to the tails of its table. It never waits.
func (ts *tails) send(t *table, b *logrows.Batch) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for sub := range ts.open {
		if sub.table != t {
			continue
		}
		shown := t.schema.shown(b, sub.grants)
		if shown == nil {
			continue
		}
		select {
		case sub.batches <- shown:
		default:
			sub.dropped += int64(shown.Rows)
			ts.dropped(t.schema.Name, shown.Rows)
		}
	}
}

// close ends every subscription.
func (ts *tails) close() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.closed = true
	for sub := range ts.open {
		close(sub.batches)
	}
	ts.open = nil
}

// shown returns the rows of a batch that the grants show, nil when they show none.
func (s *Schema) shown(b *logrows.Batch, grants scopes.Grants) *logrows.Batch {
	if grants.All() {
		return b
	}
	name := func(column string, row int) string {
		if v := b.Columns[s.Column(column)]; len(v.Strings) > 0 {
			return v.Strings[row]
		}
		return ""
	}
	var rows []int
	for i := range b.Rows {
		if grants.Allows(scopes.Path{Endpoint: name(s.Endpoint, i), Deployment: name(s.Deployment, i), Instance: name(s.Instance, i)}) {
			rows = append(rows, i)
		}
	}
	switch len(rows) {
	case 0:
		return nil
	case b.Rows:
		return b
	}
	return pick(b, rows)
}
