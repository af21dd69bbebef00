package hub

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestAnAlertIsHandedOnWhenItFiresAndWhenItResolves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		at := time.Now()
		w.apply(fired(1, at))
		time.Sleep(time.Second)
		require.Equal(t, []bool{true}, w.router.of("id-1"))
		got := w.router.all()[0]
		require.Equal(t, ",oncall,", got.Labels[alerts.LabelActionGroups])
		require.True(t, at.Equal(got.StartsAt))
		require.Equal(t, "id-1", got.Source.ID)
		require.Equal(t, []string{"fired"}, w.kinds("id-1"))

		time.Sleep(10 * time.Minute)
		w.apply(resolved(1, at, time.Now()))
		time.Sleep(time.Second)
		require.Equal(t, []bool{true, false}, w.router.of("id-1"))
		require.Equal(t, got.Labels, w.router.all()[1].Labels, "routing knows an alert by its labels")
		require.Equal(t, []string{"fired", "resolved"}, w.kinds("id-1"))
		w.apply(fired(1, at), resolved(1, at, time.Now()), resolved(2, at, at))
		time.Sleep(time.Hour)
		require.Len(t, w.router.all(), 2, "what was applied before changes nothing")
	})
}

func TestAShortAlertIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		began := time.Now().Add(-8 * time.Minute)
		w.apply(fired(1, began), resolved(1, began, began.Add(5*time.Minute))) // while the server was down
		time.Sleep(50 * time.Second)
		require.Equal(t, []bool{true}, w.router.of("id-1"), "group_wait has to pass while it fires")
		require.Equal(t, alerts.Fired, w.router.all()[0].Source.Condition)
		require.InDelta(t, 812.5, *w.router.all()[0].Source.Values[0].Value, 0)
		time.Sleep(20 * time.Second)
		require.Equal(t, []bool{true, false}, w.router.of("id-1"))
		require.True(t, began.Add(5*time.Minute).Equal(w.router.all()[1].EndsAt))
		late := w.router.all()[1]
		require.Equal(t, alerts.Resolved, late.Source.Condition)
		require.Equal(t, alerts.Fired, late.Fired.Condition, "for who is told late that it fired")
		require.InDelta(t, 812.5, *late.Fired.Values[0].Value, 0)
	})
}

func TestAPrometheusAlertIsNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		a := fired(1, time.Now())
		a.RuleKind = alerts.KindPrometheus
		w.apply(a)
		time.Sleep(time.Second)
		a.Condition, a.ResolvedAt = alerts.Resolved, time.Now()
		w.apply(a)
		time.Sleep(time.Second)
		require.Equal(t, []bool{true, false}, w.router.of("id-1"), "who fired is resolved as soon as Prometheus would")
	})
}

func TestRoutingThatFailsGetsEverythingLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.router.set(true)
		w.run()
		at := time.Now()
		for n := range 20 {
			w.apply(fired(n, at))
		}
		w.apply(resolved(3, at, at.Add(time.Second)))
		time.Sleep(5 * time.Minute)
		require.Empty(t, w.router.all())
		require.ErrorContains(t, w.Healthy(t.Context(), 2*time.Minute), "routing is down")
		require.Less(t, w.router.offered, 200, "it is not asked all the time")
		w.router.set(false)
		time.Sleep(40 * time.Second)
		for n := range 20 {
			require.Equal(t, []bool{true}, w.router.of(fired(n, at).ID))
		}
		require.NoError(t, w.Healthy(t.Context(), 2*time.Minute))
		time.Sleep(time.Minute)
		require.Equal(t, []bool{true, false}, w.router.of("id-3"))
	})
}

func TestOneAlertThatRoutingRefusesDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.router.poison = "id-7"
		at := time.Now()
		for n := range 30 {
			w.apply(fired(n, at))
		}
		w.run()
		time.Sleep(2 * time.Minute)
		for n := range 30 {
			if n != 7 {
				require.NotEmpty(t, w.router.of(fired(n, at).ID), n)
			}
		}
		w.apply(fired(40, at))
		time.Sleep(40 * time.Second)
		require.NotEmpty(t, w.router.of("id-40"))
		require.ErrorContains(t, w.Healthy(t.Context(), 2*time.Minute), "id-7", "an alert that nobody can be told of is a failure")
		w.router.mu.Lock()
		w.router.poison = ""
		w.router.mu.Unlock()
		time.Sleep(time.Minute)
		require.NotEmpty(t, w.router.of("id-7"))
		require.NoError(t, w.Healthy(t.Context(), 2*time.Minute))
	})
}

func TestResumeHandsOnWhatRoutingMustKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		at := time.Now()
		stateless := fired(9, at)
		stateless.Stateless = true
		stateless.Labels[alerts.LabelFired] = stateless.ID
		w.apply(fired(1, at), fired(2, at), fired(3, at), stateless)
		time.Sleep(2 * time.Hour)
		w.apply(resolved(2, at, time.Now()))
		time.Sleep(2 * time.Hour)
		w.apply(resolved(3, at, time.Now()))
		w.apply(fired(4, time.Now()))
		time.Sleep(30 * time.Second)
		w.stop()
		w.apply(resolved(4, time.Now().Add(-30*time.Second), time.Now())) // killed before it was handed on
		require.NoError(t, w.store.Close())

		w.router = &router{}
		w.set.Route = w.router.route
		w.start()
		require.NoError(t, w.Resume(t.Context()))
		require.Equal(t, []bool{true}, w.router.of("id-1"), "it has not resolved")
		require.Empty(t, w.router.of("id-2"), "it resolved two hours ago")
		require.Equal(t, []bool{false}, w.router.of("id-3"), "its resolution may not have been told yet")
		require.Equal(t, []bool{true}, w.router.of("id-4"), "nobody may know yet that it fired")
		require.Empty(t, w.router.of("id-9"))
		w.apply(fired(5, time.Now()))
		w.run()
		time.Sleep(2 * time.Minute)
		require.Equal(t, []bool{true, false}, w.router.of("id-4"))
		require.Equal(t, []bool{true}, w.router.of("id-5"))
		require.Equal(t, []bool{true}, w.router.of("id-1"), "Run does not resume again")
	})
}

func TestResumeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.router.set(true)
		w.apply(fired(1, time.Now()))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		require.ErrorIs(t, w.Resume(ctx), context.DeadlineExceeded)
	})
}

func TestALaterAlertWithTheSameLabelsAndTheOneBeforeAreBothHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		at := time.Now()
		next := fired(1, at.Add(10*time.Minute))
		next.ID = "next"
		w.apply(fired(1, at), resolved(1, at, at.Add(5*time.Minute)), next)
		w.run()
		time.Sleep(time.Hour)
		require.Equal(t, []bool{true, false}, w.router.of("id-1"), "the first fired and resolved")
		require.Equal(t, []bool{true}, w.router.of("next"), "the second fires")
	})
}

func TestRoutingThatDoesNotAnswerIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		w := newWorld(t, func(_ *Config, s *Settings) {
			s.Route = func(ctx context.Context, _ []RouteAlert) error {
				select {
				case <-free:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
		w.run()
		w.apply(fired(1, time.Now()))
		time.Sleep(time.Minute)
		require.NoError(t, w.Healthy(t.Context(), 2*time.Minute))
		time.Sleep(2 * time.Minute)
		require.ErrorContains(t, w.Healthy(t.Context(), 2*time.Minute), "an alert has been waiting for routing for 3m0s")
		close(free)
		time.Sleep(time.Second)
		require.NoError(t, w.Healthy(t.Context(), 2*time.Minute))
	})
}
