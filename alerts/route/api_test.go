package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/test/programs"
)

// ask asks the API without a network and returns the status and the body.
func (h *house) ask(method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (h *house) get(path string, into any) {
	h.t.Helper()
	status, body := h.ask(http.MethodGet, path, "")
	require.Equal(h.t, http.StatusOK, status, body)
	require.NoError(h.t, json.Unmarshal([]byte(body), into), body)
}

func silenceJSON(from, to time.Time, name, value string) string {
	return fmt.Sprintf(`{"matchers":[{"name":%q,"value":%q,"isRegex":false,"isEqual":true}],"startsAt":%q,"endsAt":%q,"createdBy":"me","comment":"planned"}`,
		name, value, from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))
}

func TestSilences(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := &notebook{}
		next := func() *house {
			h := newHouse(t, `{"route":{"receiver":"oncall","group_by":["name"]}}`, []alerts.ActionGroup{group("oncall")}, func(_ *Config, s *Settings) { s.Journal = n })
			h.fire("a", "b")
			h.run()
			return h
		}
		h := next()
		status, body := h.ask(http.MethodPost, "/api/v2/silences", silenceJSON(time.Now(), time.Now().Add(time.Hour), "name", "a"))
		require.Equal(t, http.StatusOK, status, body)
		var made struct{ SilenceID string }
		require.NoError(t, json.Unmarshal([]byte(body), &made))
		n.mu.Lock()
		require.Contains(t, n.kinds["silences"], made.SilenceID, "on disk before it is answered")
		n.mu.Unlock()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"30s oncall +b"}, h.box.lines())
		h.stop()

		h = next()
		time.Sleep(10 * time.Minute)
		require.Empty(t, h.box.lines(), "silences outlive a restart")
		all, err := h.Silences(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, "active", all[0].State)
		require.Equal(t, [][]string{{`name="a"`}}, all[0].Matchers)
		require.Equal(t, "me", all[0].CreatedBy)
		var found []struct {
			Labels map[string]string
			Status struct{ SilencedBy []string }
		}
		h.get("/api/v2/alerts?silenced=true&filter=name%3D%22a%22", &found)
		require.Len(t, found, 1)
		require.Equal(t, []string{made.SilenceID}, found[0].Status.SilencedBy)

		// One ends by itself, and one is ended.
		time.Sleep(51 * time.Minute)
		require.Equal(t, []string{"1h0m0s oncall +a"}, roundMinutes(h.box.got()))
		status, body = h.ask(http.MethodPost, "/api/v2/silences", silenceJSON(time.Now(), time.Now().Add(24*time.Hour), "name", "c"))
		require.Equal(t, http.StatusOK, status, body)
		require.NoError(t, json.Unmarshal([]byte(body), &made))
		h.fire("c")
		time.Sleep(time.Hour)
		require.Empty(t, h.box.lines())
		status, body = h.ask(http.MethodDelete, "/api/v2/silence/"+made.SilenceID, "")
		require.Equal(t, http.StatusOK, status, body)
		time.Sleep(6 * time.Minute)
		require.Len(t, h.box.got(), 1)

		n.mu.Lock()
		n.err = errors.New("the disk is full")
		n.mu.Unlock()
		status, body = h.ask(http.MethodPost, "/api/v2/silences", silenceJSON(time.Now(), time.Now().Add(time.Hour), "name", "d"))
		require.Equal(t, http.StatusInternalServerError, status)
		require.Contains(t, body, "could not be saved")
		n.mu.Lock()
		n.err = nil
		n.mu.Unlock()
		h.stop()
	})
}

func roundMinutes(all []message) (lines []string) {
	for _, m := range all {
		lines = append(lines, m.at.Truncate(5*time.Minute).String()+" "+m.group+" +"+strings.Join(m.firing, " +"))
	}
	return lines
}

func TestSilencesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := open(t, `{}`, nil, func(c *Config, _ *Settings) { c.MaxSilences, c.MaxSilenceSize = 2, 2<<10 })
		defer h.stop()
		for i := range 3 {
			status, body := h.ask(http.MethodPost, "/api/v2/silences", silenceJSON(time.Now(), time.Now().Add(time.Hour), "name", fmt.Sprint(i)))
			if i < 2 {
				require.Equal(t, http.StatusOK, status, body)
			} else {
				require.Equal(t, http.StatusBadRequest, status)
				require.Contains(t, body, "exceeded maximum number of silences")
			}
		}
		h2 := open(t, `{}`, nil, func(c *Config, _ *Settings) { c.MaxSilenceSize = 2 << 10 })
		defer h2.stop()
		status, body := h2.ask(http.MethodPost, "/api/v2/silences", silenceJSON(time.Now(), time.Now().Add(time.Hour), "name", strings.Repeat("x", 3000)))
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, body, "exceeded maximum size")
	})
}

