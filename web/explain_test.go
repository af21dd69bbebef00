package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
)

func TestExplainRequests(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(text string) time.Time {
		out, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return out
	}
	span := func(from, to string) query.Span { return query.Span{Start: at(from), End: at(to)} }
	for _, c := range []struct {
		text             string
		window, baseline query.Span
		wrong            string
	}{
		{"", span("2026-03-02T11:45:00Z", "2026-03-02T12:00:00Z"), span("2026-03-02T11:30:00Z", "2026-03-02T11:45:00Z"), ""},
		{"start=now-1h&baseline=previous", span("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"), span("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"), ""},
		{"timespan=PT1H&baseline=P1D", span("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"), span("2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"), ""},
		{"start=now-1h&baseline=7d", span("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"), span("2026-02-23T11:00:00Z", "2026-02-23T12:00:00Z"), ""},
		{"start=now-1h&baselineStart=2026-03-01T00:00:00Z", span("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"), span("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z"), ""},
		{"baselineStart=2026-03-01T00:00:00Z&baselineEnd=2026-03-02T00:00:00Z", span("2026-03-02T11:45:00Z", "2026-03-02T12:00:00Z"), span("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"), ""},
		{"start=now-30m&end=now%2B2h", span("2026-03-02T11:30:00Z", "2026-03-02T12:00:00Z"), span("2026-03-02T11:00:00Z", "2026-03-02T11:30:00Z"), ""},
		{"timespan=2026-03-02T11:00:00Z/PT4H&baseline=2h", span("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"), span("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"), ""},
		{"start=now-1h&end=now%2B2h&baselineStart=2026-03-01T00:00:00Z&baselineEnd=2026-03-01T03:00:00Z", span("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"), span("2026-03-01T00:00:00Z", "2026-03-01T03:00:00Z"), ""},
		{"start=now-1h&baseline=30m", query.Span{}, query.Span{}, "at least as long as the window, 1h0m0s"},
		{"baseline=soon", query.Span{}, query.Span{}, "must be previous"},
		{"baselineEnd=now-1h", query.Span{}, query.Span{}, "needs baselineStart"},
		{"baselineStart=now-1h&baseline=1d", query.Span{}, query.Span{}, "together"},
		{"aggregation=median", query.Span{}, query.Span{}, "must be one of Average"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/explain?scope=credit&metric=RequestLatency&"+c.text, nil)
		got, err := explainRequest(httptest.NewRecorder(), r, now)
		if c.wrong != "" {
			require.ErrorContains(t, err, c.wrong)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.window, got.Window, c.text)
		require.Equal(t, c.baseline, got.Baseline, c.text)
	}
}

func TestExplainAnswers(t *testing.T) {
	h, _ := newDrillDownServer(t)
	out := getJSON(t, h, "/api/v1/explain?scope=credit&metric=RequestLatency", http.StatusOK)
	for _, field := range []string{"metric", "aggregation", "unit", "scope", "start", "end", "baseline", "before", "after", "change", "path", "contributions", "related", "verdict", "explanation", "warnings"} {
		require.Contains(t, out, field)
	}
	require.Equal(t, "none", out["verdict"])
	getJSON(t, h, "/api/v1/explain?scope=nobody&metric=RequestLatency", http.StatusNotFound)
	getJSON(t, h, "/api/v1/explain?scope=*&metric=RequestLatency", http.StatusBadRequest)
	getJSON(t, h, "/api/v1/explain?scope=credit&metric=Nothing", http.StatusBadRequest)
	getJSON(t, h, "/api/v1/explain?metric=RequestLatency", http.StatusBadRequest)

	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/explain", strings.NewReader(url.Values{"scope": {"credit"}, "metric": {"RequestLatency"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}

func TestExplainAnswersWithin(t *testing.T) {
	one := 1.0
	out := newExplanationJSON(&query.Explanation{Contributions: []query.Contribution{
		{Dimension: "instanceId", Value: "i", Before: &one, Within: []query.Narrowing{{Dimension: "direction", Value: "output"}}},
		{Dimension: "instanceId", Value: "i", Before: &one},
	}})
	text, err := json.Marshal(out.Contributions)
	require.NoError(t, err)
	require.JSONEq(t, `[{"dimension":"instanceId","value":"i","scope":"","within":[{"dimension":"direction","value":"output"}],"before":1,"after":null,"share":null,"alone":null,"weight":null},
		{"dimension":"instanceId","value":"i","scope":"","before":1,"after":null,"share":null,"alone":null,"weight":null}]`, string(text))
}
