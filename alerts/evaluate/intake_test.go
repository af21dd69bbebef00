package evaluate

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// The store takes no samples from 3:30 to 9:30. Some senders deliver what they kept within half a minute, from others it is lost.
func TestNothingIsJudgedWhileNoDataAreTaken(t *testing.T) {
	noData := func(p alerts.NoDataPolicy) alerts.Rule { return staticRule("r", func(r *alerts.Rule) { r.NoData = p }) }
	for _, tc := range []struct {
		name   string
		rule   alerts.Rule
		values string
		lost   bool
		want   []string
	}{
		{"what was kept is judged", noData(alerts.NoDataIgnore), "1x4 20x4 1x20", false, []string{"credit fired 5", "credit resolved 11"}},
		{"what was lost resolves nothing", noData(alerts.NoDataIgnore), "1 20x8 20x3 1x20", true, []string{"credit fired 2", "credit resolved 15"}},
		{"and is not told of", noData(alerts.NoDataAlert), "1x30", true, nil},
		{"what is really gone is", noData(alerts.NoDataAlert), "1x11 -x4 1x20", true, []string{"credit fired 12", "credit resolved 18"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gauge := live(script("credit", tc.values))
				for i := range gauge.samples {
					if s := &gauge.samples[i]; s.at.After(minute(3)) && s.at.Before(minute(10)) {
						s.visible = minute(9).Add(50 * time.Second)
						if tc.lost {
							s.visible = minute(1000)
						}
					}
				}
				var full atomic.Bool
				errFull := errors.New("no space left on device")
				cfg := quickConfig()
				cfg.StartupDelay = 30 * time.Second
				w, m := &world{sources: []*source{gauge}}, newMemory()
				v := newEvaluator(t, cfg, w, m, func(s *Settings) {
					s.Ingesting = func(kind alerts.RuleKind) error {
						if full.Load() && kind == alerts.KindMetric {
							return errFull
						}
						return nil
					}
				})
				v.SetRules(stored(tc.rule))
				time.AfterFunc(210*time.Second, func() { full.Store(true) })
				time.AfterFunc(570*time.Second, func() { full.Store(false) })
				time.AfterFunc(5*time.Minute, func() {
					st, _ := v.Status("r")
					require.ErrorIs(t, st.Err, errFull)
					require.Equal(t, RuleFailing, st.Health)
					require.Equal(t, minute(3), st.LastEvaluated)
				})
				time.AfterFunc(565*time.Second, func() { require.ErrorIs(t, v.Healthy(time.Now()), errFull) })
				time.AfterFunc(11*time.Minute, func() {
					st, _ := v.Status("r")
					require.Equal(t, RuleOK, st.Health)
					require.NoError(t, v.Healthy(time.Now()))
				})
				runUntil(t, v, minute(30))
				require.Equal(t, tc.want, m.events())
			})
		})
	}
}

func TestIngestionThatWasStoppedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		w, m, reg := &world{sources: []*source{script("credit", "1x90")}}, newMemory(), newRegistry()
		v := newEvaluator(t, quickConfig(), w, m, func(s *Settings) {
			s.Registerer = reg
			s.Ingesting = func(alerts.RuleKind) error {
				if full.Load() {
					return errBroken
				}
				return nil
			}
		})
		v.SetRules(stored(staticRule("r")))
		time.AfterFunc(3*time.Minute+30*time.Second, func() { full.Store(true) })
		time.AfterFunc(40*time.Minute+30*time.Second, func() { full.Store(false) })
		runUntil(t, v, minute(45))
		require.Equal(t, 21.0, reg.value(t, "alerts_missed_evaluations_total", "reason", "ingestion")) // 4 to 24
		require.Equal(t, 21.0, reg.sum(t, "alerts_missed_evaluations_total"))
	})
}
