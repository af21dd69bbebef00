package host

import (
	"context"
	"errors"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"

	"github.com/endscope/endscope/agent"
)

// cpuSample is what the utilisation of the next round is computed from.
type cpuSample struct {
	taken   bool
	limited bool      // of a cgroup, and not of the machine
	at      time.Time // monotonic
	used    float64   // seconds; of a cgroup
	machine cpu.TimesStat
}

// cpu reads the cgroup's CPU time where a limit below the machine's CPUs holds for it, and the machine's elsewhere.
func (c *Collector) cpu(ctx context.Context, r *agent.Round, g *cgroup) error {
	per, err := c.src.cpuTimes(ctx, true)
	if err != nil {
		return err
	}
	if len(per) == 0 {
		return errors.New("no CPU found")
	}
	count := float64(len(per))
	if g != nil {
		limit, err := g.cpuLimit()
		if err != nil {
			return err
		}
		if limit < count {
			return c.cgroupCPU(r, g, limit)
		}
	}
	var now cpu.TimesStat
	for _, t := range per {
		now.User += t.User
		now.Nice += t.Nice
		now.System += t.System
		now.Idle += t.Idle
		now.Iowait += t.Iowait
		now.Irq += t.Irq
		now.Softirq += t.Softirq
		now.Steal += t.Steal
	}
	r.Add(descCPUCount, count)
	for _, m := range modes(now) {
		r.AddCounter(descCPUTime, m.seconds, c.started, m.name)
	}
	prev := c.cpuPrev
	c.cpuPrev = cpuSample{taken: true, machine: now}
	if !prev.taken || prev.limited {
		return nil
	}
	// The kernel's own clock: the share of all the time that the CPUs spent. Single modes can run backwards (iowait does); those count as 0.
	var busy, all float64
	before := modes(prev.machine)
	for i, m := range modes(now) {
		spent := max(m.seconds-before[i].seconds, 0)
		all += spent
		if m.name != "idle" && m.name != "iowait" {
			busy += spent
		}
	}
	if all > 0 {
		r.Add(descCPURatio, busy/all)
	}
	return nil
}

type modeTime struct {
	name    string
	seconds float64
}

// modes lists the time of each mode. Guest time is part of user and nice already.
func modes(t cpu.TimesStat) [8]modeTime {
	return [8]modeTime{
		{"user", t.User}, {"nice", t.Nice}, {"system", t.System}, {"idle", t.Idle}, {"iowait", t.Iowait}, {"irq", t.Irq}, {"softirq", t.Softirq}, {"steal", t.Steal},
	}
}

func (c *Collector) cgroupCPU(r *agent.Round, g *cgroup, limit float64) error {
	used, user, system, err := g.cpuUsage()
	if err != nil {
		return err
	}
	r.Add(descCPUCount, limit)
	r.AddCounter(descCPUTime, user, c.started, "user")
	r.AddCounter(descCPUTime, system, c.started, "system")
	prev := c.cpuPrev
	c.cpuPrev = cpuSample{taken: true, limited: true, at: c.src.now(), used: used}
	elapsed := c.cpuPrev.at.Sub(prev.at).Seconds()
	if !prev.taken || !prev.limited || elapsed <= 0 || used < prev.used {
		return nil
	}
	// A quota is enforced per period and may be overrun in a short window, so that the quotient can pass 1.
	r.Add(descCPURatio, min((used-prev.used)/(elapsed*limit), 1))
	return nil
}

// memory reads the cgroup's memory where it has a limit below the machine's memory, and the machine's elsewhere.
func (c *Collector) memory(ctx context.Context, r *agent.Round, g *cgroup) error {
	machine, err := c.src.memory(ctx)
	if err != nil {
		return err
	}
	total, available := float64(machine.Total), float64(machine.Available)
	used := max(total-available, 0)
	if g != nil {
		limit, err := g.memoryLimit()
		if err != nil {
			return err
		}
		if limit < total {
			if used, err = g.memoryUsed(); err != nil {
				return err
			}
			total, available = limit, min(max(limit-used, 0), available)
		}
	}
	r.Add(descMem, total, "total")
	r.Add(descMem, used, "used")
	r.Add(descMem, available, "available")
	if total > 0 {
		r.Add(descMemRatio, min(used/total, 1)) // a limit that was lowered is passed until the kernel has reclaimed
	}
	return nil
}
