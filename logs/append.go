package logs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/internal/duck"
)

// entry is one batch on its way through the journal into its table.
type entry struct {
	table   *table
	batch   *logrows.Batch
	vectors []duck.Vector
	days    []dayRows
	record  []byte // for the journal; nil once it is there
	seq     uint64
	bytes   int64      // of memory, taken from the store's room
	done    chan error // receives exactly one value
}

// dayRows are the rows of an entry that go into one partition.
type dayRows struct {
	day      int64
	rows     []int // nil for every row
	min, max int64 // ticks
}

// Append stores the rows of a batch and returns when they are durable, as Settings.Sync says; queries see them from then on. The store
// owns the batch from the call on. A column may be without values: then it is null in every row, or "" when it is a string. Columns that
// queries compute (Schema.Computed) are ignored. Texts that are not valid UTF-8 are made so. Rows that cannot be kept are returned as
// RowErrors, and the others are stored.
//
// A batch with the key of one that was stored before, of the same table, is not stored again: Append returns ErrRepeated, with the rows of it that
// cannot be kept. The last 65,536 keys are known, over a crash those of the batches that the journal has.
//
// Errors: ErrRepeated, ErrClosed, *NotReadyError, *UnwritableError, *UnknownTableError, ctx's error while the batch waits for room or for the journal.
// After an error none of the rows is known to be stored; the sender should send them again, and may then find them twice.
func (s *Store) Append(ctx context.Context, b *logrows.Batch) ([]RowError, error) {
	if err := s.intake(); err != nil {
		return nil, err
	}
	if b.Table == nil {
		return nil, errors.New("a batch without a table")
	}
	t := s.tables[b.Table.Name]
	if t == nil {
		return nil, s.unknownTable(b.Table.Name)
	}
	if err := t.schema.checkBatch(b); err != nil {
		return nil, err
	}
	refused := s.refuse(t, b)
	for _, r := range refused {
		s.metrics.refused.WithLabelValues(t.schema.Name, string(r.Reason)).Inc()
	}
	if len(refused) > 0 {
		b = without(b, refused)
	}
	if b.Rows == 0 {
		return refused, nil
	}
	cleanTexts(b)
	e := newEntry(t, b)
	e.record = encodeRecord(nil, t.schema, b)
	e.bytes = min(e.bytes+int64(len(e.record)), int64(s.cfg.MaxQueue))
	if err := s.makeRoom(ctx, e.bytes); err != nil {
		return refused, err
	}
	size := len(e.record)
	if err := s.journaled(ctx, e); err != nil {
		if errors.Is(err, ErrRepeated) {
			s.metrics.repeated.WithLabelValues(t.schema.Name).Inc()
		}
		return refused, err
	}
	s.metrics.rows.WithLabelValues(t.schema.Name).Add(float64(b.Rows))
	s.metrics.bytes.WithLabelValues(t.schema.Name).Add(float64(size))
	return refused, nil
}

// roomWithin is how long a batch waits for room while the applier makes some.
const roomWithin = 30 * time.Second

// makeRoom waits until n bytes of the queue are free, and takes them.
func (s *Store) makeRoom(ctx context.Context, n int64) error {
	if s.room.TryAcquire(n) {
		return nil
	}
	s.mu.Lock()
	failing := s.failing
	s.mu.Unlock()
	if failing != nil {
		return &UnwritableError{Reason: fmt.Sprintf("%s of rows (logs.max_queue) wait for their tables, which cannot be written: %s", s.cfg.MaxQueue, failing), Err: failing}
	}
	limited, cancel := context.WithTimeout(ctx, roomWithin)
	defer cancel()
	err := s.room.Acquire(limited, n)
	if err != nil && ctx.Err() == nil {
		return &UnwritableError{Reason: fmt.Sprintf("%s of rows (logs.max_queue) wait for their tables, for more than %s", s.cfg.MaxQueue, roomWithin), Err: err}
	}
	if err != nil {
		return fmt.Errorf("wait for room in the queue of the log store: %w", err)
	}
	return nil
}

// journaled hands the entry, which has its room, to the committer and waits for its answer.
func (s *Store) journaled(ctx context.Context, e *entry) error {
	select {
	case s.queue <- e:
	case <-ctx.Done():
		s.room.Release(e.bytes)
		return ctx.Err()
	case <-s.closing:
		s.room.Release(e.bytes)
		return ErrClosed
	}
	select {
	case err := <-e.done:
		return err
	case <-s.drained: // the store was closed with this entry still in the queue, or just after it was answered
		select {
		case err := <-e.done:
			return err
		default:
			return ErrClosed
		}
	}
}

func (s *Store) unknownTable(name string) error {
	e := &UnknownTableError{Name: name}
	for _, t := range s.order {
		e.Known = append(e.Known, t.schema.Name)
	}
	return e
}

