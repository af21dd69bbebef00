package logs

import (
	"context"
	"fmt"
	"slices"
)

// Health is what an operator wants to know of the store.
type Health struct {
	Ready    error    // nil when queries are answered
	Writable error    // nil when rows are taken
	Failing  error    // why acknowledged rows do not come into their tables, nil when they do
	Damages  []Damage // since the start
	Tables   []TableHealth
}

// TableHealth is one table on disk.
type TableHealth struct {
	Name           string
	Days           int
	Bytes          int64
	Oldest, Newest string // days, empty when there is none
}

// Health returns the state of the store.
func (s *Store) Health() Health {
	h := Health{Ready: s.Ready(), Writable: s.Writable()}
	s.mu.Lock()
	h.Failing, h.Damages = s.failing, slices.Clone(s.damages)
	s.mu.Unlock()
	for _, t := range s.order {
		all := s.partitionsOf(t)
		th := TableHealth{Name: t.schema.Name, Days: len(all), Bytes: sizeOf(all)}
		if len(all) > 0 {
			th.Oldest, th.Newest = dayText(all[0].day), dayText(all[len(all)-1].day)
		}
		h.Tables = append(h.Tables, th)
	}
	return h
}

// Rows returns the number of rows that a table keeps.
func (s *Store) Rows(ctx context.Context, name string) (int64, error) {
	t := s.tables[name]
	if t == nil {
		return 0, s.unknownTable(name)
	}
	sess, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer sess.release()
	parts := s.use(t, 0, 1<<62)
	defer s.disuse(parts)
	var total int64
	sess.adminMu.Lock()
	defer sess.adminMu.Unlock()
	for _, p := range parts {
		n, err := sess.admin.Int(ctx, fmt.Sprintf("SELECT count(*) FROM %s.rows", p.alias))
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
