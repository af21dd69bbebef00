package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/api"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// client is Prometheus's own Go client of a server.
func client(h *harness) apiv1.API {
	h.t.Helper()
	c, err := api.NewClient(api.Config{Address: h.url})
	require.NoError(h.t, err)
	return apiv1.NewAPI(c)
}

// now is a time whose samples every default range includes, to the second.
func now() time.Time { return time.Now().Truncate(time.Second) }

// fleet writes 5 samples, 10 s apart and the last at the returned time, of two endpoints with a deployment and an instance each, and
// one series outside the tree. The value is the number of the sample.
func fleet(h *harness) time.Time {
	at := now()
	for i := range 5 {
		t := at.Add(time.Duration(i-4) * 10 * time.Second)
		v := float64(i)
		h.write(
			sample{labels: series("instance_load1", "credit", "blue", "a"), at: t, value: v, exemplar: fmt.Sprintf("credit-%d", i)},
			sample{labels: series("instance_load1", "fraud", "green", "b"), at: t, value: 10 * v, exemplar: fmt.Sprintf("fraud-%d", i)},
			sample{labels: labels.FromStrings(model.MetricNameLabel, "up", "job", "other"), at: t, value: 1},
		)
	}
	return at
}

func TestPrometheusClientGetsWhatItAsksFor(t *testing.T) {
	h := start(t)
	at := fleet(h)
	h.write(sample{labels: series("endpoint_request_duration_seconds", "credit", "blue", "a"), at: at,
		hist: &histogram.Histogram{Schema: 0, Count: 3, Sum: 4.5, ZeroThreshold: 0.001, PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}}, PositiveBuckets: []int64{1, 1}}})
	c, ctx := client(h), t.Context()

	v, warnings, _, err := c.Query(ctx, `sum by (endpoint) (instance_load1)`, at)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, fmt.Sprintf("{endpoint=\"credit\"} => 4 @[%[1]d]\n{endpoint=\"fraud\"} => 40 @[%[1]d]", at.Unix()), strings.ReplaceAll(v.String(), ".000", ""))

	v, _, _, err = c.Query(ctx, `histogram_count(endpoint_request_duration_seconds)`, at)
	require.NoError(t, err)
	require.Equal(t, model.SampleValue(3), v.(model.Vector)[0].Value)
	v, _, _, err = c.Query(ctx, `endpoint_request_duration_seconds`, at)
	require.NoError(t, err)
	require.Equal(t, model.FloatString(3), v.(model.Vector)[0].Histogram.Count)

	// Exact counts need the anchored modifier: five samples from 0 to 4 in 40 s.
	v, _, _, err = c.Query(ctx, `increase(instance_load1{endpoint="credit"}[40s] anchored)`, at)
	require.NoError(t, err)
	require.Equal(t, model.SampleValue(4), v.(model.Vector)[0].Value)
	_, _, _, err = c.Query(ctx, `limitk(1, instance_load1) + mad_over_time(instance_load1[1m] smoothed)`, at)
	require.ErrorContains(t, err, "smoothed", "the modifier is known, and says where it may stand")

	v, _, _, err = c.QueryRange(ctx, `instance_load1{endpoint="credit"}`, apiv1.Range{Start: at.Add(-40 * time.Second), End: at, Step: 10 * time.Second})
	require.NoError(t, err)
	require.Len(t, v.(model.Matrix)[0].Values, 5)

	names, _, _, err := c.LabelNames(ctx, nil, at.Add(-time.Hour), at)
	require.NoError(t, err)
	require.Equal(t, model.LabelNames{"__name__", "deployment", "endpoint", "instance", "job"}, names)
	values, _, _, err := c.LabelValues(ctx, "endpoint", []string{`instance_load1`}, at.Add(-time.Hour), at)
	require.NoError(t, err)
	require.Equal(t, model.LabelValues{"credit", "fraud"}, values)
	sets, _, _, err := c.Series(ctx, []string{`{__name__!=""}`}, at.Add(-time.Hour), at)
	require.NoError(t, err)
	require.Len(t, sets, 4)
	exemplars, err := c.QueryExemplars(ctx, `instance_load1{endpoint="fraud"}`, at.Add(-time.Hour), at)
	require.NoError(t, err)
	require.Len(t, exemplars, 1)
	require.Len(t, exemplars[0].Exemplars, 5)

	build, err := c.Buildinfo(ctx)
	require.NoError(t, err)
	require.Equal(t, PrometheusVersion, build.Version)
	_, err = c.Runtimeinfo(ctx)
	require.NoError(t, err)
	stats, err := c.TSDB(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 4, stats.HeadStats.NumSeries)
	replay, err := c.WalReplay(ctx)
	require.NoError(t, err)
	require.Zero(t, replay.Current)
	targets, err := c.Targets(ctx)
	require.NoError(t, err)
	require.Empty(t, targets.Active)
	groups, err := c.Rules(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, groups.Groups)
	alerts, err := c.Alerts(ctx)
	require.NoError(t, err)
	require.Empty(t, alerts.Alerts)
	managers, err := c.AlertManagers(ctx)
	require.NoError(t, err)
	require.Empty(t, managers.Active)
	_, err = c.Flags(ctx)
	require.NoError(t, err)
	_, err = c.Config(ctx)
	require.NoError(t, err)
}

