package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

var errSymbol = errors.New("reference to a symbol that is not in the table")

// WriteV2 stores a remote-write 2.0 request: a snappy block that holds an io.prometheus.write.v2.Request. It behaves as WriteV1.
func (in *Ingester) WriteV2(ctx context.Context, body []byte) (Result, error) {
	return in.write(ctx, body, (*Batch).decodeV2)
}

// symbols is the string table of a request. The strings lie in the request's buffer: copy what outlives it.
type symbols []string

func (s symbols) get(ref uint64) (string, error) {
	if ref >= uint64(len(s)) {
		return "", fmt.Errorf("%w: %d of %d", errSymbol, ref, len(s))
	}
	return s[ref], nil
}

// decodeV2 walks a Request: symbols = 4, timeseries = 5. Fields 1 to 3 are reserved because version 1.0 uses them.
func (b *Batch) decodeV2(msg []byte) error {
	table := b.symbols[:0]
	for rest := msg; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return malformed("remote write 2.0: %s", err)
		}
		rest = tail
		switch f.num {
		case 1, 2, 3:
			return malformed("the body is a remote write 1.0 message, but its Content-Type says 2.0")
		case 4, 5:
			if f.typ != wireBytes {
				return malformed("remote write 2.0: %s", errWireType)
			}
			if f.num == 4 {
				table = append(table, unsafe.String(unsafe.SliceData(f.bytes), len(f.bytes)))
			}
		}
	}
	b.symbols = table
	if len(table) > 0 && table[0] != "" {
		return malformed("remote write 2.0: the first symbol must be the empty string, not %q", clip([]byte(table[0])))
	}
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return malformed("remote write 2.0: %s", err)
		}
		msg = rest
		if f.num == 5 {
			if err := b.seriesV2(f.bytes, table); err != nil {
				return malformed("remote write 2.0: time series: %s", err)
			}
		}
	}
	return nil
}

// seriesV2 reads a TimeSeries: labels_refs = 1 (packed), samples = 2, histograms = 3, exemplars = 4, metadata = 5, and
// created_timestamp = 6 of older drafts.
func (b *Batch) seriesV2(msg []byte, table symbols) error {
	refs := b.refs[:0]
	var meta []byte
	var created int64
	n, exemplars := 0, 0
	for rest := msg; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return err
		}
		rest = tail
		switch {
		case f.num == 1:
			if refs, err = appendRefs(refs, f); err != nil {
				return err
			}
		case f.num == 6 && f.typ == wireVarint:
			created = int64(f.value)
		case f.num >= 2 && f.num <= 5 && f.typ != wireBytes:
			return errWireType
		case f.num == 2 || f.num == 3:
			n++
		case f.num == 4:
			exemplars++
		case f.num == 5:
			meta = f.bytes
		}
	}
	b.refs = refs
	key, err := b.keyV2(refs, table)
	if err != nil {
		// A series whose labels cannot be read is one bad series; what else the request holds is well formed.
		b.Refuse(ReasonFormat, max(n+exemplars, 1), "%s", err)
		return nil
	}
	s, ok := b.resolveRaw(key, n+exemplars)
	if ok && n == 0 {
		b.Refuse(ReasonNoValue, max(1, exemplars), "series %s has neither samples nor histograms", s.labels)
		ok = false
	}
	fromZero := true
	if ok && meta != nil {
		typ, err := b.metadataV2(s, meta, table)
		if err != nil {
			return err
		}
		fromZero = startsAtZero(s.labels, typ)
	}
	for rest := msg; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return err
		}
		rest = tail
		switch f.num {
		case 2:
			v, t, st, err := scalarSample(f.bytes)
			if err != nil {
				return err
			}
			if st == 0 {
				st = created
			}
			if !fromZero {
				st = 0
			}
			if ok {
				b.addSample(s, t, st, v)
			}
		case 3:
			if err := b.histogramV2(s, ok, f.bytes, created, fromZero); err != nil {
				return err
			}
		case 4:
			if err := b.exemplarV2(s, ok, f.bytes, table); err != nil {
				return err
			}
		}
	}
	return nil
}

