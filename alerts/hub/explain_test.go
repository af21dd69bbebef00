package hub

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func (w *world) findings(result string) float64 {
	return testutil.ToFloat64(w.metrics.findings.WithLabelValues(result))
}

func TestTheFindingGoesWithTheAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked alerts.ExplainQuestion
		w := newWorld(t, func(_ *Config, s *Settings) {
			s.Explain = func(_ context.Context, q alerts.ExplainQuestion) (*alerts.Finding, error) {
				asked = q
				time.Sleep(2 * time.Second)
				return &alerts.Finding{Sentence: "blue-7 explains 100 % of it.", Verdict: "single cause", Path: []string{"deployment=blue", "instance=blue-7"}}, nil
			}
		})
		w.run()
		a := fired(1, time.Now())
		w.apply(a)
		time.Sleep(time.Second)
		require.Empty(t, w.router.all(), "it waits for its finding")
		time.Sleep(2 * time.Second)
		require.Len(t, w.router.all(), 1)
		require.Equal(t, "blue-7 explains 100 % of it.", w.router.all()[0].Annotations["finding"])
		require.Equal(t, []string{"fired", "finding"}, w.kinds("id-1"))
		require.Equal(t, alerts.ExplainQuestion{
			Metric: "RequestLatency_P99", Aggregation: "Average", Scope: a.Target, Filter: "deployment eq 'blue' and statusCode eq '1'", Start: a.WindowStart, End: a.WindowEnd,
			Baseline: a.WindowStart.Add(-15 * time.Minute),
		}, asked)
		require.Equal(t, []string{"deployment=blue", "instance=blue-7"}, w.get("id-1").Finding.Path)
		w.apply(resolved(1, a.FiredAt, time.Now()))
		time.Sleep(2 * time.Minute)
		require.Equal(t, "blue-7 explains 100 % of it.", w.router.all()[1].Annotations["finding"])
		require.InDelta(t, 1, w.findings(findingFound), 0)
	})
}

func TestAFailedOrEmptyAnswerDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		w := newWorld(t, func(_ *Config, s *Settings) {
			s.Explain = func(context.Context, alerts.ExplainQuestion) (*alerts.Finding, error) {
				if n.Add(1)%2 == 0 {
					return nil, errors.New("no")
				}
				return &alerts.Finding{Sentence: "It did not change.", Verdict: "none"}, nil
			}
		})
		w.run()
		w.apply(fired(1, time.Now()), fired(2, time.Now()))
		time.Sleep(time.Second)
		require.Len(t, w.router.all(), 2)
		require.NotContains(t, w.router.all()[0].Annotations, "finding")
		require.InDelta(t, 1, w.findings(findingNone), 0)
		require.InDelta(t, 1, w.findings(findingError), 0)
	})
}

func TestAStuckExplainDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		w := newWorld(t, func(c *Config, s *Settings) {
			c.Explain.Queue = 10
			s.Explain = func(context.Context, alerts.ExplainQuestion) (*alerts.Finding, error) {
				<-free // it does not even look at its context
				return &alerts.Finding{Sentence: "Late.", Verdict: "single cause"}, nil
			}
		})
		w.run()
		at := time.Now()
		for n := range 30 {
			w.apply(fired(n, at))
		}
		other := fired(100, at)
		other.RuleKind = alerts.KindLog
		w.apply(other)
		time.Sleep(100 * time.Millisecond)
		require.Len(t, w.router.all(), 21, "those for which there is no place, and the log rule, go at once")
		require.InDelta(t, 20, w.findings(findingFull), 0)
		time.Sleep(5 * time.Second)
		require.Len(t, w.router.all(), 31, "the others after the timeout")
		w.apply(fired(50, at))
		time.Sleep(time.Second)
		require.NotEmpty(t, w.router.of("id-50"))
		close(free)
		time.Sleep(time.Second)
		require.InDelta(t, 8, w.findings(findingTimeout), 0)
		require.InDelta(t, 2, w.findings(findingFound), 0)
		require.Equal(t, "Late.", w.get("id-0").Annotations["finding"])
		require.Len(t, w.router.of("id-0"), 2, "routing shows it from now on")
	})
}

func TestASlowExplainIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(_ *Config, s *Settings) {
			s.Explain = func(ctx context.Context, _ alerts.ExplainQuestion) (*alerts.Finding, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		w.run()
		w.apply(fired(1, time.Now()), fired(2, time.Now()), fired(3, time.Now()))
		time.Sleep(5*time.Second + 100*time.Millisecond)
		require.Len(t, w.router.all(), 3)
		time.Sleep(time.Second)
		require.InDelta(t, 3, w.findings(findingTimeout), 0)
	})
}

func TestExplainIsAskedOnlyWhereItCanHelp(t *testing.T) {
	w := newWorld(t, func(_ *Config, s *Settings) {
		s.Explain = func(context.Context, alerts.ExplainQuestion) (*alerts.Finding, error) { return nil, nil }
	})
	ask := func(change func(*alerts.Alert)) *question {
		a := fired(1, time.Now())
		change(&a)
		return w.question(&a, time.Now())
	}
	require.NotNil(t, ask(func(*alerts.Alert) {}))
	require.Nil(t, ask(func(a *alerts.Alert) { a.RuleKind = alerts.KindPrometheus }))
	require.Nil(t, ask(func(a *alerts.Alert) { a.Target.Endpoint, a.Target.Deployment = "", "" }))
	require.Nil(t, ask(func(a *alerts.Alert) { a.Values[0].Value = nil }))
	require.Nil(t, ask(func(a *alerts.Alert) { a.Values = nil }))
}
