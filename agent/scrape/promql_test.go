package scrape

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

// What the server will say of the histograms that we make is asked of the real engine.
func TestPromQLOverOurHistograms(t *testing.T) {
	s := serve(t, "")
	col := collector(t, rules(`
  - {to: model_queue_duration_seconds, from: [{sum: x_us, count: x_n}], factor: 1e-6}
  - {to: model_request_duration_seconds, from: [{name: x_ms}], factor: 1e-3}
`), nil, s.URL)
	store := promqltest.LoadedStorage(t, "")
	at := time.Unix(1_800_000_000, 0)
	for i := range 5 {
		n := 10 * (i + 1)
		s.set("/metrics", fmt.Sprintf("x_us %d\nx_n %d\nx_ms_bucket{le=\"100\"} %d\nx_ms_bucket{le=\"200\"} %d\nx_ms_bucket{le=\"+Inf\"} %d\nx_ms_sum %d\nx_ms_count %d\n",
			n*250_000, n, n/2, n, n, n*100, n))
		r := agent.Round{Time: at}
		require.NoError(t, col.Collect(t.Context(), &r))
		app := store.Appender(t.Context())
		for _, reading := range r.Readings {
			if reading.Hist != nil {
				_, err := app.AppendHistogram(0, labels.FromStrings("__name__", reading.Desc.Name), at.UnixMilli(), reading.Hist, nil)
				require.NoError(t, err)
			}
		}
		require.NoError(t, app.Commit())
		at = at.Add(15 * time.Second)
	}
	engine := promqltest.NewTestEngine(t, false, 0, 10_000)
	ask := func(expr string) []float64 {
		t.Helper()
		q, err := engine.NewInstantQuery(t.Context(), store, promql.NewPrometheusQueryOpts(false, 0), expr, at.Add(-time.Second))
		require.NoError(t, err)
		defer q.Close()
		res := q.Exec(t.Context())
		require.NoError(t, res.Err)
		v, err := res.Vector()
		require.NoError(t, err)
		var out []float64
		for _, sample := range v {
			out = append(out, sample.F)
		}
		return out
	}
	require.InDeltaSlice(t, []float64{0.25}, ask(`histogram_avg(rate(model_queue_duration_seconds[1m]))`), 1e-9, "the mean is exact")
	require.InDeltaSlice(t, []float64{10. / 15}, ask(`histogram_count(rate(model_queue_duration_seconds[1m]))`), 1e-9)
	for _, v := range ask(`histogram_quantile(0.99, rate(model_queue_duration_seconds[1m]))`) {
		require.True(t, math.IsNaN(v) || math.IsInf(v, 0), "one bucket knows no percentile, and %v would be a wrong one", v)
	}
	require.InDeltaSlice(t, []float64{0.1}, ask(`histogram_quantile(0.5, rate(model_request_duration_seconds[1m]))`), 1e-9)
	require.InDeltaSlice(t, []float64{0.1}, ask(`histogram_avg(rate(model_request_duration_seconds[1m]))`), 1e-9)
}
