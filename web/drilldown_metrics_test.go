package web

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// ask sends a request with headers, given as name and value.
func ask(t *testing.T, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// closedQuestion asks for two minutes that have ended, so that every answer is the same.
func closedQuestion(now time.Time, more ...string) url.Values {
	start := now.Add(-5 * time.Minute).Truncate(time.Minute).UTC()
	q := url.Values{"scope": {"credit"}, "metric": {"CpuUtilizationPercentage"}, "interval": {"PT1M"}, "split": {"deployment"},
		"start": {start.Format(time.RFC3339)}, "end": {start.Add(2 * time.Minute).Format(time.RFC3339)}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q
}

const metricsPath = "/api/v1/metrics?"

// valuesOf returns the values of each series by scope and dimensions; a null is NaN.
func valuesOf(answer map[string]any) map[string][]float64 {
	out := map[string][]float64{}
	for _, s := range answer["series"].([]any) {
		s := s.(map[string]any)
		name := s["scope"].(string)
		for _, dim := range []string{"deployment", "instanceId"} {
			if v, ok := s["dimensions"].(map[string]any)[dim]; ok {
				name += " " + v.(string)
			}
		}
		var values []float64
		for _, v := range s["values"].([]any) {
			if f, ok := v.(float64); ok {
				values = append(values, f)
			} else {
				values = append(values, math.NaN())
			}
		}
		out[name] = values
	}
	return out
}

func TestMetricsFilterSplitTopAndScopesOfSeveralLevels(t *testing.T) {
	h, now := newDrillDownServer(t)
	for name, tc := range map[string]struct {
		more []string
		want map[string][]float64
	}{
		"filter":               {[]string{"filter", "Deployment eq 'BLUE'"}, map[string][]float64{"credit blue": {25, 25}}},
		"filter without split": {[]string{"filter", "deployment ne 'blue'", "split", ""}, map[string][]float64{"credit": {75, 75}}},
		"filter splits":        {[]string{"filter", "deployment eq '*'", "split", ""}, map[string][]float64{"credit blue": {25, 25}, "credit green": {75, 75}}},
		"filter takes nothing": {[]string{"filter", "deployment eq 'red'"}, map[string][]float64{}},
		"in and matches":       {[]string{"filter", "deployment in ('red','green') and instanceId matches 'g:.'"}, map[string][]float64{"credit green": {75, 75}}},
		"top":                  {[]string{"top", "1"}, map[string][]float64{"credit green": {75, 75}, "credit other": {25, 25}}},
		"bottom":               {[]string{"top", "1", "orderBy", "maximum asc"}, map[string][]float64{"credit blue": {25, 25}, "credit other": {75, 75}}},
		"top of all":           {[]string{"top", "2", "orderBy", "Average DESC"}, map[string][]float64{"credit blue": {25, 25}, "credit green": {75, 75}}},
		"scopes of several levels": {[]string{"scope", "credit,credit/blue,credit/green/*,credit/blue", "split", "instanceId"}, map[string][]float64{
			"credit/blue b-0": {25, 25}, "credit/green g:0": {75, 75}, "credit/green/g:0 g:0": {75, 75}}},
	} {
		t.Run(name, func(t *testing.T) {
			answer := getJSON(t, h, metricsPath+closedQuestion(now, tc.more...).Encode(), http.StatusOK)
			require.Equal(t, tc.want, valuesOf(answer))
			require.Nil(t, answer["truncated"])
		})
	}
	answer := getJSON(t, h, metricsPath+closedQuestion(now, "top", "1").Encode(), http.StatusOK)
	series := answer["series"].([]any)
	require.NotContains(t, series[0], "folded")
	require.Equal(t, 1., series[1].(map[string]any)["folded"])
}

func TestMetricsCompare(t *testing.T) {
	h, now := newDrillDownServer(t)
	start := now.Add(-5 * time.Minute).Truncate(time.Minute).UTC()
	for name, compare := range map[string]string{
		"offset": "2m", "ISO 8601": "PT2M", "previous": "previous", "start": start.Add(-2 * time.Minute).Format(time.RFC3339),
		"span": start.Add(-2*time.Minute).Format(time.RFC3339) + "/" + start.Format(time.RFC3339), "span with a length": start.Add(-2*time.Minute).Format(time.RFC3339) + "/PT2M",
	} {
		answer := getJSON(t, h, metricsPath+closedQuestion(now, "compare", compare).Encode(), http.StatusOK)
		require.Equal(t, map[string]any{"start": start.Add(-2 * time.Minute).Format(time.RFC3339), "end": start.Format(time.RFC3339)}, answer["compare"], name)
		for _, s := range answer["series"].([]any) {
			s := s.(map[string]any)
			require.Equal(t, map[string]any{"values": s["values"], "difference": []any{0., 0.}}, s["compare"], name)
		}
	}
	answer := getJSON(t, h, metricsPath+closedQuestion(now, "compare", "P1D").Encode(), http.StatusOK)
	require.Equal(t, map[string]any{"values": []any{nil, nil}, "difference": []any{nil, nil}}, answer["series"].([]any)[0].(map[string]any)["compare"])
}

func TestMetricsTimeSpans(t *testing.T) {
	h, now := newDrillDownServer(t)
	at := now.Add(-5 * time.Minute).Truncate(time.Minute).UTC()
	rfc := at.Format(time.RFC3339)
	for _, span := range []string{rfc + "/" + at.Add(2*time.Minute).Format(time.RFC3339), rfc + "/PT2M", "2m/" + at.Add(2*time.Minute).Format(time.RFC3339)} {
		q := closedQuestion(now, "timespan", span)
		q.Del("start")
		q.Del("end")
		answer := getJSON(t, h, metricsPath+q.Encode(), http.StatusOK)
		require.Equal(t, []any{rfc, at.Add(2 * time.Minute).Format(time.RFC3339)}, []any{answer["start"], answer["end"]})
	}
	q := url.Values{"scope": {"credit"}, "metric": {"CpuUtilizationPercentage"}, "timespan": {"PT4M"}, "interval": {"full"}}
	answer := getJSON(t, h, metricsPath+q.Encode(), http.StatusOK)
	end, err := time.Parse(time.RFC3339, answer["end"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), end, time.Minute)
	require.Equal(t, "4m", answer["interval"])
}

func TestMetricsParametersAreRefusedByName(t *testing.T) {
	h, now := newDrillDownServer(t)
	for _, tc := range []struct {
		name, value string
		want        []string
	}{
		{"filter", "deployment is 'x'", []string{"character 12", `found \"is\"`, "eq, ne, sw"}},
		{"filter", "colour eq 'x'", []string{"colour", "deployment, instanceId"}},
		{"filter", "deployment eq 'a' or instanceId eq 'b'", []string{"may not join two dimensions"}},
		{"top", "0", []string{"top", "at least 1"}},
		{"top", "many", []string{"top", "whole number"}},
		{"top", "1001", []string{"top", "from 1 to 1000"}},
		{"orderBy", "average desc", []string{"orderBy", "must come with top"}},
		{"orderBy", "average up", []string{"orderBy", "asc or desc"}},
		{"orderBy", "median", []string{"orderBy", "Average, Minimum"}},
		{"compare", "soon", []string{"compare", "previous, an offset"}},
		{"compare", "0s", []string{"compare", "at least 1s"}},
		{"compare", "2026-03-01T00:00:00Z/PT1H", []string{"compare", "as long as the one asked for, 2m0s (got 1h0m0s)"}},
		{"compare", "x/y", []string{"compare", "start of a span"}},
		{"timespan", "PT1H", []string{"start", "together with timespan"}},
		{"rollups", "maybe", []string{"rollups", "on or off"}},
		{"explain", "all", []string{"explain", "must be plan"}},
		{"scope", strings.Repeat("credit,", 50) + "credit", []string{"at most 50", "got 51"}},
		{"metric", strings.Repeat("CpuUtilizationPercentage,", 20) + "x", []string{"at most 20", "got 21"}},
		{"aggregation", "average,total", []string{"Total", "CpuUtilizationPercentage", "Average, Minimum, Maximum"}},
		{"nothing", "x", []string{"nothing", "orderBy, compare, rollups, explain"}},
	} {
		w := ask(t, h, http.MethodGet, metricsPath+closedQuestion(now, tc.name, tc.value).Encode(), "")
		require.Equal(t, 400, w.Code, "%s=%s: %s", tc.name, tc.value, w.Body)
		for _, part := range tc.want {
			require.Contains(t, w.Body.String(), part, "%s=%s", tc.name, tc.value)
		}
	}
	for span, rule := range map[string]string{
		"PT0S": "must be longer than 0", "now/0s": "must be longer than 0", "P1M": "must not have years or months", "P99Y/now": "must not have years or months",
		"99999d": "must not begin before the year 1970", "PT1H/1970-01-01T00:00:00Z": "must not begin before the year 1970", "2199-12-31T23:59:59Z/PT1H": "must not end after the year 2200",
		"2026-01/2027-01": "must be start/end", "now/soon": "must be start/end", "PT1H/PT1H": "must be start/end", "1970-01-01T00:00:00Z/x": "must be start/end",
		"2026-03-01T10:00:00Z": "must be start/end", "P": "must be start/end", "soon": "must be start/end",
	} {
		q := closedQuestion(now, "timespan", span)
		q.Del("start")
		q.Del("end")
		w := ask(t, h, http.MethodGet, metricsPath+q.Encode(), "")
		require.Equal(t, 400, w.Code, span)
		require.Contains(t, w.Body.String(), `parameter \"timespan\" `+rule, span)
	}
	q := closedQuestion(now, "top", "3")
	q.Del("split")
	w := ask(t, h, http.MethodGet, metricsPath+q.Encode(), "")
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "must come with split")
	q.Set("scope", "*/*")
	q.Set("top", "1")
	q.Del("compare")
	w = ask(t, h, http.MethodGet, metricsPath+q.Encode(), "")
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `{"scope":"*/*","metric":"CpuUtilizationPercentage"`)
	require.Contains(t, w.Body.String(), `"folded":`)
	w = ask(t, h, http.MethodGet, metricsPath+q.Encode(), "", "Accept", "text/csv")
	require.Contains(t, w.Body.String(), ",*/*,CpuUtilizationPercentage,")
}

