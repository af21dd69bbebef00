package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

// measured is what was seen of one server.
type measured struct {
	name               string
	idleCPU, cpu       float64 // cores, without rules and with them
	others             float64 // cores that neither the server nor this program used, with rules
	idleRSS, rss       []int64 // every second, in order, in bytes
	stored             time.Duration
	took               time.Duration
	before, after      readings
	samples            int // pushed while it was measured
	acks               []time.Duration
	detected           []time.Duration // from the probe's push to its notification
	probes, undetected int
	byKind             map[string][]float64 // seconds that the last evaluations of each question took
	notified           int
}

// probeWait is how long a probe may take: the next minute, the grace period, the spread, and some patience.
func (o options) probeWait() time.Duration { return time.Minute + o.grace + o.spread + 30*time.Second }

// load measures a server with the fleet and all rules.
func load(ctx context.Context, o options, k *kind, dir string, progress io.Writer) (m *measured, err error) {
	hook, err := listen()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, hook.close()) }()
	s, err := newServer(k, dir, hook.addr)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	defer s.process.Kill()
	broken := make([]atomic.Int64, o.probes) // when a probe breaks its threshold, in nanoseconds since 1970; 0 for not yet
	var endpoints []*endpoint
	for i := range o.endpoints {
		endpoints = append(endpoints, newEndpoint(endpointName(i), instances, nil))
	}
	var probes []*endpoint
	for i := range o.probes {
		probes = append(probes, newEndpoint(probeName(i), 1, func(_ int, at time.Time) float64 {
			if from := broken[i].Load(); from > 0 && at.UnixNano() >= from {
				return 0.99
			}
			return 0.1
		}))
	}
	f := newFleet(s.addr, k.write, append(endpoints, probes...))
	if err := f.fill(ctx, time.Now()); err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "%s: %d endpoints push; %s without rules\n", k.name, o.endpoints, o.idle)
	ctx, cancel := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	defer func() {
		cancel()
		err = errors.Join(err, group.Wait())
	}()
	group.Go(func() error { return f.run(ctx) })

	m = &measured{name: k.name, probes: o.probes}
	if m.idleCPU, _, err = s.cores(ctx, o.idle, &m.idleRSS); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := k.rules(ctx, s, hook.addr); err != nil {
		return nil, err
	}
	m.stored = time.Since(begun)
	fmt.Fprintf(progress, "%s: %d rules made in %s; %s to warm up\n", k.name, o.rules, m.stored.Round(time.Millisecond), o.warm)
	// Probes go on while it is measured, and the last ones are notified of about when that ends.
	breaker := newFleet(s.addr, k.write, nil)
	defer breaker.sender.Close()
	warm := time.Now().Add(o.warm)
	if err := sleepUntil(ctx, warm.Add(-min(o.warm, o.grace+o.spread))); err != nil {
		return nil, err
	}
	group.Go(func() error { return breakProbes(ctx, o, breaker, probes, broken) })
	if err := sleepUntil(ctx, warm); err != nil {
		return nil, err
	}
	if m.before, err = s.readings(ctx); err != nil {
		return nil, err
	}
	f.taken()
	if o.profile != "" && k.name == "Endscope" {
		group.Go(func() error { return s.profile(ctx, o) })
	}
	fmt.Fprintf(progress, "%s: %s measured\n", k.name, o.measure)
	begun = time.Now()
	if m.cpu, m.others, err = s.cores(ctx, o.measure, &m.rss); err != nil {
		return nil, err
	}
	m.took = time.Since(begun)
	m.samples, m.acks = f.taken()
	if m.after, err = s.readings(ctx); err != nil {
		return nil, err
	}
	slices.Sort(m.acks)
	slices.Sort(m.rss)
	slices.Sort(m.idleRSS)
	if k.name == "Endscope" {
		if m.byKind, err = s.durations(ctx, o); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(progress, "%s: waiting for the last probes\n", k.name)
	return m, m.await(ctx, o, hook, broken)
}

