package evaluate

import (
	"context"
	"sync"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Why alerts resolve that their checks did not resolve.
const (
	reasonChanged  = "rule changed"
	reasonDisabled = "rule disabled"
	reasonDeleted  = "rule deleted"
)

// entry is one rule of the scheduler.
type entry struct {
	name string

	// What follows belongs to the scheduler, and while the entry runs to its worker.
	due       time.Time
	index     int // in the heap; -1 where it is not
	running   bool
	slow      bool // it waits for a turn among the slow
	onSlow    bool // it runs there
	demoted   bool // its evaluation was ended to be made among the slow
	cancel    context.CancelCauseFunc
	started   time.Time // of the evaluation that runs
	fresh     bool      // wanted is new
	wanted    *alerts.Stored
	gone      bool                          // deleted, and to be forgotten when all is handed over
	attempt   int                           // evaluations of the instants that are due that failed
	retryAt   time.Time                     // not to be tried before
	backoff   time.Duration                 // after what could not be handed over
	resumed   bool                          // no evaluation since the states were loaded
	blind     time.Time                     // no data were taken until then at least, zero where that is judged; see intake.go
	delivered bool                          // data are taken again since
	gap       struct{ after, to time.Time } // instants that were passed over last: after one, and before another

	// What follows is under mu.
	mu        sync.Mutex
	kind      alerts.RuleKind
	enabled   bool
	version   int64
	plan      *plan // nil for a rule that is not evaluated
	planError error
	tracker   *tracker
	evaluated time.Time // the newest instant that was judged or given up
	pending   []alerts.Transition
	stuckFrom time.Time // since when something could not be handed over; zero if all was
	wipe      bool      // what the store has must be deleted before more is stored
	status    lastEvaluation
}

// lastEvaluation is what is known of the evaluations of a rule.
type lastEvaluation struct {
	at       time.Time // the newest instant that was judged
	reached  time.Time // the same, or after which the rule begins, or when it could not be planned
	made     time.Time // when
	took     time.Duration
	err      error
	failures int // in a row
	held     int
	next     time.Time
}

// adapt makes the entry be what is wanted. The entry does not run.
func (v *Evaluator) adapt(e *entry, now time.Time, remembered *loaded) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := e.wanted
	e.fresh, e.attempt, e.retryAt = false, 0, time.Time{}
	e.gone = w == nil
	if w == nil || !w.Enabled {
		reason := reasonDeleted
		if w != nil {
			reason = reasonDisabled
			e.kind, e.version = w.Kind, w.Version
		}
		v.retire(e, now, reason, remembered)
		e.enabled = false
		return
	}
	first := !e.enabled
	e.kind, e.enabled, e.version = w.Kind, true, w.Version
	p, err := newPlan(&w.Rule, v.cfg, v.set.Definition)
	if err != nil {
		v.retire(e, now, reasonChanged, remembered)
		e.planError, e.status.reached = err, now
		v.log.Error("alert rule cannot be evaluated", "rule", e.name, "err", err)
		return
	}
	e.planError = nil
	if e.plan != nil && e.plan.hash == p.hash {
		e.plan = p
		e.tracker.use(p)
		return
	}
	if e.plan != nil || !first {
		v.retire(e, now, reasonChanged, nil)
	}
	e.plan, e.tracker, e.status = p, newTracker(p), lastEvaluation{}
	if remembered == nil {
		remembered = &loaded{}
	}
	if st, ok := remembered.states[e.name]; ok && st.Hash == p.hash {
		var strays []alerts.Transition
		e.evaluated, strays = remembered.restore(e.tracker, now)
		e.pending, e.resumed = append(e.pending, strays...), true
		e.status.at = e.evaluated
	} else {
		if ok {
			e.evaluated = st.Evaluated.UTC()
		}
		e.evaluated = p.begin(now, e.evaluated)
		if ok || len(remembered.active[e.name]) > 0 {
			e.pending, e.wipe = append(e.pending, remembered.strays(e.name, now, reasonChanged)...), true
		}
	}
	e.status.reached = e.evaluated
	if !e.wipe {
		v.remember(e)
	}
}

// remember stores where a rule that has not been checked yet begins, so that a restart before its first check does not miss it, and makes
// no check of before again. e.mu is held.
func (v *Evaluator) remember(e *entry) { v.saver.put(e.name, e.evaluated, e.plan.hash, nil) }

// retire ends what the entry does: its open alerts resolve, and its state is forgotten.
func (v *Evaluator) retire(e *entry, now time.Time, reason string, remembered *loaded) {
	switch {
	case e.plan != nil:
		e.pending = append(e.pending, e.plan.transitions(e.tracker.resolveAll(now, reason))...)
		e.wipe = true
	case remembered != nil:
		e.pending, e.wipe = append(e.pending, remembered.strays(e.name, now, reason)...), true
	}
	e.plan, e.tracker, e.status = nil, nil, lastEvaluation{}
	v.baselines.drop(e.name)
}

func (p *plan) transitions(list []change) []alerts.Transition {
	out := make([]alerts.Transition, len(list))
	for i, c := range list {
		out[i] = alerts.Transition{Alert: p.alert(c)}
	}
	return out
}
