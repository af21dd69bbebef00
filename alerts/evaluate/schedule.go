package evaluate

import (
	"container/heap"
	"context"
	"errors"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/alerts"
)

// heartbeat is how often the scheduler wakes at least.
const heartbeat = 5 * time.Second

// maxWait is more than any rule waits for its turn after an instant.
const maxWait = alerts.MaxGracePeriod + 2*time.Hour

// scheduler hands rules that are due to workers. Its fields belong to the goroutine of run.
type scheduler struct {
	v          *Evaluator
	remembered *loaded // until the rules are known
	known      bool    // SetRules was called
	began      time.Time
	setBack    atomic.Int64 // nanoseconds by which the clock was set back since
	clock      time.Time    // the wall clock as it was last seen
	ahead      int          // rules that were checked ahead of the clock, to be told of
	heap       dueHeap
	ready      [2][]*entry // rules that are due and wait for a worker, in order: quick ones, slow ones
	free       [2]int      // workers
	running    map[*entry]bool
	deleted    map[string]time.Time // until when rules were checked that were deleted lately
	done       chan *entry
	workers    sync.WaitGroup
}

const (
	quick = 0
	slow  = 1
)

func (s *scheduler) init(v *Evaluator, l *loaded) {
	n := v.cfg.MaxConcurrent + v.cfg.MaxSlow
	*s = scheduler{v: v, remembered: l, began: v.set.Now().Round(0), free: [2]int{v.cfg.MaxConcurrent, v.cfg.MaxSlow}, running: map[*entry]bool{}, deleted: map[string]time.Time{}, done: make(chan *entry, n)}
}

func (s *scheduler) run(ctx context.Context) {
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	for {
		now := s.v.set.Now()
		s.take(now)
		s.look(now)
		for len(s.heap) > 0 && !s.heap[0].due.After(now) {
			e := heap.Pop(&s.heap).(*entry)
			s.ready[pool(e.slow)] = append(s.ready[pool(e.slow)], e)
		}
		s.demote(now)
		s.launch(ctx, now)
		s.v.health.beat(now, s.oldest())
		timer.Reset(s.wait(now))
		select {
		case <-ctx.Done():
			s.workers.Wait()
			return
		case e := <-s.done:
			s.finished(e)
		case <-s.v.changed:
		case <-timer.C:
		}
	}
}

// look notices that the clock was set back, and then asks anew when everything is due that waits.
func (s *scheduler) look(now time.Time) {
	wall := now.Round(0) // without the reading of the monotonic clock, which never goes back
	if back := s.clock.Sub(wall); back > 0 {
		s.setBack.Add(int64(back))
		waiting := s.heap
		s.heap = nil
		for _, e := range waiting {
			e.index, e.retryAt = -1, time.Time{}
			s.plan(e, now)
		}
	}
	s.clock = wall
	if s.ahead > 0 {
		s.v.log.Warn("the clock went back; checks that were made ahead of it are made again when they are due", "rules", s.ahead)
		s.ahead = 0
	}
}

// start returns when the scheduler began, by the clock as it is now.
func (s *scheduler) start() time.Time { return s.began.Add(-time.Duration(s.setBack.Load())) }

func pool(isSlow bool) int {
	if isSlow {
		return slow
	}
	return quick
}

// wait returns how long nothing is to do.
func (s *scheduler) wait(now time.Time) time.Duration {
	d := heartbeat
	if len(s.heap) > 0 {
		d = min(d, s.heap[0].due.Sub(now))
	}
	if len(s.ready[quick]) > 0 {
		d = min(d, s.v.cfg.SlowAfter/2) // somebody may be slow by then
	}
	return max(d, time.Millisecond)
}

// oldest returns when the rule that waits longest for a worker was due; the zero time where none waits. Slow rules wait for each other.
func (s *scheduler) oldest() time.Time {
	if list := s.ready[quick]; len(list) > 0 {
		return list[0].due
	}
	return time.Time{}
}

// errDemoted ends an evaluation that turned out to be slow while quick ones wait. It is made again by a slow worker, with all of its time.
var errDemoted = errors.New("made again among the slow")

// demote moves evaluations that turn out to be slow to the slow workers, so that quick ones go on: as they are where slow workers are
// free, and otherwise, if somebody waits, to the end of their queue.
func (s *scheduler) demote(now time.Time) {
	waiting := len(s.ready[quick]) - s.free[quick]
	for e := range s.running {
		if e.onSlow || e.demoted || now.Sub(e.started) < s.v.cfg.SlowAfter {
			continue
		}
		switch {
		case s.free[slow] > 0:
			e.onSlow = true
			s.free[slow]--
			s.free[quick]++
			waiting--
		case waiting > 0:
			e.demoted = true
			e.cancel(errDemoted)
			waiting--
		}
	}
}

