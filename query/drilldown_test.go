package query

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// TestPlansGolden shows the expression of every definition, aggregation and kind of split, and that its text parses back to it.
func TestPlansGolden(t *testing.T) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	var b strings.Builder
	for _, def := range catalogue.All() {
		scope := map[scopes.Level]string{scopes.LevelEndpoint: "credit", scopes.LevelDeployment: "credit/*", scopes.LevelInstance: "credit/*/*"}[def.Levels[0]]
		for _, a := range def.Aggregations {
			splits := [][]scopes.Dimension{nil}
			if a == def.Aggregations[0] {
				for _, dim := range def.Dimensions {
					splits = append(splits, []scopes.Dimension{dim})
				}
				splits = append(splits, def.Dimensions)
			}
			for i, split := range splits {
				pl := &plan{def: def, matchers: pattern(t, scope).Matchers(), split: split, window: 5 * time.Minute, current: time.Minute, states: stateRule{
					missingAfter: time.Minute, remember: 24 * time.Hour, silent: []scopes.Path{path(t, "credit/green/curl.1"), path(t, "credit/green/curl:2")},
				}}
				text := pl.expr(a).String()
				parsed, err := NewParser().ParseExpr(text)
				require.NoError(t, err, text)
				require.Equal(t, text, parsed.String())
				require.Equal(t, parser.ValueTypeVector, parsed.Type())
				// Split by one dimension at a time is checked but not written down: it is the whole split with less in it.
				if i == 0 || i == len(splits)-1 {
					names := make([]string, len(split))
					for i, dim := range split {
						names[i] = dim.Name
					}
					fmt.Fprintf(&b, "# %s of %s at %s by %v\n%s\n\n", a, def.Name, scope, names, text)
				}
			}
		}
	}
	file := filepath.Join("testdata", "plans.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "run `go test ./query -update` and review testdata/plans.golden")
}

func TestRequestsThatAreRefusedNameTheValueAndWhatIsAllowed(t *testing.T) {
	b := newBench(t)
	populate(b)
	good := func() Request {
		return Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"RequestsPerMinute"}, Start: testTime, End: b.now}
	}
	for _, tc := range []struct {
		name   string
		change func(*Request)
		param  string // "" where another error is meant
		want   []string
	}{
		{"no scope", func(r *Request) { r.Scopes = nil }, "scope", []string{"endpoint[/deployment"}},
		{"no metric", func(r *Request) { r.Metrics = nil }, "metric", []string{"RequestLatency_P99", "GET /api/v1/metric-definitions"}},
		{"unknown metric", func(r *Request) { r.Metrics = []string{"Requests"} }, "metric", []string{`"Requests"`, "did you mean RequestSize, RequestsInFlight, RequestsPerMinute? GET /api/v1/metric-definitions"}},
		{"metric with a slip", func(r *Request) { r.Metrics = []string{"requestlatncy_p99"} }, "metric", []string{"did you mean RequestLatency_P99? GET"}},
		{"metric like no other", func(r *Request) { r.Metrics = []string{"xyz"} }, "metric", []string{"must be a metric at endpoint scope; GET /api/v1/metric-definitions lists them"}},
		{"unknown dimension", func(r *Request) { r.Split = []string{"gpu"} }, "split", []string{`"gpu"`, "deployment, statusCode"}},
		{"dimension of another level", func(r *Request) {
			r.Scopes = []scopes.Pattern{pattern(t, "credit/blue")}
			r.Split = []string{"deployment"}
		}, "split", []string{`"deployment"`, "envoy_response_code"}},
		{"aggregation that it has not", func(r *Request) { r.Aggregations = []scopes.Aggregation{scopes.Count} }, "aggregation", []string{`"Count"`, "Average, Minimum, Maximum, Total"}},
		{"time that runs back", func(r *Request) { r.End = r.Start }, "start", []string{"2026-03-02T00:00:00Z", "before end"}},
		{"too short", func(r *Request) { r.End = r.Start.Add(time.Millisecond); r.Interval.Full = true }, "end", []string{"at least 1s"}},
		{"unknown endpoint", func(r *Request) { r.Scopes = []scopes.Pattern{pattern(t, "nobody")} }, "", []string{`"nobody"`, "not found"}},
		{"unknown deployment", func(r *Request) { r.Scopes = []scopes.Pattern{pattern(t, "credit/red")} }, "", []string{`"credit/red"`, "not found"}},
		{"nothing below a star", func(r *Request) { r.Scopes = []scopes.Pattern{pattern(t, "nobody/*")} }, "", []string{`"nobody/*"`, "not found"}},
		{"too many points", func(r *Request) { r.Start = r.Start.Add(-20_000 * time.Second); r.Interval.Fixed = time.Second }, "", []string{"21800 points", "11000", "longer interval"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := good()
			tc.change(&r)
			_, err := b.planner.DrillDown(b.ctx(), r)
			require.Error(t, err)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
			var pe *ParamError
			require.Equal(t, tc.param != "", errors.As(err, &pe), "%v", err)
			if tc.param != "" {
				require.Equal(t, tc.param, pe.Name)
			}
		})
	}
	answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "*/*")}, Metrics: []string{"GpuPower"}, Start: testTime, End: b.now})
	require.NoError(t, err, "a pattern of stars exists also where nothing matches")
	require.Equal(t, []AnswerSeries{}, answer.Series)
	require.Equal(t, []string{}, answer.Warnings)
}

