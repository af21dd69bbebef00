package promrules_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/promrules"
)

// TestRulesThatAllFailAreNotHealthy has a rule that needs no store among them, as most sets of rules do.
func TestRulesThatAllFailAreNotHealthy(t *testing.T) {
	h := newHouse(t)
	set := h.settings()
	answer := set.Query
	var broken atomic.Bool
	set.Query = func(ctx context.Context, q string, at time.Time) (promql.Vector, error) {
		if broken.Load() && q != "vector(1)" {
			return nil, promql.ErrStorage{Err: errors.New("the disk is gone")}
		}
		return answer(ctx, q, at)
	}
	m, err := promrules.New(config(write(t, "groups: [{name: x, rules: [{alert: Watchdog, expr: vector(1)}, {alert: A, expr: waiting > 1}, {record: b, expr: 2 * waiting}]}]")), set)
	require.NoError(t, err)
	require.Error(t, m.Healthy(time.Now()), "nothing is evaluated yet")
	defer h.run(m)()
	h.eventually("they are evaluated", func() bool { return len(m.AlertingRules()) == 2 && m.AlertingRules()[1].Health() == rules.HealthGood })
	require.NoError(t, m.Healthy(time.Now()))
	broken.Store(true)
	h.eventually("most fail", func() bool { return m.Healthy(time.Now()) != nil })
	require.ErrorContains(t, m.Healthy(time.Now()), "2 of 3 rules failed when they were evaluated last, such as")
	require.ErrorContains(t, m.Healthy(time.Now()), "the disk is gone")
	broken.Store(false)
	h.eventually("they work again", func() bool { return m.Healthy(time.Now()) == nil })
}

func TestAGroupIsLateOnlySinceItIsThere(t *testing.T) {
	h := newHouse(t)
	set := h.settings()
	var ahead atomic.Int64 // of the clock, in nanoseconds
	set.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	m, err := promrules.New(config(), set)
	require.NoError(t, err)
	defer h.run(m)()
	h.eventually("it runs", func() bool { return m.RuleGroups() != nil })
	ahead.Store(int64(5 * time.Hour)) // the server has been up for long
	require.NoError(t, m.SetRules([]alerts.Stored{stored("hourly", `{"name":"g","interval":"1h","rules":[{"alert":"A","expr":"vector(1)"}]}`)}))
	require.NoError(t, m.Healthy(set.Now()), "a new group is not late")
	require.NoError(t, m.Healthy(set.Now().Add(3*time.Hour)))
	require.ErrorContains(t, m.Healthy(set.Now().Add(4*time.Hour)), `group "g"`)
}

func TestRulesWaitForTheAlertsThatFire(t *testing.T) {
	h := newHouse(t)
	h.set("waiting", 7, credit...)
	set := h.settings()
	var asked atomic.Int64
	set.Active = func(ctx context.Context) ([]alerts.Alert, error) {
		if asked.Add(1) == 1 {
			return nil, errors.New("database is locked")
		}
		return h.sink.active(ctx)
	}
	m, err := promrules.New(config(write(t, ruleFile)), set)
	require.NoError(t, err)
	defer h.run(m)()
	h.eventually("it fires all the same", func() bool { return len(h.sink.all()) == 1 })
	require.EqualValues(t, 2, asked.Load())
}
