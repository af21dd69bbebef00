package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// book keeps what was pushed of the series that rules of one minute watch, and knows from that alone what should be notified.
type book struct {
	mu     sync.Mutex
	series map[seriesName][]pushed
}

type seriesName struct {
	endpoint string
	instance int
}

type pushed struct {
	at   time.Time
	high bool
}

// event is one notification that should come. Of an alert that is above its threshold from the first check on, the instant is left out.
type event struct {
	rule, target, condition string
	instant                 time.Time
}

func newBook() *book { return &book{series: map[seriesName][]pushed{}} }

func (b *book) sample(endpoint string, instance int, at time.Time, high bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := seriesName{endpoint, instance}
	b.series[name] = append(b.series[name], pushed{at, high})
}

// target is how the common alert schema names an instance.
func (s seriesName) target() string {
	return fmt.Sprintf("%s/%s/i-%d", s.endpoint, []string{"blue", "green"}[s.instance%2], s.instance)
}

// unmetToResolve is how many checks in a row that are not met resolve a metric alert.
const unmetToResolve = 3

// expect returns what rules must have notified of, of the checks after from up to last: by the definition of a rule, and with nothing of its code.
func (b *book) expect(from, last time.Time) map[event]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[event]bool{}
	for name, samples := range b.series {
		slices.SortFunc(samples, func(a, b pushed) int { return a.at.Compare(b.at) })
		fired, unmet, next := false, 0, 0
		for t := from.UTC().Truncate(time.Minute).Add(time.Minute); !t.After(last); t = t.Add(time.Minute) {
			met := false
			for next < len(samples) && !samples[next].at.After(t) {
				if samples[next].at.After(t.Add(-time.Minute)) && samples[next].high {
					met = true
				}
				next++
			}
			e := event{name.endpoint, name.target(), "", t}
			if strings.HasPrefix(name.endpoint, "steady-") {
				e.instant = time.Time{}
			}
			switch {
			case met && !fired:
				fired, e.condition = true, "Fired"
				out[e] = true
			case met:
				unmet = 0
			case fired:
				if unmet++; unmet == unmetToResolve {
					fired, unmet, e.condition = false, 0, "Resolved"
					out[e] = true
				}
			}
		}
	}
	return out
}

// outcome is how what came compares with what should have come.
type outcome struct {
	received, lost, repeated, inFlight, wrong int
	missing                                   map[event]bool
	notes                                     []string
}

// inFlight is how long after a notification came a kill can still keep it from being noted as sent.
const inFlight = 2 * time.Second

// judge compares notifications about checks up to last.
func judge(want map[event]bool, seen []notice, kills []time.Time, last time.Time) (out outcome) {
	note := func(format string, args ...any) {
		if len(out.notes) < 20 {
			out.notes = append(out.notes, fmt.Sprintf(format, args...))
		}
	}
	came := map[event]time.Time{}
	for _, n := range seen {
		e := event{n.rule, n.target, n.condition, n.instant.UTC()}
		if strings.HasPrefix(n.rule, "steady-") {
			e.instant = time.Time{}
		} else if n.instant.After(last) {
			continue // nobody says yet what should come
		}
		out.received++
		before, again := came[e]
		came[e] = n.at
		switch {
		case again && slices.ContainsFunc(kills, func(k time.Time) bool { return !k.Before(before) && k.Sub(before) < inFlight }):
			out.inFlight++
		case again:
			out.repeated++
			note("repeated: %s of %s at %s came at %s and %s", e.condition, e.target, e.instant.Format(time.TimeOnly), before.Format(time.TimeOnly), n.at.Format(time.TimeOnly))
		case !want[e]:
			out.wrong++
			note("wrong: %s of %s at %s", e.condition, e.target, n.instant.Format(time.TimeOnly))
		}
	}
	for e := range want {
		if _, ok := came[e]; !ok {
			if out.missing == nil {
				out.missing = map[event]bool{}
			}
			out.lost++
			out.missing[e] = true
			note("lost: %s of %s at %s", e.condition, e.target, e.instant.Format(time.TimeOnly))
		}
	}
	return out
}
