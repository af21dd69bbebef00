package azure

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// javascriptReply is what a JavaScript client returned.
type javascriptReply struct {
	Name   string
	Result any
	Error  *struct {
		Name       string
		StatusCode int
		Code       string
		Message    string
	}
}

// javascript sends every request of a script with the JavaScript clients.
func javascript(t *testing.T, s *server, script string) map[string]javascriptReply {
	t.Helper()
	install(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw}), 0o600))
	cmd := exec.CommandContext(t.Context(), "node", script, s.http.URL, strconv.FormatInt(s.begin.UnixMilli(), 10))
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca, "NODE_NO_WARNINGS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", &stderr)
	replies := map[string]javascriptReply{}
	for line := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		var r javascriptReply
		line = strings.ReplaceAll(line, `.000Z"`, `Z"`) // the clients make dates of times
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		replies[r.Name] = r
	}
	return replies
}

// install makes node_modules hold what the lock file says.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	want := sha256.Sum256(lock)
	const stamp = "node_modules/.lock.sha256"
	have, err := os.ReadFile(stamp)
	if bytes.Equal(have, want[:]) {
		return
	}
	require.True(t, err == nil || errors.Is(err, fs.ErrNotExist), "%v", err)
	out, err := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts").CombinedOutput()
	require.NoError(t, err, "npm ci: %s", out)
	require.NoError(t, os.WriteFile(stamp, want[:], 0o600))
}

func TestTheLockFileNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(lock), `"resolved"`, "npm install with the .npmrc of this folder leaves it out")
	require.NotContains(t, string(lock), "://")
}

// points are the values of one aggregation over the story's first ten minutes.
func (s *server) points(step int, aggregations map[string]float64) []any {
	var out []any
	for minute := 0; minute < 10; minute += step {
		point := map[string]any{"timeStamp": s.at(minute)}
		for a, v := range aggregations {
			point[a] = v
		}
		out = append(out, point)
	}
	return out
}

// series is one of a JavaScript client's time series, split by pairs of dimension and value.
func javascriptSeries(data []any, dimensions ...string) map[string]any {
	out := map[string]any{"data": data}
	var metadata []any
	for i := 0; i < len(dimensions); i += 2 {
		metadata = append(metadata, map[string]any{"name": dimensions[i], "value": dimensions[i+1]})
	}
	if metadata != nil {
		out["metadataValues"] = metadata
	}
	if data == nil {
		delete(out, "data")
	}
	return out
}

