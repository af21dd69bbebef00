package logs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/logs/internal/duck"
)

// maxApply is the most rows that go into one partition in one transaction: five of DuckDB's groups of rows, which it then compresses
// at once instead of keeping them in its own log first.
const maxApply = 5 * 122880

// runApplies brings acknowledged batches into their tables, all that wait at a time, until the store closes and none is left.
func (s *Store) runApplies() {
	tick := time.NewTicker(s.cfg.ApplyInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.kick:
		case <-tick.C:
		case suspects := <-s.check:
			s.reopen("a query met something unreadable", suspects)
		case <-s.drained:
			for s.applyWaiting() {
			}
			return
		}
		s.applyWaiting()
	}
}

// applyWaiting applies what waits and returns whether there was anything. It tries again until it succeeds; only closing ends that.
func (s *Store) applyWaiting() bool {
	s.mu.Lock()
	entries := s.unapplied
	s.mu.Unlock()
	if len(entries) == 0 {
		return false
	}
	start := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := s.applyOnce(entries)
		s.setFailing(err)
		if err == nil {
			break
		}
		select {
		case <-s.drained:
			return false // the journal has it
		case suspects := <-s.check:
			s.reopen("a query met something unreadable", suspects)
		case <-time.After(wait):
		}
	}
	s.metrics.applySeconds.Observe(time.Since(start).Seconds())
	last := entries[len(entries)-1].seq
	var bytes int64
	for _, e := range entries {
		bytes += e.bytes
	}
	s.mu.Lock()
	s.unapplied = append([]*entry(nil), s.unapplied[len(entries):]...)
	close(s.progress)
	s.progress = make(chan struct{})
	s.mu.Unlock()
	s.room.Release(bytes)
	if err := s.journal.Release(last); err != nil {
		s.log.Warn("segments of the journal could not be deleted", "err", err)
	}
	return true
}

// setFailing notes whether the applier can go on. Queries do not wait for one that cannot.
func (s *Store) setFailing(err error) {
	s.mu.Lock()
	was := s.failing
	s.failing = err
	if err != nil && was == nil {
		close(s.progress)
		s.progress = make(chan struct{})
	}
	s.mu.Unlock()
	switch {
	case err != nil && was == nil:
		s.log.Error("acknowledged rows cannot be brought into their tables, will try again", "err", err)
	case err == nil && was != nil:
		s.log.Info("acknowledged rows are in their tables again")
	}
	if err != nil {
		s.metrics.applyFailures.Inc()
	}
}

// applyOnce applies the entries once. What a failed attempt had finished is left out by the next.
func (s *Store) applyOnce(entries []*entry) error {
	s.mu.Lock()
	sess := s.current
	s.mu.Unlock()
	if sess == nil { // an attempt to reopen failed
		if err := s.reopen("opening the files again", nil); err != nil {
			return err
		}
		s.mu.Lock()
		sess = s.current
		s.mu.Unlock()
	}
	p, err := s.apply(sess, s.journal.ID(), entries)
	switch {
	case err == nil:
		return nil
	case duck.KindOf(err) == duck.Fatal, errors.Is(err, errUnsure), duck.KindOf(err) == duck.IO && s.reserve.check() == nil:
		s.log.Error("writing rows failed, the files are opened again", "err", err)
		if reopenErr := s.reopen("opening the files again after a failure", []*partition{p}); reopenErr != nil {
			return errors.Join(err, reopenErr)
		}
	}
	return err
}