func (s *scheduler) launch(ctx context.Context, now time.Time) {
	if ctx.Err() != nil {
		return
	}
	for kind := range s.ready {
		for s.free[kind] > 0 && len(s.ready[kind]) > 0 {
			e := s.ready[kind][0]
			s.ready[kind][0] = nil
			s.ready[kind] = s.ready[kind][1:]
			s.free[kind]--
			e.running, e.onSlow, e.started = true, kind == slow, now
			s.running[e] = true
			job, cancel := context.WithCancelCause(ctx)
			e.cancel = cancel
			s.workers.Go(func() {
				defer cancel(nil)
				s.v.work(job, e)
				s.done <- e
			})
		}
	}
}

func (s *scheduler) finished(e *entry) {
	s.free[pool(e.onSlow)]++
	e.running, e.cancel = false, nil
	if e.demoted {
		e.demoted, e.slow = false, true
	}
	delete(s.running, e)
	now := s.v.set.Now()
	if e.fresh {
		s.v.adapt(e, now, nil)
	}
	s.plan(e, now)
}

// take brings in the rules that SetRules gave.
func (s *scheduler) take(now time.Time) {
	v := s.v
	v.mu.Lock()
	wanted := v.wanted
	v.wanted = nil
	var touched []*entry
	if wanted != nil {
		touched = s.touched(wanted)
	}
	v.mu.Unlock()
	for _, e := range touched {
		if e.running {
			continue // finished does it
		}
		s.leave(e)
		v.adapt(e, now, s.remembered)
		s.plan(e, now)
	}
	if wanted != nil {
		s.remembered, s.known = nil, true
	}
}

// touched returns the entries to adapt: of rules that are new, changed or gone. v.mu is held.
func (s *scheduler) touched(wanted map[string]*alerts.Stored) []*entry {
	v := s.v
	var out []*entry
	add := func(e *entry, w *alerts.Stored) {
		e.wanted, e.fresh = w, true
		out = append(out, e)
	}
	for name, w := range wanted {
		e := v.entries[name]
		if e == nil {
			e = &entry{name: name, index: -1, evaluated: s.deleted[name]}
			v.entries[name] = e
			add(e, w)
		} else if e.wanted == nil || e.wanted.Version != w.Version || !reflect.DeepEqual(&e.wanted.Rule, &w.Rule) { // versions begin anew with a new rule of the name
			add(e, w)
		}
	}
	for name, e := range v.entries {
		if wanted[name] == nil && e.wanted != nil {
			add(e, nil)
		}
	}
	if s.remembered != nil {
		for name := range s.remembered.names() {
			if v.entries[name] == nil {
				e := &entry{name: name, index: -1}
				v.entries[name] = e
				add(e, nil)
			}
		}
	}
	return out
}

// leave takes an entry out of whatever it waits in.
func (s *scheduler) leave(e *entry) {
	if e.index >= 0 {
		heap.Remove(&s.heap, e.index)
		return
	}
	for kind, list := range s.ready {
		for i := range list {
			if list[i] == e {
				s.ready[kind] = append(list[:i:i], list[i+1:]...)
				return
			}
		}
	}
}

// plan puts an entry in the heap for its next turn, or forgets it.
func (s *scheduler) plan(e *entry, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	owed := len(e.pending) > 0 || e.wipe
	switch {
	case owed:
		e.due = now.Add(e.backoff)
	case e.plan != nil:
		if e.evaluated.After(now) {
			s.v.setBack(e, now)
			s.ahead++
		}
		e.due = e.plan.due(e.evaluated.Add(e.plan.rule.EvaluationFrequency))
		if e.retryAt.After(e.due) {
			e.due = e.retryAt
		}
		if first := s.start().Add(s.v.cfg.StartupDelay); first.After(e.due) {
			e.due = first.Add(e.plan.slot)
		}
	default:
		e.status.next = time.Time{}
		if e.gone {
			s.v.mu.Lock()
			delete(s.v.entries, e.name)
			s.v.mu.Unlock()
			maps.DeleteFunc(s.deleted, func(_ string, until time.Time) bool { return now.Sub(until) > maxWait })
			s.deleted[e.name] = e.evaluated
		}
		return
	}
	e.status.next = e.due
	heap.Push(&s.heap, e)
}

// dueHeap has the rule that is due first on top.
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *dueHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}
func (h *dueHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.index = -1
	return e
}
