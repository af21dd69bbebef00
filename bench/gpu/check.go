package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/nvml"
)

// bench is one run.
type bench struct {
	options
	out, stderr    io.Writer
	a, b           *instance
	first, second  *child
	raw            gpu.Device // read beside the collectors, to show what the driver itself says
	idle           mean       // of the phase: the share of a core that this process uses between rounds
	failures, made int
}

// check leads two children through the phases and compares. It returns an error if one comparison fails.
func check(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	t := &bench{options: o, out: stdout, stderr: stderr}
	source := nvml.New(slog.New(slog.NewTextHandler(stderr, nil)))
	if err := source.Open(); err != nil {
		fmt.Fprintf(stdout, "no GPU can be read here: %v\n", err)
		return nil
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	devices, err := source.Devices()
	if err != nil || len(devices) == 0 {
		return fmt.Errorf("list the GPUs: %d found: %w", len(devices), err)
	}
	for _, d := range devices {
		defer d.Release()
	}
	t.raw = devices[0]
	driver, err := source.Driver()
	if err != nil {
		return err
	}
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	fmt.Fprintf(stdout, "# GPU collector on %s\n\ndriver %s, CUDA %s, %+v\nPID namespace %s, own pid %d\n", t.raw.Info().Model, driver.Version, driver.CUDA, t.raw.Info(), namespace, os.Getpid())
	t.codes()

	if t.a, err = newInstance("A", stdout, stderr); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.a.collector.Close()) }()
	if t.b, err = newInstance("B", stdout, stderr); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.b.collector.Close()) }()
	defer func() {
		for _, c := range []*child{t.first, t.second} {
			if c != nil {
				err = errors.Join(err, c.stop())
			}
		}
	}()
	if err := t.phases(ctx); err != nil {
		return err
	}
	t.a.report(stdout)
	t.b.report(stdout)
	for _, d := range t.a.collector.Devices() {
		fmt.Fprintf(stdout, "\nsummary of GPU %d: MIG %t %v, unsupported %v, denied %v, failed %v, shares %+v\n", d.Index, d.MIG, d.Slices, d.Unsupported, d.Denied, d.Failed, d.Shares)
	}
	fmt.Fprintf(stdout, "\n%d comparisons, %d failed\n", t.made, t.failures)
	if t.failures > 0 {
		return fmt.Errorf("%d of %d comparisons failed", t.failures, t.made)
	}
	return nil
}

// codes asks for each reading by itself and prints its code.
func (t *bench) codes() {
	fmt.Fprint(t.out, "\n## Readings by themselves\n\n| reading | code | time |\n|---|---|---|\n")
	layout, err := t.raw.Layout()
	fmt.Fprintf(t.out, "| layout %+v | %s | |\n", layout, gpu.CodeOf(err))
	var s gpu.Snapshot
	for r := gpu.Utilization; r <= gpu.Activity; r++ {
		began := time.Now()
		err := t.raw.Read(r, &s)
		took := time.Since(began)
		if r == gpu.Activity { // needs a second sample
			time.Sleep(1100 * time.Millisecond)
			began = time.Now()
			err = t.raw.Read(r, &s)
			took = time.Since(began)
		}
		fmt.Fprintf(t.out, "| %s | %s | %s |\n", r, gpu.CodeOf(err), took)
	}
	fmt.Fprintf(t.out, "\n%+v\n", s)
}

