package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// TestAnAgentIsAnsweredWithinTenSeconds runs the pair of commands of the quick start.
func TestAnAgentIsAnsweredWithinTenSeconds(t *testing.T) {
	t.Parallel()
	s := programs.NewServer(t, bin)
	s.Start()
	a := newAgent(t, s.URL(), "--interval", "1s")
	a.start() // not waiting for the server: the agent does that
	ctx := programs.Within(t, 10*time.Second)
	require.NoError(t, a.proc.Await(ctx, func(ctx context.Context) error {
		found, err := instant(ctx, s.URL(), "instance_cpu_utilization_ratio", time.Now())
		if err != nil {
			return err
		}
		for _, e := range found {
			if e.Metric["endpoint"] == "e" && e.Metric["deployment"] == "d" && e.Metric["instance"] == "i" && e.Value.value >= 0 && e.Value.value <= 1 {
				return nil
			}
		}
		return fmt.Errorf("no instance_cpu_utilization_ratio of e/d/i among %d series", len(found))
	}))
	require.NoError(t, a.proc.Await(ctx, func(ctx context.Context) error { return scopeIs(ctx, s, "e/d/i", "ready") }))

	// A clean end of both: the agent says goodbye, and the server closes within its deadline.
	require.NoError(t, a.proc.Stop(programs.Within(t, 10*time.Second)))
	found, err := instant(t.Context(), s.URL(), `instance_cpu_utilization_ratio{instance="i"}`, time.Now())
	require.NoError(t, err)
	require.Empty(t, found, "an instance that left is stale at once")
	eventually(t, 10*time.Second, func(ctx context.Context) error { return scopeIs(ctx, s, "e/d/i", "missing") })
	require.NoError(t, s.Proc.Stop(programs.Within(t, 20*time.Second)))
}

// scopeIs returns nil when the tree of /api/v1/scopes holds the scope in the state.
func scopeIs(ctx context.Context, s *programs.Server, scope, state string) error {
	body, err := subproc.Get(ctx, s.URL()+"/api/v1/scopes", nil)
	if err != nil {
		return err
	}
	type node struct {
		Scope    string `json:"scope"`
		State    string `json:"state"`
		Children []node `json:"children"`
	}
	var tree struct {
		Scopes []node `json:"scopes"`
	}
	if err := json.Unmarshal(body, &tree); err != nil {
		return err
	}
	var find func([]node) error
	find = func(nodes []node) error {
		for _, n := range nodes {
			if n.Scope == scope && n.State == state {
				return nil
			}
			if find(n.Children) == nil {
				return nil
			}
		}
		return errors.New("not here")
	}
	if find(tree.Scopes) != nil {
		return fmt.Errorf("%s is not %s in %s", scope, state, body)
	}
	return nil
}
