package query

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// TestExplainRelatedTotals relates metrics that add up over time: their totals are those of the window's length, also where the
// baseline, and so each of its sub-windows, has another.
func TestExplainRelatedTotals(t *testing.T) {
	b := newBench(t)
	f := newFleet("credit", 60, 0.05, "blue", 1)
	w := &f.workers[0]
	w.gauges["gpu_temperature_celsius"] = 60
	w.counters["gpu_xid_errors_total"] = 12
	w.counters["gpu_ecc_errors_total"] = 12
	f.run(b, 1, func(w *worker, _ float64) {
		w.latency *= 6
		w.requests *= 0.5
		w.gauges["gpu_temperature_celsius"] = 90
		w.counters["gpu_xid_errors_total"] = 6
	})
	b.now = fleetWindow.End
	full := func(span Span) float64 {
		answer, err := b.planner.DrillDown(b.ctx(), Request{Scopes: []scopes.Pattern{pattern(t, "credit")}, Metrics: []string{"GpuXidErrors"},
			Aggregations: []scopes.Aggregation{scopes.Total}, Interval: Interval{Full: true}, Start: span.Start, End: span.End})
		require.NoError(t, err)
		return *answer.Series[0].Values[0]
	}
	asked := []struct {
		metric      string
		aggregation scopes.Aggregation
		sign        float64 // of the correlation with the temperature, which rises
	}{{"RequestLatency_P95", scopes.Average, 1}, {"RequestsPerMinute", scopes.Average, -1}, {"RequestsPerMinute", scopes.Total, -1}}
	for _, length := range []time.Duration{fleetSpan, fleetSpan / 3} {
		baseline := Span{fleetBaseline.End.Add(-length), fleetBaseline.End}
		for _, ask := range asked {
			e, err := b.planner.Explain(b.ctx(), ExplainRequest{Metric: ask.metric, Aggregation: ask.aggregation, Scope: pattern(t, "credit"), Window: fleetWindow, Baseline: baseline})
			require.NoError(t, err)
			related := func(metric string) Related {
				i := slices.IndexFunc(e.Related, func(r Related) bool { return r.Metric == metric })
				require.GreaterOrEqual(t, i, 0, "%s: %s", metric, e.dump())
				return e.Related[i]
			}
			xid := related("GpuXidErrors")
			require.Equal(t, scopes.Total, xid.Aggregation)
			require.InEpsilon(t, 180, xid.Before, 1e-9, e.dump())
			require.InEpsilon(t, 90, xid.After, 1e-9, e.dump())
			require.InEpsilon(t, full(baseline)*float64(fleetSpan)/float64(length), xid.Before, 1e-9)
			require.InEpsilon(t, full(fleetWindow), xid.After, 1e-9)
			require.InDelta(t, -90, xid.Change, 1e-6)
			require.Less(t, ask.sign*xid.Correlation, -minCorrelation, e.dump())
			require.Greater(t, ask.sign*related("GpuTemperature").Correlation, minCorrelation, e.dump())
			require.False(t, slices.ContainsFunc(e.Related, func(r Related) bool { return r.Metric == "GpuEccErrors" }), "it stays as it was: %s", e.dump())
		}
	}
}
