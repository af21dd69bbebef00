package scoring

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is what a server said of itself.
type record struct {
	mu      sync.Mutex
	traffic []Traffic
	printed strings.Builder
}

func (r *record) take(t Traffic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.traffic = append(r.traffic, t)
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.printed.Write(p)
}

// all returns what was said so far, once n requests are answered to the end.
func (r *record) all(t *testing.T, n int) ([]Traffic, string) {
	require.Eventually(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.traffic) == n && strings.Count(r.printed.String(), " HTTP/1.1\" ") == n
	}, 10*time.Second, time.Millisecond)
	return r.traffic, r.printed.String()
}

// serve starts a server and returns its URL and its registry.
func serve(t *testing.T, model Model, b Behaviour) (string, *prometheus.Registry) {
	url, reg, _ := serveRecorded(t, model, b)
	return url, reg
}

func serveRecorded(t *testing.T, model Model, b Behaviour) (string, *prometheus.Registry, *record) {
	reg, said := prometheus.NewPedanticRegistry(), &record{}
	counts, err := NewCollection(reg)
	require.NoError(t, err)
	s, err := NewServer(model, b, Settings{Registerer: reg, Collection: counts, Traffic: said.take, Console: said})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return "http://" + l.Addr().String(), reg, said
}

func post(t *testing.T, url, body string) (int, string) { return ask(t, url+"/score", body) }

func ask(t *testing.T, url, body string) (int, string) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func gathered(t *testing.T, reg *prometheus.Registry) map[string]*dto.MetricFamily {
	families, err := reg.Gather()
	require.NoError(t, err)
	out := map[string]*dto.MetricFamily{}
	for _, f := range families {
		out[f.GetName()] = f
	}
	return out
}

func TestAnswersAreMeasured(t *testing.T) {
	url, reg := serve(t, TrainBoosted(), Behaviour{Lookup: time.Millisecond})
	a, _ := NewGenerator(1).Next()
	a[colLimit] = 50_000
	good, err := json.Marshal(Request{Data: [][]float64{a[:]}})
	require.NoError(t, err)
	a[colLimit] = 0
	failing, err := json.Marshal(Request{Data: [][]float64{a[:]}})
	require.NoError(t, err)

	status, text := post(t, url, string(good))
	require.Equal(t, http.StatusOK, status, text)
	var answer Answer
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	require.Len(t, answer.DefaultProbability, 1)
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"data": [[1,2,3]]}`, 400, "row 0 must have 23 values (got 3)"},
		{`{"data": []}`, 400, "1 to 100 rows (got 0)"},
		{`not json`, 400, "the body must be"},
		{string(failing), 424, "division by the applicant's limit"},
	} {
		status, text := post(t, url, c.body)
		require.Equal(t, c.status, status, c.body)
		require.Contains(t, text, c.says)
	}

	families := gathered(t, reg)
	counts := map[string]uint64{}
	for _, m := range families["endpoint_request_duration_seconds"].Metric {
		key := ""
		for _, l := range m.Label {
			key += l.GetValue() + " "
		}
		counts[key] = m.Histogram.GetSampleCount()
		require.NotEmpty(t, m.Histogram.GetPositiveSpan(), "native buckets")
		require.Empty(t, m.Histogram.GetBucket(), "no classic buckets")
	}
	require.Equal(t, map[string]uint64{"200 200 ": 1, " 400 ": 3, "500 424 ": 1}, counts)
	require.EqualValues(t, 2, families["endpoint_model_duration_seconds"].Metric[0].Histogram.GetSampleCount(), "bad input does not reach the model")
	require.EqualValues(t, 5, families["endpoint_request_size_bytes"].Metric[0].Histogram.GetSampleCount())
	require.EqualValues(t, 5, families["endpoint_connections_opened_total"].Metric[0].Counter.GetValue())
	require.EqualValues(t, 0, families["endpoint_requests_in_flight"].Metric[0].Gauge.GetValue())
	for _, m := range families["endpoint_network_bytes_total"].Metric {
		require.Greater(t, m.Counter.GetValue(), 500.0, m.Label)
	}
	v := valuesOf(families)
	require.EqualValues(t, 1, v["endpoint_data_collection_events_total payload"])
	require.EqualValues(t, 5, v["endpoint_data_collection_events_total traffic"])
	require.Contains(t, v, "endpoint_data_collection_errors_total queue_full event")
}

func TestAStoreThatDoesNotAnswerIsTheModelsFailure(t *testing.T) {
	url, _ := serve(t, TrainLogistic(), Behaviour{Lookup: time.Millisecond, LookupFails: 1})
	a, _ := NewGenerator(1).Next()
	body, err := json.Marshal(Request{Data: [][]float64{a[:]}})
	require.NoError(t, err)
	status, text := post(t, url, string(body))
	require.Equal(t, http.StatusFailedDependency, status)
	require.Contains(t, text, "the feature store did not answer")
}

func TestEventsKeepTheLast(t *testing.T) {
	var e events
	for i := range eventsKept + 5 {
		e.add(event{Status: i})
	}
	last := e.last()
	require.Len(t, last, eventsKept)
	require.Equal(t, 5, last[0].Status)
	require.Equal(t, eventsKept+4, last[eventsKept-1].Status)
}
