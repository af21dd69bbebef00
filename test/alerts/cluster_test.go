package alerts

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// TestTwoServersTellOnce gives two servers that know each other the same samples and rules.
func TestTwoServersTellOnce(t *testing.T) {
	t.Parallel()
	l := listen(t)
	addresses := []string{programs.FreeAddr(t), programs.FreeAddr(t)}
	var both []*server
	for i := range addresses {
		s := newServer(t, "--alerts.routing.cluster.listen-address="+addresses[i], "--alerts.routing.cluster.peers="+addresses[1-i], "--alerts.routing.cluster.peer-timeout=5s")
		s.Start(s.args...)
		both = append(both, s)
	}
	for _, s := range both {
		s.Ready(patience)
		eventually(t, func(ctx context.Context) error {
			var answer struct {
				Cluster struct {
					Status string
					Peers  []any
				}
			}
			err := s.get(ctx, "/api/v2/status", &answer)
			if err == nil && (answer.Cluster.Status != "ready" || len(answer.Cluster.Peers) != 2) {
				err = fmt.Errorf("%s with %d peers", answer.Cluster.Status, len(answer.Cluster.Peers))
			}
			return err
		})
		s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
			"name": "oncall", "webhookReceivers": []any{map[string]any{"name": "common", "serviceUri": l.URL + "/common", "useCommonAlertSchema": true}},
		}, nil)
		s.call(http.MethodPost, "/api/v1/alert-rules", temperatures("Hot GPUs", "credit", map[string]any{"actions": []any{map[string]any{"actionGroupId": "oncall"}}}), nil)
	}
	f := feed(t, both...)
	instances := []string{"b1", "b2", "b3", "b4"}
	set := func(v float64) {
		for _, i := range instances {
			f.set("credit/blue/"+i, gpu, v)
		}
	}
	// The condition of every alert on both servers, once it is the same on both.
	same := func(condition string) {
		t.Helper()
		var ids []map[string]bool
		eventually(t, func(ctx context.Context) error {
			ids = nil
			for _, s := range both {
				all, err := s.alerts(ctx, "monitorCondition="+condition)
				if err == nil && len(all) != len(instances) {
					err = fmt.Errorf("%d alerts are %s", len(all), condition)
				}
				if err != nil {
					return err
				}
				mine := map[string]bool{}
				for _, a := range all {
					mine[a.ID] = true
				}
				ids = append(ids, mine)
			}
			return nil
		})
		require.Equal(t, ids[0], ids[1], "both servers find the same alerts")
		for _, i := range instances {
			eventually(t, func(context.Context) error { _, err := l.one(t, "/common", i, condition); return err })
		}
	}
	set(hot)
	same("Fired")
	set(cold)
	same("Resolved")
	require.Never(t, func() bool { return len(l.got("/common")) != 2*len(instances) }, 8*time.Second, 100*time.Millisecond, "the turn of whoever did not tell comes and goes")
}
