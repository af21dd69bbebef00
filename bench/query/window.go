package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// window is what one question of one round asks about: windows of a step within (start, end]; one window where the step is 0.
type window struct {
	start, end time.Time
	step       time.Duration
	offset     time.Duration // how much earlier a peer looks
}

// length returns the length of one of the windows.
func (w window) length() time.Duration {
	if w.step == 0 {
		return w.end.Sub(w.start)
	}
	return w.step
}

// auto returns the interval that Endscope chooses by itself for a span.
func auto(span time.Duration) time.Duration {
	for _, d := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour} {
		if span/d <= 300 {
			return d
		}
	}
	return 6 * time.Hour
}

// window returns what the question is asked about in a round: each time it ends a step earlier, as far as the data reach.
func (q question) window(p plan, round int) window {
	step := q.step
	if step == 0 {
		step = auto(q.span)
	}
	shifts := max(1, int(q.slack(p)/step))
	end := p.End.Truncate(step).Add(-time.Duration(round%shifts) * step)
	w := window{start: end.Add(-q.span), end: end, step: step}
	if q.instant {
		w.step = 0
	}
	return w
}

// slack is how far the end of the question may move.
func (q question) slack(p plan) time.Duration {
	if q.recent {
		return min(4*time.Minute, p.margin())
	}
	return p.margin()
}

// request is one GET to a server.
type request struct {
	path   string
	params url.Values
	part   int // of the answer that it gives; -1 for none
	at     int64
}

// at writes a time as Prometheus's API takes it.
func at(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// evaluate returns the request that evaluates an expression at the end of each window.
func (w window) evaluate(expr string, part int) request {
	if w.step == 0 {
		return request{path: "/api/v1/query", params: url.Values{"query": {expr}, "time": {at(w.end)}}, part: part, at: w.end.UnixMilli()}
	}
	return request{
		path:   "/api/v1/query_range",
		params: url.Values{"query": {expr}, "start": {at(w.start.Add(w.step))}, "end": {at(w.end)}, "step": {seconds(w.step)}},
		part:   part,
	}
}
