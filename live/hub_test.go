package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
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

func TestASecondIsShownWhenItsFramesAreThere(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		one, two, other := w.attach("chat/blue/a"), w.attach("chat/green/b"), w.attach("fraud/blue/a")
		require.Nil(t, asked(one), "nobody watches")
		watch := w.watch("chat")
		require.EqualValues(t, 10_000, asked(one).LeaseMS)
		require.NotNil(t, asked(two))
		require.Nil(t, asked(other), "only instances of the scope are asked")

		tick() // the second in which the watch began is not shown
		tick()
		require.Empty(t, one.Deliver(frame(0, 3, 1)))
		require.Empty(t, two.Deliver(frame(0, 5, 0)))
		require.Equal(t, reasonUnasked, other.Deliver(frame(0, 1, 0)))
		began := time.Now()
		e := next(t, watch)
		require.Zero(t, time.Since(began), "at once")
		require.Equal(t, time.Now().Unix()-1, e.Second.Unix())
		require.Equal(t, Instances{Answered: 2, Connected: 2, Known: 2, Silent: []Silent{}}, e.Instances)
		require.EqualValues(t, 9, e.Total.Traffic.Requests)
		require.EqualValues(t, 1, e.Total.Traffic.Failures)
		require.Equal(t, map[string]int64{"2xx": 8, "5xx": 1}, e.Total.Traffic.Status)
		require.InEpsilon(t, 0.1, e.Total.Traffic.Duration.P99, 0.1)
		require.Nil(t, e.Total.CPU, "absent is absent")
		require.Equal(t, []string{"chat/blue", "chat/green"}, []string{e.Children[0].Scope, e.Children[1].Scope})
		require.Equal(t, []string{"chat/blue/a", "chat/green/b"}, []string{e.ByInstance[0].Scope, e.ByInstance[1].Scope})
		require.Equal(t, "chat/blue/a", e.Failing[0].Scope.String())

		// One of them says nothing: the second is shown after settle without it, and again when its frame has come.
		tick()
		one.Deliver(frame(0, 1, 0))
		e = next(t, watch)
		require.Equal(t, 500*time.Millisecond, time.Since(time.Unix(e.Second.Unix()+1, 0)))
		require.Equal(t, []Silent{{path(t, "chat/green/b"), silentLate}}, e.Instances.Silent)
		late := frame(0, 2, 0)
		require.Empty(t, two.Deliver(late))
		require.Equal(t, reasonDuplicate, two.Deliver(late))
		tick()
		one.Deliver(frame(0, 1, 0))
		two.Deliver(frame(0, 1, 0))
		require.False(t, next(t, watch).Again)
		again := next(t, watch)
		require.True(t, again.Again)
		require.Equal(t, e.Second, again.Second)
		require.EqualValues(t, 3, again.Total.Traffic.Requests)
		require.Equal(t, 2, again.Instances.Answered)
		watch.Close()
		require.Zero(t, asked(one).LeaseMS, "they need not go on")
		require.Equal(t, reasonUnasked, one.Deliver(frame(0, 1, 0)))
	})
}

func TestAnAgentThatCannotFilterIsSilent(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.attach("chat/blue/a")
		watch := w.watch("chat")
		next(t, watch) // of a second in which nothing was asked for
		tick()
		f := frame(0, 2, 1)
		f.Views, f.InFlight = nil, new(int64)
		require.Empty(t, a.Deliver(f))
		e := next(t, watch)
		require.Nil(t, e.Total, "not the numbers of one without a proxy")
		require.Equal(t, []Silent{{path(t, "chat/blue/a"), silentFilter}}, e.Instances.Silent)
	})
}