// grafana sends a form with POST and the same as a query with GET, and both must give the same answer.
func grafana(t *testing.T, h *harness, path string, form url.Values) (status int, answer map[string]any) {
	t.Helper()
	posted := h.do(http.MethodPost, path, form.Encode(), nil)
	got := h.get(path + "?" + form.Encode())
	require.Equal(t, got.status, posted.status)
	require.JSONEq(t, got.body, posted.body)
	require.NoError(t, json.Unmarshal([]byte(got.body), &answer), got.body)
	return got.status, answer
}

func TestGrafanaRules(t *testing.T) {
	h := start(t)
	at := fleet(h)

	status, answer := grafana(t, h, "/api/v1/query", url.Values{"query": {"1+1"}, "time": {"4"}})
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"status": "success", "data": map[string]any{"resultType": "scalar", "result": []any{4.0, "2"}}}, answer)

	status, answer = grafana(t, h, "/api/v1/query_exemplars", url.Values{"query": {"test"}, "start": {"1772359200000"}, "end": {"1772362800000"}})
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"status": "success", "data": []any{}}, answer, "the probe is in milliseconds")

	form := url.Values{"query": {"instance_load1"}, "start": {"0"}, "end": {"11001"}, "step": {"1"}}
	status, answer = grafana(t, h, "/api/v1/query_range", form)
	require.Equal(t, 400, status)
	require.Equal(t, "bad_data", answer["errorType"])
	require.Contains(t, answer["error"], "exceeded maximum resolution of 11,000 points per timeseries")
	form.Set("end", "11000")
	status, _ = grafana(t, h, "/api/v1/query_range", form)
	require.Equal(t, 200, status)

	form = url.Values{"match[]": {`{__name__!=""}`}, "start": {fmt.Sprint(at.Unix() - 60)}, "end": {fmt.Sprint(at.Unix())}, "limit": {"2"}}
	status, answer = grafana(t, h, "/api/v1/series", form)
	require.Equal(t, 200, status)
	require.Len(t, answer["data"], 2)
	require.Equal(t, []any{"results truncated due to limit"}, answer["warnings"])
	status, answer = grafana(t, h, "/api/v1/labels", url.Values{})
	require.Equal(t, 200, status)
	require.Len(t, answer["data"], 5)

	got := h.get("/api/v1/status/buildinfo")
	require.NotContains(t, got.body, "features", "Grafana would take us for Mimir")
	require.Contains(t, got.body, `"version":"3.`)

	got = h.do(http.MethodGet, "/api/v1/query?query=instance_load1&time="+fmt.Sprint(at.Unix()), "", http.Header{"Accept-Encoding": {"gzip"}})
	require.Equal(t, "gzip", got.header.Get("Content-Encoding"))

	got = h.do(http.MethodPost, "/api/v1/query", url.Values{"query": {"sum("}}.Encode(), nil)
	require.Equal(t, 400, got.status)
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.Contains(t, got.body, `"errorType":"bad_data"`)
}

func TestQueryLimitsAreErrorsThatClientsKnow(t *testing.T) {
	h := start(t, func(o *options) { o.query.MaxSeries, o.query.MaxSamples = 2, 15 })
	fleet(h)
	got := h.get("/api/v1/query?query=" + url.QueryEscape(`{__name__!=""}`))
	require.Equal(t, 422, got.status)
	require.JSONEq(t, `{"status": "error", "errorType": "execution",
		"error": "the query needs more than 2 series: name fewer series with label matchers, or raise query.max_series"}`, got.body)
	got = h.get("/api/v1/series?match[]=" + url.QueryEscape(`{__name__!=""}`))
	require.Equal(t, 422, got.status)
	require.Contains(t, got.body, "more than 2 series")
	got = h.get("/api/v1/query?query=" + url.QueryEscape(`count_over_time(instance_load1[1m:1s])`))
	require.Equal(t, 422, got.status)
	require.Contains(t, got.body, "more than 15 samples")
	got = h.get("/api/v1/query?timeout=0.000000001&query=instance_load1")
	require.Equal(t, 503, got.status)
	require.Contains(t, got.body, `"errorType":"timeout"`)
	require.Contains(t, got.body, "longer than its")
	require.Equal(t, 1.0, h.count("endscope_query_limited_total", "limit", "series"))
	require.Equal(t, 1.0, h.count("endscope_query_limited_total", "limit", "samples"))
	require.Equal(t, 1.0, h.count("endscope_query_limited_total", "limit", "seconds"))
}

