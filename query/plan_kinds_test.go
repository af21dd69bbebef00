package query

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// steadily writes ten minutes of series that grow or stay as they are: a counter reaches its value at the end, a histogram has
// so many observations of so much, a gauge has the value throughout.
type steadily struct {
	app *appender
	end time.Duration // when the instance falls silent, 10m for never
}

func (s steadily) each(f func(at time.Time, share float64)) {
	for at := 15 * time.Second; at <= s.end; at += 15 * time.Second {
		f(testTime.Add(at), float64(at)/float64(10*time.Minute))
	}
}

func (s steadily) counter(in scopes.Path, name string, total float64, extra ...string) {
	s.each(func(at time.Time, share float64) {
		s.app.counter(testTime, at, total*share, seriesOf(name, in, extra...))
	})
}

func (s steadily) gauge(in scopes.Path, name string, v float64, extra ...string) {
	s.each(func(at time.Time, _ float64) { s.app.float(at, v, seriesOf(name, in, extra...)) })
}

func (s steadily) observes(in scopes.Path, name string, n int, v float64, extra ...string) {
	s.each(func(at time.Time, share float64) {
		s.app.hist(testTime, at, nativeHistogram(slices.Repeat([]float64{v}, int(math.Round(float64(n)*share)))), seriesOf(name, in, extra...))
	})
}