// histogramV2 reads a Histogram. It is rare enough for the generated code, and apart so that samples do not pay for its frame.
func (b *Batch) histogramV2(s *series, ok bool, msg []byte, created int64, fromZero bool) error {
	var h writev2.Histogram
	if err := h.Unmarshal(msg); err != nil {
		return err
	}
	st := h.StartTimestamp
	if st == 0 {
		st = created
	}
	if !fromZero {
		st = 0
	}
	switch {
	case !ok:
	case h.IsFloatHistogram():
		b.addHistogram(s, h.Timestamp, st, nil, h.ToFloatHistogram())
	default:
		b.addHistogram(s, h.Timestamp, st, h.ToIntHistogram(), nil)
	}
	return nil
}

// exemplarV2 reads an Exemplar.
func (b *Batch) exemplarV2(s *series, ok bool, msg []byte, table symbols) error {
	var e writev2.Exemplar
	if err := e.Unmarshal(msg); err != nil || !ok {
		return err
	}
	converted, err := e.ToExemplar(&b.builder, table)
	if err != nil {
		b.Refuse(ReasonExemplar, 1, "%s: %s", s.labels, err)
		return nil
	}
	converted.Labels = converted.Labels.Copy() // the table's strings lie in the request's buffer
	b.addExemplar(s, converted)
	return nil
}

// appendRefs reads label references, packed as every sender writes them or one by one as protobuf also allows.
func appendRefs(refs []uint64, f field) ([]uint64, error) {
	if f.typ == wireVarint {
		return append(refs, f.value&math.MaxUint32), nil
	}
	if f.typ != wireBytes {
		return refs, errWireType
	}
	for packed := f.bytes; len(packed) > 0; {
		ref, n := uvarint(packed)
		if n <= 0 {
			return refs, varintError(n)
		}
		refs = append(refs, ref&math.MaxUint32) // as a uint32 field drops higher bits
		packed = packed[n:]
	}
	return refs, nil
}

// keyV2 writes the labels as remote write 1.0 encodes them, so that both versions share cached series.
func (b *Batch) keyV2(refs []uint64, table symbols) ([]byte, error) {
	if len(refs)%2 != 0 {
		return nil, fmt.Errorf("%d label references, an odd number", len(refs))
	}
	key := b.scratch[:0]
	for i := 0; i < len(refs); i += 2 {
		name, err := table.get(refs[i])
		if err != nil {
			return nil, err
		}
		value, err := table.get(refs[i+1])
		if err != nil {
			return nil, err
		}
		key = appendLabel(key, name, value)
	}
	b.scratch = key
	return key, nil
}

// metadataV2 reads a Metadata: type = 1, help_ref = 3, unit_ref = 4. It is taken over when it differs from what the series had last.
func (b *Batch) metadataV2(s *series, msg []byte, table symbols) (model.MetricType, error) {
	var typ, help, unit uint64
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return "", err
		}
		msg = rest
		if f.num == 1 || f.num == 3 || f.num == 4 {
			if f.typ != wireVarint {
				return "", errWireType
			}
		}
		switch f.num {
		case 1:
			typ = f.value
		case 3:
			help = f.value & math.MaxUint32
		case 4:
			unit = f.value & math.MaxUint32
		}
	}
	helpText, err := table.get(help)
	if err != nil && help == 0 {
		helpText, err = "", nil // an empty table is fine for empty texts
	}
	if err != nil {
		return "", err
	}
	unitText, err := table.get(unit)
	if err != nil && unit == 0 {
		unitText, err = "", nil
	}
	if err != nil {
		return "", err
	}
	t := metricType(int32(typ))
	if typ == 0 && helpText == "" && unitText == "" {
		return t, nil
	}
	fingerprint := xxhash.Sum64String(helpText) + 31*xxhash.Sum64String(unitText) + typ
	if s.meta.Swap(fingerprint) == fingerprint {
		return t, nil
	}
	b.in.metadata.put(familyName(s.labels.Get(model.MetricNameLabel), t), metadata.Metadata{Type: t, Help: string([]byte(helpText)), Unit: string([]byte(unitText))})
	return t, nil
}
