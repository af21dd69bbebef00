package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"

	"github.com/endscope/endscope/bench/kit"
)

const (
	pushEvery        = 15 * time.Second
	history          = 10 * time.Minute // is pushed at once when the server has started
	floats           = 30
	seriesOfInstance = floats + 3
	buckets          = 24
)

// headers are those of remote write 1.0.
const headers = "Content-Encoding: snappy\r\nUser-Agent: endscope-bench-alerts\r\nContent-Type: application/x-protobuf\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n"

// fleet is what pushes: all instances of an endpoint in one request. Not safe for concurrent use.
type fleet struct {
	rng       *rand.Rand
	endpoints [][]*instance
	sender    *kit.Sender
	body      []byte
}

type instance struct {
	labels     [seriesOfInstance][]prompb.Label
	histograms [3]histogram.Histogram
}

func newFleet(endpoints int, server string) (*fleet, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	f := &fleet{rng: rand.New(rand.NewPCG(1, 2)), sender: kit.NewSender(u.Host, "/api/v1/write", headers)}
	for e := range endpoints {
		var list []*instance
		for i := range 10 {
			list = append(list, newInstance(fmt.Sprintf("e-%d", e), []string{"blue", "green"}[i%2], fmt.Sprintf("i-%d", i)))
		}
		f.endpoints = append(f.endpoints, list)
	}
	return f, nil
}

func newInstance(endpoint, deployment, name string) *instance {
	in := &instance{}
	label := func(metric string, extra ...prompb.Label) []prompb.Label {
		out := []prompb.Label{{Name: "__name__", Value: metric}, {Name: "deployment", Value: deployment}, {Name: "endpoint", Value: endpoint}}
		if len(extra) > 0 && extra[0].Name < "instance" {
			out = append(out, extra...)
			extra = nil
		}
		return append(append(out, prompb.Label{Name: "instance", Value: name}), extra...)
	}
	in.labels[0], in.labels[1] = label("instance_cpu_utilization_ratio"), label("agent_build_info")
	for k := range 8 {
		in.labels[2+k] = label("gpu_utilization_ratio", prompb.Label{Name: "gpu", Value: fmt.Sprint(k)})
	}
	for k := 10; k < floats; k++ {
		in.labels[k] = label(fmt.Sprintf("raw_%d", k))
	}
	for k, code := range []string{"200", "404", "500"} {
		in.labels[floats+k] = label("endpoint_request_duration_seconds", prompb.Label{Name: "status_code", Value: code})
		in.histograms[k] = histogram.Histogram{Schema: 3, ZeroThreshold: 1e-12, PositiveSpans: []histogram.Span{{Offset: -30, Length: buckets}}, PositiveBuckets: make([]int64, buckets)}
	}
	return in
}

// series returns the next samples of an instance.
func (in *instance) series(rng *rand.Rand, at time.Time, out []prompb.TimeSeries) []prompb.TimeSeries {
	ms := at.UnixMilli()
	for k := range floats {
		out = append(out, prompb.TimeSeries{Labels: in.labels[k], Samples: []prompb.Sample{{Value: rng.Float64(), Timestamp: ms}}})
	}
	for k := range in.histograms {
		h := &in.histograms[k]
		for range 4 {
			i := rng.IntN(buckets)
			h.PositiveBuckets[i]++ // they are differences
			if i+1 < buckets {
				h.PositiveBuckets[i+1]--
			}
			h.Count++
			h.Sum += 0.1
		}
		out = append(out, prompb.TimeSeries{Labels: in.labels[floats+k], Histograms: []prompb.Histogram{prompb.FromIntHistogram(ms, h.Copy())}})
	}
	return out
}

// push sends one round of all endpoints, spread over some time.
func (f *fleet) push(ctx context.Context, at time.Time, over time.Duration) error {
	begun := time.Now()
	for e, instances := range f.endpoints {
		var w prompb.WriteRequest
		for _, in := range instances {
			w.Timeseries = in.series(f.rng, at, w.Timeseries)
		}
		text, err := w.Marshal()
		if err != nil {
			return err
		}
		f.body = snappy.Encode(f.body, text)
		if err := f.sender.Send(f.body); err != nil {
			return fmt.Errorf("push: %w", err)
		}
		if err := sleepUntil(ctx, begun.Add(over*time.Duration(e+1)/time.Duration(len(f.endpoints)))); err != nil {
			return err
		}
	}
	return nil
}

// run pushes until the context ends.
func (f *fleet) run(ctx context.Context) error {
	for {
		if err := f.push(ctx, time.Now(), pushEvery); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
