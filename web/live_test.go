package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/live"
	"github.com/endscope/endscope/scopes"
)

// liveSettings puts a hub that runs behind the routes.
func liveSettings(t *testing.T) (*live.Hub, func(*options)) {
	hub, err := live.New(live.DefaultConfig(), live.Settings{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- hub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return hub, func(o *options) { o.settings.Live = hub }
}

// fakeAgent opens the stream of an instance, and sends one frame a second until it is closed. It returns why it was, later.
func (h *harness) fakeAgent(scope string) <-chan error {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	c, _, err := websocket.Dial(ctx, h.url+"/api/v1/live/agent/"+scope, nil)
	require.NoError(h.t, err)
	ended := make(chan error, 1)
	go func() {
		for {
			if _, _, err := c.Read(ctx); err != nil {
				ended <- err
				return
			}
		}
	}()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for ctx.Err() == nil {
			now := time.Now()
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(time.Unix(now.Unix()+1, 0))):
			}
			f, err := json.Marshal(liveframe.Frame{Second: now.Unix(), Views: []liveframe.Traffic{{
				Requests: 2, Classes: liveframe.Classes{0, 0, 2}, Duration: liveframe.Histogram{Sum: 1, Max: 0.5, Buckets: []liveframe.Bucket{{-8, 2}}},
			}}})
			if err != nil || c.Write(ctx, websocket.MessageText, f) != nil {
				return
			}
		}
	}()
	h.t.Cleanup(func() {
		cancel()
		_ = c.CloseNow()
		<-sent
	})
	return ended
}

// followLive reads the events of a scope.
func (h *harness) followLive(params url.Values) *follower {
	h.t.Helper()
	return h.followAt("/api/v1/live?" + params.Encode())
}

func TestLiveShowsSecondsOfTheScopeThatMayBeSeen(t *testing.T) {
	_, settings := liveSettings(t)
	blue, err := scopes.ParsePattern("chat/blue")
	require.NoError(t, err)
	h := start(t, settings, func(o *options) {
		o.settings.Grants = func(r *http.Request) scopes.Grants {
			if strings.Contains(r.URL.RawQuery, "narrow") || r.Header.Get("X-Narrow") != "" {
				return scopes.GrantScopes(blue)
			}
			return scopes.AllAccess()
		}
	})
	first, second := h.fakeAgent("chat/blue/a"), h.fakeAgent("chat/green/host:1")
	f := h.followLive(url.Values{"scope": {"*"}, "filter": {"deployment in ('blue', 'green')"}})
	require.Equal(t, "text/event-stream", f.res.Header.Get("Content-Type"))
	name, data := f.next()
	require.Equal(t, "watch", name)
	require.Contains(t, data, `"scope":"*"`)
	until := func(f *follower, text string) {
		t.Helper()
		for range 60 {
			if _, data = f.next(); strings.Contains(data, text) {
				return
			}
		}
		t.Fatalf("no event has %q; the last one: %s", text, data)
	}
	until(f, `"answered":2,"traffic":{"requests":4,"failures":0,"status":{"2xx":4}`)
	require.Contains(t, data, `"children":[{"scope":"chat",`)
	require.Contains(t, data, `{"scope":"chat/green/host:1","answered":1`)

	require.NotContains(t, strings.SplitN(data, `"children"`, 2)[1], "histogram")
	full := h.followLive(url.Values{"scope": {"*"}, "histograms": {"rows"}})
	until(full, `"answered":2`)
	require.Contains(t, strings.SplitN(data, `"by_instance"`, 2)[1], `"histogram":[[-8,2]]`)
	require.Contains(t, data, `"slowest":[]`)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1/live?scope=chat", nil)
	require.NoError(t, err)
	req.Header.Set("X-Narrow", "yes")
	narrow := h.followRequest(req)
	until(narrow, `"answered":1,"traffic":{"requests":2`)
	require.NotContains(t, data, "green")
	req.URL.RawQuery = "scope=chat/green"
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	_, res, err = websocket.Dial(t.Context(), h.url+"/api/v1/live/agent/chat/green/x", &websocket.DialOptions{HTTPHeader: http.Header{"X-Narrow": {"yes"}}})
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode, "an agent may speak for what it is granted alone")

	h.Server.stop() // as when the server begins to stop
	until(f, "the server stops")
	for _, why := range []error{<-first, <-second} {
		require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(why), "%v", why)
	}
}

func TestLiveRefusesWhatItCannotShow(t *testing.T) {
	_, settings := liveSettings(t)
	h := start(t, settings)
	for _, tc := range []struct {
		path, want string
		status     int
	}{
		{"/api/v1/live", `parameter \"scope\" must be given`, 400},
		{"/api/v1/live?scope=a//b", "deployment name", 400},
		{"/api/v1/live?scope=chat", "no instance is known", 404},
		{"/api/v1/live?scope=chat&filter=colour+eq+'x'", `dimension \"colour\" must be one of method`, 400},
		{"/api/v1/live?scope=chat&filter=path", "filter", 400},
		{"/api/v1/live?scope=chat&min_duration=fast", "must be a duration between 1ms and 1h", 400},
		{"/api/v1/live?scope=chat&step=1", "step", 400},
		{"/api/v1/live?scope=chat&histograms=some", "must be total or rows", 400},
		{"/api/v1/live/agent/chat/blue/a", "is a WebSocket", 426},
		{"/api/v1/live/agent/chat/-blue/a", "deployment name", 400},
	} {
		res, err := http.Get(h.url + tc.path)
		require.NoError(t, err)
		var p Problem
		require.NoError(t, json.NewDecoder(res.Body).Decode(&p), tc.path)
		require.NoError(t, res.Body.Close())
		require.Equal(t, tc.status, res.StatusCode, tc.path)
		require.Contains(t, p.Detail, strings.ReplaceAll(tc.want, `\"`, `"`), tc.path)
	}
}
