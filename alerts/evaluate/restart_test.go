package evaluate

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// runKilled ends an evaluator at a time, as SIGKILL does: from then on nothing is written any more.
func runKilled(t *testing.T, v *Evaluator, m *memory, until time.Time) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(time.Until(until), func() {
		m.mu.Lock()
		m.broken = errBroken
		m.mu.Unlock()
		cancel()
	})
	require.NoError(t, v.Run(ctx))
	m.mu.Lock()
	m.broken = nil
	m.mu.Unlock()
}

func restartRules() []alerts.Rule {
	everywhere := func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "*"}} }
	return []alerts.Rule{
		staticRule("plain", everywhere),
		staticRule("kofn", func(r *alerts.Rule) {
			r.Criteria[0].FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: 5, MinFailingPeriodsToAlert: 3}
		}),
		staticRule("nodata", everywhere, func(r *alerts.Rule) { r.NoData = alerts.NoDataAlert }),
		staticRule("keep", func(r *alerts.Rule) { r.NoData = alerts.NoDataKeep }),
		staticRule("stateless", func(r *alerts.Rule) { r.AutoMitigate, r.MuteActionsDuration = false, 4*time.Minute }),
	}
}

func restartWorld() *world {
	return &world{sources: []*source{
		script("credit", "1 20 20 1 20 1 1 20 - - - 20 20 20 1 1 1 - 1 20 1 1 1 1"),
		script("fraud", "20x3 1x4 -x9 20x2 1x9"),
	}}
}

func TestRestartAtEveryStep(t *testing.T) {
	const end = 24
	for _, kind := range []string{"stop", "kill", "kill, and the states alone are left,"} {
		// Half a second after an instant its alerts are handed over and its states are not saved yet; at twenty seconds all is quiet.
		for _, offset := range []time.Duration{0, 500 * time.Millisecond, 20 * time.Second} {
			for cut := 1; cut < end; cut++ {
				t.Run(fmt.Sprintf("%s at %d minutes and %s", kind, cut, offset), func(t *testing.T) {
					var want []string
					synctest.Test(t, func(t *testing.T) {
						m := newMemory()
						v := newEvaluator(t, quickConfig(), restartWorld(), m)
						v.SetRules(stored(restartRules()...))
						runUntil(t, v, minute(end).Add(30*time.Second))
						want = m.events()
					})
					synctest.Test(t, func(t *testing.T) {
						m := newMemory()
						cfg := quickConfig()
						cfg.SaveInterval = 3 * time.Second
						time.Sleep(time.Second)
						v := newEvaluator(t, cfg, restartWorld(), m)
						v.SetRules(stored(restartRules()...))
						if kind != "stop" {
							runKilled(t, v, m, minute(cut).Add(offset))
						} else {
							runUntil(t, v, minute(cut).Add(offset))
						}
						v = newEvaluator(t, cfg, restartWorld(), m, func(s *Settings) {
							if kind == "kill" {
								s.Active = m.Active
							}
						})
						v.SetRules(stored(restartRules()...))
						runUntil(t, v, minute(end).Add(30*time.Second))
						require.ElementsMatch(t, want, m.events())
					})
				})
			}
		}
	}
}

func TestRestartAfterDataChanged(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before string
		after  string
		want   []string
	}{
		{"what fired is not met any more", "1 20 1x9", "1 1 1x9", []string{"credit fired 2", "credit resolved 5"}},
		{"what resolved is still met", "20 1 1 1x9", "20 1 1 20 20 1x9", []string{"credit fired 1", "credit resolved 4", "credit fired 5", "credit resolved 8"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, cfg := newMemory(), quickConfig()
				cfg.SaveInterval = 40 * time.Second
				w := &world{sources: []*source{script("credit", tc.before)}}
				v := newEvaluator(t, cfg, w, m)
				v.SetRules(stored(staticRule("r")))
				time.Sleep(time.Second)
				at := minute(2)
				if tc.before[0] == '2' {
					at = minute(4)
				}
				runKilled(t, v, m, at.Add(time.Second))
				w.sources = []*source{script("credit", tc.after)}
				v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Active = m.Active })
				v.SetRules(stored(staticRule("r")))
				runUntil(t, v, minute(12))
				require.Equal(t, tc.want, m.events())
			})
		})
	}
}

func TestOutageIsCaughtUpInOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cfg := newMemory(), quickConfig()
		cfg.CatchUp = 10 * time.Minute
		w := &world{sources: []*source{script("credit", "1x5 20 1x4 1x20 20 1x40")}}
		reg := newRegistry()
		v := newEvaluator(t, cfg, w, m)
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(3).Add(time.Second))
		time.Sleep(9 * time.Minute) // it is minute 12: 4 to 12 were missed
		w.asked = nil
		v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Registerer = reg })
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(12).Add(30*time.Second))
		require.Len(t, w.asked, 1)
		require.Equal(t, minute(4), w.asked[0].From)
		require.Equal(t, minute(12), w.asked[0].To)
		require.Equal(t, []string{"credit fired 6", "credit resolved 9"}, m.events())
		require.Zero(t, reg.sum(t, "alerts_missed_evaluations_total"))

		time.Sleep(30 * time.Minute) // minutes 13 to 32 are too old, 33 to 43 are not
		reg = newRegistry()
		w.asked = nil
		v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Registerer = reg })
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(42).Add(50*time.Second))
		require.Equal(t, minute(32), w.asked[0].From)
		require.Equal(t, 19.0, reg.value(t, "alerts_missed_evaluations_total", "reason", "outage"))
		require.Equal(t, 19.0, reg.sum(t, "alerts_missed_evaluations_total"))
		require.Len(t, m.events(), 2, "what lay in the missed checks was never seen")
	})
}

func TestStartWaitsForBacklogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cfg := newMemory(), quickConfig()
		cfg.StartupDelay = 30 * time.Second
		w := &world{sources: []*source{script("credit", "1x9")}}
		v := newEvaluator(t, cfg, w, m)
		v.SetRules(stored(staticRule("r")))
		time.Sleep(50 * time.Second)
		runUntil(t, v, minute(1).Add(15*time.Second))
		require.Empty(t, w.asked)
		v = newEvaluator(t, cfg, w, m)
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(2).Add(30*time.Second))
		require.NotEmpty(t, w.asked)
	})
}

func TestRestartRemembersThatASeriesWasThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hours = 30 * 60
		w, m := &world{sources: []*source{script("credit", fmt.Sprintf("1x%d", hours))}}, newMemory()
		rule := staticRule("r", func(r *alerts.Rule) { r.NoData, r.Scopes = alerts.NoDataAlert, []scopes.Pattern{{Endpoint: "*"}} })
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(rule))
		runUntil(t, v, minute(hours).Add(10*time.Second))
		require.Len(t, m.states["r"].Series, 1, "written once, and not at each check")
		w.sources = nil // also the store has forgotten it
		v = newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(rule))
		runUntil(t, v, minute(hours+5))
		require.Equal(t, []string{fmt.Sprintf("credit fired %d", hours+1)}, m.events())
	})
}
