package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts/baseline"
)

func TestSeriesAreTheSameForTheSameSeedAndLabelled(t *testing.T) {
	for _, k := range append(textbookKinds(), machineKinds()...) {
		s := k.series(3)
		require.Equal(t, s, k.series(3), k.name)
		require.NotEqual(t, s.points, k.series(4).points[:min(len(s.points), len(k.series(4).points))], k.name)
		require.Greater(t, len(s.points), 24*k.days/2, k.name)
		for _, l := range s.labels {
			require.True(t, !l.to.Before(l.from) && l.from.After(start.Add(95*time.Hour)), k.name)
		}
		for _, p := range s.points {
			require.False(t, math.IsNaN(p.Value) || math.IsInf(p.Value, 0), k.name)
		}
	}
}

// scripted is a series of ten days of hours, with values other than 1 at some.
func scripted(values map[int]float64) series {
	s := series{every: time.Hour}
	for i := range 240 {
		v := 1.0
		if w, ok := values[i]; ok {
			v = w
		}
		s.points = append(s.points, baseline.Point{At: start.Add(time.Duration(i+1) * time.Hour), Value: v})
	}
	return s
}

func TestAlertsAreCountedAsAStatefulRuleFires(t *testing.T) {
	s := scripted(map[int]float64{100: 9, 102: 9, 110: 9, 150: 9, 10: 9})
	s.labels = []label{{s.points[110].At, s.points[112].At}, {s.points[200].At, s.points[201].At}}
	b := newBand(len(s.points))
	for i := range s.points {
		b.lower[i], b.upper[i] = 0, 2
	}
	r := judge(s, b, condition{1, 1})
	require.Equal(t, 3, r.alerts, "100 with 102, 110, 150; not 10, which is within the first three days")
	require.Equal(t, 1, r.right)
	require.Equal(t, 1, r.caught)
	require.Equal(t, 2, r.labels)
	require.InDelta(t, 0.5, r.recall(), 0)
	require.InDelta(t, 1.0/3, r.precision(), 1e-9)
	r = judge(s, b, condition{2, 3})
	require.Equal(t, 1, r.alerts, "100 with 102")
	require.Zero(t, r.caught)
}

func TestMeanAndSigmaLookBackOnly(t *testing.T) {
	s := scripted(map[int]float64{120: 100})
	b := sigmas(s)
	require.True(t, math.IsNaN(b.upper[70]))
	require.InDelta(t, 1, b.upper[120], 1e-6)
	require.Greater(t, b.upper[121], 10.0)
}

func TestTheBestStaticThresholdFindsWhatStandsOut(t *testing.T) {
	s := scripted(map[int]float64{120: 100, 121: 100})
	s.labels = []label{{s.points[120].At, s.points[121].At}}
	require.InDelta(t, 1, judge(s, static(s, condition{1, 1}), condition{1, 1}).f1(), 0)
}

func TestTheReportHasItsTables(t *testing.T) {
	var out, errs bytes.Buffer
	require.Error(t, run(t.Context(), []string{"-seeds", "0"}, &out, &errs))
	kinds := machineKinds()[:1]
	c := []condition{{3, 4}}
	sums := judgeAll(t.Context(), kinds, []uint64{1, 2}, c)
	require.Equal(t, 4, sums[0][0][0].labels)
	totals(&out, sums, 0)
	byKind(&out, kinds, sums, 0)
	for _, row := range append(rules(), kinds[0].name) {
		require.Equal(t, 1, strings.Count(out.String(), "\n| "+row+" |"), row)
	}
}
