package query

import (
	encoding "encoding/binary"
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// The chunks that nearly all samples are in are decoded here: floats (EncXOR) and integer histograms with exponential buckets
// (EncHistogram). Upstream's format is stable and documented in tsdb/docs/format/chunks.md; tests compare with upstream's own
// iterators, which read all other chunks.

var errChunkEnds = errors.New("a chunk ends before its samples do")

// floatReader reads a chunk of floats.
type floatReader struct {
	r           bitReader
	total, read int
	t           int64
	delta       uint64 // of times
	x           xorBits
	err         error
}

func newFloatReader(b []byte) *floatReader {
	if len(b) < 2 {
		return &floatReader{err: errChunkEnds}
	}
	return &floatReader{r: bitReader{b: b[2:]}, total: int(encoding.BigEndian.Uint16(b))}
}

// next reads a sample, and says whether there was one.
func (f *floatReader) next() bool {
	if f.read == f.total || f.err != nil {
		return false
	}
	switch f.read {
	case 0:
		u := f.r.uvarint()
		f.t = int64(u>>1) ^ -int64(u&1)
		f.x.v = f.r.bits(64)
	case 1:
		f.delta = f.r.uvarint()
		f.t += int64(f.delta)
		f.x.read(&f.r)
	default:
		if w := f.r.peek(); w>>63 == 0 {
			f.r.pos++
		} else {
			f.delta += uint64(f.r.timeChange(w))
		}
		f.t += int64(f.delta)
		f.x.read(&f.r)
	}
	f.read++
	if f.r.ended() {
		f.err = errChunkEnds
		return false
	}
	return true
}

// floatSample is a float and its time.
type floatSample struct {
	t int64
	v float64
}

// appendTo appends the samples from one time to another, both inclusive, to out, but for stale markers. It also returns how many samples
// were read.
func (f *floatReader) appendTo(out []floatSample, from, to int64) ([]floatSample, int64) {
	var read int64
	for f.common() || f.next() {
		if f.t > to {
			break
		}
		read++
		if v := math.Float64frombits(f.x.v); f.t >= from && !value.IsStaleNaN(v) {
			out = append(out, floatSample{f.t, v})
		}
	}
	return out, read
}

// common is next for the most common kind of sample: as long after the one before as that one was, and with a value that is the same or
// differs in the same bits. It returns false, and reads nothing, if the next one is of another kind.
func (f *floatReader) common() bool {
	i := f.r.pos >> 3
	if f.read < 2 || f.read >= f.total || i+8 > len(f.r.b) || f.err != nil {
		return false
	}
	w := encoding.BigEndian.Uint64(f.r.b[i:]) << (f.r.pos & 7)
	switch w >> 61 {
	case 0, 1: // the same value
		f.r.pos += 2
	case 2:
		n := 64 - f.x.leading - f.x.trailing
		if n > peekBits-3 {
			return false
		}
		f.x.v ^= w << 3 >> (64 - n) << f.x.trailing
		f.r.pos += 3 + int(n)
	default:
		return false
	}
	f.t += int64(f.delta)
	f.read++
	return true
}

// timeChange reads how the distance of times changes; w are the next bits.
func (r *bitReader) timeChange(w uint64) int64 {
	var ones, size uint
	switch {
	case w>>62 == 0b10:
		ones, size = 2, 14
	case w>>61 == 0b110:
		ones, size = 3, 17
	case w>>60 == 0b1110:
		ones, size = 4, 20
	default:
		r.pos += 4
		return int64(r.bits(64))
	}
	r.pos += int(ones + size)
	return signed(w<<ones>>(64-size), size)
}

// uvarint reads a number in bytes, as encoding/binary writes it.
func (r *bitReader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.bits(8)
		v |= b & 0x7f << shift
		if b < 0x80 {
			break
		}
	}
	return v
}

// histogramDecoder reads a chunk of histograms. Its buckets are those of the newest sample that is no stale marker.
type histogramDecoder struct {
	r           bitReader
	total, read int
	gauge       bool

	schema             int32
	zeroThreshold      float64
	pSpans, nSpans     []histogram.Span
	pBuckets, nBuckets []int64  // each as its difference to the one before
	pDeltas, nDeltas   []int64  // between samples
	pMoving, nMoving   []uint64 // see bitReader.deltas

	t, tDelta         int64
	count, countDelta int64
	zero, zeroDelta   int64
	sum               xorBits
	at                struct { // what goes with the buckets
		count, zero uint64
		sum         float64
	}
}

// start begins a chunk. It returns false if the chunk is of another kind.
func (d *histogramDecoder) start(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	d.r = bitReader{b: b[3:]}
	d.total, d.read = int(encoding.BigEndian.Uint16(b)), 0
	d.gauge = chunkenc.CounterResetHeader(b[2]&chunkenc.CounterResetHeaderMask) == chunkenc.GaugeType
	switch e := d.r.bits(8); e {
	case 0:
		d.zeroThreshold = 0
	case 255:
		d.zeroThreshold = math.Float64frombits(d.r.bits(64))
	default:
		d.zeroThreshold = math.Ldexp(0.5, int(e)-243)
	}
	d.schema = int32(d.r.int())
	if d.schema < histogram.ExponentialSchemaMin || d.schema > histogram.ExponentialSchemaMax {
		return false
	}
	var ok bool
	d.pSpans, d.pBuckets, d.pDeltas, ok = d.layout(d.pSpans[:0], d.pBuckets[:0], d.pDeltas[:0])
	if !ok {
		return false
	}
	d.nSpans, d.nBuckets, d.nDeltas, ok = d.layout(d.nSpans[:0], d.nBuckets[:0], d.nDeltas[:0])
	d.pMoving = append(d.pMoving[:0], make([]uint64, (len(d.pDeltas)+63)/64)...)
	d.nMoving = append(d.nMoving[:0], make([]uint64, (len(d.nDeltas)+63)/64)...)
	d.t, d.tDelta, d.count, d.countDelta, d.zero, d.zeroDelta = 0, 0, 0, 0, 0, 0
	d.sum = xorBits{}
	return ok
}

