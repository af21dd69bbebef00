package evaluate

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// seasonal is a series with a daily season and a little noise, one sample every five minutes, from a day relative to the epoch on.
func seasonal(scope string, fromDay, toDay int, strange func(time.Time) float64) *source {
	s := &source{scope: scope, metric: "M", dims: map[string]string{}}
	for at := epoch.AddDate(0, 0, fromDay).Add(5 * time.Minute); !at.After(epoch.AddDate(0, 0, toDay)); at = at.Add(5 * time.Minute) {
		x := float64(at.Unix()) / 86400
		noise := math.Mod(float64(at.Unix()/300)*0.618033988749895, 1) - 0.5
		s.samples = append(s.samples, sample{at: at, value: 100 + 30*math.Sin(2*math.Pi*x) + 4*noise + strange(at)})
	}
	return s
}

func dynamicRule(name string, change ...func(*alerts.Rule)) alerts.Rule {
	return staticRule(name, append([]func(*alerts.Rule){func(r *alerts.Rule) {
		r.EvaluationFrequency, r.WindowSize = 5*time.Minute, 5*time.Minute
		c := &r.Criteria[0]
		c.Type, c.Operator, c.Sensitivity, c.Threshold = alerts.DynamicThreshold, alerts.GreaterOrLessThan, alerts.SensitivityMedium, 0
		c.FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}
	}}, change...)...)
}

func TestDynamicThresholdLiveAndPreview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		incident := epoch.Add(30*time.Hour + 2*time.Minute)
		strange := func(at time.Time) float64 {
			if d := at.Sub(incident); d >= 0 && d < time.Hour {
				return 150
			}
			return 0
		}
		w, m := &world{sources: []*source{seasonal("credit", -28, 3, strange), seasonal("fraud", -28, 3, func(time.Time) float64 { return 0 }),
			seasonal("new", 1, 3, func(at time.Time) float64 { return float64(at.Unix()%7) * 50 })}}, newMemory()
		rule := dynamicRule("r", func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "*"}} })
		cfg := quickConfig()
		cfg.MaxBaselines = 3
		v := newEvaluator(t, cfg, w, m)
		v.SetRules(stored(rule))
		runUntil(t, v, epoch.Add(20*time.Hour+time.Minute))
		require.Equal(t, 3-1, v.baselines.size, "the new one is not there yet")
		// After a restart the bounds are the same, learned anew.
		v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Active = m.Active })
		v.SetRules(stored(rule))
		bands := map[string][2]float64{}
		stop := epoch.Add(48*time.Hour + time.Minute)
		for at := epoch.Add(21*time.Hour + time.Minute); at.Before(stop); at = at.Add(time.Hour) {
			time.AfterFunc(time.Until(at), func() {
				st, _ := v.Status("r")
				for _, s := range st.Series {
					if x := s.Values[0]; x.Upper != nil {
						bands[fmt.Sprint(s.Scope, st.LastEvaluated.Unix())] = [2]float64{*x.Lower, *x.Upper}
					}
				}
			})
		}
		runUntil(t, v, stop)
		require.Len(t, m.events(), 2)
		require.Equal(t, "credit", m.log[0].Target.String())
		require.WithinDuration(t, incident.Add(13*time.Minute), m.log[0].FiredAt, 6*time.Minute)
		require.Equal(t, *m.log[0].Values[0].Upper, *m.log[0].Values[0].Threshold, "the bound that was crossed")
		require.Equal(t, m.log[0].ID, m.log[1].ID)

		p, err := v.Preview(t.Context(), rule, epoch.Add(5*time.Minute), epoch.Add(48*time.Hour))
		require.NoError(t, err)
		require.Equal(t, m.events(), previewTexts(p))
		require.Len(t, p.Series, 3)
		compared := 0
		for _, s := range p.Series {
			for i, at := range s.Timestamps {
				if s.Scope.Endpoint == "new" {
					require.Nil(t, s.Upper[i], "less than three days of history")
					continue
				}
				require.NotNil(t, s.Upper[i])
				if b, ok := bands[fmt.Sprint(s.Scope, at.Unix())]; ok {
					require.Equal(t, b, [2]float64{*s.Lower[i], *s.Upper[i]}, "at %s", at)
					compared++
				}
			}
		}
		require.Greater(t, compared, 40)
	})
}

func TestHistoryIsAskedOnceAndThenHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{sources: []*source{seasonal("credit", -28, 1, func(time.Time) float64 { return 0 })}}, newMemory()
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(dynamicRule("r", func(r *alerts.Rule) { r.Criteria[0].IgnoreDataBefore = epoch.AddDate(0, 0, -10) })))
		runUntil(t, v, epoch.Add(3*time.Hour+30*time.Second))
		var history []alerts.MetricQuestion
		for _, q := range w.asked {
			if q.To.After(q.From) {
				history = append(history, q)
			}
		}
		// The history of ten days in two questions, and then of two hours.
		require.Equal(t, 4, len(history))
		require.Equal(t, epoch.AddDate(0, 0, -10).Unix(), history[0].From.Unix())
		require.Equal(t, epoch, history[1].To)
		require.Equal(t, epoch.Add(5*time.Minute), history[2].From)
		require.Equal(t, epoch.Add(time.Hour), history[2].To)
		require.Equal(t, 36+4, len(w.asked))
	})
}

func TestOldBaselineServesWhileHistoryCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, reg := &world{sources: []*source{seasonal("credit", -28, 1, func(at time.Time) float64 {
			if at.After(epoch.Add(90 * time.Minute)) {
				return 500
			}
			return 0
		})}}, newMemory(), newRegistry()
		w.fail = func(q alerts.MetricQuestion) error {
			if q.To.After(q.From) && q.To.After(epoch.Add(30*time.Minute)) {
				return errBroken
			}
			return nil
		}
		v := newEvaluator(t, quickConfig(), w, m, func(s *Settings) { s.Registerer = reg })
		v.SetRules(stored(dynamicRule("r")))
		runUntil(t, v, epoch.Add(3*time.Hour))
		require.Equal(t, []string{"credit fired 105"}, m.events())
		require.Positive(t, reg.sum(t, "alerts_stale_baselines_total"))
		require.Zero(t, reg.sum(t, "alerts_evaluation_failures_total"))
	})
}

func TestBaselinesAreBounded(t *testing.T) {
	c := newBaselineCache(10, nil)
	for i := range 5 {
		p := &plan{rule: &alerts.Rule{Name: fmt.Sprint(i)}, criteria: make([]criterionPlan, 1)}
		sets := c.take(p)
		for k := range 4 {
			sets[0].series[fmt.Sprint(k)] = &learner{}
		}
		c.put(p, sets)
		require.LessOrEqual(t, c.size, 10)
	}
	require.Len(t, c.byRule, 2)
	require.Contains(t, c.byRule, "4")
	big := &plan{rule: &alerts.Rule{Name: "big"}, criteria: make([]criterionPlan, 1)}
	sets := c.take(big)
	for k := range 11 {
		sets[0].series[fmt.Sprint(k)] = &learner{}
	}
	c.put(big, sets)
	require.NotContains(t, c.byRule, "big")
	require.Equal(t, 8, c.size)
	c.drop("4")
	require.Equal(t, 4, c.size)
}

func TestAPreviewWithoutABandSaysWhenThereIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{sources: []*source{seasonal("credit", -1, 2, func(time.Time) float64 { return 0 })}}
		time.Sleep(time.Until(epoch.Add(30 * time.Hour)))
		v := previewer(t, w)
		p, err := v.Preview(t.Context(), dynamicRule("r"), epoch, epoch.Add(24*time.Hour))
		require.NoError(t, err)
		require.Len(t, p.Series, 1)
		require.Len(t, p.Warnings, 1)
		first := epoch.Add(48 * time.Hour).UTC().Format(time.RFC3339)
		require.Contains(t, p.Warnings[0], "1 of 1 series have no band")
		require.Contains(t, p.Warnings[0], "span 2.0 days")
		require.Contains(t, p.Warnings[0], "the first band comes at "+first)
	})
}
