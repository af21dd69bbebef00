package live

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

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
