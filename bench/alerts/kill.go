package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/internal/subproc"
)

// The square wave of series that fire and resolve: low for the lead, then high for so much of each period, each series at its own time.
const (
	flapPeriod = 6 * time.Minute
	flapHigh   = 90 * time.Second
	flapLead   = 2 * time.Minute
)

func steadyName(i int) string { return fmt.Sprintf("steady-%d", i) }
func flapName(i int) string   { return fmt.Sprintf("flap-%d", i) }

// flap says whether a series of n is high at a time, with rules since begun.
func flap(begun, at time.Time, series, n int) bool {
	since := at.Sub(begun) - flapLead
	if since < 0 {
		return false
	}
	return (since+flapPeriod*time.Duration(series)/time.Duration(n))%flapPeriod >= flapPeriod-flapHigh
}

// killWorld is what the fleet of kills pushes, and the rules over it.
func killWorld(o options, begun time.Time, book *book) (endpoints []*endpoint, documents []any) {
	level := func(high bool) float64 {
		if high {
			return 0.99
		}
		return 0.1
	}
	for i := 0; i*instances < o.steady; i++ {
		name := steadyName(i)
		n := min(instances, o.steady-i*instances)
		endpoints = append(endpoints, newEndpoint(name, n, func(k int, at time.Time) float64 {
			book.sample(name, k, at, true)
			return level(true)
		}))
		documents = append(documents, cpuRule(name, name))
	}
	const perRule = 5
	for i := 0; i*perRule < o.flaps; i++ {
		name := flapName(i)
		n := min(perRule, o.flaps-i*perRule)
		endpoints = append(endpoints, newEndpoint(name, n, func(k int, at time.Time) float64 {
			high := flap(begun, at, i*perRule+k, o.flaps)
			book.sample(name, k, at, high)
			return level(high)
		}))
		documents = append(documents, cpuRule(name, name))
	}
	return endpoints, documents
}

// survive kills the server again and again while alerts fire and resolve, and follows every notification.
func survive(ctx context.Context, o options, dir string, out, progress io.Writer) (err error) {
	hook, err := listen()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hook.close()) }()
	s, err := newServer(endscopeKind(o), dir, hook.addr)
	if err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer func() { s.process.Kill() }()
	book := newBook()
	begun := time.Now()
	endpoints, documents := killWorld(o, begun, book)
	f := newFleet(s.addr, s.write, endpoints)
	f.patient = true
	if err := f.fill(ctx, begun); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	defer func() {
		cancel()
		err = errors.Join(err, group.Wait())
	}()
	group.Go(func() error { return f.run(ctx) })
	if err := s.provision(ctx, append([]any{pager(hook.addr)}, documents...)); err != nil {
		return err
	}
	stored := time.Now()
	fmt.Fprintf(progress, "%d alerts that stay, %d series that come and go; killed every %s for %s\n", o.steady, o.flaps, o.every, o.kill)
	kills, err := s.killed(ctx, o, progress)
	if err != nil {
		return err
	}
	last := time.Now().Add(-o.grace - o.spread).Truncate(time.Minute)
	want := book.expect(stored.Add(-o.grace-o.spread), last)
	deadline := time.Now().Add(o.startup + o.grace + 2*o.spread + 30*time.Second)
	var found outcome
	for {
		if found = judge(want, hook.notices(), kills, last); found.lost == 0 || time.Now().After(deadline) {
			break
		}
		if err := sleepUntil(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
			return err
		}
	}
	if err := sleepUntil(ctx, time.Now().Add(o.settle)); err != nil { // for what comes twice
		return err
	}
	found = judge(want, hook.notices(), kills, last)
	for e := range found.missing { // whether it was never noticed, or never told
		text, err := subproc.Get(ctx, s.url("/api/v1/alerts"), url.Values{"scope": {e.target}, "timeRange": {"1h"}})
		if err != nil {
			return err
		}
		var page struct{ Value []json.RawMessage }
		if err := json.Unmarshal(text, &page); err != nil {
			return err
		}
		for _, alert := range page.Value {
			found.notes = append(found.notes, fmt.Sprintf("the server has of %s: %s", e.target, alert))
		}
	}
	for _, k := range kills {
		found.notes = append(found.notes, "killed at "+k.UTC().Format("15:04:05.000"))
	}
	reportKills(out, o, len(kills), want, found)
	if found.lost+found.repeated+found.wrong > 0 {
		return errors.New("notifications were lost, repeated, or wrong")
	}
	return nil
}

// killed kills the server and starts it again until the time is over. It returns when it was killed.
func (s *server) killed(ctx context.Context, o options, progress io.Writer) (kills []time.Time, err error) {
	rng := rand.New(rand.NewPCG(3, 4))
	end := time.Now().Add(o.kill)
	for {
		// Not always at the same time of the minute, since checks are.
		next := time.Now().Add(o.every*5/6 + time.Duration(rng.Int64N(int64(o.every/3))))
		if next.After(end) {
			return kills, sleepUntil(ctx, end)
		}
		if err := sleepUntil(ctx, next); err != nil {
			return kills, err
		}
		s.process.Kill()
		kills = append(kills, time.Now())
		if err := s.start(ctx); err != nil {
			return kills, err
		}
		fmt.Fprintf(progress, "kill %d; back after %s\n", len(kills), time.Since(kills[len(kills)-1]).Round(time.Millisecond))
	}
}

func reportKills(w io.Writer, o options, kills int, want map[event]bool, found outcome) {
	fmt.Fprintln(w, "| kills | alerts that stay | series that come and go | notifications due | received | lost | repeated | repeated, in flight at a kill | wrong |")
	fmt.Fprintln(w, "|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	fmt.Fprintf(w, "| %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", kills, o.steady, o.flaps, len(want), found.received, found.lost, found.repeated, found.inFlight, found.wrong)
	if found.lost+found.repeated+found.wrong == 0 {
		return
	}
	fmt.Fprintln(w)
	for _, text := range found.notes {
		fmt.Fprintln(w, "- "+text)
	}
}