func TestLateAndEarlyFramesAreDropped(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.attach("chat/blue/a")
		watch := w.watch("chat/blue/a")
		defer watch.Close()
		tick()
		tick()
		f := frame(0, 1, 0)
		time.Sleep(1501 * time.Millisecond)
		require.Equal(t, reasonLate, a.Deliver(f))
		f = frame(0, 1, 0)
		f.Second += 2
		require.Equal(t, reasonEarly, a.Deliver(f))
		require.EqualValues(t, 1, testutil.ToFloat64(w.hub.metrics.dropped.WithLabelValues(reasonLate)))
		e := next(t, watch)
		require.Nil(t, e.Total, "nobody told, which is no zero")
		require.Equal(t, 0, e.Instances.Answered)
	})
}

func TestLeasesAreRenewedAndEnd(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.attach("chat/blue/a")
		first, second := w.watch("chat"), w.watch("chat/blue")
		require.NotNil(t, asked(a))
		for range 12 { // a minute
			time.Sleep(5 * time.Second)
			require.EqualValues(t, 10_000, asked(a).LeaseMS)
		}
		first.Close()
		first.Close()
		require.EqualValues(t, 10_000, asked(a).LeaseMS, "somebody watches")
		require.EqualValues(t, 1, testutil.ToFloat64(w.hub.metrics.watchers))
		second.Close()
		require.Zero(t, asked(a).LeaseMS)
		time.Sleep(time.Minute)
		require.Nil(t, asked(a), "and nothing more is said")
		require.Zero(t, testutil.ToFloat64(w.hub.metrics.asked))
		late := w.attach("chat/blue/b")
		require.Nil(t, asked(late))
		third := w.watch("*")
		require.NotNil(t, asked(late))
		require.NotNil(t, asked(w.attach("new/blue/c")), "one that comes later is asked at once")
		third.Close()
	})
}

func TestTwoWatchersOfOverlappingScopes(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b := w.attach("chat/blue/a"), w.attach("chat/green/b")
		wide, narrow, same := w.watch("chat"), w.watch("*/blue"), w.watch("chat")
		defer wide.Close()
		defer narrow.Close()
		require.Len(t, w.hub.groups, 2, "who asks the same gets the same")
		require.Len(t, asked(a).Views, 1, "one view serves both")
		tick()
		tick()
		a.Deliver(frame(0, 1, 0))
		e := next(t, narrow)
		require.EqualValues(t, 1, e.Total.Traffic.Requests)
		require.Equal(t, "chat/blue/a", e.Children[0].Scope)
		b.Deliver(frame(0, 2, 0))
		require.EqualValues(t, 3, next(t, wide).Total.Traffic.Requests)
		require.EqualValues(t, 3, next(t, same).Total.Traffic.Requests)
		same.Close()
	})
}

func TestFiltersAreAskedOfAgents(t *testing.T) {
	inWorld(t, func(c *Config, _ *Settings) { c.MaxFilters = 1 }, func(w *world) {
		a := w.attach("chat/blue/a")
		b := w.attach("chat/green/b")
		q := question(t, "chat")
		term := func(dimension, v string) liveframe.Group {
			return liveframe.Group{Dimension: dimension, Terms: []liveframe.Term{{Op: "eq", Values: []string{v}}}}
		}
		q.Filter.Groups = []liveframe.Group{term("Deployment", "blue"), term("path", "/score")}
		slow, err := w.hub.Watch(w.ctx, q)
		require.NoError(t, err)
		require.Nil(t, asked(b), "the filter leaves its deployment out")
		ask := asked(a)
		require.Len(t, ask.Views, 1)
		require.Equal(t, "path", ask.Views[0].Filter.Groups[0].Dimension)
		all := w.watch("chat/blue")
		ask = asked(a)
		require.Len(t, ask.Views, 2)
		require.Zero(t, ask.Views[0].ID)

		tick()
		tick()
		f := frame(0, 5, 0)
		f.Views = append(f.Views, frame(ask.Views[1].ID, 2, 0).Views...)
		a.Deliver(f)
		require.EqualValues(t, 2, next(t, slow).Total.Traffic.Requests)
		require.EqualValues(t, 5, next(t, all).Total.Traffic.Requests)
		tick()
		a.Deliver(frame(0, 5, 0)) // made without the filter
		require.Nil(t, next(t, slow).Total)

		q.Filter.MinDurationMS = 100
		_, err = w.hub.Watch(w.ctx, q)
		var limit *LimitError
		require.ErrorAs(t, err, &limit)
		require.EqualError(t, err, "there are 1 different filters already, as many as live.max_filters allows")
		slow.Close()
		again, err := w.hub.Watch(w.ctx, q)
		require.NoError(t, err, "a filter that nobody uses is forgotten")
		again.Close()
		all.Close()
		q.Filter.Groups = []liveframe.Group{term("colour", "x")}
		_, err = w.hub.Watch(w.ctx, q)
		var wrong *FilterError
		require.ErrorAs(t, err, &wrong)
	})
}

