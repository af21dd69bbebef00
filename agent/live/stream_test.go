package live

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// patience is how long something may take on a machine that is busy with other tests.
const patience = time.Minute

// fakeServer takes streams, and hands them to the test.
type fakeServer struct {
	*httptest.Server
	t       *testing.T
	streams chan *websocket.Conn
	refuse  atomic.Int64 // status
}

func newFakeServer(t *testing.T) *fakeServer {
	s := &fakeServer{t: t, streams: make(chan *websocket.Conn, 16)}
	ended := t.Context()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := int(s.refuse.Load()); status != 0 {
			w.WriteHeader(status)
			return
		}
		require.Equal(t, "/api/v1/live/agent/chat/blue/host:1", r.URL.Path)
		c, err := websocket.Accept(w, r, nil)
		require.NoError(t, err)
		s.streams <- c
		<-ended.Done() // the connection is the test's
	}))
	return s
}

func (s *fakeServer) next() *websocket.Conn {
	s.t.Helper()
	select {
	case c := <-s.streams:
		return c
	case <-time.After(patience):
		s.t.Fatal("no stream was opened")
		return nil
	}
}

// run runs the agent's side until the test ends.
func run(t *testing.T, s *fakeServer, change func(*Config, *Settings)) *Live {
	cfg := DefaultConfig()
	cfg.BackoffMin, cfg.BackoffMax = time.Millisecond, 10*time.Millisecond
	set := Settings{Server: s.URL + "/", HTTPClient: &http.Client{Transport: &http.Transport{}}, Identity: scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "host:1"}, InFlight: func() int64 { return 3 }}
	if change != nil {
		change(&cfg, &set)
	}
	l, err := New(cfg, set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		s.Close()
	})
	return l
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func ask(t *testing.T, c *websocket.Conn, a liveframe.Ask) {
	t.Helper()
	a.TimeMS = time.Now().UnixMilli()
	data, err := json.Marshal(liveframe.Message{Frames: &a})
	require.NoError(t, err)
	require.NoError(t, c.Write(within(t), websocket.MessageText, data))
}

func frameOf(t *testing.T, c *websocket.Conn) *liveframe.Frame {
	t.Helper()
	_, data, err := c.Read(within(t))
	require.NoError(t, err)
	f, err := liveframe.DecodeFrame(data)
	require.NoError(t, err)
	return f
}

func TestFramesAreSentWhileTheyAreAskedFor(t *testing.T) {
	s := newFakeServer(t)
	l := run(t, s, nil)
	c := s.next()
	defer c.CloseNow()
	l.Request(&records.Traffic{Code: 200}) // nobody watches, so it is in no frame
	ask(t, c, liveframe.Ask{LeaseMS: 60_000, Views: views(liveframe.Filter{})})
	require.Eventually(t, func() bool { return l.tap.Load() != nil }, patience, time.Millisecond)
	l.Request(&records.Traffic{Code: 200, Total: time.Second, InputTokens: -1, OutputTokens: 7})
	l.Request(&records.Traffic{Code: 502, Path: "/score", Reason: "no answer", InputTokens: -1, OutputTokens: -1})
	var requests, failures int64
	for requests < 2 {
		f := frameOf(t, c)
		require.InDelta(t, time.Now().Unix(), f.Second, patience.Seconds())
		require.EqualValues(t, 3, *f.InFlight)
		requests += f.Views[0].Requests
		failures += f.Views[0].Failures
	}
	require.EqualValues(t, 2, requests)
	require.EqualValues(t, 1, failures)

	ask(t, c, liveframe.Ask{}) // nobody watches any more
	require.Eventually(t, func() bool { return l.tap.Load() == nil }, patience, time.Millisecond)
}

func TestFramesStopByThemselvesAtTheEndOfTheLease(t *testing.T) {
	s := newFakeServer(t)
	l := run(t, s, func(_ *Config, set *Settings) { set.InFlight = nil })
	c := s.next()
	defer c.CloseNow()
	ask(t, c, liveframe.Ask{LeaseMS: 2500, Views: views(liveframe.Filter{})})
	require.Eventually(t, func() bool { return l.tap.Load() != nil }, patience, time.Millisecond)
	require.Eventually(t, func() bool { return l.tap.Load() == nil }, patience, time.Millisecond, "although the server has said nothing more")
	require.LessOrEqual(t, testutil.ToFloat64(l.metrics.frames), 3.0)
}

func TestTheStreamIsOpenedAgain(t *testing.T) {
	s := newFakeServer(t)
	s.refuse.Store(http.StatusNotFound) // an old server
	l := run(t, s, nil)
	require.Eventually(t, func() bool { return testutil.ToFloat64(l.metrics.failures) > 2 }, patience, time.Millisecond)
	require.False(t, l.Connected())
	s.refuse.Store(0)
	c := s.next()
	ask(t, c, liveframe.Ask{LeaseMS: 60_000, Views: views(liveframe.Filter{})})
	require.Eventually(t, func() bool { return l.tap.Load() != nil }, patience, time.Millisecond)
	require.NoError(t, c.CloseNow()) // the server dies
	again := s.next()
	defer again.CloseNow()
	require.Eventually(t, l.Connected, patience, time.Millisecond)
	require.Nil(t, l.tap.Load(), "a new stream begins without a lease")
}

func TestNonsenseOfAServerClosesTheStreamOnly(t *testing.T) {
	s := newFakeServer(t)
	run(t, s, nil)
	for _, text := range []string{"garbage", `{"frames":{"lease_ms":-1}}`} {
		c := s.next()
		require.NoError(t, c.Write(within(t), websocket.MessageText, []byte(text)))
		_, _, err := c.Read(within(t))
		require.Error(t, err)
		require.NoError(t, c.CloseNow())
	}
	s.next().CloseNow()
}

func TestConfigErrorsNameValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for want, change := range map[string]func(*Config){
		"backoff_min: must be at least 1ms (got 0s)":                func(c *Config) { c.BackoffMin = 0 },
		"backoff_max: must be at least backoff_min, 1s (got 999ms)": func(c *Config) { c.BackoffMax = 999 * time.Millisecond },
		"ping: must be between 1s and 10m (got 1ms)":                func(c *Config) { c.Ping = time.Millisecond },
	} {
		c := DefaultConfig()
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
}
