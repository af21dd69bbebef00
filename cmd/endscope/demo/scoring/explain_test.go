package scoring

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

func one(t *testing.T, limit float64) string {
	a, _ := NewGenerator(1).Next()
	a[colLimit] = limit
	body, err := json.Marshal(Request{Data: [][]float64{a[:]}})
	require.NoError(t, err)
	return string(body)
}

// valuesOf returns counters, gauges and numbers of observations, by name and label values.
func valuesOf(families map[string]*dto.MetricFamily) map[string]float64 {
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

func TestAnExplanationComesInWordsThatAreMeasured(t *testing.T) {
	url, reg := serve(t, TrainBoosted(), Behaviour{Lookup: time.Millisecond})
	status, text := ask(t, url+"/explain", one(t, 50_000))
	require.Equal(t, http.StatusOK, status)
	require.Regexp(t, `^The probability of default is 0\.\d\d: .* counts for [+-]0\.\d{3}\. $`, text)
	words := float64(len(strings.Fields(text)))
	status, again := ask(t, url+"/explain", one(t, 50_000))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, text, again)
	for body, says := range map[string]string{one(t, 0): "division by the applicant's limit", `{"data": []}`: "1 to 100 rows"} {
		status, text := ask(t, url+"/explain", body)
		require.GreaterOrEqual(t, status, 400)
		require.Contains(t, text, says)
	}
	v := valuesOf(gathered(t, reg))
	prompt := float64(Features + enginePrompt)
	for name, want := range map[string]float64{
		"model_request_duration_seconds": 3, "model_queue_duration_seconds": 3, "model_prefill_duration_seconds": 2, "model_decode_duration_seconds": 2,
		"model_time_to_first_token_seconds": 2, "model_inter_token_latency_seconds": 2 * (words - 1), "model_time_per_output_token_seconds": 2,
		"model_tokens_total input": 3 * prompt, "model_tokens_total output": 2 * words, "model_request_tokens input": 3,
		"model_prefix_cache_tokens_total hit gpu": 2 * enginePrompt, "model_prefix_cache_tokens_total miss gpu": prompt + 2*Features,
		"model_requests_finished_total stop": 2, "model_requests_finished_total error": 1, "model_requests_running": 0, "model_requests_waiting": 0,
		"model_requests_max": enginePlaces, "model_cache_utilization_ratio": 0,
		"endpoint_time_to_first_token_seconds": 2, "endpoint_inter_token_latency_seconds": 2 * (words - 1), "endpoint_queue_duration_seconds": 3,
		"endpoint_upload_duration_seconds": 4, "endpoint_download_duration_seconds": 4, "endpoint_model_duration_seconds": 3,
		"endpoint_request_duration_seconds 200 200": 2, "endpoint_request_duration_seconds 500 424": 1, "endpoint_request_duration_seconds  400": 1,
	} {
		require.Contains(t, v, name)
		require.Equal(t, want, v[name], name)
	}
}

func TestTheEngineBoundsWhatRunsAndWhatWaits(t *testing.T) {
	url, reg := serve(t, TrainLogistic(), Behaviour{Lookup: 300 * time.Millisecond})
	const more = 4
	var all sync.WaitGroup
	statuses := make(chan int, 100)
	for range enginePlaces + engineWaiting + more {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+"/explain", strings.NewReader(one(t, 50_000)))
			if resp, err := client.Do(req); err == nil {
				statuses <- resp.StatusCode // the client leaves: it does not read what follows
				_ = resp.Body.Close()
			}
		})
	}
	require.Eventually(t, func() bool {
		v := valuesOf(gathered(t, reg))
		return v["model_requests_running"] == enginePlaces && v["model_requests_waiting"] == engineWaiting && v["model_requests_rejected_total queue_full"] == more
	}, 10*time.Second, 5*time.Millisecond)
	all.Wait()
	close(statuses)
	counts := map[int]int{}
	for s := range statuses {
		counts[s]++
	}
	require.Equal(t, map[int]int{200: enginePlaces + engineWaiting, 429: more}, counts)
	require.Eventually(t, func() bool { return valuesOf(gathered(t, reg))["model_requests_running"] == 0 }, 10*time.Second, 5*time.Millisecond)
	v := valuesOf(gathered(t, reg))
	require.Positive(t, v["endpoint_stream_errors_total client_abort"])
	require.Equal(t, v["endpoint_stream_errors_total client_abort"], v["model_requests_finished_total abort"])
	require.Zero(t, v["model_cache_utilization_ratio"])
}