func TestGrantsNarrowWhatIsWatched(t *testing.T) {
	inWorld(t, func(_ *Config, set *Settings) {
		set.Known = func(ctx context.Context, _ scopes.Pattern) ([]Known, error) {
			grants, err := scopes.GrantsFrom(ctx)
			if err != nil || !grants.Allows(scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "old"}) {
				return nil, err
			}
			return []Known{{Path: scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "old"}}}, nil
		}
	}, func(w *world) {
		a, b := w.attach("chat/blue/a"), w.attach("chat/green/b")
		blue, err := scopes.ParsePattern("chat/blue")
		require.NoError(t, err)
		narrow := scopes.WithGrants(t.Context(), scopes.GrantScopes(blue))
		watch, err := w.hub.Watch(narrow, question(t, "*"))
		require.NoError(t, err)
		defer watch.Close()
		require.NotNil(t, asked(a))
		require.Nil(t, asked(b))
		tick()
		tick()
		a.Deliver(frame(0, 1, 0))
		e := next(t, watch)
		require.Equal(t, Instances{Answered: 1, Connected: 1, Known: 2, Silent: []Silent{{path(t, "chat/blue/old"), silentNoStream}}}, e.Instances)
		require.NotContains(t, fmt.Sprint(e), "green")
		_, err = w.hub.Watch(narrow, question(t, "chat/green"))
		require.ErrorIs(t, err, scopes.ErrNotFound)
		_, err = w.hub.Watch(t.Context(), question(t, "chat"))
		require.ErrorIs(t, err, scopes.ErrNoGrants)
		_, err = w.hub.Watch(w.ctx, question(t, "nothing"))
		require.ErrorIs(t, err, scopes.ErrNotFound)
	})
}

func TestInstancesWithoutAStreamAreTold(t *testing.T) {
	list := []Known{{Path: scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "old"}}, {Path: scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "gone"}, Missing: true}}
	failing := errors.New("not now")
	var mu sync.Mutex
	var err error
	inWorld(t, func(_ *Config, set *Settings) {
		set.Known = func(context.Context, scopes.Pattern) ([]Known, error) {
			mu.Lock()
			defer mu.Unlock()
			return list, err
		}
	}, func(w *world) {
		watch := w.watch("chat")
		defer watch.Close()
		e := next(t, watch)
		require.Nil(t, e.Total)
		require.Equal(t, []Silent{{path(t, "chat/blue/gone"), silentMissing}, {path(t, "chat/blue/old"), silentNoStream}}, e.Instances.Silent)
		mu.Lock()
		list = append(list, Known{Path: scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "young"}})
		mu.Unlock()
		for range 20 {
			e = next(t, watch)
		}
		require.Len(t, e.Instances.Silent, 3, "looked for again")
		mu.Lock()
		err, list = failing, nil
		mu.Unlock()
		for range 20 {
			e = next(t, watch)
		}
		require.Len(t, e.Instances.Silent, 3, "what cannot be read stays as it was")
		_, werr := w.hub.Watch(w.ctx, question(t, "chat/green"))
		require.ErrorIs(t, werr, failing)
		w.attach("chat/green/x")
		green, werr := w.hub.Watch(w.ctx, question(t, "chat/green"))
		require.NoError(t, werr, "what is connected can be watched")
		green.Close()
	})
}