func TestJavaScriptClientsGetTheirAnswers(t *testing.T) {
	s := start(t)
	replies := javascript(t, s, "clients.mjs")
	sent := s.requests()

	result := func(t *testing.T, name string) any {
		t.Helper()
		r, ok := replies[name]
		require.True(t, ok, name)
		require.Nil(t, r.Error, "%s: %+v", name, r.Error)
		return r.Result
	}
	// values checks the whole of an answer with one metric.
	values := func(t *testing.T, name, granularity string, series ...any) {
		t.Helper()
		got := result(t, name).(map[string]any)
		require.Equal(t, granularity, got["granularity"], name)
		require.Equal(t, "local", got["resourceRegion"], name)
		metrics := got["metrics"].([]any)
		require.Len(t, metrics, 1, name)
		metric := metrics[0].(map[string]any)
		require.Equal(t, "Success", metric["errorCode"], name)
		require.Equal(t, series, metric["timeseries"], name)
	}
	one := func(step int, v float64) []any { return s.points(step, map[string]float64{"average": v}) }

	t.Run("definitions and namespaces", func(t *testing.T) {
		for name, want := range map[string]struct{ resource, namespace, dimension string }{
			"definitions, endpoint":              {fraud, endpoints, "deployment"},
			"definitions, deployment, namespace": {fraudBlue, deployments, "envoy_response_code"},
		} {
			found := false
			for _, d := range result(t, name).([]any) {
				d := d.(map[string]any)
				require.Equal(t, want.namespace, d["namespace"])
				require.Equal(t, want.resource, d["resourceId"])
				if d["name"] == "RequestsPerMinute" {
					found = true
					require.Equal(t, "Count", d["unit"])
					require.Equal(t, "Average", d["primaryAggregationType"])
					require.Contains(t, d["dimensions"], want.dimension)
					require.Contains(t, d["metricAvailabilities"], map[string]any{"granularity": "PT1M", "retention": "P93D"})
				}
			}
			require.True(t, found, name)
		}
		namespaces := result(t, "namespaces").([]any)
		require.Len(t, namespaces, 1)
		require.Equal(t, endpoints, namespaces[0].(map[string]any)["metricNamespaceName"])
		require.Equal(t, "Platform", namespaces[0].(map[string]any)["classification"])
	})
	t.Run("values", func(t *testing.T) {
		defaults := result(t, "values, defaults").(map[string]any)
		require.Equal(t, "PT1M", defaults["granularity"])
		metric := defaults["metrics"].([]any)[0].(map[string]any)
		require.Equal(t, fraud+"/providers/Microsoft.Insights/metrics/RequestsPerMinute", metric["id"])
		require.NotEmpty(t, metric["description"])

		values(t, "values, PT1M average, endpoint", "PT1M", javascriptSeries(one(1, 25)))
		values(t, "values, split by deployment", "PT5M",
			javascriptSeries(s.points(5, map[string]float64{"average": 20, "total": 100}), "deployment", "blue"),
			javascriptSeries(s.points(5, map[string]float64{"average": 5, "total": 25}), "deployment", "green"))
		values(t, "values, filter eq or eq", "PT1M", javascriptSeries(one(1, 20), "deployment", "blue"), javascriptSeries(one(1, 5), "deployment", "green"))
		values(t, "values, filter eq and eq, case-insensitive", "PT1M", javascriptSeries(one(1, 20), "deployment", "blue", "statusCodeClass", "2xx"))
		values(t, "values, roll-up", "PT1M", javascriptSeries(one(1, 25)))
		values(t, "values, split by instance", "PT1M", javascriptSeries(one(1, 75), "instanceId", "b-1"), javascriptSeries(one(1, 25), "instanceId", "b-0"))
		values(t, "values, FULL", "FULL", javascriptSeries([]any{map[string]any{"timeStamp": s.at(0), "average": 50.}}))
		values(t, "values, AutoAdjustTimegrain and ValidateDimensions off", "PT1M", javascriptSeries(one(1, 50)))
		values(t, "start and duration", "PT5M", javascriptSeries(one(5, 25)))
		values(t, "duration and end", "PT5M", javascriptSeries(one(5, 25)))
	})
	t.Run("several metrics, one without data", func(t *testing.T) {
		metrics := result(t, "values, several metrics, all aggregations, deployment").(map[string]any)["metrics"].([]any)
		require.Len(t, metrics, 2)
		require.Equal(t, "Percent", metrics[0].(map[string]any)["unit"])
		require.Empty(t, metrics[1].(map[string]any)["timeseries"])
		var point map[string]any
		for _, p := range metrics[0].(map[string]any)["timeseries"].([]any)[0].(map[string]any)["data"].([]any) {
			if p := p.(map[string]any); p["timeStamp"] == s.at(0) {
				point = p
			}
		}
		require.Equal(t, map[string]any{"timeStamp": s.at(0), "average": 50., "minimum": 25., "maximum": 75.}, point)
	})
	t.Run("metadata", func(t *testing.T) {
		got := result(t, "values, Metadata").(map[string]any)
		require.NotContains(t, got, "granularity")
		require.Equal(t, []any{javascriptSeries(nil, "deployment", "blue"), javascriptSeries(nil, "deployment", "green")},
			got["metrics"].([]any)[0].(map[string]any)["timeseries"])
	})
	t.Run("percentiles", func(t *testing.T) {
		metrics := result(t, "percentile is of all requests").(map[string]any)["metrics"].([]any)
		for i, want := range []float64{100, 800} {
			data := metrics[i].(map[string]any)["timeseries"].([]any)[0].(map[string]any)["data"].([]any)
			require.Len(t, data, 2)
			require.InEpsilon(t, want, data[0].(map[string]any)["average"], 0.1, "the bucket is 9 %% wide; a mean of the deployments' percentiles is far off")
		}
	})
	t.Run("batch", func(t *testing.T) {
		for _, name := range []string{"queryResources, new client", "queryResources, old client"} {
			got := result(t, name).([]any)
			require.Len(t, got, 2, "a resource that is named twice is answered twice")
			for _, one := range got {
				one := one.(map[string]any)
				require.Equal(t, []any{fraud, "local", endpoints, "PT5M"}, []any{one["resourceId"], one["resourceRegion"], one["namespace"], one["granularity"]})
				require.Equal(t, s.at(0), one["timespan"].(map[string]any)["startTime"])
				metrics := one["metrics"].([]any)
				require.Len(t, metrics, 2)
				series := metrics[0].(map[string]any)["timeseries"].([]any)
				require.Equal(t, s.points(5, map[string]float64{"average": 25, "maximum": 25}), series[0].(map[string]any)["data"], "rolled up by the dimension of the filter")
				p99 := metrics[1].(map[string]any)["timeseries"].([]any)[0].(map[string]any)["data"].([]any)[0].(map[string]any)
				require.NotContains(t, p99, "maximum")
				require.InEpsilon(t, 800, p99["average"], 0.1)
			}
		}
	})
	t.Run("errors", func(t *testing.T) {
		for name, want := range map[string]struct {
			status int
			code   string
			parts  []string
		}{
			"an unknown metric":               {400, "BadRequest", []string{`"Nothing"`, "valid metrics: "}},
			"an unknown resource":             {404, "ResourceNotFound", []string{`"nobody"`}},
			"an unknown interval":             {400, "BadRequest", []string{`"PT2M"`, "PT1M, PT5M"}},
			"an unknown dimension":            {400, "BadRequest", []string{`"nope"`, "valid dimensions: deployment,"}},
			"two dimensions in one or":        {400, "BadRequest", []string{"or may not join two dimensions"}},
			"an unknown resource, new client": {404, "ResourceNotFound", []string{`"nobody"`}},
		} {
			r := replies[name]
			require.NotNil(t, r.Error, name)
			require.Equal(t, "RestError", r.Error.Name, name)
			require.Equal(t, want.status, r.Error.StatusCode, name)
			require.Equal(t, want.code, r.Error.Code, name)
			for _, part := range want.parts {
				require.Contains(t, r.Error.Message, part, name)
			}
		}
	})
	t.Run("the requests are those that were recorded", func(t *testing.T) {
		all := strings.Join(sent, "\n")
		require.Len(t, sent, len(replies), "each was answered at once, without a redirect or another try")
		for _, part := range []string{
			"GET /" + fraud + "/providers/Microsoft.Insights/metricDefinitions?api-version=2024-02-01",
			"GET /" + fraud + "/providers/microsoft.insights/metricNamespaces?",
			"&aggregation=Average%2CTotal&top=5&orderby=average%20desc&$filter=deployment%20eq%20%27*%27",
			"POST " + subscription + "/metrics:getBatch?api%2Dversion=2024-02-01&",
			"&metricnames=RequestsPerMinute,RequestLatency_P99&", "&filter=deployment%20eq%20%27%2A%27&rollupby=deployment",
		} {
			require.Contains(t, all, part)
		}
	})
}
