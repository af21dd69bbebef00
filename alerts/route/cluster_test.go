package route

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

func TestTwoServersTellOnce(t *testing.T) {
	addresses := []string{freeAddress(t), freeAddress(t)}
	var both [2]*house
	for i := range both {
		both[i] = newHouse(t, `{"route":{"receiver":"oncall","group_by":["name"],"group_wait":"100ms","group_interval":"1s"}}`, []alerts.ActionGroup{group("oncall")}, func(c *Config, _ *Settings) {
			c.Cluster.ListenAddress, c.Cluster.Peers, c.Cluster.PeerTimeout = addresses[i], []string{addresses[1-i]}, 3*time.Second
		})
	}
	for i := range both {
		both[i].run()
		defer both[i].stop()
	}
	require.Eventually(t, func() bool { return both[0].peer.ClusterSize() == 2 && both[0].peer.Ready() && both[1].peer.Ready() }, time.Minute, 10*time.Millisecond)
	names := strings.Fields("a b c d e f g h")
	for _, h := range both {
		h.fire(names...)
	}
	told := func() map[string]int {
		count := map[string]int{}
		for _, h := range both {
			h.box.mu.Lock()
			for _, m := range h.box.all {
				for _, name := range m.firing {
					count[name]++
				}
			}
			h.box.mu.Unlock()
		}
		return count
	}
	require.Eventually(t, func() bool { return len(told()) == len(names) }, time.Minute, 10*time.Millisecond)
	require.Never(t, func() bool {
		for _, n := range told() {
			if n > 1 {
				return true
			}
		}
		return false
	}, 6*time.Second, 50*time.Millisecond, "each is told by one of the two")

	status, body := both[0].ask(http.MethodPost, "/api/v2/silences", silenceJSON(time.Now(), time.Now().Add(time.Hour), "name", "z"))
	require.Equal(t, http.StatusOK, status, body)
	require.Eventually(t, func() bool {
		all, err := both[1].Silences(t.Context())
		return err == nil && len(all) == 1 && all[0].State == "active"
	}, time.Minute, 10*time.Millisecond, "the other knows of a silence")
	var shown struct {
		Cluster struct {
			Status string
			Peers  []struct{ Name string }
		}
	}
	both[1].get("/api/v2/status", &shown)
	require.Equal(t, "ready", shown.Cluster.Status)
	require.Len(t, shown.Cluster.Peers, 2)
}