func TestSlowWatchersLoseTheOldest(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.attach("chat/blue/a")
		watch, quick := w.watch("chat"), w.watch("chat")
		defer watch.Close()
		for range 10 {
			next(t, quick)
		}
		newest := next(t, quick)
		quick.Close()
		require.Equal(t, 11-waitingEvents, watch.Lost())
		require.Zero(t, watch.Lost(), "told once")
		var got *Event
		for range waitingEvents {
			got = next(t, watch)
		}
		require.Equal(t, newest.Second, got.Second)
		require.EqualValues(t, 11-waitingEvents, testutil.ToFloat64(w.hub.metrics.lost))
	})
}

func TestLimitsNameThemselves(t *testing.T) {
	inWorld(t, func(c *Config, _ *Settings) { c.MaxAgents, c.MaxWatchers = 1, 1 }, func(w *world) {
		a := w.attach("chat/blue/a")
		_, err := w.hub.Attach(path(t, "chat/blue/b"))
		require.EqualError(t, err, "there are 1 agents already, as many as live.max_agents allows")
		b := w.attach("chat/blue/a") // the same again takes its place
		<-a.Gone()
		require.Equal(t, leftReplaced, a.Why())
		a.Detach()
		watch := w.watch("chat")
		require.NotNil(t, asked(b))
		_, err = w.hub.Watch(w.ctx, question(t, "chat"))
		require.EqualError(t, err, "there are 1 watchers already, as many as live.max_watchers allows")
		watch.Close()
		w.watch("chat").Close()
	})
}

func TestTheHubEndsItsStreams(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.attach("chat/blue/a")
		watch := w.watch("chat")
		go func() {
			<-a.Gone()
			time.Sleep(time.Second)
			a.Detach()
		}()
		began := time.Now()
		w.stop()
		require.Equal(t, time.Second, time.Since(began), "Run waits for streams")
		require.Equal(t, leftStopping, a.Why())
		_, open := <-watch.Events()
		require.False(t, open)
		watch.Close()
		_, err := w.hub.Attach(path(t, "chat/blue/a"))
		require.ErrorIs(t, err, ErrStopped)
		_, err = w.hub.Watch(w.ctx, question(t, "chat"))
		require.ErrorIs(t, err, ErrStopped)
	})
}

func TestAClockThatJumpsStopsNothing(t *testing.T) {
	var shift time.Duration
	inWorld(t, func(_ *Config, set *Settings) {
		set.Now = func() time.Time { return time.Now().Add(shift) }
	}, func(w *world) {
		w.attach("chat/blue/a")
		watch := w.watch("chat")
		defer watch.Close()
		next(t, watch)
		for _, jump := range []time.Duration{time.Hour, -3 * time.Hour, 2 * time.Hour} {
			w.hub.mu.Lock()
			shift += jump
			w.hub.mu.Unlock()
			w.hub.poke()
			var e *Event
			for range 8 {
				e = next(t, watch)
			}
			require.InDelta(t, w.hub.set.Now().Unix(), e.Second.Unix(), 3)
		}
	})
}

func TestManyRowsAreCut(t *testing.T) {
	inWorld(t, func(c *Config, _ *Settings) { c.MaxRows = 2 }, func(w *world) {
		var agents []*Agent
		for i := range 4 {
			agents = append(agents, w.attach(fmt.Sprintf("chat/blue/i%d", i)))
		}
		watch := w.watch("chat/blue")
		defer watch.Close()
		tick()
		tick()
		for i, a := range agents {
			a.Deliver(frame(0, int64(i), 0))
		}
		e := next(t, watch)
		require.Equal(t, []string{"chat/blue/i2", "chat/blue/i3"}, []string{e.Children[0].Scope, e.Children[1].Scope})
		require.Equal(t, 2, e.ChildrenOmitted)
		require.EqualValues(t, 6, e.Total.Traffic.Requests, "the total has all")
		require.Nil(t, e.ByInstance)
	})
}

