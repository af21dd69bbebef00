package scoring

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// printed is what a server printed.
type printed struct {
	mu sync.Mutex
	b  strings.Builder
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

// with returns what was printed, once it holds a text n times.
func (p *printed) with(t *testing.T, text string, n int) string {
	require.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Count(p.b.String(), text) == n
	}, 20*time.Second, time.Millisecond)
	return p.b.String()
}

// start starts a server and returns its URL.
func start(t *testing.T, name string, b Behaviour) (string, *printed) {
	said := &printed{}
	s, err := NewServer(name, b, said)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		said.with(t, "Finished server process", 1)
	})
	return "http://" + l.Addr().String(), said
}

// serve starts a server that is ready.
func serve(t *testing.T, name string, b Behaviour) (string, *printed) {
	url, said := start(t, name, b)
	said.with(t, "Application startup complete.", 1)
	return url, said
}

// ask sends a request of an id, and returns the status and the body of the answer.
func ask(t *testing.T, url, id, body string) (int, string) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Request-Id", id)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func get(t *testing.T, url string) int {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(url)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// one returns a request about one applicant with a limit.
func one(t *testing.T, limit float64) string {
	a, _ := NewGenerator(1).Next()
	a[colLimit] = limit
	body, err := json.Marshal(Request{Data: [][]float64{a[:]}})
	require.NoError(t, err)
	return string(body)
}

// page returns the counters and gauges of the page of metrics, and the numbers of observations, by name and label values.
func page(t *testing.T, url string) map[string]float64 {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(url + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	require.NoError(t, err)
	out := map[string]float64{}
	for name, f := range families {
		for _, m := range f.Metric {
			key := name
			for _, l := range m.Label {
				key += " " + l.GetValue()
			}
			out[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

func TestRequestsAreAnswered(t *testing.T) {
	url, said := serve(t, "boosted", Behaviour{Lookup: time.Millisecond})
	require.Equal(t, http.StatusOK, get(t, url+"/health"))
	status, text := ask(t, url+"/score", "id-1", one(t, 50_000))
	require.Equal(t, http.StatusOK, status, text)
	var answer Answer
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	require.Len(t, answer.DefaultProbability, 1)
	for _, c := range []struct {
		id, body string
		status   int
		says     string
	}{
		{"id-2", `{"data": [[1,2,3]]}`, 400, "row 0 must have 23 values (got 3)"},
		{"id-3", `{"data": []}`, 400, "1 to 100 rows (got 0)"},
		{"id-4", `not json`, 400, "the body must be"},
		{"id-5", one(t, 0), 500, "division by the applicant's limit"},
	} {
		status, text := ask(t, url+"/score", c.id, c.body)
		require.Equal(t, c.status, status, c.body)
		require.Contains(t, text, c.says)
	}
	console := said.with(t, " HTTP/1.1\" ", 5)
	require.Regexp(t, `^INFO:     Started server process \[\d+\]\n`, console)
	require.Regexp(t, `(?m)^INFO:     127\.0\.0\.1:\d+ - "POST /score HTTP/1\.1" 200 OK request_id=id-1$`, console)
	require.Contains(t, console, "WARNING:  /score refused: data must hold 1 to 100 rows (got 0) (request_id=id-3)\n")
	require.Contains(t, console, "ERROR:    Exception in the model (request_id=id-5)\nTraceback (most recent call last):\n")
	require.Contains(t, console, "\nRuntimeError: row 0: ")
	require.Regexp(t, `(?m)^\{"level":"info","event":"scored","request_id":"id-1","path":"/score","rows":1,"lookup_ms":[\d.]+,"latency_ms":[\d.]+\}$`, console)
	v := page(t, url)
	require.Equal(t, 1.0, v["scorer_http_requests_total 200 /score"])
	require.Equal(t, 3.0, v["scorer_http_requests_total 400 /score"])
	require.Equal(t, 1.0, v["scorer_http_requests_total 500 /score"])
}

func TestAServerThatLoadsSaysSo(t *testing.T) {
	url, said := start(t, "logistic", Behaviour{Fetch: time.Hour})
	said.with(t, `Fetching applicants for the model "logistic"`, 1)
	require.Equal(t, http.StatusServiceUnavailable, get(t, url+"/health"))
	require.Equal(t, http.StatusOK, get(t, url+"/metrics"))
	status, text := ask(t, url+"/score", "id", one(t, 50_000))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "the model is being loaded")
}

func TestAStoreThatDoesNotAnswerIsTheModelsFailure(t *testing.T) {
	url, _ := serve(t, "logistic", Behaviour{Lookup: time.Millisecond, LookupFails: 1})
	for _, path := range []string{"/score", "/explain"} {
		status, text := ask(t, url+path, "id", one(t, 50_000))
		require.Equal(t, http.StatusInternalServerError, status)
		require.Contains(t, text, "the feature store did not answer")
	}
}

func TestMetricsHaveNativeBuckets(t *testing.T) {
	s, err := NewServer("logistic", Behaviour{}, io.Discard)
	require.NoError(t, err)
	s.metrics.request.Observe(0.1)
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	s.page.ServeHTTP(w, r)
	families := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Result().Header))
	for {
		var f dto.MetricFamily
		require.NoError(t, families.Decode(&f))
		if f.GetName() == "scorer_request_seconds" {
			require.NotEmpty(t, f.Metric[0].Histogram.GetPositiveSpan())
			require.Empty(t, f.Metric[0].Histogram.GetBucket(), "no classic buckets")
			return
		}
	}
}