func TestAnswersAreBoundedAndSayHowToNarrow(t *testing.T) {
	b := newBench(t)
	populate(b)
	b.planner.cfg.MaxValues = 89
	r := Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"CpuUtilizationPercentage"}, Split: []string{"instanceId"}, Start: testTime, End: b.now}
	_, err := b.planner.DrillDown(b.ctx(), r)
	var le *AnswerLimitError
	require.ErrorAs(t, err, &le)
	require.Equal(t, AnswerLimitError{Series: 3, Points: 30, Limit: 89, How: le.How}, *le)
	require.ErrorContains(t, err, "3 series × 30 points = 90 values, more than the limit of 89")
	require.ErrorContains(t, err, "longer interval")
	b.planner.cfg.MaxValues = 90
	_, err = b.planner.DrillDown(b.ctx(), r)
	require.NoError(t, err)
	r.Metrics = append(r.Metrics, "GpuTemperature") // the bound is on the whole answer
	_, err = b.planner.DrillDown(b.ctx(), r)
	require.ErrorAs(t, err, &le)
}

func TestAnswerShowsWhichWindowsHaveNotEnded(t *testing.T) {
	b := newBench(t)
	populate(b)
	for _, tc := range []struct {
		name     string
		now, end time.Duration
		interval Interval
		partial  time.Duration // -1: none
	}{
		{"all ended", 30 * time.Minute, 30 * time.Minute, Interval{Fixed: time.Minute}, -1},
		{"the last is open", 29*time.Minute + 30*time.Second, 29*time.Minute + 30*time.Second, Interval{Fixed: time.Minute}, 29 * time.Minute},
		{"just begun", 25 * time.Minute, 25*time.Minute + time.Second, Interval{Fixed: 5 * time.Minute}, 25 * time.Minute},
		{"an end in the future", 12 * time.Minute, time.Hour, Interval{Fixed: 10 * time.Minute}, 10 * time.Minute},
		{"full ends now", 29*time.Minute + 30*time.Second, 29*time.Minute + 30*time.Second, Interval{Full: true}, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.now = testTime.Add(tc.now)
			answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"CpuUtilizationPercentage"},
				Start: testTime, End: testTime.Add(tc.end), Interval: tc.interval})
			require.NoError(t, err)
			if tc.partial < 0 {
				require.Nil(t, answer.PartialFrom)
			} else {
				require.Equal(t, testTime.Add(tc.partial).UnixMilli(), *answer.PartialFrom)
			}
		})
	}
}

