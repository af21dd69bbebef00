package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

// body gathers the series of one remote-write 1.0 message, or the fields of one series. It writes protobuf by hand: several samples of
// a series at a time, whose labels are encoded once for the whole run. Not safe for concurrent use.
type body struct {
	raw       []byte
	samples   int
	histogram prompb.Histogram // the next one of native
	scratch   []byte
}

// Tags of the fields that are written here: prometheus/prompb, remote.proto and types.proto.
const (
	tagTimeseries = 1<<3 | 2 // of WriteRequest
	tagLabel      = 1<<3 | 2 // of TimeSeries
	tagSample     = 2<<3 | 2
	tagHistogram  = 4<<3 | 2
	tagName       = 1<<3 | 2 // of Label
	tagText       = 2<<3 | 2
	tagValue      = 1<<3 | 1 // of Sample
	tagTimestamp  = 2 << 3
)

// encodeLabels returns the labels as fields of a series.
func encodeLabels(ls labels.Labels) []byte {
	var out []byte
	ls.Range(func(l labels.Label) {
		var one []byte
		one = binary.AppendUvarint(append(one, tagName), uint64(len(l.Name)))
		one = append(one, l.Name...)
		one = binary.AppendUvarint(append(one, tagText), uint64(len(l.Value)))
		one = append(one, l.Value...)
		out = binary.AppendUvarint(append(out, tagLabel), uint64(len(one)))
		out = append(out, one...)
	})
	return out
}

// begin starts a series over.
func (b *body) begin(wire []byte) { b.raw = append(b.raw[:0], wire...) }

// float adds a sample to a series.
func (b *body) float(at int64, value float64) {
	var one [32]byte
	s := append(one[:0], tagValue)
	s = binary.LittleEndian.AppendUint64(s, math.Float64bits(value))
	s = binary.AppendUvarint(append(s, tagTimestamp), uint64(at))
	b.raw = append(b.raw, tagSample, byte(len(s)))
	b.raw = append(b.raw, s...)
}

// native adds the histogram to a series.
func (b *body) native() error {
	size := b.histogram.Size()
	if cap(b.scratch) < size {
		b.scratch = make([]byte, 2*size)
	}
	n, err := b.histogram.MarshalToSizedBuffer(b.scratch[:size])
	if err != nil {
		return fmt.Errorf("encode a histogram: %w", err)
	}
	b.raw = binary.AppendUvarint(append(b.raw, tagHistogram), uint64(n))
	b.raw = append(b.raw, b.scratch[:n]...)
	return nil
}

// add appends a whole series that holds n samples; one without samples is left out.
func (b *body) add(series *body, n int) {
	if n == 0 {
		return
	}
	b.samples += n
	b.raw = binary.AppendUvarint(append(b.raw, tagTimeseries), uint64(len(series.raw)))
	b.raw = append(b.raw, series.raw...)
}

// finish returns the compressed message, in memory that the next finish reuses, and starts over.
func (b *body) finish() []byte {
	b.scratch = snappy.Encode(b.scratch[:cap(b.scratch)], b.raw)
	b.raw, b.samples = b.raw[:0], 0
	return b.scratch
}
