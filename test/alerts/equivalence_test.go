package alerts

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// equivalent is one way to ask for a value: in the words of a metric rule, and in PromQL. In the latter W stands for the window, M for the
// matchers and B for the labels to keep.
type equivalent struct {
	metric, aggregation string
	level               string // of the scopes: endpoint or deployment
	dimensions          map[string]string
	promql              string
	thresholds          []float64
}

// equivalents are compared with each other. Averages are compared with thresholds that lie between their values, since two orders of adding up may differ in the
// last bit.
var equivalents = []equivalent{
	{"GpuTemperature", "Maximum", "deployment", gpuDims, `max by (B) (max_over_time(gpu_temperature_celsius{M}[W]))`, []float64{60, 70, 70.5, 80}},
	{"GpuTemperature", "Minimum", "deployment", gpuDims, `min by (B) (min_over_time(gpu_temperature_celsius{M}[W]))`, []float64{50, 60, 60.5, 70}},
	{"GpuTemperature", "Average", "deployment", gpuDims, `sum by (B) (sum_over_time(gpu_temperature_celsius{M}[W])) / sum by (B) (count_over_time(gpu_temperature_celsius{M}[W]))`, []float64{60.0137, 66.0137, 70.0137}},
	{"CpuUtilizationPercentage", "Maximum", "endpoint", instanceDims, `100 * max by (B) (max_over_time(instance_cpu_utilization_ratio{M}[W]))`, []float64{50, 75, 87.5}},
	{"CpuUtilizationPercentage", "Average", "deployment", instanceDims, `100 * sum by (B) (sum_over_time(instance_cpu_utilization_ratio{M}[W])) / sum by (B) (count_over_time(instance_cpu_utilization_ratio{M}[W]))`, []float64{40.0137, 50.0137, 60.0137}},
	{"RequestsInFlight", "Average", "endpoint", instanceDims, `avg_over_time(sum by (B) (endpoint_requests_in_flight{M})[W:15s])`, []float64{10.0137, 25.0137, 40.0137}},
	{"RequestsInFlight", "Maximum", "deployment", instanceDims, `max_over_time(sum by (B) (endpoint_requests_in_flight{M})[W:15s])`, []float64{10, 20, 30}},
	{"StreamErrors", "Total", "endpoint", map[string]string{"instanceId": "instance", "reason": "reason"}, `sum by (B) (increase(endpoint_stream_errors_total{M}[W] anchored))`, []float64{0, 1, 5, 20, 100}},
	{"NewConnectionsPerSecond", "Average", "endpoint", instanceDims, `sum by (B) (increase(endpoint_connections_opened_total{M}[W] anchored)) / S`, []float64{0.1137, 0.5137, 1.0137}},
	{"RequestsPerMinute", "Total", "deployment", map[string]string{"statusCode": "status_code", "instanceId": "instance"}, `sum by (B) (increase(endpoint_request_duration_seconds_count{M}[W] anchored))`, []float64{0, 10, 100, 300}},
	{"RequestLatency", "Average", "endpoint", instanceDims, `1000 * sum by (B) (increase(endpoint_request_duration_seconds_sum{M}[W] anchored)) / (sum by (B) (increase(endpoint_request_duration_seconds_count{M}[W] anchored)) > 0)`, []float64{150.0137, 250.0137, 400.0137}},
	{"ErrorRatio", "Average", "endpoint", instanceDims, `sum by (B) (increase(endpoint_request_duration_seconds_count{M,status_code=~"[45].."}[W] anchored)) / (sum by (B) (increase(endpoint_request_duration_seconds_count{M}[W] anchored)) > 0)`, []float64{0.05137, 0.1137, 0.4137}},
}

var (
	instanceDims = map[string]string{"instanceId": "instance"}
	gpuDims      = map[string]string{"instanceId": "instance", "gpu": "gpu"}
	operators    = map[string]string{"Equals": "==", "NotEquals": "!=", "GreaterThan": ">", "GreaterThanOrEqual": ">=", "LessThan": "<", "LessThanOrEqual": "<="}
)

// script is how long the scripted series are, and sampled how often they have a sample.
const (
	script  = 3 * time.Hour
	sampled = 15 * time.Second
)

