package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// previewer returns an Evaluator whose clock says that everything is over.
func previewer(t *testing.T, w *world, change ...func(*Settings)) *Evaluator {
	t.Helper()
	late := func(s *Settings) { s.Now = func() time.Time { return epoch.AddDate(1, 0, 0) } }
	return newEvaluator(t, DefaultConfig(), w, newMemory(), append([]func(*Settings){late}, change...)...)
}

func TestPreviewAsJSON(t *testing.T) {
	w := &world{sources: []*source{script("credit", "1 20 - 1 1", "code", "500")}}
	rule := staticRule("r", func(r *alerts.Rule) {
		r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: []string{"*"}}}
	})
	p, err := previewer(t, w).Preview(t.Context(), rule, minute(1).Add(-time.Second), minute(5).Add(time.Second))
	require.NoError(t, err)
	text, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"start": "2000-01-01T00:01:00Z", "end": "2000-01-01T00:05:00Z",
		"series": [{
			"scope": "credit", "criterion": "c", "dimensions": {"endpoint": "credit", "code": "500"},
			"timestamps": ["2000-01-01T00:01:00Z", "2000-01-01T00:02:00Z", "2000-01-01T00:03:00Z", "2000-01-01T00:04:00Z", "2000-01-01T00:05:00Z"],
			"values": [1, 20, null, 1, 1], "lower": null, "upper": [10, 10, 10, 10, 10]
		}],
		"events": [
			{"scope": "credit", "dimensions": {"endpoint": "credit", "code": "500"}, "state": "fired", "at": "2000-01-01T00:02:00Z", "value": 20},
			{"scope": "credit", "dimensions": {"endpoint": "credit", "code": "500"}, "state": "resolved", "at": "2000-01-01T00:05:00Z", "value": 1}
		],
		"notifications": 2, "warnings": []}`, string(text))
}

func TestPreviewSides(t *testing.T) {
	for op, want := range map[alerts.Operator][2]bool{
		alerts.GreaterThan: {false, true}, alerts.GreaterThanOrEqual: {false, true}, alerts.LessThan: {true, false},
		alerts.LessThanOrEqual: {true, false}, alerts.Equals: {true, true}, alerts.NotEquals: {true, true}, alerts.GreaterOrLessThan: {true, true},
	} {
		lower, upper := sides(op)
		require.Equal(t, want, [2]bool{lower, upper}, op)
	}
}

func TestPreviewOfSeveralCriteriaHasASeriesForEach(t *testing.T) {
	n := script("credit", "1x5")
	n.metric = "N"
	rule := staticRule("r", func(r *alerts.Rule) {
		c := r.Criteria[0]
		c.Name, c.MetricName, c.Operator, c.Threshold = "d", "N", alerts.LessThan, 3
		r.Criteria = append(r.Criteria, c)
	})
	p, err := previewer(t, &world{sources: []*source{script("credit", "20x5"), n}}).Preview(t.Context(), rule, minute(1), minute(5))
	require.NoError(t, err)
	require.Len(t, p.Series, 2)
	require.Equal(t, "c", p.Series[0].Criterion)
	require.Equal(t, "d", p.Series[1].Criterion)
	require.Nil(t, p.Series[1].Upper)
	require.Equal(t, 3.0, *p.Series[1].Lower[4])
	require.Len(t, p.Events, 1)
	require.Equal(t, 20.0, *p.Events[0].Value)
}

func TestPreviewLimits(t *testing.T) {
	w := &world{}
	for i := range 150 {
		w.sources = append(w.sources, script(fmt.Sprint("e", i), "1"))
	}
	v := previewer(t, w)
	rule := staticRule("r", func(r *alerts.Rule) { r.Scopes = []scopes.Pattern{{Endpoint: "*"}} })
	var limit *LimitError
	_, err := v.Preview(t.Context(), rule, epoch, epoch.Add(MaxPreviewRange+time.Second))
	require.ErrorAs(t, err, &limit)
	require.EqualError(t, err, "range of a preview: 745 hours are more than the limit of 744")
	_, err = v.Preview(t.Context(), rule, epoch, epoch.Add(MaxPreviewRange))
	require.ErrorAs(t, err, &limit)
	require.Equal(t, int64(MaxPreviewPoints), limit.Limit)
	var bad *RangeError
	_, err = v.Preview(t.Context(), rule, minute(5), minute(5))
	require.ErrorAs(t, err, &bad)
	_, err = v.Preview(t.Context(), rule, minute(5).Add(time.Second), minute(5).Add(2*time.Second))
	require.ErrorAs(t, err, &bad)
	_, err = v.Preview(t.Context(), rule, epoch.AddDate(2, 0, 0), epoch.AddDate(2, 0, 1))
	require.ErrorAs(t, err, &bad, "the future")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = v.Preview(ctx, staticRule("r"), minute(1), minute(5))
	require.ErrorIs(t, err, context.Canceled)
	w.fail = func(alerts.MetricQuestion) error { return errBroken }
	_, err = v.Preview(t.Context(), staticRule("r"), minute(1), minute(5))
	require.ErrorIs(t, err, errBroken)
}

func TestPreviewLeavesOutWhatIsNotOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newEvaluator(t, DefaultConfig(), &world{}, newMemory())
		time.Sleep(10*time.Minute + 5*time.Second) // the window of minute 10 waits for its grace period
		p, err := v.Preview(t.Context(), staticRule("r"), minute(1), minute(60))
		require.NoError(t, err)
		require.Equal(t, minute(9), p.End)
	})
}

func TestPreviewAsksFewQuestions(t *testing.T) {
	w := &world{sources: []*source{script("credit", "1x10080")}}
	p, err := previewer(t, w).Preview(t.Context(), staticRule("r"), minute(1), minute(7*24*60))
	require.NoError(t, err)
	require.Equal(t, 8, len(w.asked))
	require.Len(t, p.Series, 1)
	for i, v := range p.Series[0].Values {
		require.NotNil(t, v, "%d", i)
	}
}

func TestPreviewOfPrometheusRules(t *testing.T) {
	rule := alerts.Rule{Name: "p", Kind: alerts.KindPrometheus}
	_, err := previewer(t, &world{}).Preview(t.Context(), rule, minute(1), minute(5))
	require.ErrorIs(t, err, ErrUnsupported)
	want := &Preview{Notifications: 7}
	v := previewer(t, &world{}, func(s *Settings) {
		s.PrometheusPreview = func(context.Context, alerts.Rule, time.Time, time.Time) (*Preview, error) { return want, nil }
	})
	p, err := v.Preview(t.Context(), rule, minute(1), minute(5))
	require.NoError(t, err)
	require.Equal(t, want, p)
}

func TestPreviewsWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, most := 0, 0
		w := &world{}
		w.block = func(context.Context, alerts.MetricQuestion) error {
			w.mu.Lock()
			running++
			most = max(most, running)
			w.mu.Unlock()
			time.Sleep(time.Second)
			w.mu.Lock()
			running--
			w.mu.Unlock()
			return nil
		}
		v := previewer(t, w)
		for range 3 * maxPreviews {
			go func() { _, _ = v.Preview(t.Context(), staticRule("r"), minute(1), minute(5)) }()
		}
		time.Sleep(time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		require.Equal(t, maxPreviews, most)
		require.Equal(t, 3*maxPreviews, len(w.asked))
	})
}
