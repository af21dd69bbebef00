package alerts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAMessageSaysWhatExplainFound lets one of four instances fail requests, and wants whoever is told of the endpoint to be told of the instance.
func TestAMessageSaysWhatExplainFound(t *testing.T) {
	t.Parallel()
	l := listen(t)
	s := startServer(t, "--alerts.hub.explain.timeout=1m")
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "oncall", "groupWait": "PT1S", "webhookReceivers": []any{map[string]any{"name": "native", "serviceUri": l.URL + "/native"}},
	}, nil)
	s.call(http.MethodPost, "/api/v1/alert-rules", map[string]any{
		"name": "Broken streams", "severity": 1, "scopes": []string{"credit"}, "evaluationFrequency": "PT15S", "windowSize": "PT15S",
		"criteria": map[string]any{"allOf": []any{map[string]any{
			"name": "errors", "metricName": "StreamErrors", "timeAggregation": "Total", "operator": "GreaterThan", "threshold": 300,
		}}},
		"actions": []any{map[string]any{"actionGroupId": "oncall"}},
	}, nil)
	const errorsOf = `endpoint_stream_errors_total{reason="timeout"}`
	f, began := feed(t, s), time.Now()
	for _, i := range []string{"blue/b1", "blue/b2", "green/g1", "green/g2"} {
		// What explain compares with is the quarter of an hour before the last five minutes, so there must be one.
		var b strings.Builder
		for at := began.Add(-70 * time.Minute); at.Before(began); at = at.Add(5 * time.Second) {
			fmt.Fprintf(&b, "%s %g %d\n", errorsOf, at.Sub(began).Seconds()+4200, at.UnixMilli())
		}
		s.call(http.MethodPost, "/api/v1/push/credit/"+i, b.String(), nil)
		f.put("credit/"+i, errorsOf, func(reading) reading { return reading{4200, 1, began} })
	}
	f.grow("credit/blue/b2", errorsOf, 100)
	eventually(t, func(context.Context) error {
		if len(l.got("/native")) == 0 {
			return errors.New("nobody is told")
		}
		return nil
	})
	told := l.groups(t, "/native")[0].Alerts[0]
	all, err := s.alerts(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.NotNil(t, all[0].Finding)
	require.Contains(t, all[0].Finding.Sentence, "b2")
	require.Equal(t, all[0].Finding.Sentence, told.Annotations["finding"])
	require.Contains(t, timeline(t, s, all[0].ID), "finding")
}
