package query

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// manyEndpoints writes what 100 endpoints of 10 instances push in half an hour, every 15 s: of each instance 30 floats and three native
// histograms.
func manyEndpoints(tb testing.TB) *bench {
	b := newBench(tb)
	const every = 15 * time.Second
	b.now = testTime.Add(30 * time.Minute)
	rng := rand.New(rand.NewPCG(1, 2))
	type member struct {
		at    scopes.Path
		codes [3]counts
	}
	var members []*member
	for i := range 1000 {
		members = append(members, &member{at: scopes.Path{Endpoint: fmt.Sprintf("e-%d", i/10), Deployment: []string{"blue", "green"}[i%2], Instance: fmt.Sprintf("i-%d", i%10)}})
	}
	for at := testTime.Add(every); !at.After(b.now); at = at.Add(every) {
		app := b.append()
		for _, m := range members {
			for k := range m.codes {
				m.codes[k].observe(20 + 6*rng.NormFloat64())
				app.hist(testTime, at, m.codes[k].histogram(), seriesOf("endpoint_request_duration_seconds", m.at, "status_code", []string{"200", "404", "500"}[k]))
			}
			app.float(at, rng.Float64(), seriesOf("instance_cpu_utilization_ratio", m.at))
			app.float(at, 1, seriesOf("agent_build_info", m.at))
			for k := range 8 {
				app.float(at, rng.Float64(), seriesOf("gpu_power_watts", m.at, "gpu", fmt.Sprint(k)))
			}
			for k := range 20 {
				app.float(at, rng.Float64(), seriesOf(fmt.Sprintf("raw_%d", k), m.at))
			}
		}
		app.done()
	}
	return b
}

// BenchmarkInstant asks what an alert rule asks once a minute: one window of five minutes, of ten series.
func BenchmarkInstant(b *testing.B) {
	f := manyEndpoints(b)
	ctx := f.ctx()
	for _, bc := range []struct{ name, metric, scope, split string }{
		{"gauge", "CpuUtilizationPercentage", "e-%d/*", "instanceId"},
		{"instances", "CpuUtilizationPercentage", "e-%d/*/*", ""},
		{"counter", "RequestsPerMinute", "e-%d", "instanceId"},
		{"quantile", "RequestLatency_P99", "e-%d", "instanceId"},
		{"ratio", "ErrorRatio", "e-%d", "instanceId"},
		{"instant", "GpuPower", "e-%d/*", "instanceId"},
		{"state", "DeploymentCapacity", "e-%d/*", "State"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			stop := cpu(b)
			defer stop()
			n := 0
			for b.Loop() {
				r := Request{Scopes: []scopes.Pattern{pattern(b, fmt.Sprintf(bc.scope, n%100))}, Metrics: []string{bc.metric}, AllowMissing: true,
					Interval: Interval{Fixed: 5 * time.Minute}, Every: 5 * time.Minute, Start: f.now.Add(-6 * time.Minute), End: f.now.Add(-time.Minute)}
				if bc.split != "" {
					r.Split = []string{bc.split}
				}
				answer, err := f.planner.DrillDown(ctx, r)
				require.NoError(b, err)
				require.Empty(b, answer.Warnings)
				if n == 0 {
					b.Logf("%d series", len(answer.Series))
				}
				n++
			}
		})
	}
}
