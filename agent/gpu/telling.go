package gpu

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"
)

// startNotifier makes events reach Settings.OnEvent.
func (c *Collector) startNotifier() {
	settle := time.Duration(0)
	if c.settings.KernelLog != nil {
		settle = settleFor
	}
	detail := func(s eventSort, at time.Time) (kernelLine, bool) {
		k := c.kernel.Load()
		if k == nil {
			return kernelLine{}, false
		}
		return k.find(c.events.bus(s.uuid), s.xid, at)
	}
	c.notifier = startNotifier(c.settings.OnEvent, c.events.describe, settle, detail, c.sharer.seen.owner, c.saveTold)
	c.events.tell = c.notifier.note
}

// readKernelLog begins to read the kernel's log when the first devices are known, so that its addresses can be resolved.
func (c *Collector) readKernelLog() {
	if c.kernel.Load() != nil {
		c.events.standIn()
	}
	if c.asked || c.notifier == nil || c.settings.KernelLog == nil || !c.cfg.Events {
		return
	}
	c.asked = true
	proc := procfs{c.settings.Proc}
	var since mark
	if boot := proc.bootID(); c.settings.Dir != "" && boot != "" {
		sequence, ok, err := loadTold(c.settings.Dir, boot)
		if err != nil {
			c.log.Warn("what was told of the kernel's log before is not known: XIDs of this boot are told again", "reason", err.Error())
		}
		if ok {
			since = mark{sequence, time.Now()}
		}
	}
	k, err := startKernelLog(c.settings.KernelLog, proc, since, c.log, c.kernelLine, c.kernelPast)
	if err != nil {
		c.log.Info("the kernel's log cannot be read: XIDs from before the start, and the processes that they name, are not known", "reason", err.Error())
		return
	}
	c.kernel.Store(k)
	c.events.standIn()
}

// kernelLine counts a line as an event where the driver does not report events to us; else it is only the detail of one.
func (c *Collector) kernelLine(line kernelLine) {
	if uuid, watched := c.events.at(line.bus); uuid != "" && !watched {
		c.events.add(Event{Kind: EventXID, UUID: uuid, GPUInstance: line.gpuInstance, XID: line.xid})
	}
}

// kernelPast tells of XIDs from before the start, those of one sort as one.
func (c *Collector) kernelPast(lines []kernelLine) {
	folded := map[eventSort]*HealthEvent{}
	for _, line := range lines {
		uuid, _ := c.events.at(line.bus)
		if uuid == "" {
			continue
		}
		s := eventSort{uuid, line.gpuInstance, healthXID, c.events.table.xid(line.xid).Severity, line.xid}
		e := folded[s]
		if e == nil {
			described := c.events.describe(s)
			e = &described
			e.Past = true
			folded[s] = e
		}
		e.Count++
		e.Time, e.PID, e.Process, e.Message = line.at, line.pid, line.process, line.message
	}
	events := make([]HealthEvent, 0, len(folded))
	for _, e := range slices.SortedFunc(maps.Values(folded), func(a, b *HealthEvent) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.UUID, b.UUID), cmp.Compare(a.XID, b.XID))
	}) {
		events = append(events, *e)
	}
	c.notifier.notePast(events)
}

// closeEvents ends the reading of the kernel's log and tells the last events.
func (c *Collector) closeEvents(expired <-chan struct{}) error {
	if c.closed {
		return nil
	}
	c.closed = true
	var errs []error
	if n := c.notifier; n != nil && !n.stop(expired) {
		errs = append(errs, errors.New("the receiver of GPU health events has not come back"))
	}
	if k := c.kernel.Load(); k != nil && !k.stop(expired) {
		errs = append(errs, errors.New("close the kernel's log: a read has not come back"))
	}
	return errors.Join(errs...)
}
