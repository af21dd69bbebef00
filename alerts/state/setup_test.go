package state

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// clock is set by tests.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func open(t testing.TB, cfg Config) (*Store, *clock) {
	t.Helper()
	c := newClock()
	s, err := Open(t.Context(), cfg, Settings{Path: filepath.Join(t.TempDir(), "alerts.db"), Now: c.now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, c
}

func all(t testing.TB) context.Context { return scopes.WithGrants(t.Context(), scopes.AllAccess()) }

func value(v float64) *float64 { return &v }

// fired is an alert that has just fired; n makes it another.
func fired(n int, at time.Time) alerts.Alert {
	return alerts.Alert{
		ID: fmt.Sprintf("id-%d", n), Rule: "latency", SeriesKey: fmt.Sprint("series ", n), RuleKind: alerts.KindMetric, Severity: n % 5,
		Labels:      map[string]string{"alertname": "latency", "n": fmt.Sprint(n), "endpoint": "credit"},
		Annotations: map[string]string{"summary": "Slow"}, Target: scopes.Path{Endpoint: "credit", Deployment: "blue", Instance: fmt.Sprint("blue-", n)},
		Dimensions: map[string]string{"statusCode": "500"}, Condition: alerts.Fired, FiredAt: at,
		Values: []alerts.CriterionValue{{
			Criterion: alerts.Criterion{Type: alerts.StaticThreshold, Name: "c", MetricName: "RequestLatency_P99", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan, Threshold: 500,
				Dimensions: []alerts.Dimension{{Name: "statusCode", Operator: alerts.Include, Values: []string{"*"}}}},
			Value: value(812.5), Threshold: value(500),
		}},
		WindowStart: at.Add(-5 * time.Minute), WindowEnd: at,
		Actions:          []alerts.Action{{ActionGroupID: "oncall", WebHookProperties: map[string]string{"a": "b"}}},
		CustomProperties: map[string]string{"team": "risk"}, RunbookURL: "/docs/runbooks/x", Description: "Slow requests", Filter: "deployment eq 'blue'",
	}
}

func resolved(n int, firedAt, at time.Time) alerts.Alert {
	a := fired(n, firedAt)
	a.Condition, a.ResolvedAt, a.WindowStart, a.WindowEnd = alerts.Resolved, at, at.Add(-5*time.Minute), at
	a.Values[0].Value = value(3)
	return a
}

func change(a alerts.Alert, at time.Time) Change {
	return Change{Alert: a, At: at, Due: at, Groups: []string{"oncall"}, Timeline: []alerts.TimelineEntry{{At: at, Kind: string(a.Condition), Text: "It happened."}}}
}

func apply(t testing.TB, s *Store, changes ...Change) []bool {
	t.Helper()
	made, err := s.Apply(t.Context(), changes)
	require.NoError(t, err)
	return made
}
