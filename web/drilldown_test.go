package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// newDrillDownServer returns a server whose drill-down reads a real TSDB, in which the instances credit/blue/b-0 and
// credit/green/g:0 have reported a CPU utilisation of 0.25 and 0.75 every 10 seconds for the last ten minutes.
func newDrillDownServer(t *testing.T) (http.Handler, time.Time) {
	t.Helper()
	db, err := promtsdb.Open(t.TempDir(), nil, nil, promtsdb.DefaultOptions(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	now := time.Now()
	app := db.AppenderV2(t.Context())
	for at := now.Add(-10 * time.Minute); !at.After(now); at = at.Add(10 * time.Second) {
		for instance, v := range map[string]float64{"blue/b-0": 0.25, "green/g:0": 0.75} {
			deployment, name, _ := strings.Cut(instance, "/")
			ls := labels.FromStrings(model.MetricNameLabel, "instance_cpu_utilization_ratio", scopes.LabelEndpoint, "credit", scopes.LabelDeployment, deployment, scopes.LabelInstance, name)
			_, err := app.Append(0, ls, 0, at.UnixMilli(), v, nil, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
	}
	require.NoError(t, app.Commit())

	engine, err := query.NewEngine(query.DefaultConfig(), query.Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Queryable: db})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	planner, err := query.NewPlanner(query.DefaultDrillDownConfig(), query.PlannerSettings{
		Catalogue: catalogue, Engine: engine, Now: time.Now,
	})
	require.NoError(t, err)
	s, err := New(DefaultConfig(), Settings{Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		Gatherer: prometheus.NewRegistry(), DrillDown: planner})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.Handler(), now
}

func getJSON(t *testing.T, h http.Handler, target string, status int) map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	require.Equal(t, status, w.Code, "%s: %s", target, w.Body)
	want := "application/json"
	if status != http.StatusOK {
		want = "application/problem+json"
	}
	require.Equal(t, want, w.Header().Get("Content-Type"))
	var out map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

func TestScopesShowTheTree(t *testing.T) {
	h, now := newDrillDownServer(t)
	tree := getJSON(t, h, "/api/v1/scopes", http.StatusOK)
	credit := tree["scopes"].([]any)[0].(map[string]any)
	last := now.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	leaf := map[string]any{"scope": "credit/green/g:0", "name": "g:0", "level": "instance", "state": "ready", "last_sample": last, "ready": 1., "missing": 0., "gpus": 0.}
	green := map[string]any{"scope": "credit/green", "name": "green", "level": "deployment", "state": "ready", "last_sample": last, "ready": 1., "missing": 0., "gpus": 0., "children": []any{leaf}}
	require.Equal(t, []any{"credit", "credit", "endpoint", "ready", 2., 0.},
		[]any{credit["scope"], credit["name"], credit["level"], credit["state"], credit["ready"], credit["missing"]})
	require.Equal(t, green, credit["children"].([]any)[1])

	require.Equal(t, credit, getJSON(t, h, "/api/v1/scopes/credit", http.StatusOK))
	require.Equal(t, green, getJSON(t, h, "/api/v1/scopes/credit/green", http.StatusOK))
	for _, encoded := range []string{"g:0", "g%3A0"} {
		require.Equal(t, leaf, getJSON(t, h, "/api/v1/scopes/credit/green/"+encoded, http.StatusOK))
	}
	for target, want := range map[string]struct {
		status int
		detail string
	}{
		"/api/v1/scopes/nobody":               {404, `"nobody"`},
		"/api/v1/scopes/credit/red":           {404, `"credit/red"`},
		"/api/v1/scopes/credit/green/g-1":     {404, `"credit/green/g-1"`},
		"/api/v1/scopes/cr%C3%A9dit":          {400, "A-Z a-z 0-9"},
		"/api/v1/scopes/credit/a%2Fb":         {400, `"a/b"`},
		"/api/v1/scopes/credit?depth=1":       {400, `"depth"`},
		"/api/v1/scopes?scope=credit":         {400, `"scope"`},
		"/api/v1/scopes/credit/green/g:0/gpu": {404, "no such path"},
	} {
		require.Contains(t, getJSON(t, h, target, want.status)["detail"], want.detail, target)
	}
}

func TestMetricDefinitionsByScope(t *testing.T) {
	h, _ := newDrillDownServer(t)
	names := func(target string) map[string][]any {
		out := map[string][]any{}
		for _, d := range getJSON(t, h, target, http.StatusOK)["definitions"].([]any) {
			d := d.(map[string]any)
			out[d["name"].(string)] = append(out[d["name"].(string)], d["dimensions"])
		}
		return out
	}
	all, endpoint, deployment := names("/api/v1/metric-definitions"), names("/api/v1/metric-definitions?scope=credit"), names("/api/v1/metric-definitions?scope=credit/*")
	require.Len(t, all["RequestsPerMinute"], 2)
	require.Contains(t, endpoint["RequestsPerMinute"][0], "deployment")
	require.Contains(t, deployment["RequestsPerMinute"][0], "envoy_response_code")
	require.Len(t, deployment["RequestsPerMinute"], 1)
	getJSON(t, h, "/api/v1/metric-definitions?scope=nobody", http.StatusNotFound)
	getJSON(t, h, "/api/v1/metric-definitions?scope=a//b", http.StatusBadRequest)
	getJSON(t, h, "/api/v1/metric-definitions?metric=x", http.StatusBadRequest)
}

func TestMetricsAnswersInTheAgreedShape(t *testing.T) {
	h, now := newDrillDownServer(t)
	start := now.Add(-5 * time.Minute).Truncate(time.Minute)
	q := url.Values{"scope": {"credit"}, "metric": {"cpuutilizationpercentage"}, "aggregation": {"average,max"}, "interval": {"PT1M"},
		"split": {"DEPLOYMENT"}, "start": {start.Format(time.RFC3339)}, "end": {start.Add(2 * time.Minute).Format(time.RFC3339)}}
	got := getJSON(t, h, "/api/v1/metrics?"+q.Encode(), http.StatusOK)
	series := func(deployment, aggregation string, v float64) map[string]any {
		return map[string]any{"scope": "credit", "metric": "CpuUtilizationPercentage", "aggregation": aggregation, "unit": "Percent",
			"dimensions": map[string]any{"deployment": deployment}, "values": []any{v, v}}
	}
	require.Equal(t, map[string]any{
		"start": start.UTC().Format(time.RFC3339), "end": start.Add(2 * time.Minute).UTC().Format(time.RFC3339), "interval": "1m",
		"timestamps": []any{float64(start.UnixMilli()), float64(start.Add(time.Minute).UnixMilli())}, "partial_from": nil,
		"series":    []any{series("blue", "average", 25), series("green", "average", 75), series("blue", "maximum", 25), series("green", "maximum", 75)},
		"truncated": nil, "warnings": []any{},
	}, got)

	got = getJSON(t, h, "/api/v1/metrics?scope=*&metric=CpuUtilizationPercentage&interval=full&start=now-5m", http.StatusOK)
	require.Equal(t, []any{50.}, got["series"].([]any)[0].(map[string]any)["values"])
	got = getJSON(t, h, "/api/v1/metrics?scope=credit/blue&metric=CpuUtilizationPercentage&metric=CpuMemoryUtilizationPercentage", http.StatusOK)
	require.Len(t, got["series"], 1, "what has no data has no series")
	require.Equal(t, "1m", got["interval"])
	values := got["series"].([]any)[0].(map[string]any)["values"].([]any)
	require.Nil(t, values[0], "an hour ago there was nothing")
	require.Equal(t, 25., values[len(values)-2])
}

func TestMetricsRefusesByName(t *testing.T) {
	h, _ := newDrillDownServer(t)
	const base = "/api/v1/metrics?scope=credit&metric=CpuUtilizationPercentage"
	for target, want := range map[string]struct {
		status int
		detail []string
	}{
		"/api/v1/metrics":                                       {400, []string{"scope", "endpoint[/deployment"}},
		"/api/v1/metrics?scope=credit":                          {400, []string{"metric", "must be given", "metric-definitions"}},
		"/api/v1/metrics?scope=cr%20edit&metric=x":              {400, []string{`"cr edit"`}},
		"/api/v1/metrics?scope=credit&metric=Nothing":           {400, []string{`"Nothing"`, "GET /api/v1/metric-definitions"}},
		"/api/v1/metrics?scope=nobody&metric=" + "NetworkBytes": {404, []string{`"nobody"`}},
		base + "&aggregation=median":                            {400, []string{"median", "Average, Minimum"}},
		base + "&aggregation=Total":                             {400, []string{"Total", "Average, Minimum, Maximum"}},
		base + "&interval=soon":                                 {400, []string{"soon", "auto, full"}},
		base + "&start=yesterday":                               {400, []string{"start", "yesterday", "now-1h"}},
		base + "&end=now&end=now":                               {400, []string{"end", "given once"}},
		base + "&start=now&end=now-1h":                          {400, []string{"start", "before end"}},
		base + "&split=colour":                                  {400, []string{"colour", "deployment, instanceId"}},
		base + "&split=instanceId,,gpu":                         {400, []string{"split", "empty parts"}},
		base + "&colour=x":                                      {400, []string{"colour", "scope, metric, aggregation"}},
		base + "&interval=1s&start=now-1d":                      {422, []string{" points for each series", "11000", "longer interval"}},
	} {
		problem := getJSON(t, h, target, want.status)
		for _, part := range want.detail {
			require.Contains(t, problem["detail"], part, target)
		}
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"2026-03-01T09:00:00Z": now.Add(-time.Hour), "2026-03-01T10:00:00+01:00": now.Add(-time.Hour), "2026-03-01T10:00:00 01:00": now.Add(-time.Hour),
		"2026-03-01T09:59:59.5Z": now.Add(-500 * time.Millisecond), "1772359200": now, "1772359200.25": now.Add(250 * time.Millisecond),
		"now": now, "NOW": now, "now-1h": now.Add(-time.Hour), "now-1d": now.Add(-24 * time.Hour), "now-PT5M": now.Add(-5 * time.Minute), "now+1h": now.Add(time.Hour), "now 1h": now.Add(time.Hour),
	} {
		got, ok := parseTime(in, now)
		require.True(t, ok, in)
		require.True(t, want.Equal(got), "%s: got %s", in, got)
	}
	for _, in := range []string{"", "today", "now-", "now--1h", "nowish", "now*2", "-5", "NaN", "1e300", "1772359200000", "2026-03-01", "0000-01-01T00:00:00Z", "now-99y"} {
		_, ok := parseTime(in, now)
		require.False(t, ok, in)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, maxSeconds*1000).Draw(t, "ms")).UTC()
		got, ok := parseTime(at.Format(time.RFC3339Nano), now)
		require.True(t, ok)
		require.True(t, at.Equal(got))
	})
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"now", "now-1h", "now+", "1772359200.5", "2026-03-01T10:00:00Z", "now\x00", "1e9"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := parseTime(text, now); ok && (at.Unix() < 0 || at.Unix() > maxSeconds) {
			t.Fatalf("parseTime(%q) = %s", text, at)
		}
	})
}
