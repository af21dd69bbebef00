package hub

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestSentencesSayWhatWasMeasured(t *testing.T) {
	w := newWorld(t, func(_ *Config, s *Settings) {
		s.Metric = func(string, scopes.Level) *scopes.Definition {
			return &scopes.Definition{Unit: scopes.UnitMilliseconds}
		}
	})
	v, limit := 500.04, 500.0
	f := func(want string, kind alerts.RuleKind, c alerts.Criterion) {
		t.Helper()
		a := fired(1, time.Now())
		a.RuleKind, a.Values = kind, []alerts.CriterionValue{{Criterion: c, Value: &v, Threshold: &limit}}
		require.Equal(t, want, w.firedSentence(&a))
	}
	f("Fired: RequestLatency_P99 (Average) was 500.04 ms, threshold > 500 ms.", alerts.KindMetric,
		alerts.Criterion{MetricName: "RequestLatency_P99", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan})
	f("Fired: the number of rows was 500.04, threshold ≥ 500.", alerts.KindLog, alerts.Criterion{Query: "T", TimeAggregation: scopes.Count, Operator: alerts.GreaterThanOrEqual})
	f("Fired: ms (Average) was 500.04, threshold < 500.", alerts.KindLog, alerts.Criterion{Query: "T", MetricMeasureColumn: "ms", TimeAggregation: scopes.Average, Operator: alerts.LessThan})
	f("Fired: the expression was 500.04, threshold 500.", alerts.KindPrometheus, alerts.Criterion{Query: "up > 1"})
}
