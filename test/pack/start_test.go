package pack_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/scopes"
)

// A server that has only begun, and knows nothing, tells of nothing: rules without data do not fire, and no-traffic gives it ten minutes.
func TestAServerWithoutDataIsQuiet(t *testing.T) {
	now := end.Add(time.Hour)
	p := newPreviewer(t, newSources(t, openDB(t), newLogs(t, nil), now), now)
	rules := load(t)
	for _, e := range rules.Entries() {
		rule, err := rules.Rule(e, pack.Choice{Scope: scopes.Pattern{Endpoint: endpoint}})
		require.NoError(t, err)
		found, err := p.preview(t.Context(), rule, begin, begin.Add(8*time.Minute))
		require.NoError(t, err, e.ID)
		require.Empty(t, found, e.ID)
		found, err = p.preview(t.Context(), rule, begin, begin.Add(2*time.Hour))
		require.NoError(t, err, e.ID)
		if e.ID != "no-traffic" {
			require.Empty(t, found, e.ID)
			continue
		}
		require.Len(t, found, 1)
		require.Equal(t, begin.Add(9*time.Minute), found[0].at, "the tenth check")
		require.Zero(t, found[0].resolved)
	}
}
