package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// around is how long the load goes on before the server is killed and after it is back.
const around = 20 * time.Second

// outage kills the server under load, starts it again after a while, and follows every request.
func outage(ctx context.Context, o options, dir string, out io.Writer) error {
	rate := o.rates[len(o.rates)-1]
	b, err := start(ctx, o, dir)
	defer b.stop()
	if err != nil {
		return err
	}
	err = b.agent.Await(ctx, func(ctx context.Context) error { _, err := b.value(ctx, requestCounter); return err })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d CPUs, %s; every %s; %d requests/s; the server is away for %s\n\n", runtime.NumCPU(), runtime.Version(), o.interval, rate, o.outage)

	loadCtx, stopLoad := context.WithCancel(ctx)
	defer stopLoad()
	done := make(chan answers, 1)
	go func() { done <- load(loadCtx, b.proxy, rate, o.connections, o.size) }()
	if err := pause(ctx, min(around, o.outage)); err != nil {
		return err
	}
	b.server.Kill()
	away, cancel := context.WithTimeout(ctx, o.outage)
	used, err := watch(away, b.agent, b.agentDir())
	cancel()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	waiting, err := b.own(ctx, "agent_log_spool_rows")
	if err != nil {
		return err
	}
	rounds, err := b.own(ctx, "agent_spool_entries")
	if err != nil {
		return err
	}
	if err := b.startServer(ctx); err != nil {
		return err
	}
	back := time.Now()
	drained, err := b.drained(ctx, o.outage+arriveLimit)
	if err != nil {
		return err
	}
	caughtUp := time.Since(back)
	if err := pause(ctx, max(0, min(around, o.outage)-time.Since(back))); err != nil {
		return err
	}
	stopLoad()
	seen := <-done
	lost, missing, twice, lines, err := b.follow(ctx, seen)
	if err != nil {
		return err
	}
	peak, err := b.agent.PeakRSS()
	if err != nil {
		return err
	}
	rose, err := b.rose(ctx, len(seen.ids))
	fmt.Fprintln(out, "| requests | failed | rows missing | rows twice | lines missing or twice | counted as lost | counters rose by | RSS median MiB | RSS max MiB | CPU s/s | on disk at most MiB | rows that waited | rounds that waited | caught up in s | p50 ms | p99 ms |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	fmt.Fprintf(out, "| %d | %d | %d | %d | %d | %d | %.0f | %.1f | %.1f | %.3f | %.1f | %.0f | %.0f | %.1f | %.3f | %.3f |\n", len(seen.ids), seen.failed, missing, twice, lines, lost, rose,
		mib(used.rss[len(used.rss)/2]), mib(peak), used.cpu.Seconds()/used.took.Seconds(), mib(max(used.spool, drained)), waiting, rounds, caughtUp.Seconds(),
		millis(seen.percentile(0.5)), millis(seen.percentile(0.99)))
	if err != nil {
		return err
	}
	if seen.failed+missing+twice+lines+lost > 0 {
		return errors.New("something failed, is lost, or came twice")
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drained waits until little waits for the server, while more comes. It returns the size of the agent's folder at the most.
func (b *bench) drained(ctx context.Context, limit time.Duration) (most int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return most, b.agent.Await(ctx, func(ctx context.Context) error {
		size, err := subproc.DiskUsage(b.agentDir())
		if err != nil {
			return err
		}
		most = max(most, size)
		oldest, err := b.own(ctx, "agent_log_spool_oldest_age_seconds")
		rounds, err2 := b.own(ctx, "agent_spool_entries")
		if err = errors.Join(err, err2); err == nil && (oldest > 10 || rounds > 2) {
			err = fmt.Errorf("rows wait for up to %.0f s, and %.0f rounds", oldest, rounds)
		}
		return err
	})
}

// follow looks for the row and the line of every request.
func (b *bench) follow(ctx context.Context, seen answers) (lost, missing, twice, lines int, err error) {
	ctx, cancel := context.WithTimeout(ctx, arriveLimit)
	defer cancel()
	err = b.agent.Await(ctx, func(ctx context.Context) error { // nothing waits any more
		queued, err := b.own(ctx, "agent_log_queue_rows")
		waiting, err2 := b.own(ctx, "agent_log_spool_rows")
		if err = errors.Join(err, err2); err == nil && queued+waiting > 0 {
			err = fmt.Errorf("%g rows wait", queued+waiting)
		}
		return err
	})
	if err != nil {
		return
	}
	count := func(query string) (absent, again int, err error) {
		got, err := b.texts(ctx, query)
		if err != nil {
			return 0, 0, err
		}
		times := make(map[string]int, len(got))
		for _, id := range got {
			times[id]++
		}
		for _, id := range seen.ids {
			if times[id] == 0 {
				absent++
			}
		}
		for _, n := range times {
			again += n - 1
		}
		return absent, again, nil
	}
	if missing, twice, err = count(trafficLog + " | where " + ofRequests + " | project XRequestId"); err != nil {
		return
	}
	// The last lines wait for others that may belong to them.
	if err = b.awaitRows(ctx, arriveLimit, consoleLog, ofARequest, len(seen.ids)); err != nil {
		return
	}
	absent, again, err := count(consoleLog + " | where " + ofARequest + ` | project extract("OK (.+)$", 1, Message)`)
	lines = absent + again
	if err != nil {
		return
	}
	lost, err = b.lost(ctx)
	return
}

const requestCounter = `sum(endpoint_data_collection_events_total{type="traffic"})`

// rose returns by how much the counter of requests has risen with the load, once that is what it should be. A counter that began anew is an error.
func (b *bench) rose(ctx context.Context, want int) (got float64, err error) {
	looks, err := b.rows(ctx, trafficLog, "not("+ofRequests+")") // whether the proxy serves
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*b.o.interval+startTimeout)
	defer cancel()
	err = b.agent.Await(ctx, func(ctx context.Context) error {
		all, err := b.value(ctx, requestCounter)
		if got = all - float64(looks); err == nil && int(got) != want {
			err = fmt.Errorf("the counter of requests rose by %g, want %d", got, want)
		}
		return err
	})
	if err != nil {
		return got, err
	}
	resets, err := b.value(ctx, `sum(resets(endpoint_data_collection_events_total[6h]))`)
	if err == nil && resets > 0 {
		err = fmt.Errorf("counters began anew %g times", resets)
	}
	return got, err
}
