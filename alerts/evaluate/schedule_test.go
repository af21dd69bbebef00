package evaluate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestSlowRulesDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, reg := &world{}, newMemory(), newRegistry()
		w.block = func(ctx context.Context, q alerts.MetricQuestion) error {
			if q.Metric != "Slow" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		cfg := quickConfig()
		cfg.MaxConcurrent, cfg.MaxSlow = 4, 1
		v := newEvaluator(t, cfg, w, m, func(s *Settings) { s.Registerer = reg })
		var rules []alerts.Rule
		for i := range 40 {
			rules = append(rules, staticRule(fmt.Sprint("quick", i)))
		}
		for i := range 20 {
			rules = append(rules, staticRule(fmt.Sprint("slow", i), func(r *alerts.Rule) { r.Criteria[0].MetricName = "Slow" }))
		}
		v.SetRules(stored(rules...))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- v.Run(ctx) }()
		for i := 1; i <= 10; i++ {
			// In the first minute the slow ones are found out, some at a time: four workers, two seconds each.
			time.Sleep(time.Until(minute(i).Add(15 * time.Second)))
			for _, r := range rules[:40] {
				st, ok := v.Status(r.Name)
				require.True(t, ok)
				require.Equal(t, minute(i), st.LastEvaluated, "%s in minute %d", r.Name, i)
			}
			if i > 1 {
				st, _ := v.Status("quick7")
				require.Less(t, st.EvaluatedAt.Sub(minute(i)), time.Second)
			}
		}
		st, _ := v.Status("slow3")
		require.Equal(t, RuleFailing, st.Health)
		require.ErrorIs(t, st.Err, context.DeadlineExceeded)
		require.ErrorContains(t, st.Err, "not answered within 30s")
		cancel()
		require.NoError(t, <-done)
		require.Positive(t, reg.value(t, "alerts_missed_evaluations_total", "reason", "timeout"))
	})
}

func TestConcurrencyIsBoundedAndRulesNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{}, newMemory()
		var running, most atomic.Int64
		busy := map[string]*atomic.Int64{}
		var rules []alerts.Rule
		for i := range 30 {
			name := fmt.Sprint("M", i)
			busy[name] = &atomic.Int64{}
			rules = append(rules, staticRule(fmt.Sprint("r", i), func(r *alerts.Rule) { r.Criteria[0].MetricName = name }))
		}
		var overlaps atomic.Int64
		w.block = func(_ context.Context, q alerts.MetricQuestion) error {
			if busy[q.Metric].Add(1) > 1 {
				overlaps.Add(1)
			}
			n := running.Add(1)
			for o := most.Load(); n > o && !most.CompareAndSwap(o, n); o = most.Load() {
			}
			time.Sleep(time.Second)
			running.Add(-1)
			busy[q.Metric].Add(-1)
			return nil
		}
		cfg := quickConfig()
		cfg.MaxConcurrent, cfg.MaxSlow = 3, 1
		v := newEvaluator(t, cfg, w, m)
		v.SetRules(stored(rules...))
		runUntil(t, v, minute(5).Add(30*time.Second))
		require.Equal(t, int64(3), most.Load())
		require.Zero(t, overlaps.Load())
		require.Equal(t, 5*30, len(w.asked))
	})
}

func TestEvaluationsAreSpreadOverTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{}, newMemory()
		var seconds [60]int
		var rules []alerts.Rule
		for i := range 300 {
			rules = append(rules, staticRule(fmt.Sprint("r", i)))
		}
		cfg := DefaultConfig()
		cfg.StartupDelay = 0
		w.block = func(_ context.Context, q alerts.MetricQuestion) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			seconds[int(time.Since(q.To)/time.Second)]++
			return nil
		}
		v := newEvaluator(t, cfg, w, m)
		v.SetRules(stored(rules...))
		runUntil(t, v, minute(2).Add(time.Second))
		for s, n := range seconds {
			if s < 15 || s >= 30 {
				require.Zero(t, n, "second %d", s)
			} else {
				require.Less(t, n, 70, "second %d", s)
			}
		}
		require.Equal(t, 600, len(w.asked))
	})
}

