package main

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/bench/kit"
)

func TestInstancesHaveSixtySeries(t *testing.T) {
	require.Len(t, kit.InstanceMetrics(), 60)
	r := rand.New(rand.NewPCG(1, 1))
	p := bulkPlan(1, false)
	require.Len(t, world(p.endpoints, p.deployments, p.instances, p.histograms, r), 38_880)
	p = fleetPlan(1, false)
	require.Len(t, world(p.endpoints, p.deployments, p.instances, p.histograms, r), 120_000)
}

func TestFullSizeIsThatOfTheReference(t *testing.T) {
	p := bulkPlan(1, false)
	require.Equal(t, 18_662_400, p.rounds*(p.endpoints*p.deployments*(p.instances*60+3*(len(bounds)+2))))
	require.Equal(t, 2*time.Hour, time.Duration(p.rounds)*spacing)
	p = fleetPlan(1, false)
	require.Equal(t, 40_000, p.rounds*p.endpoints*p.deployments*p.instances)
}

// TestBodiesHoldWhatIsExpected decodes every body of both messages, and wants each series' samples in order on one connection.
func TestBodiesHoldWhatIsExpected(t *testing.T) {
	end := time.Unix(1_700_000_000, 0)
	for _, p := range []plan{bulkPlan(1, true), fleetPlan(1, true)} {
		for _, proto := range []proto{proto1, proto2} {
			t.Run(p.name+" "+string(proto), func(t *testing.T) {
				l, err := build(t.Context(), p, proto, end)
				require.NoError(t, err)
				counts, last, total := map[string]int{}, map[string]int64{}, 0
				home := map[string]int{}
				for c, requests := range l.conns {
					for _, r := range requests {
						require.LessOrEqual(t, r.samples, p.perRequest)
						n := 0
						decode(t, proto, r.body, func(ls labels.Labels, at int64) {
							n++
							key := ls.String()
							counts[ls.Get(model.MetricNameLabel)]++
							if was, ok := home[key]; at <= last[key] || ok && was != c { // cheaper than an assertion each
								t.Fatalf("%s at %d on connection %d, after %d on connection %d", key, at, c, last[key], was)
							}
							last[key], home[key] = at, c
						})
						require.Equal(t, r.samples, n)
						total += n
					}
					require.True(t, requests[0].first)
					require.False(t, requests[len(requests)-1].first)
				}
				require.Equal(t, l.samples, total)
				require.Equal(t, l.expect, counts)
				require.Len(t, last, l.series)
				for _, at := range last {
					require.Equal(t, end.UnixMilli(), at)
				}
				again, err := build(t.Context(), p, proto, end)
				require.NoError(t, err)
				for c := range l.conns {
					for i := range l.conns[c] {
						require.True(t, bytes.Equal(l.conns[c][i].body, again.conns[c][i].body))
					}
				}
			})
		}
	}
}

func decode(t *testing.T, proto proto, body []byte, each func(labels.Labels, int64)) {
	t.Helper()
	raw, err := snappy.Decode(nil, body)
	require.NoError(t, err)
	b := labels.NewScratchBuilder(0)
	if proto == proto2 {
		var req writev2.Request
		require.NoError(t, req.Unmarshal(raw))
		for _, ts := range req.Timeseries {
			ls, err := ts.ToLabels(&b, req.Symbols)
			require.NoError(t, err)
			for _, s := range ts.Samples {
				each(ls, s.Timestamp)
			}
		}
		return
	}
	var req prompb.WriteRequest
	require.NoError(t, req.Unmarshal(raw))
	for _, ts := range req.Timeseries {
		ls := ts.ToLabels(&b, nil)
		for _, s := range ts.Samples {
			each(ls, s.Timestamp)
		}
	}
}
