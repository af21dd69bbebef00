package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// use is what a process used during a load.
type use struct {
	rss   []int64 // bytes, once a second, sorted
	spool int64   // bytes on disk at the most
	cpu   time.Duration
	took  time.Duration
}

// watch reads a process's memory, and a folder's size, once a second until ctx ends.
func watch(ctx context.Context, p *subproc.Process, dir string) (use, error) {
	var u use
	began := time.Now()
	before, err := p.CPU()
	if err != nil {
		return u, err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for alive := true; alive; {
		rss, err := p.RSS()
		if err != nil {
			return u, err
		}
		size, err := subproc.DiskUsage(dir)
		if err != nil {
			return u, err
		}
		u.rss = append(u.rss, rss)
		u.spool = max(u.spool, size)
		select {
		case <-ctx.Done():
			alive = false
		case <-tick.C:
		}
	}
	after, err := p.CPU()
	u.cpu, u.took = after-before, time.Since(began)
	slices.Sort(u.rss)
	return u, err
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// logs are the tables, and which of their rows are those of requests.
const (
	trafficLog  = "AmlOnlineEndpointTrafficLog"
	consoleLog  = "AmlOnlineEndpointConsoleLog"
	ofRequests  = `Path == "/score"`
	ofARequest  = `Message has "POST /score"`
	arriveLimit = 2 * time.Minute
)

// footprint measures the agent under each load.
func footprint(ctx context.Context, o options, dir string, out io.Writer) error {
	b, err := start(ctx, o, dir)
	defer b.stop()
	if err != nil {
		return err
	}
	select {
	case <-time.After(o.warmUp):
	case <-ctx.Done():
		return ctx.Err()
	}
	fmt.Fprintf(out, "%d CPUs, %s; every %s; %.0f s each; requests and answers of %d bytes over %d connections\n\n", runtime.NumCPU(), runtime.Version(), o.interval, o.seconds, o.size, o.connections)
	fmt.Fprintln(out, "| requests/s | RSS median MiB | RSS max MiB | CPU s/s | rows of requests | lines | lost | failed | on disk at most MiB | p50 ms | p99 ms |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|")
	total := 0
	most := int64(0)
	for _, rate := range o.rates {
		seen, used, err := b.under(ctx, rate)
		if err != nil {
			return err
		}
		total += len(seen.ids)
		if seen.failed > 0 {
			return fmt.Errorf("%d requests failed, such as with: %w", seen.failed, seen.err)
		}
		for _, log := range []struct{ table, condition string }{{trafficLog, ofRequests}, {consoleLog, ofARequest}} {
			if err := b.awaitRows(ctx, arriveLimit, log.table, log.condition, total); err != nil {
				return err
			}
		}
		lost, err := b.lost(ctx)
		if err != nil {
			return err
		}
		most = max(most, used.rss[len(used.rss)-1])
		fmt.Fprintf(out, "| %d | %.1f | %.1f | %.3f | %d | %d | %d | %d | %.1f | %.3f | %.3f |\n", rate, mib(used.rss[len(used.rss)/2]), mib(used.rss[len(used.rss)-1]),
			used.cpu.Seconds()/used.took.Seconds(), len(seen.ids), len(seen.ids), lost, seen.failed, mib(used.spool), millis(seen.percentile(0.5)), millis(seen.percentile(0.99)))
		if lost > 0 {
			return fmt.Errorf("%d rows or samples are lost", lost)
		}
	}
	series, err := b.value(ctx, `count({endpoint="bench"})`)
	if err != nil {
		return err
	}
	verdict := "yes"
	if most >= int64(o.goal)<<20 {
		verdict = "NO"
	}
	fmt.Fprintf(out, "\n%.0f series. Resident memory stayed below %d MiB: %s\n", series, o.goal, verdict)
	return nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// under sends requests at a rate and watches the agent.
func (b *bench) under(ctx context.Context, rate int) (answers, use, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(b.o.seconds*float64(time.Second)))
	defer cancel()
	done := make(chan answers, 1)
	go func() { done <- load(ctx, b.proxy, rate, b.o.connections, b.o.size) }()
	used, err := watch(ctx, b.agent, b.agentDir())
	cancel()
	return <-done, used, err
}