func TestMetricsPostEqualsGet(t *testing.T) {
	h, now := newDrillDownServer(t)
	q := closedQuestion(now, "aggregation", "average,maximum", "filter", "deployment sw 'g' or deployment sw 'b'", "top", "1")
	want := ask(t, h, http.MethodGet, metricsPath+q.Encode(), "")
	require.Equal(t, 200, want.Code)
	object := map[string]any{"scope": []string{"credit"}, "metric": "CpuUtilizationPercentage", "aggregation": []string{"average", "maximum"}, "interval": "PT1M",
		"split": []string{"deployment"}, "start": q.Get("start"), "end": q.Get("end"), "filter": q.Get("filter"), "top": 1, "orderBy": nil}
	body, err := json.Marshal(object)
	require.NoError(t, err)
	part := url.Values{"scope": q["scope"], "metric": q["metric"]}
	rest := url.Values{}
	for name, values := range q {
		if !part.Has(name) {
			rest[name] = values
		}
	}
	for name, got := range map[string]*httptest.ResponseRecorder{
		"json":           ask(t, h, http.MethodPost, "/api/v1/metrics", string(body), "Content-Type", "application/json; charset=utf-8"),
		"form":           ask(t, h, http.MethodPost, "/api/v1/metrics", q.Encode(), "Content-Type", "application/x-www-form-urlencoded"),
		"query":          ask(t, h, http.MethodPost, metricsPath+q.Encode(), ""),
		"query and form": ask(t, h, http.MethodPost, metricsPath+part.Encode(), rest.Encode(), "Content-Type", "application/x-www-form-urlencoded"),
	} {
		require.Equal(t, 200, got.Code, "%s: %s", name, got.Body)
		require.Equal(t, want.Body.String(), got.Body.String(), name)
		require.Empty(t, got.Header().Get("ETag"), name)
	}
	for name, tc := range map[string]struct {
		query, kind, body string
		status            int
		want              string
	}{
		"both":        {"scope=credit", "application/json", `{"scope":"credit","metric":"x"}`, 400, `parameter \"scope\" must be either in the query or in the body`},
		"unknown":     {"", "application/json", `{"scopes":"credit"}`, 400, `\"scopes\" is not known here`},
		"no object":   {"", "application/json", `["credit"]`, 400, "must be a JSON object"},
		"half":        {"", "application/json", `{"scope":"credit"`, 400, "must be a JSON object"},
		"trailing":    {"", "application/json", `{"scope":"credit"} {}`, 400, "nothing after it"},
		"twice":       {"", "application/json", `{"scope":"credit","scope":"x"}`, 400, `must name \"scope\" once`},
		"nested":      {"", "application/json", `{"scope":{"a":1}}`, 400, "a list of them"},
		"list of one": {"", "application/json", `{"scope":["credit"],"metric":["CpuUtilizationPercentage"],"interval":["1m","2m"]}`, 400, `given once, and is there 2 times (got \"1m, 2m\")`},
		"bad form":    {"", "application/x-www-form-urlencoded", "scope=%zz", 400, "encoded form"},
		"media type":  {"", "text/plain", "scope=credit", 415, "application/json or application/x-www-form-urlencoded"},
		"no type":     {"", "", "scope=credit", 415, "application/json or"},
		"too large":   {"", "application/json", `{"filter":"` + strings.Repeat("x", maxQuestion) + `"}`, 413, "larger than 1048576 bytes"},
	} {
		w := ask(t, h, http.MethodPost, metricsPath+tc.query, tc.body, "Content-Type", tc.kind)
		require.Equal(t, tc.status, w.Code, "%s: %s", name, w.Body)
		require.Contains(t, w.Body.String(), tc.want, name)
	}
}