// TestWhatEachKindMeans answers questions about ten minutes of three instances whose numbers can be checked in the head.
func TestWhatEachKindMeans(t *testing.T) {
	b := newBench(t)
	b.now = testTime.Add(10 * time.Minute)
	b0, b1, g0 := path(t, "a/blue/b0"), path(t, "a/blue/b1"), path(t, "a/green/g0")
	s := steadily{b.append(), 10 * time.Minute}
	const request = "endpoint_request_duration_seconds"

	// b0 has one GPU and served 40 requests, 10 of them in vain; g0 serves nothing; b1 has two GPUs and no power meter.
	s.observes(b0, request, 30, 0.2, "status_code", "200")
	s.observes(b0, request, 6, 0.2, "status_code", "424")
	s.observes(b0, request, 4, 0.2, "status_code", "404")
	s.observes(b1, request, 20, 0.2, "status_code", "200")
	s.observes(g0, request, 0, 0, "status_code", "200")
	s.counter(b0, "gpu_energy_joules_total", 6000, "gpu", "0", "uuid", "x")
	s.counter(g0, "gpu_energy_joules_total", 600, "gpu", "0", "uuid", "z")
	s.counter(b0, "gpu_time_seconds_total", 600, "gpu", "0", "uuid", "x", "state", "active", "model", "H100", "node", "n1")
	s.counter(b1, "gpu_time_seconds_total", 900, "gpu", "0", "uuid", "y0", "state", "active", "model", "L4")
	s.counter(b1, "gpu_time_seconds_total", 300, "gpu", "1", "uuid", "y1", "state", "bound_idle")
	s.counter(b0, "gpu_throttle_seconds_total", 120, "gpu", "0", "uuid", "x", "reason", "sw_thermal")
	s.counter(b0, "gpu_throttle_seconds_total", 60, "gpu", "0", "uuid", "x", "reason", "sw_power_cap")
	s.counter(b1, "gpu_throttle_seconds_total", 0, "gpu", "0", "uuid", "y0", "reason", "sw_thermal")
	s.counter(b1, "gpu_throttle_seconds_total", 0, "gpu", "1", "uuid", "y1", "reason", "sw_thermal")
	s.counter(b0, "model_tokens_total", 3000, "direction", "input")
	s.counter(b0, "model_tokens_total", 1200, "direction", "output")
	s.counter(b1, "model_tokens_total", 600, "direction", "output")
	s.counter(b0, "model_prefix_cache_tokens_total", 30, "result", "hit", "tier", "gpu")
	s.counter(b0, "model_prefix_cache_tokens_total", 70, "result", "miss", "tier", "gpu")
	s.counter(b1, "model_prefix_cache_tokens_total", 100, "result", "miss", "tier", "cpu")
	s.observes(b0, "model_queue_duration_seconds", 40, 0.5)
	s.observes(b0, "model_request_duration_seconds", 40, 2)
	s.observes(b1, "model_request_duration_seconds", 10, 2)
	s.gauge(b0, "model_requests_running", 3)
	s.gauge(b0, "model_requests_max", 4)
	s.gauge(b1, "model_requests_running", 9) // and does not tell its limit
	s.gauge(g0, "model_requests_running", 0)
	s.gauge(g0, "model_requests_max", 4)
	s.gauge(b0, "model_cache_utilization_ratio", 0.75)
	s.gauge(g0, "model_cache_utilization_ratio", 0.25)
	s.gauge(b0, "gpu_clock_hertz", 1e9, "clock", "sm")
	s.gauge(b0, "gpu_clock_hertz", 3e9, "clock", "memory")
	s.observes(b0, "endpoint_request_size_bytes", 40, 1000)
	s.counter(b0, "instance_restarts_total", 20, "reason", "oom")
	s.gauge(b0, "agent_build_info", 1, "version", "1")
	s.gauge(b0, "instance_ready", 1)
	steadily{s.app, 4 * time.Minute}.gauge(b1, "agent_build_info", 1, "version", "1")
	s.app.stale(testTime.Add(4*time.Minute+15*time.Second), seriesOf("agent_build_info", b1, "version", "1"))
	s.app.done()

	for _, tc := range []struct {
		metric string // with its aggregation and filter after a space
		scope  string
		split  string
		want   string // split values and value, by series
	}{
		{"Availability", "a", "", "90"}, // 6 of 60 failed, those that were asked wrongly did not
		{"Availability", "a/green", "", ""},
		{"Availability", "a", "instanceId", "b0=85 b1=100"},
		{"ErrorRatio", "a", "instanceId", "b0=0.25 b1=0"},
		{"TrafficSkew", "a", "", "2"}, // 40 over a mean of 20
		{"TrafficSkew", "a/blue", "", "1.33333"},
		{"TrafficSkew", "a/green", "", ""},
		{"TrafficSkew", "a/blue/b0", "", "1"},
		{"TrafficSkew", "a", "deployment", "blue=1.33333"},
		{"TrafficSkew", "a", "instanceId", "b0=2 b1=1 g0=0"},
		{"TrafficSkew", "a", "deployment,instanceId", "blue,b0=1.33333 blue,b1=0.666667"},
		{"EnergyPerRequest", "a", "", "110"}, // 6600 J over 60
		{"EnergyPerRequest", "a", "instanceId", "b0=150"},
		{"EnergyPerRequest", "a/green", "", ""}, // over nothing
		{"EnergyPerToken", "a", "", "1.375"},    // over 4800
		{"EnergyPerToken", "a", "direction", "input=2.2 output=3.66667"},
		{"EnergyPerToken filter direction eq 'output'", "a/blue", "", "3.33333"},
		{"EnergyPerToken", "a/blue/b1", "", ""}, // not metered is not 0
		{"TokensPerSecond", "a", "", "8"},
		{"TokensPerSecond Total", "a", "direction", "input=3000 output=1800"},
		{"TokensPerSecondPerGpu", "a", "", "2.66667"}, // 4800 over 1800 GPU seconds
		{"TokensPerSecondPerGpu", "a", "direction", "input=1.66667 output=1"},
		{"TokensPerSecondPerGpu", "a", "instanceId,direction", "b0,input=5 b0,output=2 b1,output=0.5"},
		{"TokensPerSecondPerGpu filter direction eq 'output'", "a", "instanceId", "b0=2 b1=0.5"},
		{"PrefixCacheHitRatio", "a", "", "0.15"},
		{"PrefixCacheHitRatio", "a", "instanceId", "b0=0.3 b1=0"},
		{"PrefixCacheHitRatio", "a", "tier", "cpu=0 gpu=0.3"},
		{"PrefixCacheHitRatio", "a/green", "", ""},
		{"QueueShare", "a", "", "0.2"}, // 20 s of 100 s
		{"QueueShare", "a", "instanceId", "b0=0.25"},
		{"RequestHeadroom", "a", "", "0.625"}, // 3 of 8
		{"RequestHeadroom Minimum", "a", "instanceId", "b0=0.25 g0=1"},
		{"CacheUtilization", "a", "", "50"},
		{"CacheHeadroom", "a", "", "0.5"},
		{"CacheHeadroom Minimum", "a", "", "0.25"},
		{"CacheHeadroom Maximum", "a", "", "0.75"},
		{"GpuClock", "a", "", "1e+09"},
		{"GpuMemoryClock", "a", "", "3e+09"},
		{"GpuThrottleRatio", "a", "", "0.1"}, // 180 s of three GPUs
		{"GpuThrottleRatio", "a/blue/b0", "", "0.3"},
		{"GpuThrottleRatio", "a", "reason", "sw_power_cap=0.1 sw_thermal=0.0666667"}, // of the GPUs that tell the reason
		{"GpuThrottleRatio", "a/blue", "instanceId,gpu", "b0,0=0.3 b1,0=0 b1,1=0"},
		{"GpuThrottleRatio", "a/green", "", ""},
		{"GpuHours", "a", "", "0.5"},
		{"GpuHours", "a", "State", "active=0.416667 bound_idle=0.0833333"},
		{"GpuHours", "a", "gpuModel", "=0.0833333 H100=0.166667 L4=0.25"}, // the third tells no model
		{"GpuHours", "a", "node", "=0.333333 n1=0.166667"},
		{"IdleGpuHours", "a", "", "0.0833333"},
		{"RequestSize", "a", "", "1000"},
		{"RequestSize Total", "a", "", "40000"},
		{"InstanceRestarts", "a", "", "20"},
		{"InstanceRestarts Average", "a", "", "2"},
		{"InstanceRestarts Maximum", "a", "", "2"},
		{"AgentFreshness", "a", "", "360"}, // b1 spoke last at 4m
		{"AgentFreshness", "a", "instanceId", "b0=0 b1=360 g0=0"},
		{"AgentFreshness Minimum", "a/blue", "", "0"},
		{"AgentFreshness Average filter instanceId ne 'g0'", "a", "", "56.25"},
	} {
		t.Run(fmt.Sprint(tc.metric, " of ", tc.scope, " by ", tc.split), func(t *testing.T) {
			r := Request{Scopes: []scopes.Pattern{pattern(t, tc.scope)}, Start: testTime, End: b.now, Interval: Interval{Full: true}}
			r.Metrics = []string{tc.metric}
			if head, filter, ok := strings.Cut(tc.metric, " filter "); ok {
				r.Metrics[0], r.Filter = head, filter
			}
			if name, aggregation, ok := strings.Cut(r.Metrics[0], " "); ok {
				r.Metrics[0], r.Aggregations = name, []scopes.Aggregation{scopes.Aggregation(aggregation)}
			}
			if tc.split != "" {
				r.Split = strings.Split(tc.split, ",")
			}
			answer, err := b.planner.DrillDown(b.ctx(), r)
			require.NoError(t, err)
			require.Empty(t, answer.Warnings)
			var got []string
			for _, s := range answer.Series {
				var values []string
				for _, dim := range r.Split {
					values = append(values, s.Dimensions[dim])
				}
				require.NotNil(t, s.Values[0])
				text := fmt.Sprintf("%.6g", *s.Values[0])
				if values != nil {
					text = strings.Join(values, ",") + "=" + text
				}
				got = append(got, text)
			}
			slices.Sort(got)
			require.Equal(t, tc.want, strings.Join(got, " "))
		})
	}
}
