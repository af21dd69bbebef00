package query

import (
	"errors"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
)

// notes returns the annotations that must be the same in a session. Conflicting hints about counter resets are none of them: they depend
// on how samples are cut into chunks while they are read.
func notes(as annotations.Annotations) []string {
	var out []string
	for _, err := range as.AsErrors() {
		if !errors.Is(err, annotations.HistogramCounterResetCollisionWarning) {
			out = append(out, err.Error())
		}
	}
	slices.Sort(out)
	return out
}

// near says whether two values are equal but for the order of additions.
func near(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return math.IsNaN(a) && math.IsNaN(b) || a == b
	}
	return math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b))
}

func requireSameMatrix(t require.TestingT, want, got promql.Matrix, about string) {
	require.Len(t, got, len(want), about)
	for i, w := range want {
		g := got[i]
		require.Equal(t, w.Metric.String(), g.Metric.String(), about)
		require.Len(t, g.Floats, len(w.Floats), "%s of %s:\n%v\n%v", about, w.Metric, w.Floats, g.Floats)
		for k, p := range w.Floats {
			require.Equal(t, p.T, g.Floats[k].T, about)
			require.True(t, near(p.F, g.Floats[k].F), "%s of %s: %v, not %v", about, w.Metric, g.Floats[k], p)
		}
		require.Len(t, g.Histograms, len(w.Histograms), about)
		for k, p := range w.Histograms {
			require.Equal(t, p.T, g.Histograms[k].T, about)
			requireSameHistogram(t, p.H, g.Histograms[k].H, about)
		}
	}
}

func requireSameHistogram(t require.TestingT, want, got *histogram.FloatHistogram, about string) {
	same := want.Schema == got.Schema && want.ZeroThreshold == got.ZeroThreshold && slices.Equal(want.CustomValues, got.CustomValues) &&
		(want.CounterResetHint == histogram.GaugeType) == (got.CounterResetHint == histogram.GaugeType) && // see notes for the others
		near(want.Count, got.Count) && near(want.Sum, got.Sum) && near(want.ZeroCount, got.ZeroCount) &&
		slices.Equal(want.PositiveSpans, got.PositiveSpans) && slices.EqualFunc(want.PositiveBuckets, got.PositiveBuckets, near) &&
		slices.Equal(want.NegativeSpans, got.NegativeSpans) && slices.EqualFunc(want.NegativeBuckets, got.NegativeBuckets, near)
	require.True(t, same, "%s: %v, not %v", about, got, want)
}
