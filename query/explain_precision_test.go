package query

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// incident is one made-up incident with its true cause.
type incident struct {
	kind    string
	metric  string
	verdict Verdict
	path    string // the true cause; what is the only one of its kind may come before it
	fleet   *fleet
	change  func(w *worker, passed float64)
	related string // a metric that must be among the related ones
}

// incidentKinds are the kinds of incidents, each making one up.
var incidentKinds = [...]struct {
	name string
	tell func(rng *rand.Rand, in *incident)
}{
	{"slow instance", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 12)
		w := in.pick(rng)
		by := 2 + 8*rng.Float64()
		in.metric = in.visible(rng, in.weight(w), by)
		in.blame(w, func(w *worker, _ float64) { w.latency *= by })
	}},
	{"slow deployment", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 2, 8)
		d := in.pick(rng).path.Deployment
		by := 1.7 + 4*rng.Float64()
		weight := 0.0
		for i := range in.fleet.workers {
			if w := &in.fleet.workers[i]; w.path.Deployment == d {
				weight += in.weight(w)
			}
		}
		in.metric = in.visible(rng, weight, by)
		in.single("deployment="+d, func(w *worker, _ float64) {
			if w.path.Deployment == d {
				w.latency *= by
			}
		})
	}},
	{"failing deployment", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 2, 6)
		d, part := in.pick(rng).path.Deployment, 0.1+0.6*rng.Float64()
		in.metric = oneOfThese(rng, "ErrorRatio", "Availability")
		in.single("deployment="+d+" statusCode=424", func(w *worker, _ float64) {
			if w.path.Deployment == d {
				w.statuses[0].part -= part
				w.statuses[2].part += part
			}
		})
	}},
	{"failing instance", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 6)
		w, part := in.pick(rng), 0.3+0.6*rng.Float64()
		in.metric = oneOfThese(rng, "ErrorRatio", "Availability")
		in.blame(w, func(w *worker, _ float64) {
			w.statuses[0].part -= part
			w.statuses = append(w.statuses, status{"500", "500", part, 1})
		})
		in.path += " statusCode=500"
	}},
	{"one status code everywhere", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		part := 0.2 + rng.Float64()
		in.metric = "RequestsPerMinute"
		in.single("statusCode=404", func(w *worker, _ float64) { w.statuses[1].part += part })
	}},
	{"a deployment's traffic stops", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 2, 6)
		d := in.pick(rng).path.Deployment
		in.metric = "RequestsPerMinute"
		in.single("deployment="+d, func(w *worker, _ float64) {
			if w.path.Deployment == d {
				w.requests = 0
			}
		})
	}},
	{"one instance gets much more traffic", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		w := in.pick(rng)
		more := (0.5 + rng.Float64()) * in.requests()
		in.metric = "RequestsPerMinute"
		in.blame(w, func(w *worker, _ float64) { w.requests += more })
	}},
	{"an instance's traffic is lost with it", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 2)
		in.metric = "RequestsPerMinute"
		in.blame(in.pick(rng), func(w *worker, _ float64) { w.gone = true })
	}},
	{"new slow deployment", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 2, 6)
		d := in.fleet.workers[len(in.fleet.workers)-1].path.Deployment
		for i := range in.fleet.workers {
			w := &in.fleet.workers[i]
			w.gone = w.path.Deployment == d
		}
		by := 5 + 4*rng.Float64()
		in.metric = oneOfThese(rng, "RequestLatency", "RequestLatency_P95", "RequestLatency_P99")
		in.single("deployment="+d, func(w *worker, _ float64) {
			if w.path.Deployment == d {
				w.gone, w.latency = false, w.latency*by
			}
		})
	}},
	{"slow deployment gets more traffic", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 2, 4)
		d := in.fleet.workers[len(in.fleet.workers)-1].path.Deployment
		for i := range in.fleet.workers {
			if w := &in.fleet.workers[i]; w.path.Deployment == d {
				w.latency *= 8
				w.requests *= 0.2
			}
		}
		in.metric = "RequestLatency"
		in.single("deployment="+d, func(w *worker, _ float64) {
			if w.path.Deployment == d {
				w.requests *= 10
			}
		})
	}},
	{"throttled GPU", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 6)
		w := in.pick(rng)
		by, from := 2.5+5*rng.Float64(), 0.3*rng.Float64()
		in.metric = in.visible(rng, in.weight(w)*(1-from), by)
		in.related = "GpuTemperature"
		in.blame(w, func(w *worker, passed float64) {
			if passed > from {
				w.latency *= by
				w.gauges["gpu_temperature_celsius"] = 92
				w.counters["gpu_throttle_seconds_total"] = 50
			}
		})
	}},
	{"hot GPU", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 3)
		for len(in.fleet.workers) > 4 {
			in.fleet.workers = in.fleet.workers[1:]
		}
		in.metric = "GpuTemperature"
		in.blame(in.pick(rng), func(w *worker, _ float64) { w.gauges["gpu_temperature_celsius"] = 95 })
	}},
	{"all traffic changes alike", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		by := oneOfThese(rng, 0.5, 0.7, 1.3, 2, 3)
		in.metric = "RequestsPerMinute"
		in.several(func(w *worker, _ float64) { w.requests *= by })
	}},
	{"all get slower alike", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		by := 1.25 + 2*rng.Float64()
		in.metric = oneOfThese(rng, "RequestLatency", "RequestLatency_P50", "RequestLatency_P95", "RequestLatency_P99")
		in.several(func(w *worker, _ float64) { w.latency *= by })
	}},
	{"two slow instances", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 2, 6)
		first, last := in.fleet.workers[0].path, in.fleet.workers[len(in.fleet.workers)-1].path
		for i := range in.fleet.workers {
			in.fleet.workers[i].requests = in.fleet.workers[0].requests
		}
		by := 5 + 4*rng.Float64()
		in.metric = in.visible(rng, 1/float64(len(in.fleet.workers)), by)
		in.several(func(w *worker, _ float64) {
			if w.path == first || w.path == last {
				w.latency *= by
			}
		})
	}},
	{"an instance dies and slows the others", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 5)
		gone := in.pick(rng).path
		in.metric = oneOfThese(rng, "RequestLatency", "RequestLatency_P95")
		in.several(func(w *worker, _ float64) {
			w.requests *= 1.2
			w.latency *= 1.8
			w.gone = w.path == gone
		})
	}},
	{"an instance dies unnoticed", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		gone := in.pick(rng)
		factor := 1 / (1 - in.weight(gone))
		path := gone.path
		in.metric = oneOfThese(rng, "RequestsPerMinute", "RequestLatency", "RequestLatency_P95", "ErrorRatio")
		in.verdict = VerdictNone
		in.change = func(w *worker, _ float64) {
			w.requests *= factor
			w.gone = w.path == path
		}
	}},
	{"nothing changes", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		in.metric = oneOfThese(rng, "RequestsPerMinute", "RequestLatency", "RequestLatency_P50", "RequestLatency_P95", "RequestLatency_P99", "ErrorRatio", "Availability", "GpuTemperature")
		in.verdict = VerdictNone
	}},
	{"nothing changes, restless", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 8)
		drifting, common, last := in.fleet.background, 0.0, -1.0
		burst := 1.0
		in.fleet.background = func(w *worker, i int, passed float64) {
			drifting(w, i, passed)
			if passed != last {
				last, common, burst = passed, 0.8*common+0.02*rng.NormFloat64(), math.Exp(0.3*rng.NormFloat64())
			}
			w.latency *= math.Exp(common)
			w.requests *= burst
		}
		in.metric = oneOfThese(rng, "RequestsPerMinute", "RequestLatency", "RequestLatency_P50", "RequestLatency_P95", "RequestLatency_P99", "ErrorRatio", "Availability")
		in.verdict = VerdictNone
	}},
	{"nothing changes, little traffic", func(rng *rand.Rand, in *incident) {
		in.randomFleet(rng, 1, 3)
		for i := range in.fleet.workers {
			in.fleet.workers[i].requests = 0.5 + 2*rng.Float64()
		}
		in.metric = oneOfThese(rng, "RequestsPerMinute", "RequestLatency", "RequestLatency_P50", "RequestLatency_P95", "RequestLatency_P99", "ErrorRatio", "Availability")
		in.verdict = VerdictNone
	}},
}

