package live

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// world is a hub in a bubble of its own time, which starts on a whole second.
type world struct {
	t    *testing.T
	hub  *Hub
	ctx  context.Context // with all grants
	stop func()
}

func inWorld(t *testing.T, change func(*Config, *Settings), f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg, set := DefaultConfig(), Settings{}
		if change != nil {
			change(&cfg, &set)
		}
		hub, err := New(cfg, set)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- hub.Run(ctx) }()
		w := &world{t: t, hub: hub, ctx: scopes.WithGrants(t.Context(), scopes.AllAccess())}
		stopped := false
		w.stop = func() {
			if !stopped {
				stopped = true
				cancel()
				require.NoError(t, <-done)
			}
		}
		defer func() {
			for _, a := range w.agents() {
				a.Detach()
			}
			w.stop()
		}()
		f(w)
	})
}

func (w *world) agents() (all []*Agent) {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	for _, a := range w.hub.agents {
		all = append(all, a)
	}
	return all
}

func path(t *testing.T, text string) scopes.Path {
	t.Helper()
	p, err := scopes.ParsePath(text)
	require.NoError(t, err)
	return p
}

func (w *world) attach(text string) *Agent {
	w.t.Helper()
	a, err := w.hub.Attach(path(w.t, text))
	require.NoError(w.t, err)
	return a
}

func question(t *testing.T, scope string) Question {
	t.Helper()
	p, err := scopes.ParsePattern(scope)
	require.NoError(t, err)
	return Question{Scope: p}
}

func (w *world) watch(scope string) *Watch {
	w.t.Helper()
	out, err := w.hub.Watch(w.ctx, question(w.t, scope))
	require.NoError(w.t, err)
	return out
}

// frame makes the frame of the second that has just ended, with requests that took 100 ms.
func frame(view int, ok, failed int64) *liveframe.Frame {
	var c liveframe.Counts
	for range ok + failed {
		c.Observe(0.1)
	}
	f := &liveframe.Frame{Second: time.Now().Unix() - 1, Views: []liveframe.Traffic{{
		View: view, Requests: ok + failed, Failures: failed, Classes: liveframe.Classes{0, 0, ok, 0, 0, failed}, Duration: c.Histogram(),
	}}}
	for i := range failed {
		f.Views[0].Failing = append(f.Views[0].Failing, liveframe.Request{Time: time.Now(), Status: 503, RequestID: fmt.Sprint(i)})
	}
	return f
}

// next waits for an event.
func next(t *testing.T, w *Watch) *Event {
	t.Helper()
	select {
	case data, open := <-w.Events():
		require.True(t, open, "the watch has ended")
		e := &Event{}
		require.NoError(t, json.Unmarshal(data, e))
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event came")
		return nil
	}
}

// tick sleeps until the next whole second.
func tick() { time.Sleep(time.Until(time.Unix(time.Now().Unix()+1, 0))) }

func asked(a *Agent) *liveframe.Ask {
	synctest.Wait()
	select {
	case ask := <-a.Asks():
		return &ask
	default:
		return nil
	}
}