func TestAlertsThatOthersPost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var told [][]Alert
		h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall"), group("team")}, func(c *Config, s *Settings) {
			c.MaxAlerts = 4
			s.External = func(all []Alert) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, all)
			}
		})
		defer h.stop()
		post := func(body string) {
			status, answer := h.ask(http.MethodPost, "/api/v2/alerts", body)
			require.Equal(t, http.StatusOK, status, answer)
		}
		for range 4 {
			post(`[{"labels":{"alertname":"Theirs","name":"x"},"annotations":{"summary":"s"},"generatorURL":"http://their.example/"}]`)
			time.Sleep(time.Minute)
		}
		require.Equal(t, []string{"30s oncall +x"}, h.box.lines())
		mu.Lock()
		require.Len(t, told, 4)
		require.Equal(t, map[string]string{"alertname": "Theirs", "name": "x"}, told[0][0].Labels)
		require.Equal(t, "s", told[0][0].Annotations["summary"])
		require.True(t, told[3][0].EndsAt.Equal(time.Now().Add(4*time.Minute)), "the resolve timeout is five minutes")
		mu.Unlock()
		time.Sleep(10 * time.Minute)
		require.Equal(t, []string{"10m30s oncall -x"}, h.box.lines())
		mu.Lock()
		require.Len(t, told, 5, "that it ended is told once")
		require.False(t, told[4][0].EndsAt.After(time.Now()))
		mu.Unlock()

		// Action groups can be named without the outer commas.
		post(`[{"labels":{"alertname":"Theirs","name":"y","action_groups":"team"}}]`)
		h.fire("mine")
		time.Sleep(time.Minute)
		require.ElementsMatch(t, []string{"team +y", "oncall +mine"}, strip(h.box.lines()))
		post(`[{"labels":{"alertname":"Test","name":"mine"},"endsAt":"` + time.Now().Format(time.RFC3339) + `"}]`)
		time.Sleep(10 * time.Minute)
		require.NotContains(t, strip(h.box.lines()), "oncall -mine", "nobody else can resolve an alert of ours")

		status, body := h.ask(http.MethodPost, "/api/v2/alerts", `[{"labels":{}}]`)
		require.Equal(t, http.StatusBadRequest, status, body)
		status, _ = h.ask(http.MethodPost, "/api/v2/alerts", `[{"labels":{"endscope_probe":"x"}}]`)
		require.GreaterOrEqual(t, status, 400)
		post(`[{"labels":{"alertname":"1"}},{"labels":{"alertname":"2"}},{"labels":{"alertname":"3"}}]`)
		status, body = h.ask(http.MethodPost, "/api/v2/alerts", `[{"labels":{"alertname":"4"}}]`)
		require.GreaterOrEqual(t, status, 400)
		require.Contains(t, body, "max_alerts")
	})
}

// strip takes the time off lines.
func strip(lines []string) (all []string) {
	for _, l := range lines {
		_, rest, _ := strings.Cut(l, " ")
		all = append(all, rest)
	}
	return all
}

func TestTheAPIShowsAlertsAsTheyAre(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall"), {Name: "both", ShortName: "both", Enabled: true}}, nil)
		defer h.stop()
		a := alertOf("a action_groups=,both,")
		a.StartsAt = time.Now().Add(-time.Hour).UTC()
		require.NoError(t, h.Put(t.Context(), []Alert{a}))
		h.fire("b")
		synctest.Wait()
		var found []struct {
			Labels    map[string]string
			StartsAt  time.Time
			Receivers []struct{ Name string }
		}
		h.get("/api/v2/alerts", &found)
		require.Len(t, found, 2, "our probe is not shown")
		i := slices.IndexFunc(found, func(f struct {
			Labels    map[string]string
			StartsAt  time.Time
			Receivers []struct{ Name string }
		}) bool {
			return f.Labels["name"] == "a"
		})
		require.WithinDuration(t, a.StartsAt, found[i].StartsAt, 0)
		require.Equal(t, ",both,", found[i].Labels["action_groups"])
		require.Len(t, found[i].Receivers, 2)
		var groups []struct {
			Receiver struct{ Name string }
			Alerts   []struct{ StartsAt time.Time }
		}
		h.get("/api/v2/alerts/groups", &groups)
		require.Len(t, groups, 3)
		var receivers []struct{ Name string }
		h.get("/api/v2/receivers", &receivers)
		require.Len(t, receivers, 4)
		for _, path := range []string{"/api/v2/nothing", "/api/v2/silence/", "/api/v2/silence/a/b", "/api/v1/alerts", "/"} {
			status, _ := h.ask(http.MethodGet, path, "")
			require.Equal(t, http.StatusNotFound, status, path)
		}
		require.LessOrEqual(t, testutil.CollectAndCount(h.metrics.requests), 3, "paths that are none are no labels")
	})
}