func TestGaugesAgreeWithTheRawSamples(t *testing.T) {
	b := newBench(t)
	s := tell(b, 11)
	type sample struct {
		at time.Time
		v  float64
	}
	// inWindow returns all samples of the scope's instances in (from, to], by group.
	inWindow := func(scope scopes.Pattern, split []string, from, to time.Time, value func(push) float64) map[group][]float64 {
		out := map[group][]float64{}
		for _, p := range s.pushes {
			if p.at.After(from) && !p.at.After(to) && scope.Covers(p.instance) {
				g := groupOf(scope.Level().Depth(), split, p.instance, seriesKey{"200", ""})
				out[g] = append(out[g], value(p))
			}
		}
		return out
	}
	fold := func(values []float64, a scopes.Aggregation) float64 {
		out := values[0]
		for _, v := range values[1:] {
			switch a {
			case scopes.Minimum:
				out = math.Min(out, v)
			case scopes.Maximum:
				out = math.Max(out, v)
			default:
				out += v
			}
		}
		if a == scopes.Average {
			out /= float64(len(values))
		}
		return out
	}
	// atInstant sums the newest sample of each instance that is not missing.
	atInstant := func(scope scopes.Pattern, split []string, at time.Time) map[group]float64 {
		newest := map[scopes.Path]sample{}
		for _, p := range s.pushes {
			if !p.at.After(at) && p.at.After(at.Add(-time.Minute)) && scope.Covers(p.instance) {
				newest[p.instance] = sample{p.at, p.flight}
			}
		}
		out := map[group]float64{}
		for in, x := range newest {
			if left, ok := s.left[in]; !ok || left.After(at) {
				out[groupOf(scope.Level().Depth(), split, in, seriesKey{"200", ""})] += x.v
			}
		}
		return out
	}
	for _, scopeText := range []string{"credit", "credit/blue", "credit/blue/b-0", "*/*", "fraud"} {
		scope := pattern(t, scopeText)
		for _, split := range [][]string{nil, {"instanceId"}} {
			for _, interval := range []Interval{{Fixed: time.Minute}, {Fixed: 5 * time.Minute}, {Full: true}} {
				ask := func(metric string, a scopes.Aggregation, want func(from, to time.Time) map[group]between) {
					t.Run(fmt.Sprintf("%s/%v/%v/%s %s", scopeText, split, interval, metric, a), func(t *testing.T) {
						check(t, b, Request{Scopes: []scopes.Pattern{scope}, Metrics: []string{metric}, Aggregations: []scopes.Aggregation{a}, Interval: interval,
							Start: s.start, End: s.end, Split: split}, split, want, 1e-9)
					})
				}
				for _, a := range []scopes.Aggregation{scopes.Average, scopes.Minimum, scopes.Maximum} {
					ask("CpuUtilizationPercentage", a, func(from, to time.Time) map[group]between {
						out := map[group]between{}
						for g, values := range inWindow(scope, split, from, to, func(p push) float64 { return 100 * p.cpu }) {
							out[g] = exactly(fold(values, a))
						}
						return out
					})
					ask("RequestsInFlight", a, func(from, to time.Time) map[group]between {
						seen := map[group][]float64{}
						for at := from.Add(15 * time.Second); !at.After(to) && !at.After(b.now); at = at.Add(15 * time.Second) {
							for g, v := range atInstant(scope, split, at) {
								seen[g] = append(seen[g], v)
							}
						}
						out := map[group]between{}
						for g, values := range seen {
							out[g] = exactly(fold(values, a))
						}
						return out
					})
				}
			}
		}
	}
}

