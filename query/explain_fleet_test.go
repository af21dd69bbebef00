package query

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/endscope/endscope/scopes"
)

// A fleet is an endpoint with deployments and instances that answer made-up requests and push what they counted, for as long as a
// baseline and a window. What goes wrong in the window is up to the test.

// The spans of every incident.
const (
	fleetSpan  = 15 * time.Minute
	fleetGrain = 30 * time.Second
)

var (
	fleetBaseline = Span{testTime.Add(time.Hour), testTime.Add(time.Hour + fleetSpan)}
	fleetWindow   = Span{fleetBaseline.End, fleetBaseline.End.Add(fleetSpan)}
)

// status is one kind of answer: how many requests get it, and how long they take compared with others.
type status struct {
	code, model  string
	part, slower float64
}

// worker is how one instance does at one time.
type worker struct {
	path     scopes.Path
	requests float64 // in a minute
	latency  float64 // median, seconds
	spread   float64 // sigma of the logarithm of the latency
	statuses []status
	gone     bool
	gauges   map[string]float64 // of the machine, by series
	counters map[string]float64 // of the machine, added in a minute
}

// fleet makes up workers: the names of deployments with how many instances each has.
type fleet struct {
	endpoint    string
	workers     []worker
	span, grain time.Duration
	background  func(w *worker, i int, passed float64) // what goes on in any case, by the part of both spans that has passed
}

func newFleet(endpoint string, requests, latency float64, deployments ...any) *fleet {
	f := &fleet{endpoint: endpoint, span: fleetSpan, grain: fleetGrain}
	for i := 0; i < len(deployments); i += 2 {
		name, n := deployments[i].(string), deployments[i+1].(int)
		for j := range n {
			f.workers = append(f.workers, worker{
				path: scopes.Path{Endpoint: endpoint, Deployment: name, Instance: fmt.Sprintf("%s-%d", name, j)}, requests: requests, latency: latency, spread: 0.4,
				statuses: []status{{"200", "200", 0.97, 1}, {"404", "", 0.02, 0.2}, {"424", "500", 0.01, 1}},
				gauges:   map[string]float64{}, counters: map[string]float64{},
			})
		}
	}
	return f
}

// run pushes what the fleet counts. In the window, change has the say over each worker; the share of the window that has passed is
// given too.
func (f *fleet) run(b *bench, seed uint64, change func(w *worker, passed float64)) {
	b.t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	type counted struct {
		counts [400]int64 // by bucket, of which the first is -200
		n      uint64
		sum    float64
	}
	type key struct {
		worker       int
		code, second string
	}
	total, counters := map[key]*counted{}, map[key]float64{}
	began, turn, end := fleetBaseline.Start.Add(-time.Minute), fleetBaseline.Start.Add(f.span), fleetBaseline.Start.Add(2*f.span)
	app := b.append()
	for at := fleetBaseline.Start; !at.After(end); at = at.Add(f.grain) {
		for i := range f.workers {
			w := f.workers[i]
			w.statuses = append([]status(nil), w.statuses...)
			w.gauges, w.counters = clone(w.gauges), clone(w.counters)
			if f.background != nil {
				f.background(&w, i, float64(at.Sub(fleetBaseline.Start))/float64(2*f.span))
			}
			if at.After(turn) && change != nil {
				change(&w, float64(at.Sub(turn))/float64(f.span))
			}
			if w.gone {
				continue
			}
			for _, s := range w.statuses {
				k := key{i, s.code, s.model}
				c := total[k]
				if c == nil {
					c = &counted{}
					total[k] = c
				}
				for range poisson(rng, w.requests*s.part*f.grain.Minutes()) {
					v := w.latency * s.slower * math.Exp(w.spread*rng.NormFloat64())
					c.counts[200+int(math.Ceil(math.Log2(v)*math.Pow(2, testSchema)))]++
					c.n++
					c.sum += v
				}
				h := &histogram.Histogram{Schema: testSchema, ZeroThreshold: 1e-12, Count: c.n, Sum: c.sum}
				first, last := -1, -1
				for n, v := range c.counts {
					if v > 0 {
						last = n
						if first < 0 {
							first = n
						}
					}
				}
				if first >= 0 {
					h.PositiveSpans = []histogram.Span{{Offset: int32(first - 200), Length: uint32(last - first + 1)}}
					previous := int64(0)
					for _, v := range c.counts[first : last+1] {
						h.PositiveBuckets = append(h.PositiveBuckets, v-previous)
						previous = v
					}
				}
				app.hist(began, at, h, seriesOf("endpoint_request_duration_seconds", w.path, "status_code", s.code, "model_status_code", s.model))
			}
			for name, v := range w.gauges {
				app.float(at, v*(1+0.02*rng.NormFloat64()), seriesOf(name, w.path, "gpu", "0", "uuid", "GPU-"+w.path.Instance))
			}
			for name, v := range w.counters {
				k := key{i, name, ""}
				counters[k] += v * f.grain.Minutes()
				app.counter(began, at, counters[k], seriesOf(name, w.path, "gpu", "0", "uuid", "GPU-"+w.path.Instance, "reason", "thermal"))
			}
		}
	}
	app.done()
}

func clone(m map[string]float64) map[string]float64 {
	out := make(map[string]float64, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// poisson returns how many of rare events happen where mean are expected.
func poisson(rng *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	n, p, limit := 0, rng.Float64(), math.Exp(-mean)
	for p > limit {
		p *= rng.Float64()
		n++
	}
	return n
}

// asked returns the explanation of a metric of the fleet's endpoint.
func (b *bench) asked(t testing.TB, scope, metric string) *Explanation {
	t.Helper()
	b.now = fleetWindow.End
	e, err := b.planner.Explain(b.ctx(), ExplainRequest{Metric: metric, Scope: pattern(t, scope), Window: fleetWindow, Baseline: fleetBaseline})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
