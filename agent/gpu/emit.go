package gpu

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/endscope/endscope/agent"
)

// emitDevice adds what one device answered.
func (c *Collector) emitDevice(r *agent.Round, d *device, m *memory, result *deviceRound) {
	info, driver := d.info, c.conn.driver
	mig := "off"
	if result.layout.MIG {
		mig = "on"
	}
	about := []string{driver.Version, driver.CUDA, info.PCIBusID, info.Architecture, info.ComputeCapability, info.VBIOS, mig}
	r.Add(c.series.info, 1, m.id.with(append([]string{""}, about...)...)...)
	c.series.emit(r, &m.id, &result.whole)
	m.pcie.emit(r, c.series.pcie, &m.id)
	m.nvlink.emit(r, c.series.nvlink, &m.id)
	c.emitTime(r, &m.id, &m.occupied, &result.whole, 1)
	if !result.layout.MIG {
		c.emitShare(r, info.UUID, &m.id, &result.whole, false)
	}
	for _, s := range result.layout.Slices {
		id := m.id.slice(s, false)
		r.Add(c.series.info, 1, id.with(append([]string{info.UUID}, about...)...)...)
	}
	slices := make(map[string]*occupied, len(result.slices))
	for i := range result.slices {
		s := &result.slices[i]
		id := m.id.slice(s.slice, s.shared)
		c.series.emit(r, &id, &s.Snapshot)
		o := m.slices[id[1]]
		if o == nil {
			o = &occupied{began: time.Now()}
		}
		slices[id[1]] = o
		if s.slice.Part > 0 { // else nobody knows how much of a GPU's time it is
			c.emitTime(r, &id, o, &s.Snapshot, s.slice.Part)
		}
		c.emitShare(r, info.UUID, &id, &s.Snapshot, true)
	}
	m.slices = slices // a slice that is gone does not come back under its UUID
}

// emitTime credits the time since the previous round, which counts as the part of the GPU that the snapshot is of. Where activity is
// not told there is no state effective.
func (c *Collector) emitTime(r *agent.Round, id *identity, o *occupied, s *Snapshot, part float64) {
	if !o.note(time.Now(), s, part) {
		return
	}
	for state, seconds := range o.seconds {
		if occupancy(state) != effective || o.deep {
			r.AddCounter(c.series.time, seconds, o.began, id.with(occupancyNames[state])...)
		}
	}
}

// emitShare adds the instance's part of a device or one of its GPU instances.
func (c *Collector) emitShare(r *agent.Round, device string, id *identity, s *Snapshot, slice bool) {
	if c.sharer.pids == nil {
		return
	}
	part, ok := c.sharer.of(id[1], s, slice, c.chosen)
	if !ok {
		return
	}
	r.Add(c.series.shareInfo, 1, id.share(part.method)...)
	if f, ok := plausible(part.memory); ok {
		r.Add(c.series.shareMemory, f, id.share()...)
	}
	if f, ok := ratio(part.utilization); ok {
		r.Add(c.series.shareUtilization, f, id.share()...)
	}
	c.summary.share(device, id, part)
}

// slice returns the identity of a MIG device, or, where several compute instances share its GPU instance, of the first of them
// without the number of the compute instance.
func (id identity) slice(s Slice, shared bool) identity {
	id[1], id[3], id[5] = s.UUID, strconv.Itoa(s.GPUInstance), s.Profile
	if !shared {
		id[4] = strconv.Itoa(s.ComputeInstance)
	}
	return id
}

// emitOwn adds what the agent itself counted, also of devices that do not answer now.
func (c *Collector) emitOwn(r *agent.Round) {
	for _, uuid := range slices.Sorted(maps.Keys(c.known)) {
		if m := c.known[uuid]; !m.lastRead.IsZero() {
			r.Add(c.series.lastRead, float64(m.lastRead.UnixMilli())/1000, m.id.with()...)
		}
	}
	c.emitEvents(r)
	for _, reading := range slices.Sorted(maps.Keys(c.denied)) {
		r.AddCounter(c.series.denied, c.denied[reading], c.began, c.Name(), reading.String())
	}
	keys := slices.SortedFunc(maps.Keys(c.failed), func(a, b failedKey) int {
		return cmp.Or(cmp.Compare(a.reading, b.reading), cmp.Compare(a.code, b.code))
	})
	for _, k := range keys {
		r.AddCounter(c.series.failed, c.failed[k], c.began, c.Name(), k.reading.String(), k.code.String())
	}
}

func (c *Collector) emitEvents(r *agent.Round) {
	l := c.events
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range slices.SortedFunc(maps.Keys(l.xids), func(a, b xidKey) int {
		return cmp.Or(cmp.Compare(a.uuid, b.uuid), cmp.Compare(a.gpuInstance, b.gpuInstance), cmp.Compare(a.xid, b.xid))
	}) {
		if m := c.known[k.uuid]; m != nil {
			id := m.id
			if k.gpuInstance >= 0 {
				id[3] = strconv.Itoa(k.gpuInstance)
			}
			r.AddCounter(c.series.xid, l.xids[k], c.began, id.with(strconv.FormatUint(k.xid, 10))...)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(l.health), func(a, b healthKey) int {
		return cmp.Or(cmp.Compare(a.uuid, b.uuid), cmp.Compare(a.kind, b.kind), cmp.Compare(a.severity, b.severity))
	}) {
		if m := c.known[k.uuid]; m != nil {
			r.AddCounter(c.series.health, l.health[k], c.began, m.id.with(k.kind, k.severity)...)
		}
	}
}