func TestFailedEvaluationIsTriedOnceMore(t *testing.T) {
	for _, tc := range []struct {
		failures int
		want     []string
		missed   float64
	}{
		{1, []string{"credit fired 2", "credit resolved 5"}, 0},
		{2, nil, 1}, // what was at minute 2 was never seen: no check
	} {
		synctest.Test(t, func(t *testing.T) {
			w, m, reg := &world{sources: []*source{script("credit", "1 20 1x9")}}, newMemory(), newRegistry()
			left := tc.failures
			w.fail = func(q alerts.MetricQuestion) error {
				if q.To.Equal(minute(2)) && left > 0 {
					left--
					return errBroken
				}
				return nil
			}
			v := newEvaluator(t, quickConfig(), w, m, func(s *Settings) { s.Registerer = reg })
			v.SetRules(stored(staticRule("r")))
			runUntil(t, v, minute(8).Add(time.Second))
			require.Equal(t, tc.want, m.events())
			require.Equal(t, float64(tc.failures), reg.value(t, "alerts_evaluation_failures_total", "kind", "metric"))
			require.Equal(t, tc.missed, reg.value(t, "alerts_missed_evaluations_total", "reason", "failed"))
			require.Equal(t, tc.missed, reg.sum(t, "alerts_missed_evaluations_total"))
			require.Equal(t, float64(8+min(1, tc.failures)), reg.value(t, "alerts_evaluations_total", "kind", "metric"))
			require.Equal(t, reg.sum(t, "alerts_evaluations_total"), reg.sum(t, "alerts_evaluation_duration_seconds"))
			require.Equal(t, 8.0, reg.sum(t, "alerts_evaluation_lag_seconds"))
			st, _ := v.Status("r")
			require.Equal(t, RuleOK, st.Health)
			require.NoError(t, st.Err)
		})
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{}, newMemory()
		w.fail = func(alerts.MetricQuestion) error { panic("of an answer") }
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(3))
		st, _ := v.Status("r")
		require.ErrorContains(t, st.Err, "of an answer")
	})
}

func TestSinkThatFailsLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{sources: []*source{script("credit", "1 20 1 1 1 20 1x9")}}, newMemory()
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(staticRule("r")))
		time.AfterFunc(90*time.Second, func() { m.mu.Lock(); m.broken = errBroken; m.mu.Unlock() })
		time.AfterFunc(7*time.Minute+10*time.Second, func() {
			require.ErrorContains(t, v.Healthy(time.Now()), "cannot be handed over")
			st, _ := v.Status("r")
			require.Equal(t, 1, st.Undelivered)
			m.mu.Lock()
			m.broken = nil
			m.mu.Unlock()
		})
		time.AfterFunc(9*time.Minute, func() { require.NoError(t, v.Healthy(time.Now())) })
		runUntil(t, v, minute(10))
		require.Equal(t, []string{"credit fired 2", "credit resolved 5", "credit fired 6", "credit resolved 9"}, m.events())
	})
}

func TestTooManySeriesIsAnErrorOfTheRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{}, newMemory()
		for i := range 12 {
			w.sources = append(w.sources, script(fmt.Sprint("e", i), "20x20"))
		}
		cfg := quickConfig()
		cfg.MaxSeries = 11
		v := newEvaluator(t, cfg, w, m)
		v.SetRules(stored(staticRule("wide", func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "*"}} }),
			staticRule("narrow", func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "e1"}} })))
		runUntil(t, v, minute(6))
		require.Equal(t, []string{"e1 fired 1"}, m.events())
		st, _ := v.Status("wide")
		var limit *LimitError
		require.ErrorAs(t, st.Err, &limit)
		require.Equal(t, int64(12), limit.Got)
		require.Equal(t, "series of a rule (alerts.evaluation.max_series): 12 series are more than the limit of 11", limit.Error())
		require.Greater(t, st.Failures, 5)
	})
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{}, newMemory()
		w.fail = func(alerts.MetricQuestion) error { return errBroken }
		v := newEvaluator(t, quickConfig(), w, m)
		require.ErrorContains(t, v.Healthy(time.Now()), "does not run")
		v.SetRules(stored(staticRule("a"), staticRule("b")))
		time.AfterFunc(30*time.Second, func() { require.NoError(t, v.Healthy(time.Now())) })
		time.AfterFunc(3*time.Minute, func() {
			require.ErrorContains(t, v.Healthy(time.Now()), "evaluations of alert rules failed")
			require.ErrorContains(t, v.Healthy(time.Now().Add(3*time.Minute)), "stands still")
		})
		runUntil(t, v, minute(4))
		require.ErrorContains(t, v.Healthy(time.Now()), "does not run")
	})
}

