package evaluate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// randomScript makes stretches of calm, trouble and silence.
func randomScript(r *rand.Rand, n int) string {
	var b strings.Builder
	for made := 0; made < n; {
		k := 1 + r.IntN(8)
		fmt.Fprintf(&b, "%sx%d ", pick(r, "1", "5", "10", "11", "20", "-"), k)
		made += k
	}
	return b.String()
}

func randomRule(r *rand.Rand, name string) alerts.Rule {
	return staticRule(name, func(x *alerts.Rule) {
		x.NoData = pick(r, alerts.NoDataIgnore, alerts.NoDataAlert, alerts.NoDataKeep)
		x.EvaluationFrequency = pick(r, time.Minute, time.Minute, 5*time.Minute)
		x.WindowSize = max(x.EvaluationFrequency, pick(r, time.Minute, 5*time.Minute, 15*time.Minute))
		x.AutoMitigate = r.IntN(4) > 0
		if !x.AutoMitigate {
			x.MuteActionsDuration = pick(r, 0, 7*time.Minute)
		}
		x.Scopes = []scopes.Pattern{pick(r, scopes.Pattern{Endpoint: "credit"}, scopes.Pattern{Endpoint: "*"})}
		c := &x.Criteria[0]
		c.Operator = pick(r, alerts.Equals, alerts.NotEquals, alerts.GreaterThan, alerts.GreaterThanOrEqual, alerts.LessThan, alerts.LessThanOrEqual)
		c.TimeAggregation = pick(r, scopes.Average, scopes.Minimum, scopes.Maximum, scopes.Total, scopes.Count)
		if n := r.IntN(5); n > 0 {
			c.FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: n, MinFailingPeriodsToAlert: 1 + r.IntN(n)}
		}
		if r.IntN(2) == 0 {
			c.Dimensions = []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: []string{pick(r, "*", "500")}}}
		}
		if r.IntN(3) == 0 {
			second := *c
			second.Name, second.MetricName, second.Threshold = "d", "N", 4
			x.Criteria = append(x.Criteria, second)
		}
	})
}

// What a preview says is what happened, for any rule and any series; with restarts in between, too.
func TestPreviewEqualsLive(t *testing.T) {
	events := 0
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w, m := &world{}, newMemory()
			for _, metric := range []string{"M", "N"} {
				for _, e := range []string{"credit", "fraud"} {
					for _, code := range []string{"200", "500"} {
						s := script(e, randomScript(r, 120), "code", code)
						s.metric = metric
						w.sources = append(w.sources, s)
					}
				}
			}
			var rules []alerts.Rule
			for i := range 4 {
				rules = append(rules, randomRule(r, fmt.Sprint("r", i)))
			}
			// Series that differ in nothing that a rule splits by would be one in a real store.
			for i := range rules {
				for k := range rules[i].Criteria {
					if len(rules[i].Criteria[k].Dimensions) == 0 {
						rules[i].Criteria[k].Dimensions = []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: []string{"500"}}}
					}
				}
			}
			cfg := quickConfig()
			cfg.Spread = 20 * time.Second
			v := newEvaluator(t, cfg, w, m)
			v.SetRules(stored(rules...))
			if seed%2 == 0 {
				runUntil(t, v, minute(40+r.IntN(20)).Add(time.Duration(r.IntN(60))*time.Second))
				v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Active = m.Active })
				v.SetRules(stored(rules...))
			}
			runUntil(t, v, minute(120).Add(30*time.Second))
			for _, rule := range rules {
				plan, err := newPlan(&rule, cfg, nil)
				require.NoError(t, err)
				start := plan.lastDue(epoch.Add(time.Second)).Add(rule.EvaluationFrequency)
				p, err := v.Preview(t.Context(), rule, start, minute(120))
				require.NoError(t, err)
				var live []string
				for _, a := range m.log {
					if a.Rule == rule.Name {
						live = append(live, eventText(alerts.SeriesKey(a.Target, a.Dimensions), a))
					}
				}
				require.Equal(t, live, previewTexts(p), "seed %d, rule %+v", seed, rule)
				require.Equal(t, len(live), p.Notifications)
				events += len(live)
			}
		})
	}
	require.Greater(t, events, 800, "the rules of this test fire")
}

func TestWeeks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * 60
		w, m := &world{}, newMemory()
		// Trouble from 09:00 to 09:20 each day; on Sundays nothing is measured from 12:00 to 18:00.
		var b strings.Builder
		for d := range 14 {
			fmt.Fprintf(&b, "1x%d 20x20 1x%d ", 9*60-1, 12*60-9*60-20)
			fmt.Fprintf(&b, "%sx360 1x%d ", map[bool]string{true: "-", false: "1"}[d%7 == 6], 6*60+1)
		}
		w.sources = []*source{script("credit", b.String())}
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(staticRule("trouble"), staticRule("silence", func(r *alerts.Rule) {
			r.NoData, r.Criteria[0].Threshold = alerts.NoDataAlert, 1000
		})))
		runUntil(t, v, minute(14*day).Add(30*time.Second))
		var want []string
		for d := range 14 {
			want = append(want, fmt.Sprintf("credit fired %d", d*day+9*60), fmt.Sprintf("credit resolved %d", d*day+9*60+22))
			if d%7 == 6 {
				want = append(want, fmt.Sprintf("credit fired %d", d*day+12*60), fmt.Sprintf("credit resolved %d", d*day+18*60+2))
			}
		}
		require.Equal(t, want, m.events())
		require.Equal(t, 2*14*day, len(w.asked))
	})
}
