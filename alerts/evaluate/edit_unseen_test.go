package evaluate

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// A rule fires at minute 2; who is told, and what, changes at 3:20. The alert goes on, and resolves when it would have.
func TestAnEditOfWhoIsToldKeepsTheAlert(t *testing.T) {
	edited := staticRule("r", func(r *alerts.Rule) {
		r.Severity, r.Description, r.RunbookURL, r.Labels = 0, "Other words.", "/x", map[string]string{"team": "ml"}
		r.Actions, r.CustomProperties = []alerts.Action{{ActionGroupID: "others"}}, map[string]string{"a": "b"}
	})
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{sources: []*source{script("credit", "1 20 20 20 20 1x10")}}, newMemory()
		v := newEvaluator(t, quickConfig(), w, m)
		v.SetRules(stored(staticRule("r")))
		time.AfterFunc(time.Until(minute(3).Add(20*time.Second)), func() { v.SetRules([]alerts.Stored{{Rule: edited, Version: 2}}) })
		runUntil(t, v, minute(12))
		require.Equal(t, []string{"credit fired 2", "credit resolved 8"}, m.events())
	})
}
