package evaluate

import (
	"bytes"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// wrongClock is a machine's clock that somebody sets: timers do not follow it.
type wrongClock struct{ ahead atomic.Int64 }

func (c *wrongClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())).Round(0) }

func (c *wrongClock) setAt(at time.Time, ahead time.Duration) {
	time.AfterFunc(time.Until(at), func() { c.ahead.Store(int64(ahead)) })
}

// live hides what is still to come: a clock that is ahead does not make samples.
func live(s *source) *source {
	for i := range s.samples {
		s.samples[i].visible = s.samples[i].at
	}
	return s
}

// The clock is two hours ahead from 3:30 to 13:30. There are no samples of then, so checks see no data.
func TestClockThatWasAhead(t *testing.T) {
	noData := staticRule("r", func(r *alerts.Rule) { r.NoData = alerts.NoDataAlert })
	stateless := staticRule("r", func(r *alerts.Rule) {
		r.NoData, r.AutoMitigate, r.MuteActionsDuration = alerts.NoDataAlert, false, 5*time.Minute
	})
	kofn := staticRule("r", func(r *alerts.Rule) {
		r.Criteria[0].FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: 3, MinFailingPeriodsToAlert: 2}
	})
	for _, tc := range []struct {
		name     string
		rule     alerts.Rule
		values   string
		restart  time.Time // with the clock set back; zero for none
		want     []string
		overrun  float64
		tooEarly float64
	}{
		// The checks of 108 to 133 are made ahead, and 4 to 107 passed over. All are made again.
		{"what was passed over is made up for", staticRule("r"), "1x8 20x3 1x20", time.Time{}, []string{"credit fired 9", "credit resolved 14"}, 104, 26},
		{"what fires after it", staticRule("r"), "1x16 20x3 1x20", time.Time{}, []string{"credit fired 17", "credit resolved 22"}, 104, 26},
		{"k of n begins anew", kofn, "1x16 20 1 20 1x20", time.Time{}, []string{"credit fired 19", "credit resolved 22"}, 104, 26},
		{"what was open and resolved too early", staticRule("r"), "1 20x20 1x9", time.Time{}, []string{"credit fired 2", "credit resolved 110", "credit fired 4", "credit resolved 24"}, 104, 26},
		{"what fired at an instant to come resolves", noData, "1x40", time.Time{}, []string{"credit fired 108", "credit resolved 108", "credit fired 41"}, 104, 26},
		{"and fires again at that instant", noData, "1x107 - 1x40", time.Time{}, []string{"credit fired 108", "credit resolved 108"}, 104, 26},
		{"and fires again from that instant on", noData, "1x107 - - 1x40", time.Time{}, []string{"credit fired 108", "credit resolved 108", "credit fired 109", "credit resolved 112"}, 104, 26},
		{"a muted rule", stateless, "1x3 20x20 1x20", time.Time{}, []string{"credit fired 108", "credit fired 113", "credit fired 118", "credit fired 123", "credit fired 128", "credit fired 133", "credit fired 8", "credit fired 13", "credit fired 18", "credit fired 23"}, 104, 26},

		{"a restart", staticRule("r"), "1x16 20x3 1x20", minute(13).Add(29 * time.Second), []string{"credit fired 17", "credit resolved 22"}, 104, 120},
		{"a restart, what fired at an instant to come resolves", noData, "1x40", minute(13).Add(29 * time.Second), []string{"credit fired 108", "credit resolved 108", "credit fired 41"}, 104, 120},
		{"a restart, a muted rule", stateless, "1x3 20x20 1x20", minute(13).Add(29 * time.Second), []string{"credit fired 108", "credit fired 113", "credit fired 118", "credit fired 123", "credit fired 128", "credit fired 133", "credit fired 18", "credit fired 23"}, 104, 120},
	} {
		for _, active := range []bool{true, false} {
			t.Run(tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, m, clock, reg := &world{sources: []*source{live(script("credit", tc.values))}}, newMemory(), &wrongClock{}, newRegistry()
					var log bytes.Buffer
					set := func(s *Settings) {
						s.Now, s.Registerer, s.Logger = clock.now, reg, slog.New(slog.NewTextHandler(&log, nil))
						if active {
							s.Active = m.Active
						}
					}
					cfg := quickConfig()
					cfg.StartupDelay = 20 * time.Second
					v := newEvaluator(t, cfg, w, m, set)
					v.SetRules(stored(tc.rule))
					clock.setAt(minute(3).Add(30*time.Second), 2*time.Hour)
					clock.setAt(minute(13).Add(30*time.Second), 0)
					overrun := 0.0
					if !tc.restart.IsZero() {
						runUntil(t, v, tc.restart)
						time.Sleep(time.Second)
						overrun = reg.value(t, "alerts_missed_evaluations_total", "reason", "overrun")
						reg = newRegistry()
						v = newEvaluator(t, cfg, w, m, set)
						v.SetRules(stored(tc.rule))
					}
					time.AfterFunc(time.Until(minute(15).Add(30*time.Second)), func() {
						st, _ := v.Status("r")
						require.Equal(t, minute(15), st.LastEvaluated)
						require.NoError(t, v.Healthy(clock.now()))
					})
					until := minute(42)
					if strings.Contains(tc.values, "1x107") {
						until = minute(120)
					}
					runUntil(t, v, until.Add(30*time.Second))
					require.Equal(t, tc.want, m.events())
					for _, a := range m.log {
						require.False(t, a.Condition == alerts.Resolved && a.ResolvedAt.Before(a.FiredAt), "%s", a.ResolvedAt)
					}
					require.Equal(t, tc.overrun, overrun+reg.value(t, "alerts_missed_evaluations_total", "reason", "overrun"))
					require.Equal(t, tc.tooEarly, reg.value(t, "alerts_missed_evaluations_total", "reason", "clock"))
					require.Equal(t, 1, strings.Count(log.String(), "the clock went back"))
				})
			})
		}
	}
}

