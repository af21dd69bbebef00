package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"

	"github.com/endscope/endscope/bench/kit"
)

const (
	pushEvery = 15 * time.Second
	history   = 6 * time.Minute // is pushed at once before anything is measured
	instances = 10              // of an endpoint
	buckets   = 24
)

// headers are those of remote write 1.0.
const headers = "Content-Encoding: snappy\r\nUser-Agent: endscope-bench-alerts\r\nContent-Type: application/x-protobuf\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n"

// cpuName is the series that probes and flapping series steer.
const cpuName = "instance_cpu_utilization_ratio"

// endpoint is what pushes together. Its values are steered by cpu, where that is set; then it has no other series.
type endpoint struct {
	name      string
	instances []*instance
	cpu       func(instance int, at time.Time) float64
}

// instance is what one instance pushes.
type instance struct {
	floats     []*float
	histograms []*histogram.Histogram
	labels     [][]prompb.Label // of the histograms
}

type float struct {
	labels  []prompb.Label
	counter bool
	value   float64
}

func labelsOf(metric, endpoint, deployment, name string, before ...prompb.Label) func(after ...prompb.Label) []prompb.Label {
	out := append([]prompb.Label{{Name: "__name__", Value: metric}, {Name: "deployment", Value: deployment}, {Name: "endpoint", Value: endpoint}}, before...)
	out = append(out, prompb.Label{Name: "instance", Value: name})
	return func(after ...prompb.Label) []prompb.Label { return append(out, after...) }
}

func newEndpoint(name string, n int, cpu func(int, time.Time) float64) *endpoint {
	e := &endpoint{name: name, cpu: cpu}
	for i := range n {
		deployment, instanceName := []string{"blue", "green"}[i%2], fmt.Sprintf("i-%d", i)
		in := &instance{floats: []*float{{labels: labelsOf(cpuName, name, deployment, instanceName)()}}}
		if cpu == nil {
			gpu := prompb.Label{Name: "gpu", Value: "0"}
			in.floats = append(in.floats,
				&float{labels: labelsOf("gpu_energy_joules_total", name, deployment, instanceName, gpu)(), counter: true},
				&float{labels: labelsOf("gpu_utilization_ratio", name, deployment, instanceName, gpu)()},
				&float{labels: labelsOf("instance_memory_utilization_ratio", name, deployment, instanceName)()},
				&float{labels: labelsOf("model_requests_waiting", name, deployment, instanceName)()},
				&float{labels: labelsOf("model_tokens_total", name, deployment, instanceName, prompb.Label{Name: "direction", Value: "output"})(), counter: true},
				&float{labels: labelsOf("instance_ready", name, deployment, instanceName)()})
			for _, code := range []string{"200", "404", "500"} {
				in.histograms = append(in.histograms, &histogram.Histogram{Schema: 3, ZeroThreshold: 1e-12,
					PositiveSpans: []histogram.Span{{Offset: -30, Length: buckets}}, PositiveBuckets: make([]int64, buckets)})
				in.labels = append(in.labels, labelsOf("endpoint_request_duration_seconds", name, deployment, instanceName)(prompb.Label{Name: "status_code", Value: code}))
			}
		}
		e.instances = append(e.instances, in)
	}
	return e
}

// samples appends the samples of a time.
func (e *endpoint) samples(rng *rand.Rand, at time.Time, out []prompb.TimeSeries) []prompb.TimeSeries {
	ms := at.UnixMilli()
	for i, in := range e.instances {
		for _, f := range in.floats {
			switch {
			case e.cpu != nil:
				f.value = e.cpu(i, at)
			case f.counter:
				f.value += float64(rng.IntN(1000))
			default:
				f.value = float64(rng.IntN(100)) / 100
			}
			out = append(out, prompb.TimeSeries{Labels: f.labels, Samples: []prompb.Sample{{Value: f.value, Timestamp: ms}}})
		}
		for k, h := range in.histograms {
			for range 4 {
				b := rng.IntN(buckets)
				h.PositiveBuckets[b]++ // they are differences
				if b+1 < buckets {
					h.PositiveBuckets[b+1]--
				}
				h.Count++
				h.Sum += 0.1
			}
			out = append(out, prompb.TimeSeries{Labels: in.labels[k], Histograms: []prompb.Histogram{prompb.FromIntHistogram(ms, h.Copy())}})
		}
	}
	return out
}

// fleet pushes endpoints, each in a request of its own.
type fleet struct {
	rng       *rand.Rand
	endpoints []*endpoint
	sender    *kit.Sender
	body      []byte
	patient   bool // tries again until the server has it, as an agent does

	mu      sync.Mutex
	samples int
	took    []time.Duration
}

func newFleet(addr, path string, endpoints []*endpoint) *fleet {
	return &fleet{rng: rand.New(rand.NewPCG(1, 2)), endpoints: endpoints, sender: kit.NewSender(addr, path, headers)}
}

// send pushes the samples of some endpoints at a time in one request.
func (f *fleet) send(ctx context.Context, at time.Time, endpoints ...*endpoint) error {
	var w prompb.WriteRequest
	for _, e := range endpoints {
		w.Timeseries = e.samples(f.rng, at, w.Timeseries)
	}
	text, err := w.Marshal()
	if err != nil {
		return err
	}
	f.body = snappy.Encode(f.body[:cap(f.body)], text)
	for {
		begun := time.Now()
		if err = f.sender.Send(f.body); err == nil {
			f.mu.Lock()
			f.samples += len(w.Timeseries)
			f.took = append(f.took, time.Since(begun))
			f.mu.Unlock()
			return nil
		}
		if !f.patient {
			return fmt.Errorf("push: %w", err)
		}
		if err := sleepUntil(ctx, time.Now().Add(200*time.Millisecond)); err != nil {
			return err
		}
	}
}

// fill pushes the history up to now.
func (f *fleet) fill(ctx context.Context, now time.Time) error {
	const together = 20
	for at := now.Add(-history); at.Before(now); at = at.Add(pushEvery) {
		for i := 0; i < len(f.endpoints); i += together {
			if err := f.send(ctx, at, f.endpoints[i:min(i+together, len(f.endpoints))]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// run pushes until the context ends, each endpoint every 15 s and all of them spread over that time.
func (f *fleet) run(ctx context.Context) error {
	defer f.sender.Close()
	begun := time.Now()
	for n := 0; ; n++ {
		due := begun.Add(pushEvery * time.Duration(n) / time.Duration(len(f.endpoints)))
		if err := sleepUntil(ctx, due); err != nil {
			return nil
		}
		if err := f.send(ctx, due, f.endpoints[n%len(f.endpoints)]); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// taken returns what was pushed since it was called last: samples, and how long the acknowledgements took.
func (f *fleet) taken() (samples int, took []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	samples, took = f.samples, f.took
	f.samples, f.took = 0, nil
	return samples, took
}

func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