// layout reads spans and makes room for their buckets.
func (d *histogramDecoder) layout(spans []histogram.Span, buckets, deltas []int64) ([]histogram.Span, []int64, []int64, bool) {
	n := 0
	for range d.r.uint() {
		length := d.r.uint()
		if n += int(length); d.r.ended() || length > math.MaxUint16 || n > math.MaxUint16 {
			return spans, buckets, deltas, false // damaged: upstream's iterator says so
		}
		spans = append(spans, histogram.Span{Length: uint32(length), Offset: int32(d.r.int())})
	}
	for range n {
		buckets, deltas = append(buckets, 0), append(deltas, 0)
	}
	return spans, buckets, deltas, true
}

// time reads the time of the next sample, and says whether there is one.
func (d *histogramDecoder) time() bool {
	if d.read == d.total {
		return false
	}
	if d.read == 0 {
		d.t = d.r.int()
		return true
	}
	d.tDelta += d.r.int()
	d.t += d.tDelta
	return true
}

// body reads the rest of the sample. It returns false for a stale marker.
func (d *histogramDecoder) body() (live bool, err error) {
	d.read++
	if d.read == 1 {
		d.count, d.zero = int64(d.r.uint()), int64(d.r.uint())
		d.sum.v = d.r.bits(64)
		d.first(d.pBuckets)
		d.first(d.nBuckets)
	} else {
		d.countDelta += d.r.int()
		d.count += d.countDelta
		d.zeroDelta += d.r.int()
		d.zero += d.zeroDelta
		d.sum.read(&d.r)
		if value.IsStaleNaN(math.Float64frombits(d.sum.v)) {
			return false, d.err()
		}
		d.r.deltas(d.pBuckets, d.pDeltas, d.pMoving)
		d.r.deltas(d.nBuckets, d.nDeltas, d.nMoving)
	}
	d.at.count, d.at.zero, d.at.sum = uint64(d.count), uint64(d.zero), math.Float64frombits(d.sum.v)
	return !value.IsStaleNaN(d.at.sum), d.err()
}

func (d *histogramDecoder) first(buckets []int64) {
	for i := range buckets {
		buckets[i] = d.r.int()
	}
}

func (d *histogramDecoder) err() error {
	if d.r.ended() {
		return errChunkEnds
	}
	return nil
}

// hint says what the place of the sample in its chunk says about resets.
func (d *histogramDecoder) hint() histogram.CounterResetHint {
	switch {
	case d.gauge:
		return histogram.GaugeType
	case d.read > 1:
		return histogram.NotCounterReset
	}
	return histogram.UnknownCounterReset
}

// into writes the newest sample to h.
func (d *histogramDecoder) into(h *histogram.FloatHistogram) {
	h.CounterResetHint, h.Schema, h.ZeroThreshold, h.CustomValues = d.hint(), d.schema, d.zeroThreshold, nil
	h.Count, h.ZeroCount, h.Sum = float64(d.at.count), float64(d.at.zero), d.at.sum
	h.PositiveSpans = append(h.PositiveSpans[:0], d.pSpans...)
	h.NegativeSpans = append(h.NegativeSpans[:0], d.nSpans...)
	h.PositiveBuckets = populations(h.PositiveBuckets[:0], d.pBuckets)
	h.NegativeBuckets = populations(h.NegativeBuckets[:0], d.nBuckets)
}

func populations(to []float64, deltas []int64) []float64 {
	var n int64
	for _, d := range deltas {
		n += d
		to = append(to, float64(n))
	}
	return to
}

// histogramChunk takes the samples of a chunk of histograms. Between the first and the last of a window, counters in one chunk only grow,
// so that nothing needs to be looked at.
func (f *leafFold) histogramChunk(d *histogramDecoder, from, to int64) (samples int64, err error) {
	s := &f.hists
	waiting := false // the newest sample is known to d only
	for d.time() && d.t <= to {
		if waiting && d.t > f.end {
			f.keep(d)
			waiting = false
		}
		live, err := d.body()
		if err != nil {
			return samples, err
		}
		samples++
		switch {
		case d.t < from || !live:
		case f.leaf.fn == leafIncrease && s.n > 0 && d.t <= f.end && d.read > 1 && !d.gauge:
			s.n++
			s.lastT = d.t
			waiting = true
		default:
			h := s.take()
			d.into(h)
			f.histogram(d.t, h)
		}
	}
	if waiting {
		f.keep(d)
	}
	return samples, nil
}

// keep makes the newest sample of a decoder the last of the series.
func (f *leafFold) keep(d *histogramDecoder) {
	h := f.hists.take()
	d.into(h)
	f.hists.follow(h)
}
