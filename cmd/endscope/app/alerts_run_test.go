package app

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/resources"
)

// TestAServerStartsWithAPolicyThatFitsNothing stores what the API would refuse, as files that were changed by hand can make it.
func TestAServerStartsWithAPolicyThatFitsNothing(t *testing.T) {
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	set := Settings{Logger: slog.New(slog.DiscardHandler)}
	a, err := New(cfg, set)
	require.NoError(t, err)
	require.NoError(t, a.alerts.refused())
	_, err = a.alerts.resources.Put(t.Context(), resources.Change{Kind: kindPolicy, Spec: json.RawMessage(`{"route":{"receiver":"gone"}}`)})
	require.NoError(t, err)
	require.NoError(t, a.Close())

	a, err = New(cfg, set)
	require.NoError(t, err, "it must start, to take samples and to be mended")
	require.ErrorContains(t, a.alerts.refused(), "gone")
	require.NoError(t, a.alerts.resources.Delete(t.Context(), resources.Change{Kind: kindPolicy}))
	a.alerts.enforce(t.Context())
	require.NoError(t, a.alerts.refused())
	require.NoError(t, a.Close())
}
