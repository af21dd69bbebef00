package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

// figures are what one way gave over the rounds.
type figures struct {
	p50, p99           []time.Duration
	added50, added99   []time.Duration // to the direct way of the same round
	cpu                time.Duration
	requests, failures int
	err                error
}

// The targets on what the proxy adds.
const (
	target50 = 500 * time.Microsecond
	target99 = 2 * time.Millisecond
)

func measure(ctx context.Context, o options, dir string, out io.Writer) error {
	model, ways, stop, err := start(ctx, o, dir)
	defer stop()
	if err != nil {
		return err
	}
	what := "the proxy and the log alone"
	if o.agent != "" {
		what = o.agent
	}
	fmt.Fprintf(out, "%d CPUs, %s; Endscope is %s; %d rounds\n\n", runtime.NumCPU(), runtime.Version(), what, o.rounds)

	fmt.Fprintf(out, "%d requests/s of %d bytes, %.0f s a round, %d connections\n\n", o.rate, o.size, o.seconds, o.connections)
	length := time.Duration(o.seconds * float64(time.Second))
	requests, err := rounds(ctx, o, model, ways, out, func(w way) timing { return load(ctx, w.addr, o.rate, o.connections, o.size, length) })
	if err != nil {
		return err
	}
	if o.rounds >= 3 {
		fmt.Fprintf(out, "\n| target | reached |\n|---|---|\n| added at p50 < %s ms | %s |\n| added at p99 < %s ms | %s |\n", ms(target50), ms(median(requests[1].added50)), ms(target99), ms(median(requests[1].added99)))
	}
	fmt.Fprintf(out, "\nToken streams: %d clients, each %d tokens, one every %s\n\n", o.streams, o.tokens, o.interval)
	_, err = rounds(ctx, o, model, ways, out, func(w way) timing { return stream(ctx, w.addr, o.streams, o.tokens, o.interval) })
	return err
}

// rounds puts the same load on every way, in an order that changes from round to round, and writes a table.
func rounds(ctx context.Context, o options, model *subproc.Process, ways []way, out io.Writer, load func(way) timing) ([]figures, error) {
	all := make([]figures, len(ways))
	began := time.Now()
	before, err := kit.ReadUsage(model)
	if err != nil {
		return nil, err
	}
	for round := range o.rounds {
		for i := range ways {
			at := (i + round) % len(ways)
			f, w := &all[at], ways[at]
			used, err := cpu(w)
			if err != nil {
				return nil, err
			}
			t := load(w)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			after, err := cpu(w)
			if err != nil {
				return nil, err
			}
			f.cpu += after - used
			f.requests += len(t.taken)
			f.failures += t.failed
			if t.err != nil {
				f.err = t.err
			}
			f.p50, f.p99 = append(f.p50, percentile(t.taken, 0.5)), append(f.p99, percentile(t.taken, 0.99))
		}
		direct := &all[0]
		for i := range all {
			all[i].added50 = append(all[i].added50, all[i].p50[round]-direct.p50[round])
			all[i].added99 = append(all[i].added99, all[i].p99[round]-direct.p99[round])
		}
	}
	after, err := kit.ReadUsage(model)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(out, "| way | p50 ms | p99 ms | added p50 ms (min–max) | added p99 ms (min–max) | CPU µs each | peak RSS MiB | answered | failed |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|")
	for i, w := range ways {
		f := all[i]
		fmt.Fprintf(out, "| %s | %s | %s |", w.name, ms(median(f.p50)), ms(median(f.p99)))
		if w.process == nil {
			fmt.Fprint(out, " | | | |")
		} else {
			rss, err := w.process.PeakRSS()
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(out, " %s | %s | %.1f | %.1f |", spread(f.added50), spread(f.added99), float64(f.cpu.Microseconds())/float64(max(1, f.requests)), float64(rss)/(1<<20))
		}
		fmt.Fprintf(out, " %s | %d |\n", kit.Thousands(f.requests), f.failures)
	}
	for i, w := range ways {
		if all[i].err != nil {
			fmt.Fprintf(out, "\n%s: %d failures, such as: %v\n", w.name, all[i].failures, all[i].err)
		}
	}
	wall := time.Since(began) * time.Duration(runtime.NumCPU())
	share := func(d time.Duration) float64 { return 100 * float64(d) / float64(wall) }
	fmt.Fprintf(out, "\nOf the machine: busy %.0f %%, of which the load %.0f %% and the model server %.0f %%; taken by the hypervisor %.0f %%\n",
		share(after.Machine.Busy-before.Machine.Busy), share(after.Own-before.Own), share(after.Servers-before.Servers), share(after.Machine.Steal-before.Machine.Steal))
	return all, nil
}

func cpu(w way) (time.Duration, error) {
	if w.process == nil {
		return 0, nil
	}
	return w.process.CPU()
}

func median(v []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.3f", float64(d.Nanoseconds())/1e6) }

func spread(v []time.Duration) string {
	return fmt.Sprintf("%s (%s–%s)", ms(median(v)), ms(slices.Min(v)), ms(slices.Max(v)))
}