// apply brings entries, which are in the order of their numbers in the journal, into their partitions. With an error it returns the
// partition that it came from, where it came from one.
func (s *Store) apply(sess *session, journal string, entries []*entry) (*partition, error) {
	type key struct {
		table *table
		day   int64
	}
	type rows struct {
		e    *entry
		rows []int
	}
	parts := map[key][]rows{}
	var order []key
	for _, e := range entries {
		for _, d := range e.days {
			k := key{e.table, d.day}
			if parts[k] == nil {
				order = append(order, k)
			}
			parts[k] = append(parts[k], rows{e, d.rows})
		}
	}
	for _, k := range order {
		for all := parts[k]; len(all) > 0; {
			p, err := s.partitionFor(sess, k.table, k.day)
			if err != nil {
				return nil, err
			}
			if p == nil {
				break // retention has deleted the day
			}
			n, count := 0, 0
			for n < len(all) && (n == 0 || count < maxApply) {
				count += all[n].e.batch.Rows
				n++
			}
			err = p.write(sess, journal, all[n-1].e.seq, func(a *duck.Appender) error {
				for _, r := range all[:n] {
					if p.journal == journal && r.e.seq <= p.applied {
						continue
					}
					if err := p.append(a, r.e, r.rows); err != nil {
						return err
					}
				}
				return nil
			})
			if errors.Is(err, errRetired) {
				continue
			}
			if err != nil {
				return p, fmt.Errorf("write rows of %s into %s: %w", dayText(p.day), p.table.schema.Name, err)
			}
			all = all[n:]
		}
	}
	return nil, nil
}

func (p *partition) append(a *duck.Appender, e *entry, rows []int) error {
	vectors := e.vectors
	for i, column := range p.layout {
		if i != column {
			vectors = make([]duck.Vector, len(p.layout))
			for i, column := range p.layout {
				vectors[i] = e.vectors[column]
			}
			break
		}
	}
	if rows != nil {
		return a.Append(vectors, 0, len(rows), rows)
	}
	return a.Append(vectors, 0, e.batch.Rows, nil)
}

// errRetired says that another file has taken the partition's place meanwhile.
var errRetired = errors.New("the partition has been replaced")

// errUnsure says that a transaction failed, and now it cannot be told what of it is in the file.
var errUnsure = errors.New("the file does not say how far the journal is in it")

// write runs one transaction in the partition's file: what fill appends, and that the journal is in it up to seq.
func (p *partition) write(sess *session, journal string, seq uint64, fill func(*duck.Appender) error) (err error) {
	p.lock()
	defer p.writing.Unlock()
	if p.retired {
		return errRetired
	}
	ctx := context.Background()
	w := sess.writer
	if p.unsure {
		if err := p.readApplied(ctx, w); err != nil {
			return fmt.Errorf("%w: %w", errUnsure, err)
		}
	}
	if p.journal == journal && p.applied >= seq {
		return nil
	}
	if err := w.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = w.Exec(ctx, "ROLLBACK") // fails where DuckDB has rolled back itself
			p.unsure = true             // an error of COMMIT may be about what DuckDB does after it
		}
	}()
	types := make([]duck.Type, len(p.layout))
	for i, column := range p.layout {
		types[i] = p.table.columns[column].kind
	}
	a, err := w.Appender(p.alias, "rows", types)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := fill(a); err != nil {
		return err
	}
	if err := a.Flush(ctx); err != nil {
		return err
	}
	if err := w.Exec(ctx, fmt.Sprintf("UPDATE %s.applied SET journal = %s, through = %d", p.alias, quoteText(journal), seq)); err != nil {
		return err
	}
	if err := w.Exec(ctx, "COMMIT"); err != nil {
		return err
	}
	p.touched, p.rested = time.Now(), false
	p.journal, p.applied = journal, seq
	return syncDir(p.path) // the name of DuckDB's log, when this is the first transaction in it
}

// partitionFor returns the partition of a day, made when it is missing; nil when retention has deleted the day.
func (s *Store) partitionFor(sess *session, t *table, day int64) (*partition, error) {
	s.mu.Lock()
	p, gone := t.partitions[day], day <= t.horizon
	s.mu.Unlock()
	if p != nil || gone {
		return p, nil
	}
	p = s.newPartition(t, day, 0)
	if err := sess.attach(p); err != nil {
		return nil, fmt.Errorf("make the file for %s of %s: %w", dayText(day), t.schema.Name, err)
	}
	if err := syncDir(p.path); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.partitions[day] = p
	return p, nil
}