// breakProbes lets one probe after the other break its threshold, spread over the time that a rule has between two checks.
func breakProbes(ctx context.Context, o options, f *fleet, probes []*endpoint, broken []atomic.Int64) error {
	begun := time.Now()
	for i, p := range probes {
		if err := sleepUntil(ctx, begun.Add(time.Minute*time.Duration(i)/time.Duration(len(probes)))); err != nil {
			return nil
		}
		now := time.Now()
		broken[i].Store(now.UnixNano())
		once := newEndpoint(p.name, 1, func(int, time.Time) float64 { return 0.99 })
		if err := f.send(ctx, now, once); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// await waits until every probe was notified of or had its time.
func (m *measured) await(ctx context.Context, o options, hook *listener, broken []atomic.Int64) error {
	done := map[int]bool{}
	for len(done) < o.probes {
		for i := range o.probes {
			from := time.Unix(0, broken[i].Load())
			if from.Unix() == 0 {
				continue // not yet
			}
			if at := hook.first(probeName(i)); !done[i] && !at.IsZero() {
				done[i] = true
				m.detected = append(m.detected, at.Sub(from))
			} else if !done[i] && time.Since(from) > o.probeWait() {
				done[i] = true
				m.undetected++
			}
		}
		if err := sleepUntil(ctx, time.Now().Add(50*time.Millisecond)); err != nil {
			return err
		}
	}
	slices.Sort(m.detected)
	m.notified = len(hook.notices())
	return nil
}

func (s *server) readings(ctx context.Context) (readings, error) {
	page, err := s.scrape(ctx)
	if err != nil {
		return readings{}, err
	}
	return s.read(page), nil
}

// cores returns how many cores the server and everything else used for a while; the memory of the server goes to rss.
func (s *server) cores(ctx context.Context, d time.Duration, rss *[]int64) (cores, others float64, err error) {
	before, err := kit.ReadUsage(s.process)
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	for end := begun.Add(d); time.Now().Before(end); {
		if err := sleepUntil(ctx, time.Now().Add(min(time.Second, time.Until(end)))); err != nil {
			return 0, 0, err
		}
		now, err := s.process.RSS()
		if err != nil {
			return 0, 0, err
		}
		*rss = append(*rss, now)
	}
	after, err := kit.ReadUsage(s.process)
	if err != nil {
		return 0, 0, err
	}
	seconds := time.Since(begun).Seconds()
	used := after.Servers - before.Servers
	rest := after.Machine.Busy - before.Machine.Busy - used - (after.Own - before.Own)
	return used.Seconds() / seconds, max(0, rest.Seconds()/seconds), nil
}

// sampled is how many rules of each question are asked how long their last evaluation took.
const sampled = 150

// durations asks Endscope how long the last evaluations of rules took, by what they ask.
func (s *server) durations(ctx context.Context, o options) (map[string][]float64, error) {
	out := map[string][]float64{}
	var wrong error
	each(o, func(i int, q question, _ string, _ float64) {
		if wrong != nil || len(out[q.name]) >= sampled {
			return
		}
		text, err := subproc.Get(ctx, s.url("/api/v1/alert-rules/"+ruleName(i)+"/status"), nil)
		var status struct {
			Evaluation struct {
				DurationSeconds float64
				LastEvaluated   *time.Time
			}
		}
		if err == nil {
			err = json.Unmarshal(text, &status)
		}
		if wrong = err; err == nil && status.Evaluation.LastEvaluated != nil {
			out[q.name] = append(out[q.name], status.Evaluation.DurationSeconds)
		}
	})
	for _, list := range out {
		slices.Sort(list)
	}
	return out, wrong
}

// profile writes a CPU profile of the server over the time that is measured.
func (s *server) profile(ctx context.Context, o options) error {
	text, err := subproc.Get(ctx, s.url(fmt.Sprintf("/debug/pprof/profile?seconds=%d", max(1, int(o.measure.Seconds())-2))), nil)
	if err != nil {
		return err
	}
	return os.WriteFile(o.profile, text, 0o644)
}