func TestHistogramsOfRowsAreToldToWhoAsks(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b := w.attach("chat/blue/a"), w.attach("chat/green/b")
		plain := w.watch("chat")
		q := question(t, "chat")
		q.Histograms = true
		full, err := w.hub.Watch(w.ctx, q)
		require.NoError(t, err)
		tick()
		tick()
		for i, agent := range []*Agent{a, b} {
			f := frame(0, 2, 0)
			for _, ms := range []float64{100, 90} {
				f.Views[0].Slowest = append(f.Views[0].Slowest, liveframe.Request{DurationMS: ms + float64(i), RequestID: agent.path.Instance})
			}
			require.Empty(t, agent.Deliver(f))
		}
		few, all := next(t, plain), next(t, full)
		require.Equal(t, few.Total, all.Total)
		require.NotEmpty(t, few.Total.Traffic.Duration.Histogram)
		for i := range all.Children {
			for _, rows := range [][2]Row{{few.Children[i], all.Children[i]}, {few.ByInstance[i], all.ByInstance[i]}} {
				require.Empty(t, rows[0].Traffic.Duration.Histogram)
				require.Equal(t, []liveframe.Bucket{{-26, 2}}, rows[1].Traffic.Duration.Histogram)
			}
		}
		var slowest []string
		for _, r := range all.Slowest {
			slowest = append(slowest, fmt.Sprint(r.Scope, " ", r.DurationMS))
		}
		require.Equal(t, []string{"chat/green/b 101", "chat/blue/a 100", "chat/green/b 91", "chat/blue/a 90"}, slowest)
		plain.Close()
		full.Close()
	})
}

func TestConfigErrorsNameValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for want, change := range map[string]func(*Config){
		"max_agents: must be between 0 and 100000 (got -1)":         func(c *Config) { c.MaxAgents = -1 },
		"max_watchers: must be between 0 and 10000 (got 10001)":     func(c *Config) { c.MaxWatchers = 10001 },
		"max_filters: must be between 0 and 15 (got 16)":            func(c *Config) { c.MaxFilters = 16 },
		"max_rows: must be between 1 and 10000 (got 0)":             func(c *Config) { c.MaxRows = 0 },
		"max_frame_bytes: must be between 4KiB and 4MiB (got 1KiB)": func(c *Config) { c.MaxFrameBytes = 1 << 10 },
		"lease: must be between 3s and 1m0s (got 1s)":               func(c *Config) { c.Lease = time.Second },
		"settle: must be between 0s and 1s (got 1.1s)":              func(c *Config) { c.Settle = 1100 * time.Millisecond },
		"late: must be between settle, 500ms, and 2s (got 400ms)":   func(c *Config) { c.Late = 400 * time.Millisecond },
		"ping: must be between 1s and 10m (got 100ms)":              func(c *Config) { c.Ping = 100 * time.Millisecond },
	} {
		c := DefaultConfig()
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
}

func BenchmarkMergeAThousandInstances(b *testing.B) {
	hub, err := New(DefaultConfig(), Settings{})
	require.NoError(b, err)
	second := time.Now().Unix() - 1
	for i := range 1000 {
		a, err := hub.Attach(scopes.Path{Endpoint: "chat", Deployment: fmt.Sprintf("d%d", i%10), Instance: fmt.Sprintf("i%d", i)})
		require.NoError(b, err)
		f := frame(0, 100, 3)
		f.Second = second
		a.frames[uint64(second)%openSeconds] = f
	}
	w, err := hub.Watch(scopes.WithGrants(b.Context(), scopes.AllAccess()), Question{Scope: scopes.Pattern{Endpoint: "chat"}})
	require.NoError(b, err)
	for b.Loop() {
		w.group.show(second, false)
	}
}