func TestMetadataOfPushesIsServedAndTargetsStayEmpty(t *testing.T) {
	h := start(t, func(o *options) {
		o.settings.Prometheus.Metadata = fakeMetadata{
			{MetricFamily: "instance_load1", Type: model.MetricTypeGauge, Help: "Load.", Unit: ""},
			{MetricFamily: "gpu_power_watts", Type: model.MetricTypeGauge, Help: "Power.", Unit: "watts"},
		}
	})
	fleet(h)
	md, err := client(h).Metadata(t.Context(), "", "")
	require.NoError(t, err)
	require.Equal(t, map[string][]apiv1.Metadata{
		"instance_load1":  {{Type: "gauge", Help: "Load."}},
		"gpu_power_watts": {{Type: "gauge", Help: "Power.", Unit: "watts"}},
	}, md)
	md, err = client(h).Metadata(t.Context(), "gpu_power_watts", "")
	require.NoError(t, err)
	require.Len(t, md, 1)
	targets, err := client(h).Targets(t.Context())
	require.NoError(t, err)
	require.Empty(t, targets.Active)
	got := h.get("/api/v1/search/metric_names?include_metadata=true&search[]=load")
	require.Equal(t, 200, got.status)
	require.Contains(t, got.body, `{"name":"instance_load1","type":"gauge","help":"Load."}`)
	require.Contains(t, h.get("/api/v1/targets/metadata").body, "gpu_power_watts")
	require.Contains(t, h.get("/api/v1/targets").body, `"activeTargets":[]`)
}

// restricted lets a server's callers see one pattern, or nothing.
func restricted(patterns ...string) func(*options) {
	return func(o *options) {
		o.settings.Grants = func(*http.Request) scopes.Grants {
			var granted []scopes.Pattern
			for _, p := range patterns {
				parsed, err := scopes.ParsePattern(p)
				if err != nil {
					panic(err)
				}
				granted = append(granted, parsed)
			}
			return scopes.GrantScopes(granted...)
		}
	}
}

func TestACallerSeesOnlyWhatItIsGranted(t *testing.T) {
	for name, c := range map[string]struct {
		grant func(*options)
		sees  []string // endpoints
	}{
		"one endpoint": {restricted("credit"), []string{"credit"}},
		"instance":     {restricted("fraud/green/b"), []string{"fraud"}},
		"two":          {restricted("credit/*/a", "fraud"), []string{"credit", "fraud"}},
		"overlapping":  {restricted("credit/*", "*/blue"), []string{"credit"}},
		"another":      {restricted("nobody"), nil},
		"nothing":      {restricted(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, c.grant)
			at := fleet(h)
			api, ctx := client(h), t.Context()
			hidden := []string{"credit", "fraud", "other"}
			sees := strings.Join(c.sees, " ")

			v, _, _, err := api.Query(ctx, `{__name__!=""}`, at)
			require.NoError(t, err)
			require.Len(t, v, len(c.sees))
			v, _, _, err = api.Query(ctx, `instance_load1 or up or {job="other"}`, at)
			require.NoError(t, err)
			require.Len(t, v, len(c.sees))
			v, _, _, err = api.QueryRange(ctx, `{__name__!=""}`, apiv1.Range{Start: at.Add(-time.Minute), End: at, Step: 10 * time.Second})
			require.NoError(t, err)
			require.Len(t, v, len(c.sees))
			sets, _, _, err := api.Series(ctx, []string{`{__name__!=""}`, `{job="other"}`, `{endpoint="fraud"}`}, at.Add(-time.Hour), at)
			require.NoError(t, err)
			require.Len(t, sets, len(c.sees))
			values, _, _, err := api.LabelValues(ctx, "endpoint", nil, at.Add(-time.Hour), at)
			require.NoError(t, err)
			require.Len(t, values, len(c.sees))
			jobs, _, _, err := api.LabelValues(ctx, "job", nil, at.Add(-time.Hour), at)
			require.NoError(t, err)
			require.Empty(t, jobs)
			names, _, _, err := api.LabelNames(ctx, nil, at.Add(-time.Hour), at)
			require.NoError(t, err)
			if len(c.sees) > 0 {
				require.Equal(t, model.LabelNames{"__name__", "deployment", "endpoint", "instance"}, names)
			} else {
				require.Empty(t, names)
			}
			exemplars, err := api.QueryExemplars(ctx, `instance_load1`, at.Add(-time.Hour), at)
			require.NoError(t, err)
			require.Len(t, exemplars, len(c.sees))

			for _, sampled := range []bool{true, false} {
				require.Len(t, remoteRead(t, h, at, sampled), len(c.sees), "remote read, sampled: %v", sampled)
			}
			for _, path := range []string{
				"/api/v1/query?query=" + url.QueryEscape(`{__name__!=""}`),
				"/api/v1/search/label_values?label=endpoint",
				"/api/v1/search/label_values?label=job",
				"/api/v1/query_exemplars?query=" + url.QueryEscape(`{__name__!=""}`),
			} {
				got := h.get(path)
				require.Equal(t, 200, got.status, path)
				for _, endpoint := range hidden {
					if !strings.Contains(sees, endpoint) {
						require.NotContains(t, got.body, `"`+endpoint+`"`, path)
					}
				}
			}
			for _, path := range []string{"status/tsdb", "status/tsdb/blocks", "status/flags", "status/config", "status/runtimeinfo", "status/self_metrics"} {
				got := h.get("/api/v1/" + path)
				require.Equal(t, 403, got.status, path)
				require.Contains(t, got.body, `"status":"error"`)
			}
		})
	}
}

