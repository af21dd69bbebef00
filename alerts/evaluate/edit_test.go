package evaluate

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// A rule fires at minute 2 and is edited at 3:20 so that its checks are due later: that of minute 2 would be made again, and its alert would be
// the one that has just resolved.
func TestAnEditMakesNoCheckAgain(t *testing.T) {
	edited := staticRule("r", func(r *alerts.Rule) { r.GracePeriod, r.Criteria[0].Threshold = 5*time.Minute, 15 })
	edit := func(v *Evaluator) { v.SetRules([]alerts.Stored{{Rule: edited, Version: 2}}) }
	at := minute(3).Add(20 * time.Second)
	for _, tc := range []struct {
		name string
		edit func(*testing.T, *Evaluator, *memory, func() *Evaluator)
		want []string
	}{
		{"live", func(t *testing.T, v *Evaluator, _ *memory, _ func() *Evaluator) {
			time.AfterFunc(time.Until(at), func() { edit(v) })
			runUntil(t, v, minute(12))
		}, []string{"credit fired 2", "credit resolved 3 rule changed", "credit fired 4"}},
		{"while the server is down", func(t *testing.T, v *Evaluator, _ *memory, again func() *Evaluator) {
			runUntil(t, v, at)
			v = again()
			edit(v)
			runUntil(t, v, minute(12))
		}, []string{"credit fired 2", "credit resolved 3 rule changed", "credit fired 4"}},
		{"and the server is killed before its first check", func(t *testing.T, v *Evaluator, m *memory, again func() *Evaluator) {
			time.AfterFunc(time.Until(at), func() { edit(v) })
			runKilled(t, v, m, at.Add(10*time.Second))
			v = again()
			edit(v)
			runUntil(t, v, minute(12))
		}, []string{"credit fired 2", "credit resolved 3 rule changed", "credit fired 4"}},
		{"by one that cannot be evaluated in between", func(t *testing.T, v *Evaluator, _ *memory, _ func() *Evaluator) {
			bad := staticRule("r", func(r *alerts.Rule) { r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "a) or (b"}} })
			time.AfterFunc(time.Until(at), func() {
				v.SetRules([]alerts.Stored{{Rule: bad, Version: 2}})
				time.Sleep(time.Second)
				edit(v)
			})
			runUntil(t, v, minute(12))
		}, []string{"credit fired 2", "credit resolved 3 rule changed", "credit fired 4"}},
		{"by deleting and making it", func(t *testing.T, v *Evaluator, _ *memory, _ func() *Evaluator) {
			time.AfterFunc(time.Until(at), func() {
				v.SetRules(nil)
				time.Sleep(time.Second)
				edit(v)
			})
			runUntil(t, v, minute(12))
		}, []string{"credit fired 2", "credit resolved 3 rule deleted", "credit fired 4"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, m := &world{sources: []*source{script("credit", "1 20x20")}}, newMemory()
				v := newEvaluator(t, quickConfig(), w, m)
				v.SetRules(stored(staticRule("r")))
				tc.edit(t, v, m, func() *Evaluator {
					return newEvaluator(t, quickConfig(), w, m, func(s *Settings) { s.Active = m.Active })
				})
				require.Equal(t, tc.want, m.events())
			})
		})
	}
}