func TestAmtool(t *testing.T) {
	program := filepath.Join(programs.Debian(t, "prometheus-alertmanager"), "amtool")
	oncall := alerts.ActionGroup{Name: "oncall", Enabled: true, Receivers: []alerts.Receiver{
		{Type: alerts.ReceiverEmail, Name: "mail", Config: json.RawMessage(`{"emailAddress":"oncall@example.org"}`)},
		{Type: alerts.ReceiverWebhook, Name: "hook", Config: json.RawMessage(`{"serviceUri":"https://hooks.example/T0/SECRET"}`)},
		{Type: alerts.ReceiverSlack, Name: "chat", Config: json.RawMessage(`{"api_url":"https://hooks.slack.example/SECRET","channel":"#a"}`)},
		{Type: alerts.ReceiverPagerDuty, Name: "pager", Config: json.RawMessage(`{"routing_key":"SECRET"}`)},
		{Type: alerts.ReceiverOpsgenie, Name: "og", Config: json.RawMessage(`{"api_key":"SECRET"}`)},
	}}
	policy := `{"route":{"receiver":"oncall","routes":[{"matchers":["team=~\"db|cache\""],"receiver":"team","mute_time_intervals":["night"]}]},` +
		`"inhibit_rules":[{"source_matchers":["severity=\"critical\""],"target_matchers":["severity=\"warning\""],"equal":["endpoint"]}],` +
		`"time_intervals":[{"name":"night","time_intervals":[{"times":[{"start_time":"22:00","end_time":"24:00"}],"weekdays":["monday:friday"],"location":"Europe/Berlin"}]}]}`
	h := open(t, policy, []alerts.ActionGroup{oncall, group("team")}, nil)
	defer h.stop()
	server := httptest.NewServer(h.Handler())
	defer server.Close()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append(args, "--alertmanager.url="+server.URL)...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		var problems strings.Builder
		cmd.Stderr = &problems
		out, err := cmd.Output()
		require.NoError(t, err, "%s: %s%s", args, out, &problems)
		return string(out)
	}
	h.fire("mine endpoint=x team=db")
	run("alert", "add", "alertname=Theirs", "name=theirs", "endpoint=y", "--annotation=summary=hello")
	require.Eventually(t, func() bool {
		said := run("alert", "query")
		return strings.Contains(said, "Theirs") && strings.Contains(said, "Test") && strings.Contains(said, "hello")
	}, 30*time.Second, 100*time.Millisecond)
	require.NotContains(t, run("alert", "query", "endpoint=y"), "Test")

	id := strings.TrimSpace(run("silence", "add", "--author=me", "--comment=planned", "--duration=1h", "endpoint=x"))
	require.Contains(t, run("silence", "query"), id)
	require.NotContains(t, run("alert", "query"), "Test", "silenced alerts are not shown")
	require.Contains(t, run("alert", "query", "--silenced"), "Test")
	changed := strings.TrimSpace(run("silence", "update", "--comment=longer", "--duration=2h", id))
	require.Contains(t, run("silence", "query", "-o", "extended"), "longer")
	run("silence", "expire", id)
	require.NotContains(t, run("silence", "query"), "longer", changed)
	require.Contains(t, run("silence", "query", "--expired"), "longer")

	require.Contains(t, run("config", "show"), "team=~")
	require.Contains(t, run("config", "routes", "show"), "receiver: oncall")
	require.Equal(t, "team", strings.TrimSpace(run("config", "routes", "test", "team=db")))
	require.Equal(t, "oncall", strings.TrimSpace(run("config", "routes", "test", "team=other")))
	require.Equal(t, "oncall,team", strings.TrimSpace(run("config", "routes", "test", "action_groups=,oncall,team,")))
	require.Contains(t, run("cluster", "show"), "disabled")

	exported, err := Export(policyOf(t, policy), []alerts.ActionGroup{oncall, group("team")})
	require.NoError(t, err)
	require.NotContains(t, string(exported), "SECRET")
	require.Contains(t, string(exported), "oncall@example.org")
	file := filepath.Join(t.TempDir(), "alertmanager.yml")
	require.NoError(t, os.WriteFile(file, exported, 0o600))
	said, err := exec.CommandContext(t.Context(), program, "check-config", file).CombinedOutput()
	require.NoError(t, err, "%s\n%s", said, exported)
	require.Contains(t, string(said), "SUCCESS")
}

