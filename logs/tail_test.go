package logs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func TestATailGetsWhatIsAcknowledged(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	all, err := s.Subscribe(everything(), events)
	require.NoError(t, err)
	defer all.Close()
	pattern, err := scopes.ParsePattern("credit/*")
	require.NoError(t, err)
	some, err := s.Subscribe(scopes.WithGrants(context.Background(), scopes.GrantScopes(pattern)), events)
	require.NoError(t, err)
	defer some.Close()
	_, err = s.Subscribe(context.Background(), events)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
	_, err = s.Subscribe(everything(), "Heartbeat")
	require.ErrorContains(t, err, events)

	now := time.Now()
	put(t, s, console, row{"TimeGenerated": now, "EndpointName": "credit", "DeploymentName": "blue"})
	put(t, s, events, row{"TimeGenerated": now, "EndpointName": "risk", "DeploymentName": "blue", "Name": "a"})
	put(t, s, events, row{"TimeGenerated": now, "EndpointName": "credit", "DeploymentName": "blue", "Name": "b"},
		row{"TimeGenerated": now, "EndpointName": "risk", "DeploymentName": "blue", "Name": "c"})
	names := func(tail *Tail) (out []string) {
		for {
			select {
			case b := <-tail.Batches():
				out = append(out, b.Columns[b.Table.Column("Name")].Strings...)
			default:
				return out
			}
		}
	}
	require.Equal(t, []string{"a", "b", "c"}, names(all))
	require.Equal(t, []string{"b"}, names(some))

	for i := range tailBuffer + 3 {
		put(t, s, events, row{"TimeGenerated": now, "Name": fmt.Sprint(i)})
	}
	require.Equal(t, int64(3), all.Dropped(), "a slow reader holds nobody up, and is told")
	require.Zero(t, all.Dropped())
	require.Len(t, names(all), tailBuffer)
	all.Close()
	put(t, s, events, row{"TimeGenerated": now, "Name": "later"})
	require.Empty(t, names(all))
	require.NoError(t, s.Close())
	_, open := <-some.Batches()
	require.False(t, open, "the end of the store ends its tails")
}
