package main

import (
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
)

func TestSpreadsAreThoseOfHistograms(t *testing.T) {
	r := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "alerts_evaluation_lag_seconds", NativeHistogramBucketFactor: 1.1})
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alerts_missed_evaluations_total"}, []string{"reason"})
	r.MustRegister(h, c)
	c.WithLabelValues("a").Add(2)
	c.WithLabelValues("b").Add(3)
	for range 5 {
		h.Observe(100)
	}
	page := httptest.NewServer(promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	defer page.Close()
	s := &server{kind: endscopeKind(options{}), addr: strings.TrimPrefix(page.URL, "http://")}
	before, err := s.readings(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5.0, before.missed)
	require.True(t, math.IsNaN(before.took.quantile(0.5)))
	for i := 1; i <= 1000; i++ {
		h.Observe(float64(i) / 1000)
	}
	after, err := s.readings(t.Context())
	require.NoError(t, err)
	lag := after.late.since(before.late)
	require.InEpsilon(t, 0.5, lag.quantile(0.5), 0.1)
	require.InEpsilon(t, 0.99, lag.quantile(0.99), 0.1)
}

func TestQuantilesOfLists(t *testing.T) {
	require.Equal(t, 3.0, at([]float64{1, 2, 3, 4, 5}, 0.5))
	require.Equal(t, 5.0, at([]int64{1, 2, 3, 4, 5}, 1))
	require.True(t, math.IsNaN(at([]float64{}, 0.5)))
}