func TestNullsZerosAndTheEndOfAnInstance(t *testing.T) {
	b := newBench(t)
	in := path(t, "credit/blue/b-0")
	latency := seriesOf("endpoint_request_duration_seconds", in, "status_code", "200")
	app := b.append()
	observations := []float64{}
	for at := testTime.Add(15 * time.Second); !at.After(testTime.Add(2 * time.Minute)); at = at.Add(15 * time.Second) {
		if at.Before(testTime.Add(time.Minute)) {
			observations = append(observations, 0.2) // three requests in the first minute, none in the second
		}
		app.hist(testTime, at, nativeHistogram(observations), latency)
		app.float(at, 0, seriesOf("instance_cpu_utilization_ratio", in))
	}
	app.done()
	b.now = testTime.Add(4 * time.Minute)
	answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Start: testTime, End: b.now, Interval: Interval{Fixed: time.Minute},
		Metrics: []string{"RequestsPerMinute", "RequestLatency", "RequestLatency_P99", "ErrorRatio", "CpuUtilizationPercentage"}})
	require.NoError(t, err)
	got := map[string][]float64{}
	for _, s := range answer.Series {
		for _, v := range s.Values {
			if v == nil {
				got[s.Metric] = append(got[s.Metric], -1)
			} else {
				got[s.Metric] = append(got[s.Metric], math.Round(*v))
			}
		}
	}
	require.Equal(t, map[string][]float64{
		"RequestsPerMinute":        {3, 0, -1, -1}, // idle is 0, absent is null
		"RequestLatency":           {200, -1, -1, -1},
		"RequestLatency_P99":       {got["RequestLatency_P99"][0], -1, -1, -1},
		"ErrorRatio":               {0, -1, -1, -1},
		"CpuUtilizationPercentage": {0, 0, -1, -1},
	}, got)
	require.InEpsilon(t, 200, got["RequestLatency_P99"][0], bucketGrowth-1)
}

// faulty is a storage whose selections fail, or warn.
type faulty struct {
	storage.SampleAndChunkQueryable
	err, warning error
}

func (f *faulty) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := f.SampleAndChunkQueryable.Querier(mint, maxt)
	return &faultyQuerier{q, f}, err
}

type faultyQuerier struct {
	storage.Querier
	*faulty
}

func (q *faultyQuerier) Close() error { return q.Querier.Close() }

func (q *faultyQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	if q.err != nil {
		return storage.ErrSeriesSet(q.err)
	}
	return warningSet{q.Querier.Select(ctx, sorted, hints, ms...), q.warning}
}

type warningSet struct {
	storage.SeriesSet
	warning error
}

func (s warningSet) Warnings() annotations.Annotations { return annotations.New().Add(s.warning) }

func (f *faulty) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	q, err := f.SampleAndChunkQueryable.ChunkQuerier(mint, maxt)
	return &faultyChunkQuerier{q, f}, err
}

type faultyChunkQuerier struct {
	storage.ChunkQuerier
	*faulty
}

func (q *faultyChunkQuerier) Close() error { return q.ChunkQuerier.Close() }

func (q *faultyChunkQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	if q.err != nil {
		return storage.ErrChunkSeriesSet(q.err)
	}
	return warningChunkSet{q.ChunkQuerier.Select(ctx, sorted, hints, ms...), q.warning}
}

type warningChunkSet struct {
	storage.ChunkSeriesSet
	warning error
}

func (s warningChunkSet) Warnings() annotations.Annotations { return annotations.New().Add(s.warning) }

func TestEngineFailuresAndWarningsReachTheCaller(t *testing.T) {
	b := newBench(t)
	populate(b)
	r := Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"CpuUtilizationPercentage"}, Start: testTime, End: b.now}
	boom := errors.New("boom")
	_, err := b.over(&faulty{SampleAndChunkQueryable: b.db, err: boom}).DrillDown(b.ctx(), r)
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "Average of CpuUtilizationPercentage")
	answer, err := b.over(&faulty{SampleAndChunkQueryable: b.db, warning: errors.New("something was odd")}).DrillDown(b.ctx(), r)
	require.NoError(t, err)
	require.Equal(t, []string{"something was odd"}, answer.Warnings)
}