// remoteRead reads everything of the last hour over Prometheus's remote read and returns the label sets.
func remoteRead(t *testing.T, h *harness, at time.Time, sampled bool) []labels.Labels {
	t.Helper()
	q := &prompb.ReadRequest{Queries: []*prompb.Query{{
		StartTimestampMs: at.Add(-time.Hour).UnixMilli(), EndTimestampMs: at.UnixMilli(),
		Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_NEQ, Name: model.MetricNameLabel, Value: ""}},
	}}}
	if !sampled {
		q.AcceptedResponseTypes = []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS}
	}
	body, err := proto.Marshal(q)
	require.NoError(t, err)
	got := h.do(http.MethodPost, "/api/v1/read", string(snappy.Encode(nil, body)), http.Header{
		"Content-Type": {"application/x-protobuf"}, "Content-Encoding": {"snappy"}, "X-Prometheus-Remote-Read-Version": {"0.1.0"}})
	require.Equal(t, 200, got.status, got.body)
	var out []labels.Labels
	add := func(ls []prompb.Label) {
		b := labels.NewScratchBuilder(len(ls))
		for _, l := range ls {
			b.Add(l.Name, l.Value)
		}
		out = append(out, b.Labels())
	}
	if sampled {
		plain, err := snappy.Decode(nil, []byte(got.body))
		require.NoError(t, err)
		var res prompb.ReadResponse
		require.NoError(t, proto.Unmarshal(plain, &res))
		for _, ts := range res.Results[0].Timeseries {
			require.Len(t, ts.Samples, 5)
			add(ts.Labels)
		}
		return out
	}
	stream := remote.NewChunkedReader(strings.NewReader(got.body), 1<<20, nil)
	for {
		var res prompb.ChunkedReadResponse
		if err := stream.NextProto(&res); err != nil {
			return out
		}
		for _, s := range res.ChunkedSeries {
			add(s.Labels)
		}
	}
}

func TestRemoteReadSeesEverythingWithAllAccess(t *testing.T) {
	h := start(t)
	at := fleet(h)
	require.Len(t, remoteRead(t, h, at, true), 3)
	require.Len(t, remoteRead(t, h, at, false), 3)
}

func TestWhileTheStoreReplays(t *testing.T) {
	h := start(t, func(o *options) { o.idle = true })
	for _, path := range []string{"/api/v1/query?query=1", "/api/v1/labels", "/api/v1/series?match[]=up", "/api/v1/targets", "/api/v1/status/tsdb"} {
		got := h.get(path)
		require.Equal(t, 503, got.status, path)
		require.Equal(t, "1", got.header.Get("Retry-After"))
		require.JSONEq(t, `{"status": "error", "errorType": "unavailable", "error": "the metric store is not ready: waiting to be opened"}`, got.body, path)
	}
	require.Equal(t, 200, h.get("/api/v1/status/walreplay").status)
	require.Equal(t, 200, h.get("/-/healthy").status)
	got := h.get("/-/ready")
	require.Equal(t, 503, got.status)
	require.JSONEq(t, `{"type": "/problems/not-ready", "title": "Server is starting", "status": 503,
		"detail": "the metric store is not ready: waiting to be opened", "state": "waiting to be opened", "replay": {"first": 0, "current": 0, "last": 0}}`, got.body)
}

