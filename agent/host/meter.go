package host

import (
	"context"
	"errors"

	"github.com/shirou/gopsutil/v3/common"

	"github.com/endscope/endscope/agent"
)

// Meter reads the shares of CPU and memory alone, between the rounds of a Collector, whose readings it does not touch. Not safe for concurrent use.
type Meter struct{ c *Collector }

// Use is what a Meter read. What cannot be told is nil.
type Use struct {
	CPU    *float64 // share of the CPU time that the instance may use, since the last reading; nil at the first one
	Memory *float64 // used share of the instance's memory
}

// NewMeter returns a meter of what a collector of the same configuration reads.
func NewMeter(cfg Config, set Settings) (*Meter, error) {
	c, err := New(cfg, set)
	if err != nil {
		return nil, err
	}
	c.told = true // the collector says whose limits are read
	return &Meter{c}, nil
}

// Read reads now. It returns what could be read also with an error.
func (m *Meter) Read(ctx context.Context) (Use, error) {
	ctx = context.WithValue(ctx, common.EnvKey, m.c.env)
	var r agent.Round
	group, err := findCgroup(m.c.root, m.c.cfg.Cgroup)
	err = errors.Join(wrap("cgroup", err), wrap("cpu", m.c.cpu(ctx, &r, group)), wrap("memory", m.c.memory(ctx, &r, group)))
	var use Use
	for _, reading := range r.Readings {
		switch reading.Desc {
		case descCPURatio:
			use.CPU = &reading.Value
		case descMemRatio:
			use.Memory = &reading.Value
		}
	}
	return use, err
}

// Forget makes the next reading a first one, so that no share is of a long time ago.
func (m *Meter) Forget() { m.c.cpuPrev = cpuSample{} }