func FuzzJSONValues(f *testing.F) {
	for _, seed := range []string{`{"scope":["a","b"],"top":5,"x":null}`, `{}`, `[]`, `{"a":{}}`, `{"a":1e400}`, `{"a":"b"}x`, `{"a":[[]]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := jsonValues([]byte(text))
		if err == nil && !json.Valid([]byte(text)) {
			t.Fatalf("%q is read as %v", text, values)
		}
	})
}

func TestMetricsAreTaggedAndCompressed(t *testing.T) {
	h, now := newDrillDownServer(t)
	target := metricsPath + closedQuestion(now).Encode()
	first := ask(t, h, http.MethodGet, target, "")
	tag := first.Header().Get("ETag")
	require.Regexp(t, `^W/"[0-9a-f]{16}"$`, tag)
	require.Contains(t, first.Header().Values("Vary"), "Accept")
	require.Equal(t, "private, no-cache", first.Header().Get("Cache-Control"))
	for _, match := range []string{tag, `"other", ` + tag, "*", strings.TrimPrefix(tag, "W/")} {
		w := ask(t, h, http.MethodGet, target, "", "If-None-Match", match)
		require.Equal(t, 304, w.Code, match)
		require.Empty(t, w.Body.String())
		require.Equal(t, tag, w.Header().Get("ETag"))
	}
	w := ask(t, h, http.MethodGet, target, "", "If-None-Match", `W/"0000000000000000"`)
	require.Equal(t, 200, w.Code)
	require.Equal(t, first.Body.String(), w.Body.String())
	csvTag := ask(t, h, http.MethodGet, target, "", "Accept", "text/csv").Header().Get("ETag")
	require.NotEqual(t, tag, csvTag)

	long := url.Values{"scope": {"credit"}, "metric": {"CpuUtilizationPercentage"}, "interval": {"1s"}, "timespan": {"10m"}, "split": {"instanceId"}}
	w = ask(t, h, http.MethodGet, metricsPath+long.Encode(), "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	require.NotEmpty(t, w.Header().Get("ETag"))
	require.ElementsMatch(t, []string{"Accept", "Accept-Encoding"}, w.Header().Values("Vary"))
	z, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	require.True(t, json.Valid(text))

	planned := ask(t, h, http.MethodGet, metricsPath+closedQuestion(now, "explain", "plan").Encode(), "", "If-None-Match", "*")
	require.Equal(t, 200, planned.Code)
	require.Empty(t, planned.Header().Get("ETag"), "times differ at each asking")
	require.True(t, json.Valid(planned.Body.Bytes()))
}

func TestAPartIsNotComparedWithAWhole(t *testing.T) {
	h, now := newDrillDownServer(t)
	start := now.Add(-5 * time.Minute).Truncate(time.Minute).UTC()
	// The second window ends long after the test: it holds what came so far.
	q := url.Values{"scope": {"credit"}, "metric": {"CpuUtilizationPercentage"}, "interval": {"1d"}, "compare": {"1m"},
		"start": {start.Add(-24 * time.Hour).Format(time.RFC3339)}, "end": {now.Format(time.RFC3339)}}
	answer := getJSON(t, h, metricsPath+q.Encode(), http.StatusOK)
	require.NotNil(t, answer["partial_from"])
	compared := answer["series"].([]any)[0].(map[string]any)["compare"].(map[string]any)
	values, difference := compared["values"].([]any), compared["difference"].([]any)
	require.NotNil(t, values[len(values)-1])
	require.Nil(t, difference[len(difference)-1])
	q.Set("interval", "1m")
	q.Set("start", start.Format(time.RFC3339))
	q.Set("end", now.Add(time.Second).Format(time.RFC3339)) // in the first second of a minute, the second itself would end whole windows only
	table := ask(t, h, http.MethodGet, metricsPath+q.Encode(), "", "Accept", "text/csv")
	require.NotEmpty(t, table.Header().Get("Endscope-Partial-From"))
	lines, err := csv.NewReader(table.Body).ReadAll()
	require.NoError(t, err)
	ended, err := time.Parse(time.RFC3339, table.Header().Get("Endscope-Partial-From"))
	require.NoError(t, err)
	wholes := 0
	for _, line := range lines[1:] {
		at, err := time.Parse(time.RFC3339, line[0])
		require.NoError(t, err)
		whole := at.Before(ended) && line[5] != "" && line[7] != ""
		require.Equal(t, whole, line[8] != "", line)
		if whole {
			wholes++
		}
	}
	require.Positive(t, wholes)
}

func TestMetricsAsCSV(t *testing.T) {
	h, now := newDrillDownServer(t)
	start := now.Add(-5 * time.Minute).Truncate(time.Minute).UTC()
	at := func(minutes int) string { return start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	w := ask(t, h, http.MethodGet, metricsPath+closedQuestion(now).Encode(), "", "Accept", "text/csv")
	require.Equal(t, "text/csv; charset=utf-8; header=present", w.Header().Get("Content-Type"))
	require.Equal(t, strings.Join([]string{
		"time,scope,metric,aggregation,unit,deployment,value",
		at(0) + ",credit,CpuUtilizationPercentage,average,Percent,blue,25",
		at(1) + ",credit,CpuUtilizationPercentage,average,Percent,blue,25",
		at(0) + ",credit,CpuUtilizationPercentage,average,Percent,green,75",
		at(1) + ",credit,CpuUtilizationPercentage,average,Percent,green,75",
		"",
	}, "\r\n"), w.Body.String())

	w = ask(t, h, http.MethodGet, metricsPath+closedQuestion(now, "compare", "1d", "filter", "deployment eq 'blue'").Encode(), "", "Accept", "application/json;q=0.5, text/csv")
	require.Equal(t, strings.Join([]string{
		"time,scope,metric,aggregation,unit,deployment,value,compared_time,compared,difference",
		at(0) + ",credit,CpuUtilizationPercentage,average,Percent,blue,25," + at(-24*60) + ",,",
		at(1) + ",credit,CpuUtilizationPercentage,average,Percent,blue,25," + at(-24*60+1) + ",,",
		"",
	}, "\r\n"), w.Body.String())

	w = ask(t, h, http.MethodGet, metricsPath+closedQuestion(now, "end", now.Add(time.Hour).Format(time.RFC3339)).Encode(), "", "Accept", "text/csv")
	require.NotEmpty(t, w.Header().Get("Endscope-Partial-From"))
	w = ask(t, h, http.MethodGet, metricsPath+closedQuestion(now, "explain", "plan").Encode(), "", "Accept", "text/csv")
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "asked for as application/json")
}

func TestCSVFields(t *testing.T) {
	v := -1.5
	past := 1e-9
	h := http.Header{}
	body := answerCSV(h, &query.Answer{
		Start: time.UnixMilli(0), Timestamps: []int64{0, 60_000}, Truncated: &query.Truncation{Shown: 1, Total: 3}, Warnings: []string{"one\nline"},
		Compared: &query.Span{Start: time.UnixMilli(-1000), End: time.UnixMilli(1)},
		Series: []query.AnswerSeries{
			{Scope: scopes.Path{Endpoint: "e"}, Metric: "M", Aggregation: scopes.Total, Unit: scopes.UnitCount, Dimensions: map[string]string{"a": "=1+1", "b": `x,"y"` + "\n"},
				Values: []*float64{&v, nil}, Compared: []*float64{&past, &past}},
			{Scope: scopes.Path{Endpoint: "e"}, Metric: "M", Aggregation: scopes.Total, Unit: scopes.UnitCount, Dimensions: map[string]string{"b": "-2"}, Values: []*float64{nil, nil}, Compared: []*float64{nil, nil}},
		},
	})
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"time", "scope", "metric", "aggregation", "unit", "a", "b", "value", "compared_time", "compared", "difference"},
		{"1970-01-01T00:00:00Z", "e", "M", "total", "Count", "'=1+1", "x,\"y\"\n", "-1.5", "1969-12-31T23:59:59Z", "1e-09", "-1.500000001"},
		{"1970-01-01T00:01:00Z", "e", "M", "total", "Count", "'=1+1", "x,\"y\"\n", "", "1970-01-01T00:00:59Z", "1e-09", ""},
		{"1970-01-01T00:00:00Z", "e", "M", "total", "Count", "", "'-2", "", "1969-12-31T23:59:59Z", "", ""},
		{"1970-01-01T00:01:00Z", "e", "M", "total", "Count", "", "'-2", "", "1970-01-01T00:00:59Z", "", ""},
	}, rows)
	require.Equal(t, []string{"1 of 3 series", "one line"}, []string{h.Get("Endscope-Truncated"), h.Get("Endscope-Warning")})
}

func TestNegotiate(t *testing.T) {
	for accept, want := range map[string]string{
		"": typeJSON, "*/*": typeJSON, "application/json": typeJSON, "text/csv": typeCSV, "TEXT/CSV": typeCSV, "text/*": typeCSV, "text/csv;q=0.9, application/json;q=0.8": typeCSV,
		"text/csv;q=0.8, */*": typeJSON, "text/csv, */*": typeCSV, "text/csv, application/json": typeJSON, "text/html, */*;q=0.1": typeJSON, "application/json;q=0, text/*": typeCSV,
		"application/json; charset=utf-8; q=0.2, text/csv;q=0.1": typeJSON,
		"text/html": "", "application/json;q=0, text/csv;q=0.0": "", "*/*;q=0": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		got, err := negotiate(r, typeJSON, typeCSV)
		require.Equal(t, want, got, accept)
		require.Equal(t, want == "", err != nil)
	}
	h, now := newDrillDownServer(t)
	w := ask(t, h, http.MethodGet, metricsPath+closedQuestion(now).Encode(), "", "Accept", "image/png")
	require.Equal(t, 406, w.Code)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), "application/json or text/csv")
}

func TestMetricsExplainThePlan(t *testing.T) {
	h, now := newDrillDownServer(t)
	answer := getJSON(t, h, metricsPath+closedQuestion(now, "explain", "plan", "top", "1").Encode(), http.StatusOK)
	steps := answer["plan"].([]any)
	require.Len(t, steps, 3, "ranking, the top, the rest")
	step := steps[1].(map[string]any)
	require.Equal(t, []any{"CpuUtilizationPercentage", "average", "1m", ""}, []any{step["metric"], step["aggregation"], step["step"], step["rollup"]})
	require.Contains(t, step["expr"], `instance_cpu_utilization_ratio{deployment="green",endpoint="credit"}[1m]`)
	require.NotContains(t, getJSON(t, h, metricsPath+closedQuestion(now).Encode(), http.StatusOK), "plan")
}

// slowAnswer is what appendAnswer writes, by reflection.
func slowAnswer(a *query.Answer) map[string]any {
	rfc := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	out := map[string]any{"start": rfc(a.Start), "end": rfc(a.End), "interval": "1m", "timestamps": a.Timestamps, "partial_from": a.PartialFrom, "truncated": nil, "warnings": a.Warnings}
	series := []any{}
	for _, s := range a.Series {
		one := map[string]any{"scope": s.Scope, "metric": s.Metric, "aggregation": strings.ToLower(string(s.Aggregation)), "unit": s.Unit, "dimensions": s.Dimensions, "values": s.Values}
		if s.Folded > 0 {
			one["folded"] = s.Folded
		}
		if s.Histogram != nil {
			one["histogram"] = map[string]any{"kind": s.Histogram.Kind, "relative_error": s.Histogram.RelativeError}
		}
		if s.Compared != nil {
			diff := []*float64{}
			for i, v := range s.Values {
				var d *float64
				if past := s.Compared[i]; v != nil && past != nil && (a.PartialFrom == nil || a.Timestamps[i] < *a.PartialFrom) {
					less := *v - *past
					d = &less
				}
				diff = append(diff, d)
			}
			one["compare"] = map[string]any{"values": s.Compared, "difference": diff}
		}
		series = append(series, one)
	}
	out["series"] = series
	if a.Compared != nil {
		out["compare"] = map[string]any{"start": rfc(a.Compared.Start), "end": rfc(a.Compared.End)}
	}
	return out
}

func TestAnswersAreEncodedAsTheStandardLibraryWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Custom(func(t *rapid.T) *float64 {
			v := rapid.OneOf(rapid.Float64Range(-1e30, 1e30), rapid.Float64Range(-1e-5, 1e-5), rapid.SampledFrom([]float64{0, 1e21, 1e20, 1e-6, 1e-7, 0.1, 100, 1e-300, 5e-324})).Draw(t, "v")
			if rapid.Bool().Draw(t, "null") {
				return nil
			}
			return &v
		})
		points := rapid.IntRange(1, 4).Draw(t, "points")
		a := &query.Answer{Start: time.UnixMilli(0), End: time.UnixMilli(60_001), Interval: time.Minute, Warnings: rapid.SliceOf(rapid.String()).Draw(t, "warnings")}
		if rapid.Bool().Draw(t, "compare") {
			a.Compared = &query.Span{Start: time.UnixMilli(-5), End: time.UnixMilli(0)}
		}
		for i := range points {
			a.Timestamps = append(a.Timestamps, int64(i))
		}
		for range rapid.IntRange(0, 5).Draw(t, "series") {
			s := query.AnswerSeries{Scope: scopes.Path{Endpoint: "e"}, Metric: "M", Aggregation: scopes.Average, Dimensions: map[string]string{},
				Values: rapid.SliceOfN(value, points, points).Draw(t, "values"), Folded: rapid.IntRange(0, 2).Draw(t, "folded")}
			for range rapid.IntRange(0, 2).Draw(t, "dimensions") {
				s.Dimensions[rapid.String().Draw(t, "name")] = rapid.String().Draw(t, "value")
			}
			if a.Compared != nil {
				s.Compared = rapid.SliceOfN(value, points, points).Draw(t, "compared")
			}
			if rapid.Bool().Draw(t, "histogram") {
				s.Histogram = &query.HistogramSource{Kind: query.HistogramNative, RelativeError: value.Draw(t, "error")}
			}
			a.Series = append(a.Series, s)
		}
		if len(a.Series) > 0 && rapid.Bool().Draw(t, "partial") {
			a.PartialFrom = &a.Timestamps[rapid.IntRange(0, points-1).Draw(t, "partial from")]
		}
		want, err := json.Marshal(slowAnswer(a))
		require.NoError(t, err)
		got := appendAnswer(nil, a)
		require.JSONEq(t, string(want), string(got))
		for _, s := range a.Series {
			for _, v := range s.Values {
				want, err := json.Marshal(v)
				require.NoError(t, err)
				require.Equal(t, string(want), string(appendValue(nil, v)))
			}
		}
		if len(a.Series) > 0 {
			require.Equal(t, string(appendSeriesList(nil, a.Series, a.Ended())), string(appendSeriesParallel(nil, a.Series, a.Ended())))
		}
	})
}

// BenchmarkAppendAnswer encodes 400 series of a day at five minutes: 115,200 values.
func BenchmarkAppendAnswer(b *testing.B) {
	a := &query.Answer{Interval: 5 * time.Minute}
	for i := range 288 {
		a.Timestamps = append(a.Timestamps, 1772323200000+int64(i)*300_000)
	}
	for i := range 400 {
		s := query.AnswerSeries{Scope: scopes.Path{Endpoint: "endpoint", Deployment: "blue", Instance: "blue-0123456789"}, Metric: "RequestLatency_P99", Aggregation: scopes.Average,
			Unit: scopes.UnitMilliseconds, Dimensions: map[string]string{"instanceId": "blue-0123456789"}}
		for j := range 288 {
			v := 100 * math.Sqrt(float64(i*288+j))
			s.Values = append(s.Values, &v)
		}
		a.Series = append(a.Series, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(appendAnswer(nil, a))))
	}
}
