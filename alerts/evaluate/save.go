package evaluate

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
)

// hashPrefix stands before the hashes of states that are ours, so that those of others in the same store are left alone.
const hashPrefix = "evaluate/1:"

// writeTimeout is what one write to the store, and one handing over of alerts, may take, also while the server stops.
const writeTimeout = 10 * time.Second

// saver gathers what is to be stored and writes it in batches. It holds at most one state of each rule.
type saver struct {
	store   alerts.StateStore
	log     *slog.Logger
	m       *metrics
	writing sync.Mutex // one write at a time
	mu      sync.Mutex
	pending map[string]*alerts.RuleState
	failing bool
}

// put takes what changed for a rule: its newest check, and series, nil for those to be deleted.
func (s *saver) put(rule string, evaluated time.Time, hash string, changed map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending[rule]
	if p == nil {
		p = &alerts.RuleState{Rule: rule, Series: map[string][]byte{}}
		s.pending[rule] = p
	}
	p.Evaluated, p.Hash = evaluated, hashPrefix+hash
	for key, b := range changed {
		p.Series[key] = b
	}
}

// flush writes everything that was put. What could not be written stays.
func (s *saver) flush(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	batch := s.pending
	s.pending = map[string]*alerts.RuleState{}
	s.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	list := make([]alerts.RuleState, 0, len(batch))
	for _, p := range batch {
		list = append(list, *p)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := s.store.SaveRuleStates(ctx, list)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		if s.failing {
			s.log.Info("states of alert rules are written again")
		}
		s.failing = false
		return nil
	}
	s.m.saveFailures.Inc()
	if !s.failing {
		s.log.Error("states of alert rules cannot be written; after a restart their last checks would be made again", "err", err)
	}
	s.failing = true
	for rule, old := range batch {
		newer := s.pending[rule]
		if newer == nil {
			s.pending[rule] = old
			continue
		}
		for key, b := range old.Series {
			if _, ok := newer.Series[key]; !ok {
				newer.Series[key] = b
			}
		}
	}
	return err
}

// delete forgets a rule, also what is to be written of it.
func (s *saver) delete(ctx context.Context, rule string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	delete(s.pending, rule)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return s.store.DeleteRuleState(ctx, rule)
}

// run writes until ctx ends, and then once more when the last evaluation is over: that is the caller's flush.
func (s *saver) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = s.flush(ctx) // counted and logged there
		}
	}
}

// delta returns what the store must learn after the check at an instant.
func (t *tracker) delta(at time.Time) map[string][]byte {
	var out map[string][]byte
	put := func(s *series, b []byte) {
		if out == nil {
			out = map[string][]byte{}
		}
		out[s.key] = b
	}
	for _, s := range t.byKey {
		quiet := s.trivial(t.plan.policy, at)
		last, had := s.state.LastData()
		watched := t.plan.policy.NoData == alerts.NoDataAlert && !s.named && had && at.Sub(last) <= condition.Forget
		switch {
		case quiet && watched && last.Equal(at):
			if !s.present {
				put(s, s.encode(true))
				s.saved, s.present = true, true
			}
		case quiet && !watched:
			if s.saved {
				put(s, nil)
				s.saved, s.present = false, false
			}
		default:
			put(s, s.encode(false))
			s.saved, s.present = true, false
		}
	}
	return out
}

// trivial says whether a series that is seen for the first time would behave alike, whether or not it has data.
func (s *series) trivial(p condition.Policy, at time.Time) bool {
	if at.Before(s.quietUntil) {
		return false
	}
	return s.state.Forgettable(p, at.Add(condition.Forget+p.Quiet+time.Hour))
}