// A machine that boots with a clock that is ahead, and gets the time from the network then.
func TestClockThatIsSetAfterTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, clock := &world{sources: []*source{script("credit", "1x3 20x3 1x20")}}, newMemory(), &wrongClock{}
		clock.ahead.Store(int64(24 * time.Hour))
		clock.setAt(minute(2).Add(10*time.Second), 0)
		failing := true
		w.fail = func(q alerts.MetricQuestion) error {
			if failing && q.To.Equal(minute(24*60+2)) { // it is to be tried again when the clock is set
				time.Sleep(8 * time.Second)
				failing = false
				return errBroken
			}
			return nil
		}
		cfg := quickConfig()
		cfg.StartupDelay = 30 * time.Second
		v := newEvaluator(t, cfg, w, m, func(s *Settings) { s.Now = clock.now })
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(12))
		require.Equal(t, []string{"credit fired 4", "credit resolved 9"}, m.events())
	})
}

// An alert fired while the clock was ahead, and the server was killed before the state of its series was stored.
func TestClockThatWasAheadAtAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, clock, cfg := &world{sources: []*source{script("credit", "1x121 20x9")}}, newMemory(), &wrongClock{}, quickConfig()
		cfg.SaveInterval = 45 * time.Second
		v := newEvaluator(t, cfg, w, m, func(s *Settings) { s.Now = clock.now })
		v.SetRules(stored(staticRule("r")))
		clock.setAt(minute(1).Add(50*time.Second), 2*time.Hour)
		time.Sleep(time.Second)
		runKilled(t, v, m, minute(2).Add(10*time.Second))
		require.Equal(t, []string{"credit fired 122"}, m.events())
		clock.ahead.Store(0)
		w.sources = []*source{script("credit", "1x6 20x3 1x20")}
		v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Now, s.Active = clock.now, m.Active })
		v.SetRules(stored(staticRule("r")))
		runUntil(t, v, minute(20))
		require.Equal(t, []string{"credit fired 122", "credit resolved 122", "credit fired 7", "credit resolved 12"}, m.events())
	})
}

// A series was stored once as one that has data at every check, at an instant that was still to come.
func TestSeriesStoredWhileTheClockWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, clock, cfg := &world{sources: []*source{script("credit", "1x9 -x100 1x30")}}, newMemory(), &wrongClock{}, quickConfig()
		rule := staticRule("r", func(r *alerts.Rule) { r.NoData, r.Scopes = alerts.NoDataAlert, []scopes.Pattern{{Endpoint: "*"}} })
		clock.ahead.Store(int64(2 * time.Hour))
		clock.setAt(minute(3).Add(30*time.Second), 0)
		v := newEvaluator(t, cfg, w, m, func(s *Settings) { s.Now = clock.now })
		v.SetRules(stored(rule))
		runUntil(t, v, minute(5).Add(10*time.Second))
		v = newEvaluator(t, cfg, w, m, func(s *Settings) { s.Now, s.Active = clock.now, m.Active })
		v.SetRules(stored(rule))
		runUntil(t, v, minute(15))
		require.Equal(t, []string{"credit fired 10"}, m.events())
	})
}
