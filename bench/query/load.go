package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

const (
	loaders    = 4 // connections to each server; an instance stays on one
	perRequest = 2000
	writeTo    = "/api/v1/write"
	headers    = "Content-Encoding: snappy\r\nUser-Agent: endscope-bench-query\r\nContent-Type: application/x-protobuf\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n"

	// watermark is the time up to which Endscope's roll-ups are complete. They follow the data, so the loader lets them.
	watermark       = "endscope_rollup_watermark_timestamp_seconds"
	watermarkStalls = 5 * time.Minute
)

// prepare makes sure that every chosen server has the data of p below dir, and returns the plan that they hold: with the end of
// data that were there before, or p's.
func prepare(ctx context.Context, dir string, chosen []server, p plan, progress io.Writer) (plan, error) {
	var missing []server
	var have *manifest
	for _, s := range servers(kit.Programs{}) { // also those that are not asked: the next time they may be
		m, err := readManifest(dir, s.name)
		wanted := slices.IndexFunc(chosen, func(c server) bool { return c.name == s.name })
		switch {
		case err != nil:
			return p, err
		case m == nil:
			if wanted >= 0 {
				missing = append(missing, chosen[wanted])
			}
			continue
		case !m.Plan.same(p):
			return p, fmt.Errorf("%s holds other data, %+v: remove it, or ask for the same", manifestPath(dir, s.name), m.Plan)
		case have != nil && !have.Plan.End.Equal(m.Plan.End):
			return p, fmt.Errorf("%s holds data until %s, another server until %s: remove one", manifestPath(dir, s.name), m.Plan.End, have.Plan.End)
		}
		have = m
	}
	if have != nil {
		p.End = have.Plan.End
	}
	if len(missing) == 0 {
		return p, nil
	}
	for _, s := range missing {
		if err := os.RemoveAll(filepath.Join(dir, s.name)); err != nil {
			return p, err
		}
	}
	return p, load(ctx, dir, missing, p, progress)
}

// load starts servers on empty directories, gives them all samples of p, lets them show that they hold them, and stops them.
func load(ctx context.Context, dir string, missing []server, p plan, progress io.Writer) (err error) {
	var up []*running
	defer func() {
		for _, r := range up {
			err = errors.Join(err, r.stop(ctx))
		}
	}()
	for _, s := range missing {
		r, err := s.start(ctx, dir, s.loading...)
		if err != nil {
			return err
		}
		up = append(up, r)
	}
	began := time.Now()
	expect, err := push(ctx, up, p, progress)
	if err != nil {
		return err
	}
	total := 0
	for _, n := range expect {
		total += n
	}
	fmt.Fprintf(progress, "pushed %s samples until %s in %.0f s\n", kit.Thousands(total), p.End.Format(time.RFC3339), time.Since(began).Seconds())
	for _, r := range up {
		began := time.Now()
		m := manifest{Plan: p, Expect: expect}
		if err := r.verify(ctx, m); err != nil {
			return err
		}
		if err := m.write(dir, r.name); err != nil {
			return err
		}
		fmt.Fprintf(progress, "%s holds every sample, counted in %.0f s\n", r.name, time.Since(began).Seconds())
	}
	return nil
}

// push sends the data in the order of time, hour after hour, and returns the number of samples of each metric.
func push(ctx context.Context, up []*running, p plan, progress io.Writer) (map[string]int, error) {
	machines := fleet(p)
	var hands [loaders]*loader
	for i := range hands {
		hands[i] = newLoader(up)
		defer hands[i].close()
	}
	const hour = int(time.Hour / spacing)
	for first := 0; first < p.rounds(); first += hour {
		last := min(first+hour, p.rounds())
		for round := first; round < last; round += perBatch {
			if err := pushMinute(ctx, p, machines, hands[:], round, min(round+perBatch, last)); err != nil {
				return nil, err
			}
		}
		at := p.start().Add(time.Duration(last) * spacing)
		behind := 40 * time.Minute
		if last == p.rounds() {
			behind = 6 * time.Minute
		}
		for _, r := range up {
			if err := r.follow(ctx, at, behind); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(progress, "%s: %d of %d rounds\n", time.Now().Format(time.TimeOnly), last, p.rounds())
	}
	expect := map[string]int{}
	for _, hand := range hands {
		for name, n := range hand.expect {
			expect[name] += n
		}
	}
	return expect, nil
}

// pushMinute sends the rounds from first to before last, and returns when all are acknowledged: like those of a real fleet, the instances'
// clocks go together, so that nothing comes late.
func pushMinute(ctx context.Context, p plan, machines []*machine, hands []*loader, first, last int) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, hand := range hands {
		g.Go(func() error {
			for k := i; k < len(machines); k += len(hands) {
				if err := machines[k].batch(p, first, last, &hand.native, &hand.classic, hand.expect); err != nil {
					return err
				}
				if hand.native.samples >= perRequest {
					if err := hand.send(ctx); err != nil {
						return err
					}
				}
			}
			return hand.send(ctx)
		})
	}
	return g.Wait()
}

// loader is one connection to each server. Not safe for concurrent use.
type loader struct {
	up              []*running
	senders         []*kit.Sender
	native, classic body
	expect          map[string]int
}

func newLoader(up []*running) *loader {
	l := &loader{up: up, expect: map[string]int{}}
	for _, r := range up {
		l.senders = append(l.senders, kit.NewSender(r.addr, writeTo, headers))
	}
	return l
}

func (l *loader) close() {
	for _, s := range l.senders {
		s.Close()
	}
}

// send gives what was gathered to all servers at once.
func (l *loader) send(ctx context.Context) error {
	if err := ctx.Err(); err != nil || l.native.samples == 0 {
		return err
	}
	native, classic := l.native.finish(), l.classic.finish()
	var g errgroup.Group
	for i, r := range l.up {
		g.Go(func() error {
			message := native
			if r.classic {
				message = classic
			}
			if err := l.senders[i].Send(message); err != nil {
				return fmt.Errorf("push to %s: %w\n%s", r.name, err, r.process.Tail())
			}
			return nil
		})
	}
	return g.Wait()
}

// follow waits until the server's roll-ups, if it has any, are at most that far behind the data, which end at a time.
func (r *running) follow(ctx context.Context, at time.Time, behind time.Duration) error {
	best, since := time.Time{}, time.Now()
	for {
		now, ok, err := r.rolledUp(ctx)
		if err != nil {
			return err
		}
		if !ok || at.Sub(now) <= behind {
			return nil
		}
		if now.After(best) {
			best, since = now, time.Now()
		}
		if time.Since(since) > watermarkStalls {
			return fmt.Errorf("%s: the roll-ups have stood at %s for %s while the data are at %s\n%s", r.name, best, watermarkStalls, at, r.process.Tail())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// rolledUp returns the server's watermark, and whether it has one.
func (r *running) rolledUp(ctx context.Context) (time.Time, bool, error) {
	now, err := r.metric(ctx, watermark)
	for _, seconds := range now {
		return time.Unix(int64(seconds), 0), true, err
	}
	return time.Time{}, false, err
}

// metric returns the values of a metric of the server's own by their labels as they are written.
func (r *running) metric(ctx context.Context, name string) (map[string]float64, error) {
	page, err := subproc.Get(ctx, r.base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for line := range strings.Lines(string(page)) {
		rest, ok := strings.CutPrefix(line, name)
		i := strings.LastIndexByte(rest, ' ')
		if !ok || i < 0 || i > 0 && rest[0] != '{' {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(rest[i:]), 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", r.name, name, err)
		}
		out[rest[:i]] = value
	}
	return out, nil
}
