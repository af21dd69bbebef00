package evaluate

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	healthWindow = 5 * time.Minute // that failures are counted over
	lateAfter    = 2 * time.Minute // that a rule may wait for its turn, or alerts to be handed over
	overdueAfter = 5 * time.Minute // that a check may be due and not made
)

// health is what is known of evaluation as a whole.
type health struct {
	running atomic.Bool
	mu      sync.Mutex
	load    error
	beaten  time.Time
	waiting time.Time // since when a rule waits for a worker
	minutes [int(healthWindow / time.Minute)]struct {
		minute   int64
		good, no int
	}
	blocked map[string]time.Time // rules whose alerts could not be handed over, since when
}

func (h *health) loading(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load = err
}

func (h *health) beat(now, waiting time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beaten, h.waiting = now, waiting
}

func (h *health) count(now time.Time, good bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	minute := now.Unix() / 60
	m := &h.minutes[int(minute%int64(len(h.minutes)))]
	if m.minute != minute {
		m.minute, m.good, m.no = minute, 0, 0
	}
	if good {
		m.good++
	} else {
		m.no++
	}
}

func (h *health) stuck(rule string, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.blocked == nil {
		h.blocked = map[string]time.Time{}
	}
	h.blocked[rule] = since
}

func (h *health) unstuck(rule string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.blocked, rule)
}

// Healthy returns nil while rules are evaluated on time, and otherwise an error that says why not: states cannot be read, the scheduler
// stands still, a rule waits for its turn for longer than two minutes, what fired cannot be handed over for as long, more than half of the
// evaluations of the last five minutes failed twice, those aside that failed for what their rule asks, or half of the rules or more have a
// check that is due for longer than five minutes, whatever the reason. Before Run has begun and after it has ended it returns an error, too.
func (v *Evaluator) Healthy(now time.Time) error {
	if err := v.health.check(now); err != nil {
		return err
	}
	return v.overdue(now)
}

// overdue returns an error where half of the rules or more are not evaluated.
func (v *Evaluator) overdue(now time.Time) error {
	rules, late := 0, 0
	var one *entry // that is due for longest
	var since time.Time
	var cause error
	for _, e := range v.all() {
		e.mu.Lock()
		if e.enabled {
			rules++
			due := e.status.reached
			if e.plan != nil {
				due = v.turn(e.plan, due.Add(e.plan.rule.EvaluationFrequency))
			}
			if now.Sub(due) > overdueAfter {
				late++
				if one == nil || due.Before(since) {
					one, since, cause = e, due, cmp.Or(e.planError, e.status.err)
				}
			}
		}
		e.mu.Unlock()
	}
	switch {
	case late == 0 || 2*late < rules:
		return nil
	case cause != nil:
		return fmt.Errorf("%d of %d alert rules are not evaluated, %s since %s: %w", late, rules, one.name, since.UTC().Format(time.RFC3339), cause)
	}
	return fmt.Errorf("%d of %d alert rules are not evaluated, %s since %s", late, rules, one.name, since.UTC().Format(time.RFC3339))
}

func (h *health) check(now time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.load != nil:
		return fmt.Errorf("states of alert rules cannot be read: %w", h.load)
	case !h.running.Load():
		return fmt.Errorf("alert rules are not evaluated: the evaluator does not run")
	case !h.beaten.IsZero() && now.Sub(h.beaten) > lateAfter:
		return fmt.Errorf("alert rules are not evaluated: the scheduler stands still since %s", h.beaten.UTC().Format(time.RFC3339))
	case !h.waiting.IsZero() && now.Sub(h.waiting) > lateAfter:
		return fmt.Errorf("alert rules are evaluated late: one waits for its turn since %s", h.waiting.UTC().Format(time.RFC3339))
	}
	for rule, since := range h.blocked {
		if now.Sub(since) > lateAfter {
			return fmt.Errorf("alerts of rule %s cannot be handed over since %s", rule, since.UTC().Format(time.RFC3339))
		}
	}
	good, bad := 0, 0
	for _, m := range h.minutes {
		if age := now.Unix()/60 - m.minute; age >= 0 && age < int64(len(h.minutes)) {
			good, bad = good+m.good, bad+m.no
		}
	}
	if bad > good && bad >= 3 {
		return fmt.Errorf("%d of the last %d evaluations of alert rules failed", bad, good+bad)
	}
	return nil
}
