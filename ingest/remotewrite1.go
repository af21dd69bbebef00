package ingest

import (
	"context"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/prompb"
)

// WriteV1 stores a remote-write 1.0 request: a snappy block that holds a prometheus.WriteRequest. The good samples of a request are
// stored whatever the others are like; Result tells which were not. An error means that nothing is stored: *Error for what the
// sender did wrong, or the store's error, after which the sender should retry.
func (in *Ingester) WriteV1(ctx context.Context, body []byte) (Result, error) {
	return in.write(ctx, body, (*Batch).decodeV1)
}

// decodeV1 walks a WriteRequest: timeseries = 1, metadata = 3. A field that belongs to version 2.0 means that the content type lied.
func (b *Batch) decodeV1(msg []byte) error {
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return malformed("remote write 1.0: %s", err)
		}
		msg = rest
		switch f.num {
		case 1:
			if f.typ != wireBytes {
				return malformed("remote write 1.0: time series: %s", errWireType)
			}
			if err := b.seriesV1(f.bytes); err != nil {
				return malformed("remote write 1.0: time series: %s", err)
			}
		case 3:
			if f.typ != wireBytes {
				return malformed("remote write 1.0: metadata: %s", errWireType)
			}
			if err := b.metadataV1(f.bytes); err != nil {
				return malformed("remote write 1.0: metadata: %s", err)
			}
		case 4, 5:
			return malformed("the body is a remote write 2.0 message, but its Content-Type says 1.0")
		}
	}
	return nil
}

// seriesV1 reads a TimeSeries: labels = 1, samples = 2, exemplars = 3, histograms = 4.
func (b *Batch) seriesV1(msg []byte) error {
	// Labels come first and together from every sender; then their bytes in place are the key.
	raw, n := msg, 0
	var values []byte
	for rest := msg; ; {
		if len(rest) == 0 || rest[0] != 1<<3|wireBytes {
			raw, values = msg[:len(msg)-len(rest)], rest
			break
		}
		_, tail, err := next(rest)
		if err != nil {
			return err
		}
		rest = tail
	}
	for rest := values; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return err
		}
		rest = tail
		if f.num >= 1 && f.num <= 4 && f.typ != wireBytes {
			return errWireType
		}
		switch f.num {
		case 1: // a label behind a value: gather them all
			b.scratch = appendField(append(b.scratch[:0], raw...), f.bytes)
			raw = b.scratch
			for more := rest; len(more) > 0; {
				g, tail, err := next(more)
				if err != nil {
					return err
				}
				more = tail
				if g.num == 1 {
					if g.typ != wireBytes {
						return errWireType
					}
					b.scratch = appendField(b.scratch, g.bytes)
					raw = b.scratch
				}
			}
			return b.valuesV1(raw, values)
		case 2, 3, 4:
			n++
		}
	}
	return b.valuesV1Counted(raw, values, n)
}

func (b *Batch) valuesV1(raw, values []byte) error {
	n := 0
	for rest := values; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return err
		}
		if rest = tail; f.num >= 2 && f.num <= 4 {
			n++
		}
	}
	return b.valuesV1Counted(raw, values, n)
}

// valuesV1Counted reads the samples, exemplars and histograms of one series, n in all.
func (b *Batch) valuesV1Counted(raw, values []byte, n int) error {
	s, ok := b.resolveRaw(raw, n)
	for len(values) > 0 {
		f, rest, err := next(values)
		if err != nil {
			return err
		}
		values = rest
		switch f.num {
		case 2:
			v, t, _, err := scalarSample(f.bytes)
			if err != nil {
				return err
			}
			if ok {
				b.addSample(s, t, 0, v)
			}
		case 3:
			if err := b.exemplarV1(s, ok, f.bytes); err != nil {
				return err
			}
		case 4:
			if err := b.histogramV1(s, ok, f.bytes); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Batch) exemplarV1(s *series, ok bool, msg []byte) error {
	var e prompb.Exemplar
	if err := e.Unmarshal(msg); err != nil || !ok {
		return err
	}
	b.addExemplar(s, e.ToExemplar(&b.builder, nil))
	return nil
}

func (b *Batch) histogramV1(s *series, ok bool, msg []byte) error {
	var h prompb.Histogram
	if err := h.Unmarshal(msg); err != nil {
		return err
	}
	switch {
	case !ok:
	case h.IsFloatHistogram():
		b.addHistogram(s, h.Timestamp, 0, nil, h.ToFloatHistogram())
	default:
		b.addHistogram(s, h.Timestamp, 0, h.ToIntHistogram(), nil)
	}
	return nil
}

func (b *Batch) metadataV1(msg []byte) error {
	var m prompb.MetricMetadata
	if err := m.Unmarshal(msg); err != nil {
		return err
	}
	if m.MetricFamilyName != "" {
		b.in.metadata.put(m.MetricFamilyName, metadata.Metadata{Type: metricType(int32(m.Type)), Help: m.Help, Unit: m.Unit})
	}
	return nil
}

// metricType maps the numbers that both protocol versions share.
func metricType(n int32) model.MetricType {
	types := [...]model.MetricType{model.MetricTypeUnknown, model.MetricTypeCounter, model.MetricTypeGauge, model.MetricTypeHistogram,
		model.MetricTypeGaugeHistogram, model.MetricTypeSummary, model.MetricTypeInfo, model.MetricTypeStateset}
	if n < 0 || int(n) >= len(types) {
		return model.MetricTypeUnknown
	}
	return types[n]
}