// cutoff returns the oldest time of a row that the table takes, in ticks: whole days behind it are deleted.
func (s *Store) cutoff(t *table, now time.Time) int64 {
	s.mu.Lock()
	horizon := t.horizon
	s.mu.Unlock()
	return max(ticksOf(now.Add(-t.retention.Retention)), (horizon+1)*logrows.TicksPerDay)
}

// refuse returns the rows of the batch that cannot be kept.
func (s *Store) refuse(t *table, b *logrows.Batch) []RowError {
	now := s.now()
	oldest, newest := s.cutoff(t, now), ticksOf(now.Add(s.cfg.MaxAhead))
	times := b.Columns[t.schema.Column(columnTime)]
	var refused []RowError
	for i := range b.Rows {
		switch {
		case len(times.Longs) == 0 || times.Nulls != nil && times.Nulls[i]:
			refused = append(refused, RowError{i, ReasonNoTime, columnTime + " is missing"})
		case times.Longs[i] < oldest:
			refused = append(refused, RowError{i, ReasonTooOld, fmt.Sprintf("%s %s is older than what is kept, which begins at %s", columnTime, timeText(times.Longs[i]), timeText(oldest))})
		case times.Longs[i] > newest:
			refused = append(refused, RowError{i, ReasonFuture, fmt.Sprintf("%s %s is more than %s ahead of this server's clock", columnTime, timeText(times.Longs[i]), s.cfg.MaxAhead)})
		}
	}
	for c, column := range t.schema.Columns {
		if column.Type != logrows.Int {
			continue
		}
		v := b.Columns[c]
		for i, n := range v.Longs {
			if (n < math.MinInt32 || n > math.MaxInt32) && (v.Nulls == nil || !v.Nulls[i]) {
				refused = append(refused, RowError{i, ReasonOutOfRange, fmt.Sprintf("%s %d does not fit 32 bits", column.Name, n)})
			}
		}
	}
	slices.SortStableFunc(refused, func(a, b RowError) int { return a.Row - b.Row })
	return slices.CompactFunc(refused, func(a, b RowError) bool { return a.Row == b.Row })
}

// timeText returns a time in ticks as messages spell it.
func timeText(ticks int64) string {
	if ticks < 0 || ticks > logrows.MaxDatetime {
		return fmt.Sprintf("%d (ticks)", ticks)
	}
	since := ticks - logrows.UnixEpoch
	return time.Unix(since/logrows.TicksPerSecond, since%logrows.TicksPerSecond*100).UTC().Format(time.RFC3339Nano)
}

// without returns a copy of the batch that lacks the refused rows.
func without(b *logrows.Batch, refused []RowError) *logrows.Batch {
	keep := make([]int, 0, b.Rows-len(refused))
	for i := range b.Rows {
		if len(refused) > 0 && refused[0].Row == i {
			refused = refused[1:]
			continue
		}
		keep = append(keep, i)
	}
	return pick(b, keep)
}

// pick returns a copy of some rows of the batch.
func pick(b *logrows.Batch, rows []int) *logrows.Batch {
	out := &logrows.Batch{Table: b.Table, Key: b.Key, Rows: len(rows), Columns: make([]logrows.Vector, len(b.Columns))}
	for i, v := range b.Columns {
		out.Columns[i] = logrows.Vector{Bools: picked(v.Bools, rows), Longs: picked(v.Longs, rows), Reals: picked(v.Reals, rows),
			Strings: picked(v.Strings, rows), Nulls: picked(v.Nulls, rows)}
	}
	return out
}

func picked[T any](values []T, rows []int) []T {
	if len(values) == 0 {
		return nil
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = values[row]
	}
	return out
}

// newEntry splits a batch, all of whose rows can be kept, by day.
func newEntry(t *table, b *logrows.Batch) *entry {
	e := &entry{table: t, batch: b, vectors: t.schema.vectors(t.columns, b), done: make(chan error, 1)}
	times := b.Columns[t.schema.Column(columnTime)].Longs
	first, last := slices.Min(times), slices.Max(times)
	if dayOf(first) == dayOf(last) {
		e.days = []dayRows{{dayOf(first), nil, first, last}}
	} else {
		byDay := map[int64]int{}
		for i, at := range times {
			day := dayOf(at)
			n, ok := byDay[day]
			if !ok {
				n = len(e.days)
				byDay[day] = n
				e.days = append(e.days, dayRows{day: day, min: at, max: at})
			}
			d := &e.days[n]
			d.rows = append(d.rows, i)
			d.min, d.max = min(d.min, at), max(d.max, at)
		}
	}
	for _, v := range b.Columns {
		e.bytes += int64(len(v.Bools) + 8*len(v.Longs) + 8*len(v.Reals) + 16*len(v.Strings) + len(v.Nulls))
		for _, text := range v.Strings {
			e.bytes += int64(len(text))
		}
	}
	return e
}
