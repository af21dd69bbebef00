package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

// column is one way to ask: a server, and how it is asked.
type column struct {
	title   string
	server  *running
	ours    bool
	dialect dialect
	extra   [2]string // a parameter that every request carries, where its name is not empty
	warm    bool      // the windows do not move, so that caches help
	peer    bool      // its times are compared with ours
}

// columns returns the ways to ask the running servers. Endscope is asked a second time without its roll-ups where it knows how.
func columns(up []*running, rollups bool) []column {
	var out []column
	for _, r := range up {
		switch r.name {
		case "endscope":
			out = append(out, column{title: "Endscope", server: r, ours: true})
			if rollups {
				out = append(out, column{title: "Endscope, rollups=off", server: r, ours: true, extra: [2]string{"rollups", "off"}})
			}
		case "prometheus":
			out = append(out, column{title: "Prometheus", server: r, dialect: plain, peer: true})
		case "victoria-metrics":
			out = append(out, column{title: "VictoriaMetrics", server: r, dialect: victoria, extra: [2]string{"nocache", "1"}, peer: true},
				column{title: "VictoriaMetrics, warm", server: r, dialect: victoria, warm: true, peer: true})
		}
	}
	return out
}

// ask puts a question about w, and returns the answer and how long it took from the first byte sent to the last byte read of all its requests.
func (c column) ask(ctx context.Context, q question, w window) (answer, time.Duration, error) {
	var requests []request
	if c.ours {
		requests = []request{q.ours(w)}
	} else {
		requests = q.peers(c.dialect, w)
	}
	var took time.Duration
	var out answer
	for _, r := range requests {
		params := maps.Clone(r.params)
		if name := c.extra[0]; name != "" && params != nil && !(c.ours && r.path != "/api/v1/metrics") {
			params.Set(name, c.extra[1])
		}
		began := time.Now()
		body, err := subproc.Get(ctx, c.server.base+r.path, params)
		took += time.Since(began)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", c.title, err)
		}
		if c.ours {
			if out, err = q.read(body, q, w); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", c.title, err)
			}
			continue
		}
		if r.part < 0 {
			continue
		}
		part, err := readPrometheus(body, q.key, r.at)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", c.title, err)
		}
		for len(out) <= r.part {
			out = append(out, values{})
		}
		out[r.part] = part
	}
	return out, took, nil
}

// asked is what the program learned about one question.
type asked struct {
	question question
	window   window              // of the first round
	times    [][][]time.Duration // by column, then by run
	agree    []string            // by column: how its answers differ from Endscope's
	failed   []bool              // by column: it was not answered
	bad      []error             // what makes the program fail
}

// check compares the answers of all columns over the question's first window. Of Prometheus it wants equal values with `anchored`, and
// only notes how far the plain ones are off.
func check(ctx context.Context, q question, p plan, all []column) asked {
	out := asked{question: q, window: q.window(p, 0), times: make([][][]time.Duration, len(all)), agree: make([]string, len(all)), failed: make([]bool, len(all))}
	var ours answer
	equal := tolerance{relative: rounding}
	for i, c := range all {
		got, _, err := c.ask(ctx, q, out.window)
		if err != nil {
			out.bad, out.failed[i] = append(out.bad, fmt.Errorf("%s: %w", q.name, err)), true
			continue
		}
		if i == 0 {
			ours = got
			continue
		}
		if ours == nil {
			continue
		}
		switch {
		case c.ours:
			out.compare(i, c.title, equal, ours, got)
		case c.dialect == victoria:
			out.compare(i, c.title, q.victoria, ours, got)
		default:
			out.agree[i] = compare(ours, got, tolerance{relative: math.Inf(1)}).String()
			exact := c
			exact.title, exact.dialect = c.title+", anchored", anchored
			if got, _, err = exact.ask(ctx, q, out.window); err != nil {
				out.bad = append(out.bad, fmt.Errorf("%s: %w", q.name, err))
				continue
			}
			plainly := out.agree[i]
			out.compare(i, exact.title, equal, ours, got)
			if out.agree[i] != plainly {
				out.agree[i] = "anchored: " + out.agree[i] + "; plain: " + plainly
			}
		}
	}
	return out
}

// compare notes how an answer differs from ours, and whether that is too much.
func (a *asked) compare(column int, title string, t tolerance, ours, theirs answer) {
	d := compare(ours, theirs, t)
	a.agree[column] = d.String()
	if !d.tolerable(t) {
		a.bad = append(a.bad, fmt.Errorf("%s: %s disagrees: %s; %s", a.question.name, title, d, d.example))
	}
}

// machineLoad is what else went on while the questions were asked.
type machineLoad struct{ others, steal float64 } // cores

// measure asks every question in every round of each run, one column after the other, and keeps the times.
func measure(ctx context.Context, all []column, up []*running, p plan, list []asked, o options, progress io.Writer) (machineLoad, error) {
	var processes []*subproc.Process
	for _, r := range up {
		processes = append(processes, r.process)
	}
	runtime.GC()
	before, err := kit.ReadUsage(processes...)
	if err != nil {
		return machineLoad{}, err
	}
	began := time.Now()
	for run := range o.runs {
		for i := range list {
			a := &list[i]
			for k := range all {
				a.times[k] = append(a.times[k], nil)
			}
			for round := range o.warmUps + o.rounds {
				for k, c := range all {
					if a.failed[k] {
						continue
					}
					w := a.window
					if !c.warm {
						w = a.question.window(p, run*o.rounds+round)
					}
					_, took, err := c.ask(ctx, a.question, w)
					if ctx.Err() != nil {
						return machineLoad{}, ctx.Err()
					}
					if err != nil {
						a.bad, a.failed[k] = append(a.bad, fmt.Errorf("%s: %w", a.question.name, err)), true
					} else if round >= o.warmUps {
						a.times[k][run] = append(a.times[k][run], took)
					}
				}
			}
			fmt.Fprintf(progress, "run %d %s:", run+1, a.question.name)
			for k, c := range all {
				slices.Sort(a.times[k][run])
				fmt.Fprintf(progress, "  %s %.1f", c.title, ms(quantile(a.times[k][run], 0.5)))
			}
			fmt.Fprintln(progress, " ms")
		}
	}
	after, err := kit.ReadUsage(processes...)
	if err != nil {
		return machineLoad{}, err
	}
	wall := time.Since(began).Seconds()
	return machineLoad{
		others: max(0, (after.Machine.Busy-before.Machine.Busy-(after.Servers-before.Servers)-(after.Own-before.Own)).Seconds()/wall),
		steal:  (after.Machine.Steal - before.Machine.Steal).Seconds() / wall,
	}, nil
}

// quantile returns the q-quantile of sorted durations by nearest rank, or 0 when there are none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
