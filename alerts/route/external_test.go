package route

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	amwebhook "github.com/prometheus/alertmanager/notify/webhook"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// TestTheAlertThatCountsIsSentElsewhere puts the alerts of one series in every order in which they may come.
func TestTheAlertThatCountsIsSentElsewhere(t *testing.T) {
	began := time.Now().Add(-time.Hour)
	one := func(id string, start, end int) Alert {
		a := alertOf("a endpoint=x")
		a.ID, a.StartsAt = id, began.Add(time.Duration(start)*time.Minute)
		if end > 0 {
			a.EndsAt = began.Add(time.Duration(end) * time.Minute)
		}
		return a
	}
	for _, c := range []struct {
		name string
		put  []Alert
		want string // start and end
	}{
		{"fired", []Alert{one("1", 0, 0)}, "0-"},
		{"resolved", []Alert{one("1", 0, 0), one("1", 0, 3)}, "0-3"},
		{"fired again", []Alert{one("1", 0, 0), one("1", 0, 3), one("2", 4, 0)}, "4-"},
		{"fired again, and the end of the first comes late", []Alert{one("1", 0, 0), one("2", 4, 0), one("1", 0, 3)}, "4-"},
		{"fired again, and all of the first comes late", []Alert{one("2", 4, 0), one("1", 0, 0), one("1", 0, 3)}, "4-"},
		{"both over", []Alert{one("2", 4, 5), one("1", 0, 3)}, "4-5"},
		{"both over, in order", []Alert{one("1", 0, 3), one("2", 4, 5)}, "4-5"},
		{"the newest of two ends", []Alert{one("1", 0, 0), one("2", 4, 0), one("2", 4, 5)}, "0-"},
	} {
		cfg := DefaultConfig()
		cfg.External.URLs = []string{"http://unused.invalid"}
		x, err := newExternal(cfg, nil, time.Now, newMetrics(nil, nil, nil))
		require.NoError(t, err)
		require.NoError(t, x.put(c.put))
		labels, _ := labelSets(c.put[0].Labels)
		p := x.current(labels.Fingerprint())
		got := fmt.Sprintf("%.0f-", p.body.StartsAt.Sub(began).Minutes())
		if p.body.EndsAt != nil {
			got += fmt.Sprintf("%.0f", p.body.EndsAt.Sub(began).Minutes())
		}
		require.Equal(t, c.want, got, c.name)
	}
}

func TestAnAlertWhoseLabelsChangeEndsElsewhere(t *testing.T) {
	cfg := DefaultConfig()
	cfg.External.URLs = []string{"http://unused.invalid"}
	x, err := newExternal(cfg, nil, time.Now, newMetrics(nil, nil, nil))
	require.NoError(t, err)
	before, after := alertOf("a"), alertOf("a action_groups=,oncall,")
	require.NoError(t, x.put([]Alert{before, after}))
	old, _ := labelSets(before.Labels)
	changed, _ := labelSets(after.Labels)
	require.NotNil(t, x.current(old.Fingerprint()).body.EndsAt)
	require.Nil(t, x.current(changed.Fingerprint()).body.EndsAt)
	require.Len(t, x.peers[0].waiting, 2)
}

// alertmanager is Debian's, at one address over its lives.
type alertmanager struct {
	t                         *testing.T
	program, file, data, addr string
	told                      chan string
	process                   *exec.Cmd
}

// newAlertmanager prepares one that tells of the alert a by "firing 4", with the minute since began at which it began.
func newAlertmanager(t *testing.T, began time.Time) *alertmanager {
	t.Helper()
	am := &alertmanager{t: t, program: filepath.Join(programs.Debian(t, "prometheus-alertmanager"), "prometheus-alertmanager"), data: t.TempDir(), told: make(chan string, 100)}
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m amwebhook.Message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
			return
		}
		for _, a := range m.Alerts {
			if a.Labels["name"] == "a" {
				am.told <- fmt.Sprintf("%s %.0f", a.Status, a.StartsAt.Sub(began).Minutes())
			}
		}
	}))
	t.Cleanup(hook.Close)
	am.file = filepath.Join(am.data, "alertmanager.yml")
	require.NoError(t, os.WriteFile(am.file, []byte(`
route: {receiver: hook, group_by: [name], group_wait: 100ms, group_interval: 1s, repeat_interval: 4h}
receivers: [{name: hook, webhook_configs: [{url: "`+hook.URL+`"}]}]
`), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	am.addr = l.Addr().String()
	require.NoError(t, l.Close())
	return am
}

// start starts it with nothing that it knew.
func (am *alertmanager) start() {
	am.t.Helper()
	am.process = exec.CommandContext(am.t.Context(), am.program, "--config.file="+am.file, "--storage.path="+am.t.TempDir(), "--web.listen-address="+am.addr, "--cluster.listen-address=")
	require.NoError(am.t, am.process.Start())
	require.Eventually(am.t, func() bool { return am.active() != nil }, time.Minute, 50*time.Millisecond)
}

func (am *alertmanager) stop() {
	am.t.Helper()
	require.NoError(am.t, am.process.Process.Kill())
	require.Error(am.t, am.process.Wait(), "it was killed")
}

// active returns the names of the alerts that it holds for active; nil while it does not answer.
func (am *alertmanager) active() []string {
	resp, err := http.Get("http://" + am.addr + "/api/v2/alerts")
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var found []struct{ Labels map[string]string }
	if json.NewDecoder(resp.Body).Decode(&found) != nil {
		return nil
	}
	names := []string{}
	for _, a := range found {
		names = append(names, a.Labels["name"])
	}
	return names
}

// TestARealAlertmanagerIsToldInOrder fires a series, resolves it and fires it again, with ends that come late and an Alertmanager that is down
// for a while.
func TestARealAlertmanagerIsToldInOrder(t *testing.T) {
	began := time.Now().Add(-time.Hour).Truncate(time.Second)
	am := newAlertmanager(t, began)
	am.start()
	x := open(t, `{}`, nil, func(c *Config, _ *Settings) { c.External.URLs = []string{"http://" + am.addr} })
	defer func() {
		x.stop()
		am.stop()
	}()
	put := func(id string, start, end int) {
		t.Helper()
		a := alertOf("a")
		a.ID, a.StartsAt = id, began.Add(time.Duration(start)*time.Minute)
		if end > 0 {
			a.EndsAt = began.Add(time.Duration(end) * time.Minute)
		}
		require.NoError(t, x.Put(t.Context(), []Alert{a}))
	}
	told := func(want string) {
		t.Helper()
		select {
		case got := <-am.told:
			require.Equal(t, want, got)
		case <-time.After(time.Minute):
			t.Fatal("not told: " + want)
		}
	}
	put("1", 0, 0)
	told("firing 0")
	put("1", 0, 3)
	told("resolved 0")
	put("2", 4, 0)
	told("firing 4")

	// The end of an alert that is older than the one that fires changes nothing.
	put("3", 6, 0)
	put("2", 4, 5)
	require.NoError(t, x.Put(t.Context(), []Alert{alertOf("marker")}))
	require.Eventually(t, func() bool { return len(am.active()) == 2 }, time.Minute, 50*time.Millisecond)
	require.Contains(t, am.active(), "a")

	// It is down while the series resolves and fires again, and begins anew.
	am.stop()
	put("3", 6, 7)
	put("4", 8, 0)
	am.start()
	told("firing 8")
	put("4", 8, 9)
	told("resolved 8")
}
