package main

import (
	"fmt"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/endscope/endscope/bench/kit"
)

// proto is a remote-write message version.
type proto string

const (
	proto1 proto = "1.0"
	proto2 proto = "2.0"
)

// header returns the HTTP header lines that go with a body of this message.
func (p proto) header() string {
	const common = "Content-Encoding: snappy\r\nUser-Agent: endscope-bench-ingest\r\n"
	if p == proto2 {
		return common + "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\nX-Prometheus-Remote-Write-Version: 2.0.0\r\n"
	}
	return common + "Content-Type: application/x-protobuf\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n"
}

// encoder gathers samples into one request body at a time. Not safe for concurrent use.
type encoder struct {
	proto   proto
	samples int
	v1      prompb.WriteRequest
	v2      writev2.Request
	symbols writev2.SymbolsTable
	known   map[*kit.Series]*prompb.TimeSeries // label pairs made once
	raw     []byte
}

func newEncoder(p proto) *encoder {
	return &encoder{proto: p, symbols: writev2.NewSymbolTable(), known: map[*kit.Series]*prompb.TimeSeries{}}
}

func (e *encoder) reset() {
	e.samples, e.v1.Timeseries, e.v2.Timeseries = 0, e.v1.Timeseries[:0], e.v2.Timeseries[:0]
	e.symbols.Reset()
}

// add appends one sample of s at the given Unix time in milliseconds.
func (e *encoder) add(s *kit.Series, at int64, value float64) {
	e.samples++
	if e.proto == proto2 {
		kind := writev2.Metadata_METRIC_TYPE_GAUGE
		if s.Shape == kit.Counter || s.Shape == kit.Seconds {
			kind = writev2.Metadata_METRIC_TYPE_COUNTER
		}
		e.v2.Timeseries = append(e.v2.Timeseries, writev2.TimeSeries{
			LabelsRefs: e.symbols.SymbolizeLabels(s.Labels, nil),
			Samples:    []writev2.Sample{{Value: value, Timestamp: at}},
			Metadata:   writev2.Metadata{Type: kind},
		})
		return
	}
	known := e.known[s]
	if known == nil {
		known = &prompb.TimeSeries{}
		s.Labels.Range(func(l labels.Label) {
			known.Labels = append(known.Labels, prompb.Label{Name: l.Name, Value: l.Value})
		})
		e.known[s] = known
	}
	e.v1.Timeseries = append(e.v1.Timeseries, prompb.TimeSeries{Labels: known.Labels, Samples: []prompb.Sample{{Value: value, Timestamp: at}}})
}

// finish returns the compressed body of what was added since reset.
func (e *encoder) finish() ([]byte, error) {
	var message interface {
		Size() int
		MarshalToSizedBuffer([]byte) (int, error)
	} = &e.v1
	if e.proto == proto2 {
		e.v2.Symbols = e.symbols.Symbols()
		message = &e.v2
	}
	size := message.Size()
	if cap(e.raw) < size {
		e.raw = make([]byte, size)
	}
	if _, err := message.MarshalToSizedBuffer(e.raw[:size]); err != nil {
		return nil, fmt.Errorf("encode a request of %d samples: %w", e.samples, err)
	}
	body := snappy.Encode(nil, e.raw[:size])
	return append(make([]byte, 0, len(body)), body...), nil // without the slack of the worst case
}
