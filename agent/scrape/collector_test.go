package scrape

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPageBecomesRawAndCanonicalReadings(t *testing.T) {
	s := serve(t, `# HELP x_running Requests that run.
# TYPE x_running gauge
x_running{model_name="llama",job="theirs"} 3
# TYPE x_tokens counter
x_tokens_total{model_name="llama"} 40 1799999999000
# TYPE x_wait_ms histogram
x_wait_ms_bucket{le="10"} 1
x_wait_ms_bucket{le="100"} 3
x_wait_ms_bucket{le="+Inf"} 4
x_wait_ms_sum 500
x_wait_ms_count 4
`)
	c := collector(t, rules(`
  - {to: model_requests_running, from: [{name: x_running}], keep: {model_name: model}}
  - {to: model_tokens_total, from: [{name: x_tokens_total}], keep: {model_name: model}, set: {direction: output}}
  - {to: model_queue_duration_seconds, from: [{name: x_wait_ms}], factor: 1e-3}
`), nil, s.URL)
	require.Equal(t, []string{
		`model_queue_duration_seconds{} {count:4, sum:0.5, [-Inf,0.01]:1, (0.01,0.1]:2, (0.1,+Inf]:1}`,
		`model_requests_running{model="llama"} 3`,
		`model_tokens_total{direction="output",model="llama"} 40`,
		`x_running{exported_job="theirs",job="test",model_name="llama"} 3`,
		`x_tokens_total{job="test",model_name="llama"} 40 at 1799999999000`,
		`x_wait_ms_bucket{job="test",le="+Inf"} 4`,
		`x_wait_ms_bucket{job="test",le="10.0"} 1`,
		`x_wait_ms_bucket{job="test",le="100.0"} 3`,
		`x_wait_ms_count{job="test"} 4`,
		`x_wait_ms_sum{job="test"} 500`,
	}, collect(t, c))
	info := c.Targets()
	require.Len(t, info, 1)
	require.Equal(t, s.URL+"/metrics", info[0].URL)
	require.Equal(t, []string{"test"}, info[0].Kinds)
	require.Equal(t, 7, info[0].Series)
	require.Equal(t, []string{"model_queue_duration_seconds", "model_requests_running", "model_tokens_total"}, info[0].Metrics)
	require.NoError(t, info[0].Err)
}
