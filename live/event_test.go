package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

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
