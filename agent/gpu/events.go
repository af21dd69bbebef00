package gpu

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// severity says how bad a health event is.
const (
	severityInfo     = "info"     // a fault of the application, or repaired by the hardware
	severityWarning  = "warning"  // needs a look, and perhaps a reset
	severityCritical = "critical" // the GPU, or work on it, is lost
)

// The kinds of health event.
const (
	healthXID     = "xid"
	healthECC     = "ecc"
	healthRemap   = "remap"
	healthNVLink  = "nvlink"
	healthThermal = "thermal"
	healthLost    = "lost"  // the driver no longer reaches the GPU
	healthReset   = "reset" // the driver asks for a reset
)

// health returns under which kind and severity an event counts. Each event counts once.
func (t *healthTable) health(e Event) (kind, severity string) {
	switch e.Kind {
	case EventXID:
		return healthXID, t.xid(e.XID).Severity
	case EventSingleBitECC:
		return healthECC, severityInfo
	case EventSingleBitECCStorm, EventPoison:
		return healthECC, severityWarning
	case EventDoubleBitECC, EventPoisonFatal:
		return healthECC, severityCritical
	case EventRowRemap:
		return healthRemap, severityWarning
	case EventRowRemapFailure:
		return healthRemap, severityCritical
	case EventUnavailable:
		return healthLost, severityCritical
	case EventRecoveryAction:
		return healthReset, severityCritical
	}
	return "", ""
}

type xidKey struct {
	uuid        string
	gpuInstance int
	xid         uint64
}

type healthKey struct{ uuid, kind, severity string }

// eventLog counts events since the agent started. It outlives devices and initialisations, so that the count of a lost GPU
// stays. Safe for concurrent use.
type eventLog struct {
	table *healthTable
	tell  func(eventSort, int, time.Time) // nil: nobody is told

	mu      sync.Mutex
	xids    map[xidKey]float64
	health  map[healthKey]float64
	watched map[string]bool // UUIDs whose events the driver reports to us
	infos   map[string]Info // by UUID; all that were ever listed
}

func newEventLog(table *healthTable) *eventLog {
	return &eventLog{table: table, xids: map[xidKey]float64{}, health: map[healthKey]float64{}, watched: map[string]bool{}, infos: map[string]Info{}}
}

// know keeps the identity of devices.
func (l *eventLog) know(devices []Device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range devices {
		l.infos[d.Info().UUID] = d.Info()
	}
}

// describe returns what is told of a sort of event.
func (l *eventLog) describe(s eventSort) HealthEvent {
	e := HealthEvent{Kind: s.kind, Severity: s.severity, UUID: s.uuid, GPU: -1, GPUInstance: s.gpuInstance, XID: s.xid}
	l.mu.Lock()
	if info, ok := l.infos[s.uuid]; ok {
		e.GPU = info.Index
	}
	l.mu.Unlock()
	if s.kind == healthXID {
		x := l.table.xid(s.xid)
		e.Name, e.Meaning, e.NextStep = x.Name, x.Meaning, x.NextStep
	} else {
		m := l.table.event(s.kind, s.severity)
		e.Name, e.Meaning, e.NextStep = m.Name, m.Meaning, m.NextStep
	}
	return e
}

// bus returns the PCI address of a device as busKey has it.
func (l *eventLog) bus(uuid string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return busKey(l.infos[uuid].PCIBusID)
}

// at returns the device at a PCI address, and whether the driver reports its events to us.
func (l *eventLog) at(bus string) (uuid string, watched bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for uuid, info := range l.infos {
		if key := busKey(info.PCIBusID); key != "" && key == busKey(bus) {
			return uuid, l.watched[uuid]
		}
	}
	return "", false
}