// TestAMetricRuleIsItsPromQL gives the server a few hours of series, and wants a metric rule and the same rule in PromQL to fire and resolve at the
// same instants.
//
// A metric rule fires at the first check that is met, or at the k-th of n, and resolves at the third in a row that is not. In PromQL, k of n is a count over a
// subquery at the instants of the checks. keep_firing_for of two intervals is three checks: Prometheus counts the time from the first one that
// is not met.
func TestAMetricRuleIsItsPromQL(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	start := time.Now().Add(-script - 2*time.Minute).Truncate(time.Hour)
	end := start.Add(script)
	seed := rand.Uint64()
	t.Logf("seed of the series %d", seed)
	pushScript(s, rand.New(rand.NewPCG(seed, seed)), start)

	compared, events := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRule(rt)
		metric, prometheus := s.preview(r.metric(), start.Add(-time.Minute), end), s.preview(r.prometheus(), start.Add(-time.Minute), end)
		got, want := r.events(metric, r.of.dimensions), r.events(prometheus, nil)
		if !slices.Equal(got, want) {
			rt.Fatalf("%s\nthe metric rule:\n%s\nin PromQL:\n%s\n%v\n%v", r.expr(), strings.Join(got, "\n"), strings.Join(want, "\n"), r.metric(), r.prometheus())
		}
		compared, events = compared+1, events+len(got)
	})
	t.Logf("%d rules with %d events", compared, events)
	require.GreaterOrEqual(t, compared, 20)
	require.Greater(t, events, 10*compared, "rules that never fire show nothing")
}

// pushScript pushes series that wander, with gaps in gauges and counters that begin again.
func pushScript(s *server, rng *rand.Rand, start time.Time) {
	s.t.Helper()
	for d, deployment := range []string{"blue", "green"} {
		for i := range 2 {
			var b strings.Builder
			put := func(at time.Time, series string, v float64) { fmt.Fprintf(&b, "%s %g %d\n", series, v, at.UnixMilli()) }
			gap := 0
			var errors, opened float64
			counts, sums := map[string]float64{}, map[string]float64{}
			for at, n := start.Add(sampled), 0; !at.After(start.Add(script)); at, n = at.Add(sampled), n+1 {
				wave := math.Sin(float64(n)/float64(40+20*i)+float64(d)) + 1 // 0 to 2
				if gap--; gap < -100 && rng.IntN(40) == 0 {
					gap = rng.IntN(60)
				}
				if gap <= 0 {
					for g := range 2 {
						put(at, fmt.Sprintf("gpu_temperature_celsius{gpu=\"%d\"}", g), math.Round(50+15*wave+rng.NormFloat64()*4))
					}
					put(at, "instance_cpu_utilization_ratio", math.Round(max(0, min(1, wave/2+rng.NormFloat64()/8))*64)/64)
				}
				put(at, "endpoint_requests_in_flight", math.Round(wave*10+rng.Float64()*4))
				if rng.IntN(200) == 0 { // the process began again
					errors, opened, counts, sums = 0, 0, map[string]float64{}, map[string]float64{}
				}
				if rng.Float64() < wave/8 {
					errors += float64(rng.IntN(8))
				}
				opened += math.Round(wave * 8)
				put(at, `endpoint_stream_errors_total{reason="timeout"}`, errors)
				put(at, `endpoint_stream_errors_total{reason="limit"}`, math.Floor(errors/3))
				put(at, "endpoint_connections_opened_total", opened)
				for code, share := range map[string]float64{"200": 1, "500": 0.3 * (2 - wave)} {
					more := math.Round(wave * share * 20)
					counts[code] += more
					sums[code] += more * (0.125 + math.Round(wave*8)/32)
					label := fmt.Sprintf("{status_code=%q", code)
					put(at, "endpoint_request_duration_seconds_count"+label+"}", counts[code])
					put(at, "endpoint_request_duration_seconds_sum"+label+"}", sums[code])
					put(at, "endpoint_request_duration_seconds_bucket"+label+`,le="+Inf"}`, counts[code])
				}
			}
			s.call(http.MethodPost, fmt.Sprintf("/api/v1/push/shop/%s/%s-%d", deployment, deployment, i), b.String(), nil)
		}
	}
}

