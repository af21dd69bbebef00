package gpu

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// HealthEvent is one health event of a GPU, or several of one sort that came in a row.
type HealthEvent struct {
	Time        time.Time // when the driver told it; for one from before the start, when the kernel wrote it down
	Kind        string    // xid, ecc, remap, nvlink, thermal, lost or reset
	Severity    string    // info, warning or critical
	UUID        string    // of the physical GPU
	GPU         int       // the driver's index, or -1 where it is not known
	GPUInstance int       // MIG GPU instance to which the event belongs, or -1
	XID         uint64    // for kind xid
	Name        string
	Meaning     string
	NextStep    string
	Count       int // how many of this sort this stands for; at least 1

	// What the kernel's log tells beside. Empty where it was not read or holds no such line.
	PID     int    // of the process that it names, in the machine's PID namespace
	Process string // its name
	Owner   string // OwnerInstance, OwnerOther, or empty where that cannot be told
	Message string // the rest of the line, as the driver wrote it
	Past    bool   // it is from before the start of the agent, and not in the counts
}

// Whose process an event names.
const (
	OwnerInstance = "instance"
	OwnerOther    = "other"
)

// foldFor is the time in which events of one sort are told once.
const foldFor = 10 * time.Second

// settleFor is how long the first event of a sort waits for its line in the kernel's log.
const settleFor = 300 * time.Millisecond

// maxSorts bounds the sorts of event that are kept at once. Beyond it, events are only counted.
const maxSorts = 1024

// eventSort is what makes events the same.
type eventSort struct {
	uuid           string
	gpuInstance    int
	kind, severity string
	xid            uint64
}

// waiting is what is to be told of one sort.
type waiting struct {
	count int       // since the last telling
	first time.Time // of those
	due   time.Time // when they are told; without any, when the sort is forgotten
}

// notifier tells Settings.OnEvent of events. One goroutine of its own calls it; note never waits for that.
type notifier struct {
	tell   func(HealthEvent)
	settle time.Duration
	detail func(eventSort, time.Time) (kernelLine, bool)
	idle   func(ending bool) time.Duration // called when nothing waits; returns when to call it again

	mu    sync.Mutex
	sorts map[eventSort]*waiting
	past  []HealthEvent
	kick  chan struct{} // holds one
	quit  chan struct{}
	done  chan struct{}
}

// startNotifier begins the goroutine, which lives until stop. Describe turns a sort into what is told of it.
func startNotifier(tell func(HealthEvent), describe func(eventSort) HealthEvent, settle time.Duration, detail func(eventSort, time.Time) (kernelLine, bool), owner func(int) string, idle func(ending bool) time.Duration) *notifier {
	n := &notifier{
		tell: tell, settle: settle, detail: detail, idle: idle, sorts: map[eventSort]*waiting{},
		kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go n.run(describe, owner)
	return n
}

// note adds n events of a sort at a time.
func (n *notifier) note(s eventSort, count int, at time.Time) {
	n.mu.Lock()
	w := n.sorts[s]
	if w == nil {
		if len(n.sorts) >= maxSorts {
			n.mu.Unlock()
			return
		}
		w = &waiting{due: at.Add(n.settle)}
		n.sorts[s] = w
	}
	if w.count == 0 {
		w.first = at
	}
	w.count += count
	n.mu.Unlock()
	n.wake()
}

// notePast adds events from before the start.
func (n *notifier) notePast(events []HealthEvent) {
	n.mu.Lock()
	n.past = append(n.past, events...)
	n.mu.Unlock()
	n.wake()
}

func (n *notifier) wake() {
	select {
	case n.kick <- struct{}{}:
	default:
	}
}

func (n *notifier) run(describe func(eventSort) HealthEvent, owner func(int) string) {
	defer close(n.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ending := false; ; {
		wait := n.deliver(describe, owner, ending)
		if ending {
			return
		}
		timer.Reset(wait)
		select {
		case <-n.quit:
			ending = true
		case <-n.kick:
		case <-timer.C:
		}
	}
}

// deliver tells what is due, or all with ending, and returns how long until there is more.
func (n *notifier) deliver(describe func(eventSort) HealthEvent, owner func(int) string, ending bool) time.Duration {
	now := time.Now()
	next := now.Add(time.Hour)
	n.mu.Lock()
	past := n.past
	n.past = nil
	type due struct {
		eventSort
		waiting
	}
	var list []due
	waits := false
	for s, w := range n.sorts {
		if ending || !now.Before(w.due) {
			if w.count == 0 {
				delete(n.sorts, s)
				continue
			}
			list = append(list, due{s, *w})
			w.count, w.due = 0, now.Add(foldFor)
		}
		waits = waits || w.count > 0
		if w.due.Before(next) {
			next = w.due
		}
	}
	n.mu.Unlock()
	slices.SortFunc(list, func(a, b due) int {
		return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.uuid, b.uuid), cmp.Compare(a.xid, b.xid), cmp.Compare(a.severity, b.severity))
	})
	for _, e := range past {
		n.tell(e)
	}
	for _, t := range list {
		e := describe(t.eventSort)
		e.Time, e.Count = t.first, t.count
		if n.detail != nil && t.kind == healthXID {
			if line, ok := n.detail(t.eventSort, t.first); ok {
				e.PID, e.Process, e.Message = line.pid, line.process, line.message
				e.Owner = owner(line.pid)
			}
		}
		n.tell(e)
	}
	wait := time.Until(next)
	if !waits && n.idle != nil {
		wait = min(wait, n.idle(ending))
	}
	return max(wait, 0)
}

// stop tells what waits and ends the goroutine. It reports whether that came back before expired.
func (n *notifier) stop(expired <-chan struct{}) bool {
	close(n.quit)
	select {
	case <-n.done:
		return true
	case <-expired:
		return false
	}
}

// processMemory holds the instance's processes of late for those who ask while no round runs. Safe for concurrent use.
type processMemory struct {
	mu   sync.Mutex
	host bool
	pids map[int]time.Time
}

func (m *processMemory) set(pids map[int]time.Time, host bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pids, m.host = maps.Clone(pids), host
}

// owner says whose process a number of the machine's PID namespace is; empty where we cannot tell.
func (m *processMemory) owner(pid int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if pid <= 0 || !m.host || m.pids == nil {
		return ""
	}
	if _, ok := m.pids[pid]; ok {
		return OwnerInstance
	}
	return OwnerOther
}
