package query

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// TestExplainPartialData compares spans of which data cover a part: nothing changes but that there are no data for some time.
func TestExplainPartialData(t *testing.T) {
	b := newBench(t)
	between := func(from, to float64) func(*worker, int, float64) {
		return func(w *worker, _ int, passed float64) { w.gone = passed > from && passed < to }
	}
	for i, c := range []struct {
		name string
		gone func(*worker, int, float64)
	}{
		{"begins", between(-1, 0.18)}, {"ends", between(0.82, 2)}, {"pauses", between(0.15, 0.29)},
		{"late", between(-1, 0.43)}, {"short", between(0.6, 2)}, {"nearly", between(-1, 0.46)}, {"always", nil},
	} {
		f := newFleet(c.name, 60, 0.05, "blue", 4, "green", 2)
		f.background = c.gone
		for j := range f.workers {
			f.workers[j].counters["model_tokens_total"] = 3000
		}
		f.run(b, uint64(i), nil)
	}
	b.now = fleetWindow.End
	ask := func(t *testing.T, scope, metric string, a scopes.Aggregation) *Explanation {
		e, err := b.planner.Explain(b.ctx(), ExplainRequest{Metric: metric, Aggregation: a, Scope: pattern(t, scope), Window: fleetWindow, Baseline: fleetBaseline})
		require.NoError(t, err)
		return e
	}
	metrics := []struct {
		name        string
		aggregation scopes.Aggregation
	}{
		{"RequestsPerMinute", scopes.Average}, {"RequestsPerMinute", scopes.Total}, {"TokensPerSecond", scopes.Average}, {"TokensPerSecond", scopes.Total},
		{"RequestLatency_P95", ""}, {"RequestLatency", ""}, {"ErrorRatio", ""}, {"TrafficSkew", ""},
	}
	for _, m := range metrics {
		t.Run(m.name+" "+string(m.aggregation), func(t *testing.T) {
			for scope, warning := range map[string]string{"begins": "of the 15m of the baseline", "ends": "of the 15m of the window", "pauses": "of the 15m of the baseline"} {
				e := ask(t, scope, m.name, m.aggregation)
				require.Contains(t, e.Warnings[len(e.Warnings)-1], warning, e.dump())
				require.Regexp(t, `^data cover only (7|8|9|10|11|12)m`, e.Warnings[len(e.Warnings)-1])
				require.Contains(t, e.Explanation, "; only the time with data is compared.")
				if m.name != "ErrorRatio" { // of few events
					require.InEpsilon(t, *e.Before, *e.After, 0.1, "%s: %s", scope, e.dump())
				}
				require.Equal(t, VerdictNone, e.Verdict, e.dump())
			}
			for _, scope := range []string{"late", "short", "nearly"} {
				e := ask(t, scope, m.name, m.aggregation)
				require.Equal(t, VerdictNone, e.Verdict, e.dump())
				require.Empty(t, e.Path)
				require.NotNil(t, e.Before)
				require.NotNil(t, e.After)
				require.Contains(t, e.Explanation, "cannot be compared: data cover only")
				require.True(t, slices.ContainsFunc(e.Warnings, func(w string) bool { return strings.HasPrefix(w, "data cover only ") }), e.dump())
			}
			e := ask(t, "always", m.name, m.aggregation)
			require.NotContains(t, e.dump(), "cover")
			require.NotContains(t, e.dump(), "time with data")
		})
	}
}

// TestExplainCoverage finds gaps, and what lies beside them.
func TestExplainCoverage(t *testing.T) {
	for _, c := range []struct {
		seen               string // a dot is a sub-window without data
		length             time.Duration
		covered, wholeTime int
	}{
		{"xxxxxxxxxx", time.Minute, 10, 10},
		{"x.xxxxx.xx", time.Minute, 10, 10}, // within what may lie between pushes
		{".xxxxxxxxx", 2 * time.Minute, 9, 8},
		{"xxx.xxxxx.", 2 * time.Minute, 8, 5},
		{"xx..xxxxxx", time.Minute, 8, 6},
		{"x.x.x.x.x.", 30 * time.Second, 10, 10},
		{"..........", time.Minute, 0, 0},
	} {
		seen := make([]bool, len(c.seen))
		for i := range seen {
			seen[i] = c.seen[i] == 'x'
		}
		w := windows{start: testTime, length: c.length, count: len(seen)}
		cov := newCoverage(w, w, [2][]bool{seen, seen})
		for span := range cov.spans {
			require.Equal(t, time.Duration(c.covered)*c.length, cov.covered(span), c.seen)
			require.Equal(t, time.Duration(c.wholeTime)*c.length, cov.wholeTime(span), c.seen)
		}
		require.Equal(t, c.covered < 10, cov.partial(), c.seen)
		require.Equal(t, c.covered >= 5, cov.comparable(), c.seen)
	}
}

// TestExplainSaysUnevennessPlainly tells ratios that are no shares without per cent.
func TestExplainSaysUnevennessPlainly(t *testing.T) {
	b := newBench(t)
	f := newFleet("credit", 60, 0.05, "blue", 5)
	f.run(b, 2, func(w *worker, _ float64) {
		if w.path.Instance == "blue-1" {
			w.requests, w.statuses[2].part = 3*w.requests, 0.2
		}
	})
	e := b.asked(t, "credit", "TrafficSkew")
	require.Regexp(t, `^TrafficSkew of credit rose from 1(\.\d+)? to 2\.\d+ \(\+\d+ %\);`, e.Explanation)
	e = b.asked(t, "credit", "ErrorRatio")
	require.Regexp(t, `^ErrorRatio of credit rose from \S+ % to \S+ % \(`, e.Explanation)
}

// TestExplainTellsWhereContributionsLie asks for rows that differ only by what the search had narrowed down to.
func TestExplainTellsWhereContributionsLie(t *testing.T) {
	b := newBench(t)
	f := newFleet("credit", 60, 0.05, "blue", 6, "green", 2)
	f.run(b, 5, func(w *worker, _ float64) { w.statuses[1].part = 1.5 })
	e := b.asked(t, "credit", "RequestsPerMinute")
	require.Equal(t, "statusCode=404", pathOf(e), e.dump())
	seen, within := map[string]bool{}, 0
	for _, c := range e.Contributions {
		key := c.Dimension + "=" + c.Value + " " + c.Scope.String()
		for _, n := range c.Within {
			require.Equal(t, Narrowing{"statusCode", "404"}, n)
			key += " in " + n.Dimension + "=" + n.Value
			within++
		}
		require.False(t, seen[key], "%s twice: %s", key, e.dump())
		seen[key] = true
	}
	require.True(t, seen["instanceId=blue-1 credit/blue/blue-1"], e.dump())
	require.True(t, seen["instanceId=blue-1 credit/blue/blue-1 in statusCode=404"], e.dump())
	require.Less(t, within, len(e.Contributions))
}
