package alerts

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheReadyMadeRules turns them all on for a scope with one call, looks at them and at what each would have done, and turns them off.
func TestTheReadyMadeRules(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "oncall", "webhookReceivers": []any{map[string]any{"name": "common", "serviceUri": "http://127.0.0.1:9/", "useCommonAlertSchema": true}},
	}, nil)
	f := feed(t, s)
	f.set("credit/blue/b1", gpu, cold)
	f.set("credit/blue/b1", "instance_cpu_utilization_ratio", 0.5)
	type result struct{ Created, Unchanged, Deleted []string }
	var r result
	choice := map[string]any{"scope": "credit", "actionGroups": []string{"oncall"}}
	s.call(http.MethodPost, "/api/v1/alert-packs/enable", choice, &r)
	require.Greater(t, len(r.Created), 15)
	created := r.Created
	s.call(http.MethodPost, "/api/v1/alert-packs/enable", choice, &r)
	require.ElementsMatch(t, created, r.Unchanged)
	var packs struct {
		Value []struct {
			ID, RunbookURL string
			EnabledFor     []struct {
				Scope, Rule string
				Enabled     bool
			}
		}
	}
	s.call(http.MethodGet, "/api/v1/alert-packs", nil, &packs)
	for _, p := range packs.Value {
		require.Len(t, p.EnabledFor, 1, p.ID)
		require.Equal(t, "credit", p.EnabledFor[0].Scope)
		require.True(t, p.EnabledFor[0].Enabled)
		s.call(http.MethodGet, p.RunbookURL, nil, nil)
	}
	require.Len(t, created, len(packs.Value))
	for _, name := range created {
		var rule map[string]any
		s.call(http.MethodGet, "/api/v1/alert-rules/"+url.PathEscape(name), nil, &rule)
		s.preview(name, time.Now().Add(-time.Hour), time.Now())
	}
	s.call(http.MethodPost, "/api/v1/alert-packs/disable", map[string]any{"scope": "credit"}, &r)
	require.ElementsMatch(t, created, r.Deleted)
}
