package logs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/golang/snappy"

	"github.com/endscope/endscope/internal/logrows"
)

// A journal record is one batch: a byte for the version, then, compressed with snappy, the name of the table, in version 2 the batch's key, the
// number of rows, the number of columns, and each column that has values: name, type, flags, nulls, values. DESIGN.md has the details. Version 3
// is that of keys (repeat.go).
const (
	recordVersion    = 1
	recordVersionKey = 2
)

const hasNulls = 1

// encodeRecord appends the record of a batch to dst. Columns that queries compute are left out, and columns without values.
func encodeRecord(dst []byte, s *Schema, b *logrows.Batch) []byte {
	size := 64
	for i := range b.Columns {
		v := &b.Columns[i]
		size += 3*len(v.Longs) + 8*len(v.Reals) + len(v.Bools) + len(v.Nulls) + 2*len(v.Strings)
		for _, text := range v.Strings {
			size += len(text)
		}
	}
	raw := make([]byte, 0, size)
	raw = appendText(raw, s.Name)
	version := byte(recordVersion)
	if b.Key != "" {
		version = recordVersionKey
		raw = appendText(raw, b.Key)
	}
	raw = binary.AppendUvarint(raw, uint64(b.Rows))
	var given []int
	for i, c := range s.Columns {
		if v := &b.Columns[i]; !s.Computed(c.Name) && len(v.Longs)+len(v.Reals)+len(v.Bools)+len(v.Strings) > 0 {
			given = append(given, i)
		}
	}
	raw = binary.AppendUvarint(raw, uint64(len(given)))
	for _, i := range given {
		raw = appendVector(raw, s.Columns[i], &b.Columns[i])
	}
	dst = append(dst, version)
	at := len(dst)
	dst = append(dst, make([]byte, snappy.MaxEncodedLen(len(raw)))...)
	return dst[:at+len(snappy.Encode(dst[at:], raw))]
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendVector(raw []byte, c logrows.Column, v *logrows.Vector) []byte {
	raw = appendText(raw, c.Name)
	raw = append(raw, byte(c.Type), boolByte(v.Nulls != nil))
	for _, null := range v.Nulls {
		raw = append(raw, boolByte(null))
	}
	last := int64(0)
	for _, n := range v.Longs {
		raw = binary.AppendVarint(raw, n-last) // wraps, and so does reading
		last = n
	}
	for _, f := range v.Reals {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(f))
	}
	for _, b := range v.Bools {
		raw = append(raw, boolByte(b))
	}
	before, first := "", true
	for _, s := range v.Strings {
		if s == before && !first {
			raw = append(raw, 0) // as the row before
			continue
		}
		raw = append(binary.AppendUvarint(raw, uint64(len(s))+1), s...)
		before, first = s, false
	}
	return raw
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

var errRecord = errors.New("the record is cut off or has a wrong length")

// decodeRecord reads what encodeRecord wrote. Columns that the table no longer has are left out. The batch keeps nothing of payload.
func decodeRecord(schemas map[string]*Schema, payload []byte) (*logrows.Batch, error) {
	if len(payload) == 0 || payload[0] != recordVersion && payload[0] != recordVersionKey {
		return nil, errors.New("the record's version is unknown: a newer server wrote it")
	}
	plain, err := snappy.Decode(nil, payload[1:])
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	r := &recordReader{text: string(plain)}
	name, key := r.string(), ""
	if payload[0] == recordVersionKey {
		key = r.string()
	}
	rows, columns := r.count(), r.count()
	s, ok := schemas[name]
	if r.err == nil && !ok {
		return nil, fmt.Errorf("table %q is unknown", name)
	}
	if r.err != nil {
		return nil, r.err
	}
	b := &logrows.Batch{Table: s.Table, Key: key, Rows: rows, Columns: make([]logrows.Vector, len(s.Columns))}
	for range columns {
		name := r.string()
		kind, flags := logrows.Type(r.byte()), r.byte()
		v := r.vector(kind, flags, rows)
		if r.err != nil {
			return nil, r.err
		}
		if i := s.Column(name); i >= 0 && s.Columns[i].Type == kind {
			b.Columns[i] = v
		}
	}
	return b, nil
}

// recordReader reads a record from its front. After the first error it reads zeros.
type recordReader struct {
	text string
	err  error
}

func (r *recordReader) take(n int) string {
	if r.err != nil || n < 0 || n > len(r.text) {
		r.fail()
		return ""
	}
	s := r.text[:n]
	r.text = r.text[n:]
	return s
}

func (r *recordReader) fail() {
	if r.err == nil {
		r.err = errRecord
	}
	r.text = ""
}

func (r *recordReader) byte() byte {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *recordReader) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.fail()
	return 0
}

// count reads a number of things that take at least a byte each, or of rows.
func (r *recordReader) count() int {
	n := r.uvarint()
	if n > math.MaxInt32 {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *recordReader) string() string { return r.take(r.count()) }

func (r *recordReader) vector(kind logrows.Type, flags byte, rows int) logrows.Vector {
	var v logrows.Vector
	if rows > len(r.text) { // every value takes at least a byte
		r.fail()
		return v
	}
	if flags&hasNulls != 0 {
		v.Nulls = make([]bool, rows)
		for i := range v.Nulls {
			v.Nulls[i] = r.byte() == 1
		}
	}
	switch kind {
	case logrows.Bool:
		v.Bools = make([]bool, rows)
		for i := range v.Bools {
			v.Bools[i] = r.byte() == 1
		}
	case logrows.Int, logrows.Long, logrows.Datetime, logrows.Timespan:
		v.Longs = make([]int64, rows)
		last := int64(0)
		for i := range v.Longs {
			u := r.uvarint()
			last += int64(u>>1) ^ -int64(u&1)
			v.Longs[i] = last
		}
	case logrows.Real:
		v.Reals = make([]float64, rows)
		for i := range v.Reals {
			if s := r.take(8); s != "" {
				v.Reals[i] = math.Float64frombits(binary.LittleEndian.Uint64([]byte(s)))
			}
		}
	default:
		v.Strings = make([]string, rows)
		before := ""
		for i := range v.Strings {
			if n := r.count(); n > 0 {
				before = r.take(n - 1)
			}
			v.Strings[i] = before
		}
	}
	return v
}