func TestReadyShowsTheReplaysProgress(t *testing.T) {
	h := start(t)
	require.Equal(t, "Endscope is ready.\n", h.get("/-/ready").body)
	h.Server.set.Prometheus.Store = replaying{h.store, &tsdb.NotReadyError{Reason: "replaying the write-ahead log", First: 3, Current: 5, Last: 9}}
	var got struct {
		Replay struct{ First, Current, Last int }
		State  string
	}
	require.NoError(t, json.Unmarshal([]byte(h.get("/-/ready").body), &got))
	require.Equal(t, 3, got.Replay.First)
	require.Equal(t, 5, got.Replay.Current)
	require.Equal(t, 9, got.Replay.Last)
	require.Equal(t, "replaying the write-ahead log", got.State)
}

func TestAdminAPINeedsToBeAllowed(t *testing.T) {
	h := start(t)
	fleet(h)
	del := "/api/v1/admin/tsdb/delete_series?match[]=up"
	got := h.do(http.MethodPost, del, "", nil)
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "set web.enable_admin_api to true")
	require.Equal(t, 405, h.get(del).status)

	h = start(t, func(o *options) { o.web.EnableAdminAPI = true })
	at := fleet(h)
	c := client(h)
	require.NoError(t, c.DeleteSeries(t.Context(), []string{"up"}, at.Add(-time.Hour), at))
	v, _, _, err := c.Query(t.Context(), "up", at)
	require.NoError(t, err)
	require.Empty(t, v)
	require.NoError(t, c.CleanTombstones(t.Context()))
	snap, err := c.Snapshot(t.Context(), false)
	require.NoError(t, err)
	require.DirExists(t, h.Server.set.Prometheus.DataDir+"/snapshots/"+snap.Name)

	h = start(t, func(o *options) { o.web.EnableAdminAPI = true }, restricted("credit"))
	got = h.do(http.MethodPost, del, "", nil)
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "granted a part of it")
}

func TestCrossOriginRequests(t *testing.T) {
	ask := func(h *harness, origin string) reply {
		return h.do(http.MethodOptions, "/api/v1/query", "", http.Header{"Origin": {origin}})
	}
	h := start(t)
	require.Empty(t, ask(h, "https://a.example.org").header.Get("Access-Control-Allow-Origin"))
	h = start(t, func(o *options) { o.web.CORSOrigin = `https://.*\.example\.org` })
	got := ask(h, "https://a.example.org")
	require.Equal(t, 204, got.status)
	require.Equal(t, "https://a.example.org", got.header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, ask(h, "https://a.example.org.evil.com").header.Get("Access-Control-Allow-Origin"))
}

func TestStatusShowsConfigurationAndFeatures(t *testing.T) {
	h := start(t, func(o *options) {
		o.settings.Prometheus.Config = func() (string, error) { return "storage: {}\n", nil }
		o.settings.Prometheus.Flags = map[string]string{"listen": "x"}
	})
	require.JSONEq(t, `{"status": "success", "data": {"yaml": "storage: {}\n"}}`, h.get("/api/v1/status/config").body)
	require.JSONEq(t, `{"status": "success", "data": {"listen": "x"}}`, h.get("/api/v1/status/flags").body)
	require.Equal(t, 200, h.get("/api/v1/features").status)
	require.Equal(t, 200, h.get("/api/v1/notifications").status)
	require.Contains(t, h.get("/api/v1/openapi.yaml").body, "/query_range")
	require.Contains(t, h.get("/api/openapi.yaml").body, "/api/v1/scopes/{endpoint}")
	require.Contains(t, h.get("/api/v1/format_query?query=sum(a)by(b)").body, "sum by (b) (a)")
	require.Equal(t, 200, h.get("/api/v1/parse_query?query=increase(a[5m]%20anchored)").status)
}

func TestALiveStreamEndsWithTheServer(t *testing.T) {
	h := start(t)
	res, err := http.Get(h.url + "/api/v1/notifications/live")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	begin := time.Now()
	require.NoError(t, h.Server.Close())
	require.Less(t, time.Since(begin), 5*time.Second, "the stream does not hold up the shutdown")
}
