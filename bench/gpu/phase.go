package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/endscope/endscope/agent/gpu"
)

// spins is how much of a core this process may use between rounds before it is told who does.
const spins = 0.1

// rest waits for the next round, and watches whether anything of ours works meanwhile.
func (t *bench) rest(ctx context.Context) error {
	before, began, threadsBefore := processorTime(syscall.RUSAGE_SELF), time.Now(), threads()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t.interval):
	}
	share := (processorTime(syscall.RUSAGE_SELF) - before).Seconds() / time.Since(began).Seconds()
	if t.idle.add(share); share > spins {
		fmt.Fprintf(t.out, "  busy between rounds: %.2f of a core: %s\n", share, busyThreads(threadsBefore, threads()))
	}
	return nil
}

// phase is what the rounds of a phase said, on average; -1 stands for what is absent.
type phase struct {
	a, b         shared
	graphics, sm float64
}

// shared is the share of one instance.
type shared struct {
	there               bool
	method              string
	memory, utilization float64
}

func (t *bench) phase(ctx context.Context, name string) (phase, error) {
	return t.phaseOf(ctx, name, t.rounds)
}

// phaseOf is phase with a number of rounds that count.
func (t *bench) phaseOf(ctx context.Context, name string, rounds int) (phase, error) {
	fmt.Fprintf(t.out, "### %s\n", name)
	var p phase
	var graphics, sm, utilization mean
	var a, b sharedMean
	t.idle = mean{}
	for n := range rounds + 1 {
		if err := t.rest(ctx); err != nil {
			return p, err
		}
		if err := errors.Join(t.a.collect(ctx), t.b.collect(ctx)); err != nil {
			return p, err
		}
		var s gpu.Snapshot
		for _, r := range []gpu.Reading{gpu.Memory, gpu.Processes, gpu.ProcessUtilization, gpu.Activity} {
			_ = t.raw.Read(r, &s) // what fails is absent below; its code was printed before
		}
		if n == 0 {
			continue // it tells of the phase before, too
		}
		a.add(t.a)
		b.add(t.b)
		graphics.value(s.GraphicsActivity)
		sm.value(s.SMActivity)
		if u, ok := t.a.first("gpu_utilization_ratio{gpu=0"); ok {
			utilization.add(u)
		}
		fmt.Fprintf(t.out, "  driver: in use %.0f MiB, holds %v, samples %v, graphics %.3f, PCIe out %.1f MiB, in %.1f MiB\n", s.MemoryUsed.V/(1<<20), s.Running, s.Samples, s.GraphicsActivity.V, s.PCIeTransmitted.V/(1<<20), s.PCIeReceived.V/(1<<20))
	}
	if t.idle.n > 0 {
		fmt.Fprintf(t.out, "  CPU of the process between rounds: %.4f of a core\n", t.idle.mean())
	}
	p = phase{a: a.shared(), b: b.shared(), graphics: graphics.mean(), sm: sm.mean()}
	fmt.Fprintf(t.out, "  A %s, B %s, gpu_utilization_ratio %.3f, anything ran %.3f, SM %.3f\n", p.a, p.b, utilization.mean(), p.graphics, p.sm)
	return p, nil
}

func (s shared) String() string {
	if !s.there {
		return "has no share"
	}
	return fmt.Sprintf("%s %.0f MiB %.3f", s.method, s.memory/(1<<20), s.utilization)
}

// mean averages what was there.
type mean struct{ sum, n float64 }

func (m *mean) add(f float64) { m.sum, m.n = m.sum+f, m.n+1 }

func (m *mean) value(v gpu.Value) {
	if v.OK {
		m.add(v.V)
	}
}

// mean returns -1 if nothing was there.
func (m *mean) mean() float64 {
	if m.n == 0 {
		return -1
	}
	return m.sum / m.n
}

type sharedMean struct {
	memory, utilization mean
	method              string
}

func (m *sharedMean) add(i *instance) {
	if s, ok := i.share(); ok {
		m.method = s.Method
		m.memory.value(s.Memory)
		m.utilization.value(s.Utilization)
	}
}

func (m *sharedMean) shared() shared {
	return shared{there: m.method != "", method: m.method, memory: m.memory.mean(), utilization: m.utilization.mean()}
}