// drawn is a rule in both forms.
type drawn struct {
	of                equivalent
	frequency, window time.Duration
	operator          string
	threshold         float64
	split             []string // dimensions
	k, n              int
}

func drawRule(rt *rapid.T) drawn {
	r := drawn{
		of:        rapid.SampledFrom(equivalents).Draw(rt, "metric"),
		frequency: rapid.SampledFrom([]time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute}).Draw(rt, "frequency"),
		operator:  rapid.SampledFrom([]string{"GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals", "NotEquals"}).Draw(rt, "operator"),
		k:         1, n: 1,
	}
	windows := slices.DeleteFunc([]time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}, func(w time.Duration) bool { return w < r.frequency })
	r.window = rapid.SampledFrom(windows).Draw(rt, "window")
	r.threshold = rapid.SampledFrom(r.of.thresholds).Draw(rt, "threshold")
	for _, d := range slices.Sorted(keys(r.of.dimensions)) {
		if rapid.Bool().Draw(rt, d) {
			r.split = append(r.split, d)
		}
	}
	if rapid.Bool().Draw(rt, "some of the last checks") {
		r.n = rapid.IntRange(2, 6).Draw(rt, "n")
		r.k = rapid.IntRange(1, r.n).Draw(rt, "k")
	}
	return r
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func iso(d time.Duration) string { return "PT" + strings.ToUpper(short(d)) }

func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

func (r drawn) metric() map[string]any {
	dimensions := []any{}
	for _, d := range r.split {
		dimensions = append(dimensions, map[string]any{"name": d, "operator": "Include", "values": []string{"*"}})
	}
	return map[string]any{
		"name": "metric", "scopes": []string{map[string]string{"endpoint": "shop", "deployment": "shop/*"}[r.of.level]}, "gracePeriod": "PT0S",
		"evaluationFrequency": iso(r.frequency), "windowSize": iso(r.window),
		"criteria": map[string]any{"allOf": []any{map[string]any{
			"name": "c", "metricName": r.of.metric, "timeAggregation": r.of.aggregation, "operator": r.operator, "threshold": r.threshold, "dimensions": dimensions,
			"failingPeriods": map[string]int{"numberOfEvaluationPeriods": r.n, "minFailingPeriodsToAlert": r.k},
		}}},
	}
}

// labels are those by which series are told apart.
func (r drawn) labels() []string {
	out := []string{"endpoint"}
	if r.of.level == "deployment" || slices.Contains(r.split, "instanceId") {
		out = append(out, "deployment")
	}
	for _, d := range r.split {
		out = append(out, r.of.dimensions[d])
	}
	return out
}

func (r drawn) expr() string {
	expr := strings.NewReplacer("[W", "["+short(r.window), "B", strings.Join(r.labels(), ", "), "M", `endpoint="shop"`, "/ S", fmt.Sprintf("/ %d", int(r.window.Seconds()))).Replace(r.of.promql)
	expr = fmt.Sprintf("(%s) %s %g", expr, operators[r.operator], r.threshold)
	if r.n > 1 {
		expr = fmt.Sprintf("count_over_time((%s)[%s:%s]) >= %d", expr, short(time.Duration(r.n)*r.frequency), short(r.frequency), r.k)
	}
	return expr
}

func (r drawn) prometheus() map[string]any {
	return map[string]any{"name": "prometheus", "kind": "prometheus", "group": map[string]any{
		"name": "g", "interval": short(r.frequency), "query_offset": "0s",
		"rules": []any{map[string]any{"alert": "A", "expr": r.expr(), "keep_firing_for": short(2 * r.frequency)}},
	}}
}

// events returns the events of a preview, sorted, with the labels that tell series apart; dimensions are the names of labels in it, nil for
// labels as they are.
func (r drawn) events(p *preview, dimensions map[string]string) []string {
	var out []string
	for _, e := range p.Events {
		labels := map[string]string{}
		for name, v := range e.Dimensions {
			if label, ok := dimensions[name]; ok {
				name = label
			}
			labels[name] = v
		}
		var text strings.Builder
		for _, l := range r.labels() {
			fmt.Fprintf(&text, "%s=%s ", l, labels[l])
		}
		out = append(out, fmt.Sprintf("%s %s%s", e.At.UTC().Format(time.RFC3339), text.String(), e.State))
	}
	slices.Sort(out)
	return out
}