// phases does what the children are told, one after the other.
func (t *bench) phases(ctx context.Context) (err error) {
	fmt.Fprint(t.out, "\n## Phases\n\n")
	p, err := t.phase(ctx, "nobody works for us")
	if err != nil {
		return err
	}
	t.expect("A has no share of what it never held", !p.a.there)
	if t.first, err = startChild(ctx, t.mib, t.stderr); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "child A: pid %d, %d MiB, %s\n", t.first.pid(), t.first.mib, t.first.about)
	t.a.hold(t.first.pid())
	if p, err = t.phase(ctx, "A holds memory and idles"); err != nil {
		return err
	}
	t.holds("A", p.a, t.mib)
	t.near("A's utilisation", p.a.utilization, 0, 0.05)
	if err := t.first.set(load{duty: 1}); err != nil {
		return err
	}
	if p, err = t.phase(ctx, "A works alone"); err != nil {
		return err
	}
	t.near("A's utilisation", p.a.utilization, 1, 0.1)
	t.near("time in which anything ran", p.graphics, 1, 0.1)
	t.near("SM activity", p.sm, 1, 0.3)
	if err := t.first.set(load{duty: 0.3}); err != nil {
		return err
	}
	if p, err = t.phase(ctx, "A works for 30% of the time, alone"); err != nil {
		return err
	}
	t.near("time in which anything ran", p.graphics, 0.3, 0.15)
	if t.second, err = startChild(ctx, t.mib/2, t.stderr); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "child B: pid %d, %d MiB, %s\n", t.second.pid(), t.second.mib, t.second.about)
	t.b.hold(t.second.pid())
	if p, err = t.phase(ctx, "A works for 30% of the time, B holds memory and idles"); err != nil {
		return err
	}
	t.both(p)
	t.near("A's utilisation", p.a.utilization, 0.3, 0.15)
	t.near("B's utilisation", p.b.utilization, 0, 0.05)
	if err := t.first.set(load{duty: 1}); err != nil {
		return err
	}
	if p, err = t.phase(ctx, "A works, B idles"); err != nil {
		return err
	}
	t.both(p)
	t.near("A's utilisation", p.a.utilization, 1, 0.15)
	t.near("B's utilisation", p.b.utilization, 0, 0.05)
	if err := t.second.set(load{duty: 1}); err != nil {
		return err
	}
	if p, err = t.phase(ctx, "both work"); err != nil {
		return err
	}
	t.both(p)
	t.near("A's utilisation", p.a.utilization, 0.5, 0.2)
	t.near("B's utilisation", p.b.utilization, 0.5, 0.2)
	t.near("the sum of both", p.a.utilization+p.b.utilization, 1, 0.15)
	if err := t.copies(ctx); err != nil {
		return err
	}
	if err := t.first.set(load{duty: 1, blocks: 1}); err != nil {
		return err
	}
	if p, err = t.phase(ctx, "A works with a single thread, B idles"); err != nil {
		return err
	}
	t.near("time in which anything ran", p.graphics, 1, 0.1)
	t.near("SM activity", p.sm, 0, 0.05)
	if t.fault {
		if _, err := io.WriteString(t.second.in, "fault\n"); err != nil {
			return err
		}
		select {
		case line := <-t.second.lines:
			fmt.Fprintln(t.out, "B:", line)
		case <-time.After(30 * time.Second):
			fmt.Fprintln(t.out, "B has not ended its fault after 30 s")
		}
		if _, err = t.phase(ctx, "B made a fault"); err != nil {
			return err
		}
		t.b.mu.Lock()
		t.expect("B heard of an XID", len(t.b.events) > 0)
		t.b.mu.Unlock()
	}
	if err := t.first.stop(); err != nil {
		return err
	}
	t.first = nil
	t.a.hold()
	if p, err = t.phase(ctx, "A is killed, B holds memory and idles"); err != nil {
		return err
	}
	t.expect("A holds 0 bytes now", p.a.there && p.a.memory == 0)
	if !t.fault {
		t.holds("B", p.b, t.mib/2)
	}
	return nil
}

// both compares memory while both children hold some, each of whom a collector must tell from the other.
func (t *bench) both(p phase) {
	t.holds("A", p.a, t.mib)
	t.holds("B", p.b, t.mib/2)
	t.expect("neither takes the whole GPU for its own", p.a.method != gpu.MethodExclusive && p.b.method != gpu.MethodExclusive)
}

// overhead is the most memory that a context and the driver may take beside what a child asked for.
const overhead = 1500

func (t *bench) holds(who string, s shared, mib uint64) {
	got := s.memory / (1 << 20)
	t.expect(fmt.Sprintf("%s holds %d MiB and at most %d more (got %.0f)", who, mib, overhead, got), s.there && got >= float64(mib) && got <= float64(mib+overhead))
}

func (t *bench) near(what string, got, want, within float64) {
	t.expect(fmt.Sprintf("%s is %.2f ± %.2f (got %.3f)", what, want, within, got), got >= want-within && got <= want+within)
}

// expect prints one comparison. A value that is absent is -1 and fails each of them.
func (t *bench) expect(what string, ok bool) {
	t.made++
	sign := "ok  "
	if !ok {
		sign = "FAIL"
		t.failures++
	}
	fmt.Fprintf(t.out, "  %s %s\n", sign, what)
}
