package lifecycle

import (
	"time"
)

const (
	maxOpen = 1024             // pieces of work that are under way at once
	settle  = 2 * time.Second  // how long after its end lines of a start may still come in
	maxAway = 60 * time.Second // how long the agent may be away during a start and still say when it ended
	maxAge  = time.Hour        // the oldest process whose start an agent that comes later still follows
)

// attempt is one start of the server: what is known of it so far.
type attempt struct {
	number  int
	started time.Time
	server  server
	opened  time.Time // the port was first seen to be open; zero when not
	told    time.Time // the console said that the server is ready; zero when not
	ended   time.Time // ready, or the end of the process; zero while it goes on
	failed  bool
	phases  map[Phase]*work
}

// work is what is known of one phase.
type work struct {
	Parts  []span               `json:"parts,omitempty"`
	Sums   []span               `json:"sums,omitempty"`
	Open   map[string]time.Time `json:"open,omitempty"` // by worker
	Last   map[string]time.Time `json:"last,omitempty"` // when the worker's piece that was closed last had begun
	Failed bool                 `json:"failed,omitempty"`
}

func newAttempt(number int, started time.Time) *attempt {
	return &attempt{number: number, started: started, phases: map[Phase]*work{}}
}

func (a *attempt) work(p Phase) *work {
	w := a.phases[p]
	if w == nil {
		w = &work{Open: map[string]time.Time{}, Last: map[string]time.Time{}}
		a.phases[p] = w
	}
	return w
}

// saw takes what a line said at a time. It returns true when the line says that the server is ready.
func (a *attempt) saw(at time.Time, m found) bool {
	if at.Before(a.started.Add(-settle)) || !a.ended.IsZero() && at.After(a.ended.Add(settle)) {
		return false // of another start
	}
	if a.server == "" && !m.shared {
		a.server = m.server
	}
	if m.shared && a.server != m.server {
		return false
	}
	if m.mark == ready {
		if a.told.IsZero() {
			a.told = at
		}
		return true
	}
	if m.phase == "" {
		return false
	}
	w := a.work(m.phase)
	switch m.mark {
	case begins:
		if _, open := w.Open[m.who]; !open && len(w.Open) < maxOpen {
			w.Open[m.who] = at
		}
	case parts:
		if m.took >= 0 {
			w.Parts = add(w.Parts, span{at.Add(-m.took), at})
		}
	case skips:
		clear(w.Open)
	case ends, sums, fails:
		w.Failed = w.Failed || m.mark == fails
		began, ok := w.close(m.who)
		if m.took >= 0 {
			began, ok = at.Add(-m.took), true
		}
		switch {
		case !ok: // nothing says when it began
		case m.mark == sums:
			w.Sums = add(w.Sums, span{began, at})
		default:
			w.Parts = add(w.Parts, span{began, at})
		}
		if ok && m.key != "" && len(w.Last) < maxOpen {
			w.Last[m.who] = began // a model has several versions, each with an end of its own
		}
	}
	return false
}

// close ends the work of one worker and returns when it began. A line that names no worker ends the work of all.
func (w *work) close(who string) (began time.Time, ok bool) {
	if began, ok = w.Open[who]; ok {
		delete(w.Open, who)
		return began, true
	}
	if who != "" {
		began, ok = w.Last[who]
		return began, ok
	}
	for _, b := range w.Open {
		if !ok || b.Before(began) {
			began, ok = b, true
		}
	}
	clear(w.Open)
	return began, ok
}

func add(spans []span, s span) []span {
	if n := len(spans); n >= maxSpans {
		if s.End.After(spans[n-1].End) {
			spans[n-1].End = s.End
		}
		return spans
	}
	return append(spans, s)
}

// spans returns the time that the phase claims of the attempt. Work that was under way at the end of a failed start lasts until then; in a good start
// it counts only where no line tells more, and until until, as its server does not say when it ends.
func (w *work) spans(from, end, until time.Time, failed bool) []span {
	all := w.Parts
	if len(w.Sums) > 0 {
		all = w.Sums
	}
	var out []span
	for _, s := range all {
		out = append(out, within(s, from, end))
	}
	if failed {
		until = end
	}
	if failed || len(all) == 0 {
		for _, began := range w.Open {
			out = append(out, within(span{began, until}, from, end))
		}
	}
	return union(out)
}

// next returns when the first work of another phase began after all that is under way in p, and the end when none did.
func (a *attempt) next(p Phase) time.Time {
	var last time.Time
	for _, b := range a.phases[p].Open {
		if b.After(last) {
			last = b
		}
	}
	next := a.ended
	for other, w := range a.phases {
		if other == p {
			continue
		}
		for _, b := range w.Open {
			if b.After(last) && b.Before(next) {
				next = b
			}
		}
		for _, s := range w.Parts {
			if s.Start.After(last) && s.Start.Before(next) {
				next = s.Start
			}
		}
	}
	return next
}

// timing is a phase of an attempt that has ended.
type timing struct {
	phase      Phase
	start, end time.Time
	took       time.Duration
	failed     bool
}

// timeline returns the phases in the order of a start, Total last, once the attempt has ended. Only what is known is in it.
func (a *attempt) timeline() []timing {
	end := a.ended
	var lines, taken []span
	var told []timing
	for _, p := range exclusive() {
		w := a.phases[p]
		if w == nil {
			continue
		}
		claimed := w.spans(a.started, end, a.next(p), a.failed)
		own := minus(claimed, taken)
		taken = union(append(taken, claimed...))
		lines = append(lines, claimed...)
		failed := w.Failed || a.failed && len(w.Open) > 0
		if len(own) == 0 && !failed {
			continue
		}
		t := timing{phase: p, took: length(own), failed: failed, start: end, end: end}
		if len(own) > 0 {
			t.start, t.end = own[0].Start, own[len(own)-1].End
		}
		told = append(told, t)
	}
	begun := end // of the first work on the model
	switch all := union(lines); {
	case len(all) > 0:
		begun = all[0].Start
	case !a.opened.IsZero() && a.opened.Before(end):
		begun = a.opened
	}
	first := timing{phase: ContainerStart, start: a.started, end: begun, took: max(begun.Sub(a.started), 0)}
	first.failed = a.failed && len(lines) == 0 && a.opened.IsZero()
	out := []timing{first}
	for _, p := range phases() {
		for _, t := range told {
			if t.phase == p {
				out = append(out, t)
			}
		}
	}
	return append(out, timing{phase: Total, start: a.started, end: end, took: max(end.Sub(a.started), 0), failed: a.failed})
}