func TestHealthOfRulesThatAreNotEvaluated(t *testing.T) {
	well := func(name string) alerts.Rule { return staticRule(name) }
	wide := func(name string) alerts.Rule {
		return staticRule(name, func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "*"}} })
	}
	unplanned := func(name string) alerts.Rule {
		return staticRule(name, func(r *alerts.Rule) { r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "a) or (b"}} })
	}
	hourly := func(r alerts.Rule) alerts.Rule { r.EvaluationFrequency = time.Hour; return r }
	disabled := func(r alerts.Rule) alerts.Rule { r.Enabled = false; return r }
	for _, tc := range []struct {
		name  string
		rules []alerts.Rule
		want  string // after six minutes
		hour  string // six minutes after an hour
	}{
		{"all are well", []alerts.Rule{well("a"), hourly(well("b"))}, "", ""},
		{"none can be evaluated", []alerts.Rule{wide("a"), disabled(well("b"))}, "1 of 1 alert rules are not evaluated, a since 2000-01-01T00:01:00Z: series of a rule (alerts.evaluation.max_series): 2 series are more than the limit of 1", "1 of 1"},
		{"none can be planned", []alerts.Rule{unplanned("a"), unplanned("b")}, "2 of 2 alert rules are not evaluated, ", "2 of 2"},
		{"half cannot be evaluated", []alerts.Rule{wide("a"), unplanned("b"), well("c"), well("d")}, "2 of 4", "2 of 4"},
		{"fewer cannot be evaluated", []alerts.Rule{wide("a"), well("c"), well("d")}, "", ""},
		{"one that is seldom due", []alerts.Rule{hourly(wide("a"))}, "", "1 of 1 alert rules are not evaluated, a since 2000-01-01T01:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, m := &world{sources: []*source{script("credit", "1x90"), script("fraud", "1x90")}}, newMemory()
				cfg := quickConfig()
				cfg.MaxSeries = 1
				v := newEvaluator(t, cfg, w, m)
				v.SetRules(stored(tc.rules...))
				looks := func(at time.Time, want string) {
					time.AfterFunc(time.Until(at), func() {
						err := v.Healthy(time.Now())
						if want == "" {
							require.NoError(t, err)
						} else {
							require.ErrorContains(t, err, want)
						}
					})
				}
				looks(minute(4).Add(30*time.Second), "")
				looks(minute(6).Add(30*time.Second), tc.want)
				looks(minute(66).Add(30*time.Second), tc.hour)
				time.AfterFunc(67*time.Minute, func() { v.SetRules(stored(well("new"))) })
				looks(minute(67).Add(time.Second), "")
				looks(minute(80), "")
				runUntil(t, v, minute(81))

				time.Sleep(time.Hour) // nothing is late at once after a start
				cfg.StartupDelay = 30 * time.Second
				v = newEvaluator(t, cfg, w, m)
				v.SetRules(stored(well("new")))
				looks(time.Now().Add(20*time.Second), "")
				looks(time.Now().Add(2*time.Minute), "")
				runUntil(t, v, time.Now().Add(10*time.Minute))
			})
		})
	}
}

func TestStatesThatCannotBeReadAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{sources: []*source{script("credit", "1 20 1x9")}}, newMemory()
		tries := 0
		v := newEvaluator(t, quickConfig(), w, m, func(s *Settings) {
			s.Active = func(context.Context) ([]alerts.Alert, error) {
				if tries++; tries < 4 {
					return nil, errBroken
				}
				return nil, nil
			}
		})
		v.SetRules(stored(staticRule("r")))
		time.AfterFunc(5*time.Second, func() { require.ErrorIs(t, v.Healthy(time.Now()), errBroken) })
		runUntil(t, v, minute(6))
		require.Equal(t, []string{"credit fired 2", "credit resolved 5"}, m.events())
	})
}

