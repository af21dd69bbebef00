package logs

import (
	"time"
)

const (
	maxGroup  = 256 // batches in one commit
	queueSize = 4 * maxGroup
)

// runCommits takes what waits in the queue, writes it to the journal with one sync for all, hands it to the applier and the tails, and
// answers, until the store closes. What comes meanwhile is the next group.
func (s *Store) runCommits() {
	tick := time.NewTicker(s.set.SyncInterval)
	defer tick.Stop()
	for {
		var first *entry
		select {
		case first = <-s.queue:
		case <-tick.C:
			if s.set.Sync == SyncInterval {
				if err := s.journal.Sync(); err != nil {
					s.commitFailed(err)
				}
			}
			continue
		case <-s.closing:
			select {
			case first = <-s.queue: // what was accepted before closing is still written
			default:
				return
			}
		}
		group := []*entry{first}
		for len(group) < maxGroup {
			select {
			case e := <-s.queue:
				group = append(group, e)
				continue
			default:
			}
			break
		}
		s.commit(group)
	}
}

// commit writes a group to the journal and answers it.
func (s *Store) commit(group []*entry) {
	start := time.Now()
	group, repeated := s.keys.split(group)
	err := s.reserve.check()
	if err == nil && len(group) > 0 {
		err = s.writeJournal(group)
	}
	if err != nil {
		err = s.commitFailed(err)
		for _, e := range append(group, repeated...) {
			s.room.Release(e.bytes)
			e.done <- err
		}
		return
	}
	if s.refused.Swap(nil) != nil {
		s.log.Info("log store writes again")
	}
	s.mu.Lock()
	s.unapplied = append(s.unapplied, group...)
	s.mu.Unlock()
	for _, e := range group {
		s.keys.add(e.key())
		s.tails.send(e.table, e.batch)
		e.done <- nil
	}
	for _, e := range repeated {
		s.room.Release(e.bytes)
		e.done <- ErrRepeated
	}
	s.metrics.commitSeconds.Observe(time.Since(start).Seconds())
	if s.room.TryAcquire(int64(s.cfg.MaxQueue) / 2) { // less than half is taken
		s.room.Release(int64(s.cfg.MaxQueue) / 2)
	} else {
		s.kickApplier()
	}
}

func (s *Store) writeJournal(group []*entry) error {
	records := make([][]byte, len(group))
	for i, e := range group {
		records[i] = e.record
	}
	first, err := s.journal.Write(records...)
	if err != nil {
		return err
	}
	if s.set.Sync == SyncCommit {
		if err := s.journal.Sync(); err != nil {
			return err
		}
	}
	for i, e := range group {
		e.seq, e.record = first+uint64(i), nil
	}
	return nil
}

// commitFailed notes that the journal could not be written and returns what the senders are told. The journal has cut what was written of
// the group, so the next one may go well.
func (s *Store) commitFailed(err error) error {
	unwritable, ok := err.(*UnwritableError)
	if !ok {
		unwritable = &UnwritableError{Reason: err.Error(), Err: err}
	}
	s.metrics.failures.Inc()
	if s.refused.Swap(unwritable) == nil {
		s.log.Error("log store refuses rows", "err", err)
	}
	return unwritable
}

// kickApplier tells the applier not to wait for its interval.
func (s *Store) kickApplier() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}
