package scrape

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

// Native histograms of several replicas behave as classic ones do: the sum does not fall when one leaves or begins anew.
func TestNativeHistogramsOfSeveralSourcesAdd(t *testing.T) {
	var page atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { page.Load().(http.Handler).ServeHTTP(w, r) }))
	defer server.Close()
	fresh := func() *prometheus.HistogramVec {
		reg := prometheus.NewRegistry()
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "x_wait_seconds", NativeHistogramBucketFactor: 1.1}, []string{"replica"})
		reg.MustRegister(v)
		page.Store(promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
		return v
	}
	observe := func(v *prometheus.HistogramVec, replica string, n int) {
		for range n {
			v.WithLabelValues(replica).Observe(0.5)
		}
	}
	col := collector(t, rules("  - {to: model_queue_duration_seconds, from: [{name: x_wait_seconds}]}\n"), nil, server.URL)
	at := func() agent.Reading {
		t.Helper()
		r := agent.Round{Time: time.Now()}
		require.NoError(t, col.Collect(t.Context(), &r))
		for _, reading := range r.Readings {
			if reading.Desc.Name == "model_queue_duration_seconds" {
				require.NoError(t, reading.Hist.Validate())
				require.GreaterOrEqual(t, reading.Hist.Schema, int32(0))
				require.InDelta(t, float64(reading.Hist.Count)/2, reading.Hist.Sum, 1e-9)
				return reading
			}
		}
		require.Fail(t, "no histogram")
		return agent.Reading{}
	}
	v := fresh()
	observe(v, "a", 10)
	require.Equal(t, uint64(10), at().Hist.Count)
	observe(v, "b", 20)
	begun := at()
	require.Equal(t, uint64(30), begun.Hist.Count)
	v.DeleteLabelValues("b")
	observe(v, "a", 1)
	require.Equal(t, uint64(31), at().Hist.Count, "b has left: what it counted stays")
	observe(v, "b", 3)
	require.Equal(t, uint64(34), at().Hist.Count, "b began anew, and goes on from there")
	observe(v, "b", 2)
	last := at()
	require.Equal(t, uint64(36), last.Hist.Count)
	require.Equal(t, begun.Start, last.Start)
	v = fresh()
	observe(v, "a", 2)
	observe(v, "b", 3)
	renewed := at()
	require.Equal(t, uint64(5), renewed.Hist.Count, "the server has restarted")
	require.True(t, renewed.Start.After(last.Start))
}