func TestAnExternalAlertmanagerIsUsedInstead(t *testing.T) {
	h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, nil)
	defer h.stop()
	var down, seen = make(chan struct{}), make(chan string, 100)
	var auth string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("Authorization")
		select {
		case <-down:
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		seen <- string(body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		h.Handler().ServeHTTP(w, r)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "http.yml")
	require.NoError(t, os.WriteFile(file, []byte("basic_auth:\n  username: me\n  password: pass\n"), 0o600))
	x := open(t, `{}`, nil, func(c *Config, _ *Settings) {
		c.External.URLs, c.External.HTTPConfigFile, c.UnhealthyAfter = []string{server.URL + "/"}, file, time.Minute
	})
	defer x.stop()
	require.NoError(t, x.Healthy(time.Now()))
	x.fire("a endpoint=x", "b endpoint=x")
	require.Error(t, x.Put(t.Context(), []Alert{{}}))
	require.Eventually(t, func() bool { return x.Healthy(time.Now().Add(2*time.Minute)) != nil }, time.Minute, 10*time.Millisecond)
	require.ErrorContains(t, x.Healthy(time.Now().Add(2*time.Minute)), "answered 503")
	close(down)
	select {
	case body := <-seen:
		require.Contains(t, body, `"name":"a"`)
		require.Contains(t, body, `"name":"b"`)
		require.NotContains(t, body, "endsAt")
	case <-time.After(time.Minute):
		t.Fatal("what could not be sent is not sent again")
	}
	require.True(t, strings.HasPrefix(auth, "Basic "))
	x.resolve("a endpoint=x")
	require.Contains(t, <-seen, "endsAt")
	require.Eventually(t, func() bool { return x.Healthy(time.Now().Add(2*time.Minute)) == nil }, time.Minute, 10*time.Millisecond)
	var found []struct{ Labels map[string]string }
	require.Eventually(t, func() bool { h.get("/api/v2/alerts", &found); return len(found) == 1 }, time.Minute, 10*time.Millisecond)
	require.Equal(t, "b", found[0].Labels["name"])
	status, body := x.ask(http.MethodGet, "/api/v2/silences", "")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, body, "elsewhere")
	require.Error(t, x.Reload(policyOf(t, `{"route":{"receiver":"gone"}}`), nil), "the policy is checked all the same")
}

func TestActiveAlertsAreSentElsewhereEachMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.External.URLs, cfg.MaxAlerts = []string{"http://unused.invalid"}, 2
		m := newMetrics(nil, nil, nil)
		x, err := newExternal(cfg, nil, time.Now, m)
		require.NoError(t, err)
		require.NoError(t, x.put([]Alert{alertOf("a"), alertOf("b")}))
		var limit *LimitError
		require.ErrorAs(t, x.put([]Alert{alertOf("c")}), &limit)
		require.Len(t, x.peers[0].waiting, 2)
		require.Len(t, x.sweep(), 2)
		ended := alertOf("a")
		ended.EndsAt = time.Now()
		require.NoError(t, x.put([]Alert{ended}))
		time.Sleep(14 * time.Minute)
		require.Len(t, x.sweep(), 2)
		time.Sleep(2 * time.Minute)
		require.Len(t, x.sweep(), 1)
		require.NoError(t, x.put([]Alert{alertOf("c")}))
	})
}

func TestTheAPITellsWhichVersionItIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, nil)
		h.run()
		var shown struct {
			VersionInfo struct{ Version, GoVersion string }
		}
		h.get("/api/v2/status", &shown)
		require.NotEmpty(t, shown.VersionInfo.Version, "amtool prints it")
		require.NotEmpty(t, shown.VersionInfo.GoVersion)
		h.stop()
	})
}
