package receivers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestASummarySaysWhatHappened(t *testing.T) {
	k := newKit(t, func(_ *Config, s *Settings) {
		s.Metric = func(string, scopes.Level) *scopes.Definition {
			return &scopes.Definition{Unit: scopes.UnitMilliseconds}
		}
	})
	num := func(v float64) *float64 { return &v }
	base := func(change func(a *alerts.Alert)) *alerts.Alert {
		a := sample(t, SampleMetricStatic)
		change(&a)
		return &a
	}
	f := func(want string, change func(a *alerts.Alert)) {
		t.Helper()
		require.Equal(t, want, k.summary(base(change)))
	}
	f("example-endpoint/blue statusCode=500: average RequestLatency_P95 is 950 ms, above 800 ms", func(*alerts.Alert) {})
	f("example-endpoint/blue statusCode=500: average RequestLatency_P95 is 950 ms (threshold 800 ms)", func(a *alerts.Alert) { a.Condition = alerts.Resolved })
	f("example-endpoint/blue statusCode=500: average RequestLatency_P95 has no data", func(a *alerts.Alert) { a.Values[0].Value = nil })
	f("example-endpoint/blue statusCode=500: average RequestLatency_P95 is 950 ms", func(a *alerts.Alert) { a.Values[0].Threshold = nil })
	f("example-endpoint/blue statusCode=500: average RequestLatency_P95 is 950 ms, above the usual 800 ms", func(a *alerts.Alert) { a.Values[0].Criterion.Operator = alerts.GreaterOrLessThan })
	f("example-endpoint/blue statusCode=500: average RequestLatency_P95 is 95 ms, below the usual 120.5 ms", func(a *alerts.Alert) {
		a.Values[0] = alerts.CriterionValue{Criterion: a.Values[0].Criterion, Value: num(95), Threshold: num(120.5)}
		a.Values[0].Criterion.Operator = alerts.GreaterOrLessThan
	})
	f("given", func(a *alerts.Alert) { a.Annotations = map[string]string{"summary": "given"} })
	f("test-metric-static", func(a *alerts.Alert) {
		a.Target, a.Dimensions, a.Values, a.Description = scopes.Path{}, nil, nil, ""
	})
	log := sample(t, SampleLog)
	require.Equal(t, "example-endpoint/blue statusCode=500: count rows is 42, above 10", k.summary(&log))
}

func TestTextsAreCutWhereTheyMayBe(t *testing.T) {
	require.Equal(t, "abc", cutText("abc", 3))
	require.Equal(t, "a…", cutText("abcdef", 4))
	require.Equal(t, "…", cutText("äöü", 4))
	require.Equal(t, "a b", line(10, " a\n\tb "))
	require.Equal(t, "a b", asciiLine(3, "aä\nbcd"))
}