func TestRulesThatChange(t *testing.T) {
	set := func(v *Evaluator, version int64, rules ...alerts.Rule) {
		list := stored(rules...)
		for i := range list {
			list[i].Version = version
		}
		v.SetRules(list)
	}
	for _, tc := range []struct {
		name   string
		change func(*Evaluator)
		want   []string
	}{
		{"severity and actions", func(v *Evaluator) {
			set(v, 2, staticRule("r", func(r *alerts.Rule) { r.Severity, r.Actions = 1, []alerts.Action{{ActionGroupID: "x"}} }))
		}, []string{"credit fired 2", "credit resolved 13"}},
		{"threshold", func(v *Evaluator) {
			set(v, 2, staticRule("r", func(r *alerts.Rule) { r.Criteria[0].Threshold = 15 }))
		}, []string{"credit fired 2", "credit resolved 5 rule changed", "credit fired 6", "credit resolved 13"}},
		{"disabled", func(v *Evaluator) {
			set(v, 2, staticRule("r", func(r *alerts.Rule) { r.Enabled = false }))
		}, []string{"credit fired 2", "credit resolved 5 rule disabled"}},
		{"deleted", func(v *Evaluator) { set(v, 2) }, []string{"credit fired 2", "credit resolved 5 rule deleted"}},
		{"deleted and made again", func(v *Evaluator) {
			set(v, 2)
			time.Sleep(time.Second)
			set(v, 3, staticRule("r"))
		}, []string{"credit fired 2", "credit resolved 5 rule deleted", "credit fired 6", "credit resolved 13"}},
		{"one that cannot be evaluated", func(v *Evaluator) {
			set(v, 2, staticRule("r", func(r *alerts.Rule) { r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "a) or (b"}} }))
		}, []string{"credit fired 2", "credit resolved 5 rule changed"}},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", tc.name, restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, m := &world{sources: []*source{script("credit", "1 20x9 1x9")}}, newMemory()
					v := newEvaluator(t, quickConfig(), w, m)
					set(v, 1, staticRule("r"))
					if restart {
						runUntil(t, v, minute(5).Add(20*time.Second))
						v = newEvaluator(t, quickConfig(), w, m, func(s *Settings) { s.Active = m.Active })
						tc.change(v)
					} else {
						time.AfterFunc(5*time.Minute+20*time.Second, func() { tc.change(v) })
					}
					runUntil(t, v, minute(15))
					want := tc.want
					if restart && strings.HasPrefix(tc.name, "deleted and") {
						want = []string{"credit fired 2", "credit resolved 13"} // nobody saw that it was gone
					}
					require.Equal(t, want, m.events())
					if tc.name == "deleted" {
						_, ok := v.Status("r")
						require.False(t, ok)
					}
					if tc.name == "deleted" || tc.name == "disabled" {
						require.Empty(t, m.states)
					}
				})
			})
		}
	}
}

func TestStatesOfOthersAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{}, newMemory()
		m.states["file;group"] = alerts.RuleState{Rule: "file;group", Hash: "promrules", Series: map[string][]byte{"x": {9}}}
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(nil)
		runUntil(t, v, minute(2))
		require.Len(t, m.states, 1)
	})
}

func TestSettingsAndConfig(t *testing.T) {
	_, err := New(DefaultConfig(), Settings{})
	require.Error(t, err)
	require.NoError(t, DefaultConfig().Validate())
	for _, tc := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Grace = -1 }, "grace: must be between 0 and 1h (got -1ns)"},
		{func(c *Config) { c.Spread = 2 * time.Hour }, "spread: must be between 0 and 1h (got 2h0m0s)"},
		{func(c *Config) { c.MaxConcurrent = 0 }, "max_concurrent: must be between 1 and 1024 (got 0)"},
		{func(c *Config) { c.MaxSlow = 0 }, "max_slow: must be between 1 and 1024 (got 0)"},
		{func(c *Config) { c.SlowAfter = 0 }, "slow_after: must be between 10ms and 1h (got 0s)"},
		{func(c *Config) { c.Timeout = 0 }, "timeout: must be between 100ms and 1h (got 0s)"},
		{func(c *Config) { c.CatchUp = -1 }, "catch_up: must be between 0 and 24h (got -1ns)"},
		{func(c *Config) { c.StartupDelay = -1 }, "startup_delay: must be between 0 and 1h (got -1ns)"},
		{func(c *Config) { c.MaxSeries = 0 }, "max_series: must be between 1 and 1000000 (got 0)"},
		{func(c *Config) { c.MaxBaselines = -1 }, "max_baselines: must be between 0 and 1000000 (got -1)"},
		{func(c *Config) { c.SaveInterval = 0 }, "save_interval: must be between 10ms and 1m (got 0s)"},
	} {
		c := DefaultConfig()
		tc.change(&c)
		require.EqualError(t, errors.Join(c.Validate()), tc.want)
		_, err := New(c, Settings{Sink: newMemory(), States: newMemory()})
		require.EqualError(t, err, tc.want)
	}
}
