package evaluate

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts/state"
)

// The real store of states, closed and opened again at every minute.
func TestRestartsOverSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	synctest.Test(t, func(t *testing.T) {
		w, m := restartWorld(), newMemory()
		var want []string
		for i := 1; i <= 24; i++ {
			ctx := context.WithoutCancel(t.Context())
			store, err := state.Open(ctx, state.DefaultConfig(), state.Settings{Path: path})
			require.NoError(t, err)
			v := newEvaluator(t, quickConfig(), w, m, func(s *Settings) { s.States = store })
			v.SetRules(stored(restartRules()...))
			runUntil(t, v, minute(i).Add(10*time.Second))
			require.NoError(t, store.Close())
		}
		late := newEvaluator(t, quickConfig(), w, newMemory())
		for _, r := range restartRules() {
			p, err := late.Preview(t.Context(), r, minute(1), minute(24))
			require.NoError(t, err)
			want = append(want, previewTexts(p)...)
		}
		require.ElementsMatch(t, want, m.events())
	})
}
