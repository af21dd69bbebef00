package evaluate

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// scripted cases: the value of each minute, and what must come of it. The check of minute n sees minute n.
func TestScriptedSeries(t *testing.T) {
	op := func(o alerts.Operator) func(*alerts.Rule) {
		return func(r *alerts.Rule) { r.Criteria[0].Operator = o }
	}
	noData := func(p alerts.NoDataPolicy) func(*alerts.Rule) { return func(r *alerts.Rule) { r.NoData = p } }
	kOfN := func(k, n int) func(*alerts.Rule) {
		return func(r *alerts.Rule) {
			r.Criteria[0].FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: n, MinFailingPeriodsToAlert: k}
		}
	}
	split := func(values ...string) func(*alerts.Rule) {
		return func(r *alerts.Rule) {
			r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: values}}
		}
	}
	everywhere := func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "*"}} }
	stateless := func(mute time.Duration) func(*alerts.Rule) {
		return func(r *alerts.Rule) { r.AutoMitigate, r.MuteActionsDuration = false, mute }
	}
	window := func(w time.Duration, a scopes.Aggregation) func(*alerts.Rule) {
		return func(r *alerts.Rule) { r.WindowSize, r.Criteria[0].TimeAggregation = w, a }
	}
	frequency := func(f time.Duration) func(*alerts.Rule) {
		return func(r *alerts.Rule) { r.EvaluationFrequency, r.WindowSize = f, max(f, r.WindowSize) }
	}
	second := func(metric string, threshold float64) func(*alerts.Rule) {
		return func(r *alerts.Rule) {
			c := r.Criteria[0]
			c.Name, c.MetricName, c.Threshold, c.Dimensions = metric, metric, threshold, nil
			r.Criteria = append(r.Criteria, c)
		}
	}
	other := func(s *source, metric string) *source { s.metric = metric; return s }
	counter := func(s *source) *source { s.counter = true; return s }
	type cs struct {
		name    string
		rule    []func(*alerts.Rule)
		sources []*source
		until   int
		want    []string
	}
	const c = "credit"
	for _, tc := range []cs{
		{"greater than", nil, []*source{script(c, "10 11 10x9")}, 12, []string{"credit fired 2", "credit resolved 5"}},
		{"greater or equal", []func(*alerts.Rule){op(alerts.GreaterThanOrEqual)}, []*source{script(c, "9 10 9x9")}, 12, []string{"credit fired 2", "credit resolved 5"}},
		{"less than", []func(*alerts.Rule){op(alerts.LessThan)}, []*source{script(c, "10 9 10x9")}, 12, []string{"credit fired 2", "credit resolved 5"}},
		{"less or equal", []func(*alerts.Rule){op(alerts.LessThanOrEqual)}, []*source{script(c, "11 10 11x9")}, 12, []string{"credit fired 2", "credit resolved 5"}},
		{"equals", []func(*alerts.Rule){op(alerts.Equals)}, []*source{script(c, "9 10 11x9")}, 12, []string{"credit fired 2", "credit resolved 5"}},
		{"not equals", []func(*alerts.Rule){op(alerts.NotEquals)}, []*source{script(c, "10 9 10x9")}, 12, []string{"credit fired 2", "credit resolved 5"}},
		{"flapping does not resolve before three in a row", nil, []*source{script(c, "20 1 20 1 1 20 1 1 1 20 1x9")}, 20,
			[]string{"credit fired 1", "credit resolved 9", "credit fired 10", "credit resolved 13"}},
		{"two of three", []func(*alerts.Rule){kOfN(2, 3)}, []*source{script(c, "20 1 1 20 1 20 1x9")}, 15, []string{"credit fired 6", "credit resolved 9"}},
		{"average over five minutes", []func(*alerts.Rule){window(5*time.Minute, scopes.Average)}, []*source{script(c, "1x5 50 1x15")}, 20, []string{"credit fired 6", "credit resolved 13"}},
		{"maximum over five minutes", []func(*alerts.Rule){window(5*time.Minute, scopes.Maximum)}, []*source{script(c, "1x5 50 1x15")}, 20, []string{"credit fired 6", "credit resolved 13"}},
		{"minimum over five minutes", []func(*alerts.Rule){window(5*time.Minute, scopes.Minimum)}, []*source{script(c, "50x5 1 1x15")}, 20, []string{"credit fired 1", "credit resolved 8"}},
		{"total over five minutes", []func(*alerts.Rule){window(5*time.Minute, scopes.Total)}, []*source{script(c, "2x5 3 2x15")}, 20, []string{"credit fired 6", "credit resolved 13"}},
		{"count over five minutes", []func(*alerts.Rule){window(5*time.Minute, scopes.Count), func(r *alerts.Rule) { r.Criteria[0].Threshold = 4 }}, []*source{script(c, "1x5 -x15")}, 20, []string{"credit fired 5", "credit resolved 8"}},
		{"every five minutes", []func(*alerts.Rule){frequency(5 * time.Minute), window(5*time.Minute, scopes.Maximum)}, []*source{script(c, "1x6 50 1x30")}, 35, []string{"credit fired 10", "credit resolved 25"}},
		{"split by a dimension, each alone", []func(*alerts.Rule){split("*")}, []*source{script(c, "20 1x9", "code", "500"), script(c, "1 1 20 1x9", "code", "503")}, 12,
			[]string{`credit{"code"="500"} fired 1`, `credit{"code"="503"} fired 3`, `credit{"code"="500"} resolved 4`, `credit{"code"="503"} resolved 6`}},
		{"only one value of a dimension", []func(*alerts.Rule){split("503")}, []*source{script(c, "20 1x9", "code", "500"), script(c, "1 1 20 1x9", "code", "503")}, 12,
			[]string{`credit{"code"="503"} fired 3`, `credit{"code"="503"} resolved 6`}},
		{"every endpoint alone", []func(*alerts.Rule){everywhere}, []*source{script("a", "20 1x9"), script("b", "1 20 1x9")}, 12, []string{"a fired 1", "b fired 2", "a resolved 4", "b resolved 5"}},
		{"no data is not met", nil, []*source{script(c, "20 20 -x9")}, 12, []string{"credit fired 1", "credit resolved 5"}},
		{"no data keeps the state", []func(*alerts.Rule){noData(alerts.NoDataKeep)}, []*source{script(c, "20 20 -x9 1x9")}, 20, []string{"credit fired 1", "credit resolved 14"}},
		{"no data is met, also if there never was any", []func(*alerts.Rule){noData(alerts.NoDataAlert)}, []*source{script(c, "-x5 1x9")}, 12, []string{"credit fired 1", "credit resolved 8"}},
		{"no data is met where a series was", []func(*alerts.Rule){noData(alerts.NoDataAlert), everywhere}, []*source{script(c, "1x3 -x4 1x9")}, 12, []string{"credit fired 4", "credit resolved 10"}},
		{"no data of what never was", []func(*alerts.Rule){noData(alerts.NoDataAlert), everywhere}, nil, 12, nil},
		{"stateless, each minute", []func(*alerts.Rule){stateless(0)}, []*source{script(c, "1 20x3 1 20 1")}, 12, []string{"credit fired 2", "credit fired 3", "credit fired 4", "credit fired 6"}},
		{"stateless, muted for three minutes", []func(*alerts.Rule){stateless(3 * time.Minute)}, []*source{script(c, "1 20x8 1")}, 12, []string{"credit fired 2", "credit fired 5", "credit fired 8"}},
		{"two criteria, both at once", []func(*alerts.Rule){second("N", 5)}, []*source{script(c, "20x3 1 20x4 1x9"), other(script(c, "1 1 6x12"), "N")}, 15, []string{"credit fired 3", "credit resolved 11"}},
		{"a criterion that is split, and one that is not", []func(*alerts.Rule){split("*"), second("N", 5)},
			[]*source{script(c, "20x5 1x9", "code", "500"), script(c, "1x14", "code", "503"), other(script(c, "1 1 6x12"), "N")}, 12, []string{`credit{"code"="500"} fired 3`, `credit{"code"="500"} resolved 8`}},
		{"two criteria, no data of one", []func(*alerts.Rule){second("N", 5)}, []*source{script(c, "20x12")}, 12, nil},
		{"a counter that begins anew", []func(*alerts.Rule){window(time.Minute, scopes.Total)}, []*source{counter(script(c, "100 101 102 3 4 30 31 32 33 34"))}, 10, []string{"credit fired 6", "credit resolved 9"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, m := &world{sources: tc.sources}, newMemory()
				v := newEvaluator(t, quickConfig(), w, m)
				rule := staticRule("r", tc.rule...)
				v.SetRules(stored(rule))
				runUntil(t, v, minute(tc.until).Add(time.Second))
				require.Equal(t, tc.want, m.events())

				p, err := v.Preview(t.Context(), rule, minute(1), minute(tc.until))
				require.NoError(t, err)
				require.Equal(t, tc.want, previewTexts(p), "the preview says what happened")
			})
		})
	}
}