func oneOfThese[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

// randomFleet gives the incident a fleet of some deployments with up to so many instances each, two in all at least. Instances differ;
// their latency wanders and their traffic drifts as it does by day.
func (in *incident) randomFleet(rng *rand.Rand, deployments, instances int) {
	var parts []any
	n := deployments + rng.IntN(3)
	for i := range n {
		parts = append(parts, []string{"blue", "green", "red", "white"}[i], 2+rng.IntN(instances-1))
	}
	f := newFleet(in.fleet.endpoint, 0, 0.02+0.2*rng.Float64(), parts...)
	level := 20 * math.Pow(10, rng.Float64()) // requests per minute and instance
	spread := 0.3 + 0.4*rng.Float64()
	levels := map[string]float64{}
	for i := range f.workers {
		w := &f.workers[i]
		if levels[w.path.Deployment] == 0 {
			levels[w.path.Deployment] = level * (0.7 + 0.8*rng.Float64())
		}
		w.requests = levels[w.path.Deployment] * (0.9 + 0.2*rng.Float64())
		w.latency *= 0.85 + 0.3*rng.Float64()
		w.spread = spread
		w.gauges["gpu_temperature_celsius"] = 55 + 10*rng.Float64()
		w.gauges["gpu_utilization_ratio"] = 0.5 + 0.2*rng.Float64()
		w.gauges["instance_cpu_utilization_ratio"] = 0.1 + 0.2*rng.Float64()
		w.counters["gpu_throttle_seconds_total"] = 0
	}
	wander := make([]float64, len(f.workers))
	f.background = func(w *worker, i int, passed float64) {
		wander[i] = 0.9*wander[i] + 0.02*rng.NormFloat64()
		w.latency *= math.Exp(wander[i])
		drift := 0.2
		if in.metric == "RequestsPerMinute" {
			drift = 0.05
		}
		w.requests *= 1 + drift*math.Sin(2*passed+float64(len(f.workers)))
	}
	in.fleet = f
}

func (in *incident) pick(rng *rand.Rand) *worker {
	return &in.fleet.workers[rng.IntN(len(in.fleet.workers))]
}

// requests is how many the fleet gets in a minute.
func (in *incident) requests() float64 {
	sum := 0.0
	for _, w := range in.fleet.workers {
		sum += w.requests
	}
	return sum
}

// weight is the part of the requests that a worker gets.
func (in *incident) weight(w *worker) float64 { return w.requests / in.requests() }

// visible returns a metric in which such a part of the requests being slower by a factor shows.
func (in *incident) visible(rng *rand.Rand, weight, by float64) string {
	metrics := []string{"RequestLatency_P99"}
	if weight > 0.08 {
		metrics = append(metrics, "RequestLatency_P95")
	}
	if weight > 0.15 {
		metrics = append(metrics, "RequestLatency_P90")
	}
	if weight*(by-1) > 0.4 {
		metrics = append(metrics, "RequestLatency", "RequestLatency")
	}
	return oneOfThese(rng, metrics...)
}

// blame makes one worker the cause.
func (in *incident) blame(culprit *worker, change func(*worker, float64)) {
	path := culprit.path
	in.single("deployment="+path.Deployment+" instanceId="+path.Instance, func(w *worker, passed float64) {
		if w.path == path {
			change(w, passed)
		}
	})
}

func (in *incident) single(path string, change func(*worker, float64)) {
	in.verdict, in.path, in.change = VerdictSingle, path, change
}

func (in *incident) several(change func(*worker, float64)) {
	in.verdict, in.change = VerdictSeveral, change
}

// found says whether an explanation names the true cause.
func (in *incident) found(e *Explanation) bool {
	if e.Verdict != in.verdict {
		return false
	}
	// Whatever is the only one there is may stand before a cause.
	path := pathOf(e)
	return path == in.path || !strings.HasPrefix(in.path, "deployment=") && strings.HasSuffix(path, " "+in.path)
}

// TestExplainPrecision makes up incidents of every kind, explains them, and prints how often the true cause is named.
func TestExplainPrecision(t *testing.T) {
	each := 8
	if RaceDetector {
		each = 3
	}
	b := newBench(t)
	var incidents []*incident
	for k, kind := range incidentKinds {
		for n := range each {
			rng := rand.New(rand.NewPCG(uint64(k), uint64(n)))
			in := &incident{kind: kind.name, fleet: newFleet(fmt.Sprintf("e%d-%d", k, n), 0, 0)}
			kind.tell(rng, in)
			in.fleet.run(b, uint64(1000*k+n), in.change)
			incidents = append(incidents, in)
		}
	}
	type score struct{ right, all int }
	scores := map[string]*score{}
	var single, none score
	for _, in := range incidents {
		e := b.asked(t, in.fleet.endpoint, in.metric)
		s := scores[in.kind]
		if s == nil {
			s = &score{}
			scores[in.kind] = s
		}
		total := &none
		if in.verdict == VerdictSingle {
			total = &single
		}
		s.all++
		total.all++
		right := in.found(e)
		if right && in.verdict == VerdictSingle {
			right = e.Contributions[0].Value == e.Path[0].Value
		}
		if right && in.related != "" {
			right = slices.ContainsFunc(e.Related, func(r Related) bool { return r.Metric == in.related && r.Correlation > 0.7 })
		}
		if right {
			s.right++
			total.right++
		} else {
			t.Logf("%s: wanted %s %q\n%s", in.kind, in.verdict, in.path, e.dump())
		}
	}
	table := ""
	for _, kind := range incidentKinds {
		table += fmt.Sprintf("%-40s %3d of %3d\n", kind.name, scores[kind.name].right, scores[kind.name].all)
	}
	t.Logf("true causes named, %d incidents:\n%sa single cause: %d of %d; none or several: %d of %d", len(incidents), table, single.right, single.all, none.right, none.all)
	require.GreaterOrEqual(t, float64(single.right), 0.95*float64(single.all), "the true cause must come first in 95 %% of the incidents that have one")
	require.GreaterOrEqual(t, float64(none.right), 0.95*float64(none.all), "no single cause must be said in 95 %% of the incidents that have none")
}
