package live

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// patience is how long something may take on a machine that is busy with other tests.
const patience = time.Minute

// station is a hub behind a real listener.
type station struct {
	t    *testing.T
	hub  *Hub
	url  string
	stop context.CancelFunc
}

func newStation(t *testing.T, change func(*Config)) *station {
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	hub, err := New(cfg, Settings{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- hub.Run(ctx) }()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := scopes.ParsePath(strings.TrimPrefix(r.URL.Path, "/"))
		if err == nil {
			err = hub.Serve(ctx, p, w, r)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return &station{t: t, hub: hub, url: server.URL, stop: cancel}
}

func (s *station) within() context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	return ctx
}

func (s *station) dial(scope string) *websocket.Conn {
	s.t.Helper()
	c, res, err := websocket.Dial(s.within(), s.url+"/"+scope, nil)
	require.NoError(s.t, err)
	require.Nil(s.t, res.Body)
	s.t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func (s *station) dropped(reason string) float64 {
	return testutil.ToFloat64(s.hub.metrics.dropped.WithLabelValues(reason))
}

func TestAnAgentIsAskedAndItsFramesAreShown(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ping = time.Second })
	c := s.dial("chat/blue/a")
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 1 }, patience, time.Millisecond)
	w, err := s.hub.Watch(scopes.WithGrants(t.Context(), scopes.AllAccess()), question(t, "chat"))
	require.NoError(t, err)
	_, data, err := c.Read(s.within())
	require.NoError(t, err)
	ask, err := liveframe.DecodeMessage(data)
	require.NoError(t, err)
	require.EqualValues(t, 10_000, ask.LeaseMS)
	require.InDelta(t, time.Now().UnixMilli(), ask.TimeMS, float64(patience.Milliseconds()))
	read := make(chan error, 1)
	go func() {
		for {
			if _, _, err := c.Read(s.t.Context()); err != nil {
				read <- err
				return
			}
		}
	}()

	for shown := false; !shown; { // on a busy machine one may be late
		tick()
		data, err = json.Marshal(frame(0, 2, 1))
		require.NoError(t, err)
		require.NoError(t, c.Write(s.within(), websocket.MessageText, data))
		e := next(t, w)
		shown = e.Total != nil && e.Total.Traffic.Requests == 3
	}
	w.Close()
	require.NoError(t, c.CloseNow())
	require.Error(t, <-read)
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 0 }, patience, time.Millisecond)
}

func TestHostileAgentsAreClosed(t *testing.T) {
	s := newStation(t, func(c *Config) { c.MaxFrameBytes = 4 << 10 })
	for _, tc := range []struct {
		name   string
		kind   websocket.MessageType
		text   string
		times  int
		status websocket.StatusCode
		reason string
	}{
		{"a huge frame", websocket.MessageText, strings.Repeat("x", 5<<10), 1, websocket.StatusMessageTooBig, reasonTooLarge},
		{"garbage", websocket.MessageText, "garbage", 1, websocket.StatusInvalidFramePayloadData, reasonMalformed},
		{"a lie", websocket.MessageText, `{"views":[{"requests":-1}]}`, 1, websocket.StatusInvalidFramePayloadData, reasonMalformed},
		{"binary", websocket.MessageBinary, "{}", 1, websocket.StatusUnsupportedData, reasonMalformed},
		{"a flood", websocket.MessageText, `{"second":1}`, frameBurst + 20, websocket.StatusPolicyViolation, reasonRate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := s.dropped(tc.reason)
			c := s.dial("chat/blue/a")
			for range tc.times {
				if err := c.Write(s.within(), tc.kind, []byte(tc.text)); err != nil {
					break // it was closed already
				}
			}
			_, _, err := c.Read(s.within())
			require.Equal(t, tc.status, websocket.CloseStatus(err), "%v", err)
			require.Equal(t, before+1, s.dropped(tc.reason))
		})
	}
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 0 }, patience, time.Millisecond, "nothing stays behind")
}

func TestTheSameNameReplacesAndAStopSaysSo(t *testing.T) {
	s := newStation(t, nil)
	first := s.dial("chat/blue/a")
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 1 }, patience, time.Millisecond)
	second := s.dial("chat/blue/a")
	_, _, err := first.Read(s.within())
	require.Equal(t, StatusReplaced, websocket.CloseStatus(err), "%v", err)
	s.stop()
	_, _, err = second.Read(s.within())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
}

func TestABadHandshakeEvictsNobody(t *testing.T) {
	s := newStation(t, nil)
	c := s.dial("chat/blue/a")
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 1 }, patience, time.Millisecond)
	for name, header := range map[string]http.Header{
		"a foreign page": {"Origin": {"http://evil.example"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}},
		"no key":         {"Sec-Websocket-Version": {"13"}},
	} {
		r, err := http.NewRequestWithContext(s.within(), http.MethodGet, s.url+"/chat/blue/a", nil)
		require.NoError(t, err)
		r.Header = header
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.GreaterOrEqual(t, res.StatusCode, 400, name)
	}
	require.Zero(t, testutil.ToFloat64(s.hub.metrics.replaced))
	require.EqualValues(t, 1, testutil.ToFloat64(s.hub.metrics.agents))
	require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
}

func TestOneMoreThanTheLimitIsRefusedAndAReplacementIsNot(t *testing.T) {
	s := newStation(t, func(c *Config) { c.MaxAgents = 1 })
	s.dial("chat/blue/a")
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 1 }, patience, time.Millisecond)
	_, res, err := websocket.Dial(s.within(), s.url+"/chat/blue/b", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusBadRequest, res.StatusCode, "an answer, as nothing was opened yet")
	s.dial("chat/blue/a")
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.replaced) == 1 }, patience, time.Millisecond)
}

func TestAnAgentThatSaysNothingAnyMoreIsLetGo(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ping = time.Second })
	c := s.dial("chat/blue/a") // it never reads, so it answers no ping
	defer c.CloseNow()
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.hub.metrics.agents) == 0 }, patience, 10*time.Millisecond)
}

func TestAPlainRequestIsToldWhatItMissed(t *testing.T) {
	s := newStation(t, nil)
	err := s.hub.Serve(t.Context(), path(t, "chat/blue/a"), nil, httptest.NewRequest(http.MethodGet, "/x", nil))
	var upgrade *UpgradeError
	require.True(t, errors.As(err, &upgrade))
	c := s.dial("chat/blue/a")
	require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
}