func previewTexts(p *Preview) []string {
	var out []string
	for _, e := range p.Events {
		a := alerts.Alert{Condition: alerts.Fired, FiredAt: e.At, ResolvedAt: e.At, ResolveReason: e.Reason}
		if e.State == "resolved" {
			a.Condition = alerts.Resolved
		}
		dims := map[string]string{}
		for name, v := range e.Dimensions {
			if name != "endpoint" && name != "deployment" && name != "instance" {
				dims[name] = v
			}
		}
		out = append(out, eventText(alerts.SeriesKey(e.Scope, dims), a))
	}
	return out
}

func TestForgottenAfterADay(t *testing.T) {
	for policy, want := range map[alerts.NoDataPolicy][]string{
		alerts.NoDataKeep: {"credit fired 1", "credit resolved 1445 no data for 24h"},
		// The first check without data is met as long as the series is remembered.
		alerts.NoDataAlert: {"credit fired 1", "credit resolved 1445 no data for 24h"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, m := &world{sources: []*source{script("credit", "20 20")}}, newMemory()
			v := newEvaluator(t, quickConfig(), w, m)
			v.SetRules(stored(staticRule("r", func(r *alerts.Rule) { r.NoData, r.Scopes = policy, []scopes.Pattern{{Endpoint: "*"}} })))
			runUntil(t, v, minute(1460).Add(time.Second))
			require.Equal(t, want, m.events(), policy)
			st, ok := v.Status("r")
			require.True(t, ok)
			require.Empty(t, st.Series, "nothing is remembered of it")
			require.Empty(t, m.states["r"].Series)
		})
	}
	require.Equal(t, 24*time.Hour, condition.Forget)
}

func TestLateDataDoesNotChangeWhatWasJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := script("credit", "1 20 1x9")
		late.samples[1].visible = minute(2).Add(10 * time.Second)
		w, m := &world{sources: []*source{late}}, newMemory()
		cfg := quickConfig()
		cfg.Grace = 5 * time.Second
		v := newEvaluator(t, cfg, w, m)
		patient := staticRule("patient", func(r *alerts.Rule) { r.GracePeriod = 15 * time.Second })
		v.SetRules(stored(staticRule("hasty"), patient))
		runUntil(t, v, minute(10))
		require.Equal(t, []string{"credit fired 2", "credit resolved 5"}, m.events())
		require.Equal(t, "patient", m.log[0].Rule)
	})
}

func TestAlertsSayWhatTheirCheckSaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{sources: []*source{script("credit", "1 20 1x9")}}, newMemory()
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(staticRule("r", func(r *alerts.Rule) {
			r.WindowSize, r.Criteria[0].TimeAggregation, r.Severity = 5*time.Minute, scopes.Maximum, 1
			r.Actions, r.CustomProperties = []alerts.Action{{ActionGroupID: "oncall"}}, map[string]string{"team": "ml"}
		})))
		runUntil(t, v, minute(15).Add(time.Second))
		require.Len(t, m.log, 2)
		fired, resolved := m.log[0], m.log[1]
		require.Equal(t, fired.ID, resolved.ID)
		require.Equal(t, alerts.AlertID("r", "credit", minute(2)), fired.ID)
		require.Equal(t, minute(2), fired.WindowEnd)
		require.Equal(t, minute(2).Add(-5*time.Minute), fired.WindowStart)
		require.Equal(t, 20.0, *fired.Values[0].Value)
		require.Equal(t, 10.0, *fired.Values[0].Threshold)
		require.Equal(t, map[string]string{"alertname": "r", "severity": "error", "endpoint": "credit", "action_groups": ",oncall,"}, fired.Labels)
		require.Equal(t, minute(9), resolved.ResolvedAt)
		require.Equal(t, minute(2), resolved.FiredAt)
		require.Equal(t, 1.0, *resolved.Values[0].Value)
	})
}
