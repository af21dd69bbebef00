package evaluate

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// steady answers every question with ten series from one slab, so that what is measured is ours.
func steady() alerts.MetricsFunc {
	return func(_ context.Context, q alerts.MetricQuestion) ([]alerts.Series, error) {
		n := 1
		if q.To.After(q.From) {
			n += int(q.To.Sub(q.From) / q.Every)
		}
		calm := 1.0
		values := make([]*float64, n)
		for i := range values {
			values[i] = &calm
		}
		out := make([]alerts.Series, 10)
		for i := range out {
			out[i] = alerts.Series{Scope: scopes.Path{Endpoint: "credit"}, Dimensions: codes[i], Values: values}
		}
		return out, nil
	}
}

var codes = func() (out [10]map[string]string) {
	for i := range out {
		out[i] = map[string]string{"code": fmt.Sprint(i)}
	}
	return out
}()

func TestSteadyStateMakesFewAllocations(t *testing.T) {
	p, err := newPlan(ptr(staticRule("r")), quickConfig(), nil)
	require.NoError(t, err)
	tr := newTracker(p)
	series, err := steady()(t.Context(), p.criteria[0].at(minute(1), 1))
	require.NoError(t, err)
	f := &frame{from: minute(1), every: time.Minute, n: 1}
	for _, s := range series {
		f.rows = append(f.rows, row{identity{s.Scope, s.Dimensions}, []cells{{values: s.Values}}})
	}
	tr.step(f, 0, nil)
	allocated := testing.AllocsPerRun(100, func() {
		f.from = f.from.Add(time.Minute)
		tr.step(f, 0, nil)
		require.Empty(t, tr.delta(f.from))
	})
	require.Less(t, allocated, 5.0, "for ten series")
}

func ptr[T any](v T) *T { return &v }

// One evaluation of a rule with ten series, without its question. 5,000 of them are made in a minute.
func BenchmarkEvaluation(b *testing.B) {
	m := newMemory()
	v, err := New(quickConfig(), Settings{Metrics: steady(), Sink: m, States: m})
	require.NoError(b, err)
	p, err := newPlan(ptr(staticRule("r")), v.cfg, nil)
	require.NoError(b, err)
	e := &entry{name: "r", plan: p, tracker: newTracker(p), evaluated: epoch, kind: alerts.KindMetric, enabled: true}
	now := minute(1)
	v.set.Now = func() time.Time { return now }
	b.ReportAllocs()
	for b.Loop() {
		v.work(b.Context(), e)
		now = now.Add(time.Minute)
	}
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "series/s")
}

// A week of checks every minute, of ten series.
func BenchmarkPreview(b *testing.B) {
	m := newMemory()
	v, err := New(quickConfig(), Settings{Metrics: steady(), Sink: m, States: m, Now: func() time.Time { return epoch.AddDate(1, 0, 0) }})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := v.Preview(b.Context(), staticRule("r"), minute(1), minute(7*24*60))
		require.NoError(b, err)
	}
}

// What 500 rules of ten series hold in memory between their checks, by series.
func BenchmarkHeld(b *testing.B) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const rules = 500
	for b.Loop() {
		before := heap()
		held := make([]*tracker, rules)
		for i := range held {
			p, err := newPlan(ptr(staticRule(fmt.Sprint("r", i))), quickConfig(), nil)
			require.NoError(b, err)
			held[i] = newTracker(p)
			for n := 1; n <= 3; n++ {
				f := &frame{from: minute(n), every: time.Minute, n: 1}
				for k := range 10 {
					value := float64(n*k) / 7
					id := identity{scopes.Path{Endpoint: "credit", Deployment: "blue", Instance: fmt.Sprint("blue-", k)}, map[string]string{"code": fmt.Sprint(500 + k)}}
					f.rows = append(f.rows, row{id, []cells{{values: []*float64{&value}}}})
				}
				held[i].step(f, 0, nil)
			}
		}
		b.ReportMetric(float64(heap()-before)/rules/10, "B/series")
		runtime.KeepAlive(held)
	}
}