// add counts one event of the driver. It reports whether this is the first of its sort on its device.
func (l *eventLog) add(e Event) (first bool) {
	kind, severity := l.table.health(e)
	if kind == "" || e.UUID == "" {
		return false
	}
	if l.tell != nil {
		l.tell(eventSort{e.UUID, e.GPUInstance, kind, severity, e.XID}, 1, time.Now())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := healthKey{e.UUID, kind, severity}
	l.health[h]++
	if e.Kind != EventXID {
		return l.health[h] == 1
	}
	x := xidKey{e.UUID, e.GPUInstance, e.XID}
	l.xids[x]++
	return l.xids[x] == 1
}

// count adds n health events; n may be 0 to say that none has happened yet while somebody watched.
func (l *eventLog) count(uuid, kind, severity string, n float64) {
	if n > 0 && l.tell != nil {
		l.tell(eventSort{uuid, -1, kind, severity, 0}, int(n), time.Now())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health[healthKey{uuid, kind, severity}] += n
}

// unwatch forgets whose events the driver reports: a new stream is about to be opened, or there is none.
func (l *eventLog) unwatch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.watched)
}

// standIn begins the counts of devices whose events the driver does not report, because the kernel's log tells of them.
func (l *eventLog) standIn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for uuid, info := range l.infos {
		if !l.watched[uuid] && busKey(info.PCIBusID) != "" {
			for _, severity := range []string{severityInfo, severityWarning, severityCritical} {
				l.health[healthKey{uuid, healthXID, severity}] += 0
			}
		}
	}
}

// watch begins the counts of what the driver reports for one device, so that the first event is a step from 0.
func (l *eventLog) watch(uuid string) {
	for _, severity := range []string{severityInfo, severityWarning, severityCritical} {
		l.count(uuid, healthXID, severity, 0)
		l.count(uuid, healthECC, severity, 0)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watched[uuid] = true
}

// watcher reads one stream of events until it is stopped or the stream breaks.
type watcher struct {
	stream Events
	log    *slog.Logger
	events *eventLog
	quit   chan struct{}
	done   chan struct{}
	broken atomic.Pointer[error] // why it ended by itself
}

// waitForEvent bounds how long a stream is waited on, and with it how long stop takes.
const waitForEvent = time.Second

// brokenAfter is how many waits in a row may fail before the stream is given up.
const brokenAfter = 10

func startWatcher(stream Events, events *eventLog, log *slog.Logger) *watcher {
	w := &watcher{stream: stream, log: log, events: events, quit: make(chan struct{}), done: make(chan struct{})}
	for _, uuid := range stream.Watched() {
		events.watch(uuid)
	}
	go w.run()
	return w
}

func (w *watcher) run() {
	defer close(w.done)
	failures := 0
	for {
		select {
		case <-w.quit:
			return
		default:
		}
		began := time.Now()
		e, err := w.stream.Wait(waitForEvent)
		switch code := CodeOf(err); {
		case err == nil:
			failures = 0
			if kind, _ := w.events.table.health(e); kind == "" || e.UUID == "" {
				if time.Since(began) > waitForEvent/10 {
					continue
				}
				break // a stream that keeps saying nothing must not become a busy loop
			}
			if kind, severity := w.events.table.health(e); w.events.add(e) && severity != severityInfo {
				w.log.Warn("first gpu health event of its sort", "kind", kind, "severity", severity, "uuid", e.UUID, "xid", e.XID)
			}
			continue
		case code == Timeout:
			failures = 0
			if time.Since(began) > waitForEvent/10 {
				continue
			} // else it came back at once, which must not become a busy loop
		case code.reopens():
			w.broken.Store(&err)
			return
		default:
			if failures++; failures >= brokenAfter {
				w.broken.Store(&err)
				return
			}
		}
		select {
		case <-w.quit:
			return
		case <-time.After(waitForEvent):
		}
	}
}

// stop ends the watcher, waits for it and closes its stream. It takes as long as the driver takes to come back from Wait.
func (w *watcher) stop() error {
	close(w.quit)
	<-w.done
	return w.stream.Close()
}
