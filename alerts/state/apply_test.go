package state

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestAnAlertIsReadAsItWasApplied(t *testing.T) {
	s, c := open(t, DefaultConfig())
	a := fired(1, c.now())
	a.Values = append(a.Values, alerts.CriterionValue{
		Criterion: alerts.Criterion{Type: alerts.DynamicThreshold, Sensitivity: alerts.SensitivityHigh, FailingPeriods: alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}, IgnoreDataBefore: c.now(), WindowSize: time.Hour},
		Value:     value(math.Inf(1)), Lower: value(-1), Upper: value(math.Pi),
	}, alerts.CriterionValue{Criterion: alerts.Criterion{Query: "T | count", MetricMeasureColumn: "n", ResourceIDColumn: "r"}})
	require.Equal(t, []bool{true}, apply(t, s, change(a, c.now())))
	r, err := s.Get(all(t), a.ID)
	require.NoError(t, err)
	require.Equal(t, a, r.Alert)
	require.Equal(t, a.Values, r.FiredValues)
	require.Equal(t, alerts.New, r.UserState)
	require.Equal(t, []string{"oncall"}, r.Groups)

	b := resolved(1, a.FiredAt, c.now().Add(10*time.Minute))
	b.ResolveReason = "rule deleted"
	require.Equal(t, []bool{true}, apply(t, s, change(b, c.now())))
	r, err = s.Get(all(t), a.ID)
	require.NoError(t, err)
	require.Equal(t, b, r.Alert)
	require.Equal(t, a.Values, r.FiredValues)
	require.Equal(t, a.WindowEnd, r.FiredEnd)
	entries, err := s.Timeline(all(t), a.ID)
	require.NoError(t, err)
	require.Len(t, entries, 2)

	a.Values[0].Value = value(math.NaN())
	a.ID = "nan"
	apply(t, s, change(a, c.now()))
	r, err = s.Get(all(t), "nan")
	require.NoError(t, err)
	require.True(t, math.IsNaN(*r.Values[0].Value), "the values of Prometheus's rules may be anything")
}

func TestApplyingAgainChangesNothing(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now()
	require.Equal(t, []bool{true, false, true}, apply(t, s, change(fired(1, at), at), change(fired(1, at), at), change(resolved(1, at, at.Add(time.Minute)), at)))
	require.Equal(t, []bool{false, false, false}, apply(t, s, change(fired(1, at), at), change(resolved(1, at, at.Add(time.Hour)), at), change(resolved(2, at, at), at)))
	r, err := s.Read(t.Context(), "id-1")
	require.NoError(t, err)
	require.Equal(t, at.Add(time.Minute), r.ResolvedAt)
	entries, err := s.Timeline(all(t), "id-1")
	require.NoError(t, err)
	require.Len(t, entries, 2)
	_, err = s.Read(t.Context(), "id-2")
	require.ErrorIs(t, err, alerts.ErrNotFound, "the resolution of an unknown alert makes none")
}

func TestABadTransitionIsRefusedWithAllBesideIt(t *testing.T) {
	s, c := open(t, DefaultConfig())
	for _, bad := range []alerts.Alert{{}, {ID: "x", FiredAt: c.now()}, {ID: "x", Condition: alerts.Fired}, {ID: "x", Condition: "Maybe", FiredAt: c.now()}} {
		_, err := s.Apply(t.Context(), []Change{change(fired(1, c.now()), c.now()), change(bad, c.now())})
		require.ErrorContains(t, err, "must have")
	}
	_, err := s.Read(t.Context(), "id-1")
	require.ErrorIs(t, err, alerts.ErrNotFound)
}

func TestASeriesThatFiresAgainResolvesWhatWasForgotten(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now()
	apply(t, s, change(fired(1, at), at))
	again := fired(1, at.Add(time.Hour))
	again.ID = "again"
	apply(t, s, change(again, at.Add(time.Hour)))
	old, err := s.Read(t.Context(), "id-1")
	require.NoError(t, err)
	require.Equal(t, alerts.Resolved, old.Condition)
	require.Equal(t, "it fired again as again", old.ResolveReason)
	due, err := s.Due(t.Context(), at.Add(2*time.Hour), 10)
	require.NoError(t, err)
	var ids []string
	for _, h := range due {
		ids = append(ids, h.ID)
	}
	require.ElementsMatch(t, []string{"id-1", "again"}, ids, "routing hears of both, which it tells apart by their ids")

	stateless := fired(2, at)
	stateless.Stateless = true
	apply(t, s, change(stateless, at))
	stateless.ID = "next"
	apply(t, s, change(stateless, at))
	r, err := s.Read(t.Context(), "id-2")
	require.NoError(t, err)
	require.Equal(t, alerts.Fired, r.Condition, "each check of a stateless rule is an alert of its own")
}

func TestPostedAlertsLiveAsLongAsTheyArePosted(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now()
	post := func(id string, expires time.Time) alerts.Alert {
		return alerts.Alert{ID: id, Rule: "Down", Labels: map[string]string{"alertname": "Down"}, Annotations: map[string]string{"n": id}, Condition: alerts.Fired, FiredAt: at, ExpiresAt: expires}
	}
	require.Equal(t, []bool{true, false}, apply(t, s, change(post("a", at.Add(5*time.Minute)), at), change(post("b", at.Add(9*time.Minute)), at)))
	r, err := s.Read(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, at.Add(9*time.Minute), r.ExpiresAt)
	require.Equal(t, "b", r.Annotations["n"])
	_, err = s.Read(t.Context(), "b")
	require.ErrorIs(t, err, alerts.ErrNotFound)

	expired, err := s.Expired(t.Context(), at.Add(8*time.Minute), 10)
	require.NoError(t, err)
	require.Empty(t, expired)
	end := post("a", time.Time{})
	end.Condition, end.ResolvedAt = alerts.Resolved, at.Add(8*time.Minute)
	early := change(end, at.Add(8*time.Minute))
	early.IfExpired = true
	require.Equal(t, []bool{false}, apply(t, s, early), "it was posted again meanwhile")
	expired, err = s.Expired(t.Context(), at.Add(9*time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, expired, 1)

	// A resolution is found by the labels, as the poster does not know the ID. After it the same labels make another alert.
	end.ID = "whatever"
	require.Equal(t, []bool{true, true}, apply(t, s, change(end, at), change(post("c", at.Add(time.Hour)), at)))
	r, err = s.Read(t.Context(), "c")
	require.NoError(t, err)
	require.Equal(t, alerts.Fired, r.Condition)
}
