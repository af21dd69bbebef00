package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// recorder is a store that notes what it is given.
type recorder struct{ got outcome }

func (r *recorder) Write(_ context.Context, f func(storage.AppenderV2)) error {
	f(r)
	return nil
}

func (r *recorder) Append(_ storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	r.got.sample(ls, st, t, v, h, fh)
	return 0, nil
}

func (r *recorder) AppendExemplar(_ storage.SeriesRef, ls labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	r.got.exemplar(ls, e)
	return 0, nil
}

func (r *recorder) Commit() error   { return nil }
func (r *recorder) Rollback() error { return nil }

// outcome is what became of a request: every value that the store was given, as text, and how many values were refused.
type outcome struct {
	err     bool
	values  []string
	refused map[Reason]int
}

func (o *outcome) sample(ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	text := fmt.Sprintf("%s %d %d %x", ls, st, t, math.Float64bits(v))
	if h != nil {
		text += " int " + histogramText(h.Schema, h.ZeroThreshold, h.Sum, h.CounterResetHint) + fmt.Sprint(h.Count, h.ZeroCount, h.PositiveSpans, h.NegativeSpans, h.PositiveBuckets, h.NegativeBuckets, h.CustomValues)
	}
	if fh != nil {
		text += " float " + histogramText(fh.Schema, fh.ZeroThreshold, fh.Sum, fh.CounterResetHint) + fmt.Sprint(fh.Count, fh.ZeroCount, fh.PositiveSpans, fh.NegativeSpans, fh.PositiveBuckets, fh.NegativeBuckets, fh.CustomValues)
	}
	o.values = append(o.values, text)
}

func histogramText(schema int32, zero, sum float64, hint histogram.CounterResetHint) string {
	return fmt.Sprint(schema, math.Float64bits(zero), math.Float64bits(sum), hint)
}

func (o *outcome) exemplar(ls labels.Labels, e exemplar.Exemplar) {
	o.values = append(o.values, fmt.Sprintf("%s exemplar %s %d %x", ls, e.Labels, e.Ts, math.Float64bits(e.Value)))
}

func (o *outcome) refuse(reason Reason, n int) {
	if n > 0 {
		if o.refused == nil {
			o.refused = map[Reason]int{}
		}
		o.refused[reason] += n
	}
}

func fuzzIngester(t testing.TB) (*Ingester, *recorder, time.Time) {
	t.Helper()
	now := time.UnixMilli(1_700_000_000_000)
	cfg := DefaultConfig()
	cfg.MaxLabels, cfg.MaxLabelName, cfg.MaxLabelValue = 6, 16, 128
	in, err := New(cfg, Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return now }})
	require.NoError(t, err)
	r := &recorder{}
	in.UseStore(r)
	return in, r, now
}

// decoded runs one of our decoders over a message.
func decoded(t testing.TB, decode func(*Batch, []byte) error, msg []byte) outcome {
	t.Helper()
	in, r, _ := fuzzIngester(t)
	var last outcome
	for i := range 2 { // the second time the cache knows the series
		r.got = outcome{}
		b := in.NewBatch()
		if err := decode(b, slices.Clone(msg)); err != nil {
			b.Discard()
			r.got = outcome{err: true}
		} else {
			result, err := in.Commit(context.Background(), b)
			require.NoError(t, err)
			for reason, n := range result.ByReason() {
				r.got.refuse(reason, n)
			}
			require.Equal(t, len(r.got.values), result.Samples+result.Histograms+result.Exemplars)
		}
		if i > 0 {
			require.Equal(t, last, r.got)
		}
		last = r.got
	}
	slices.Sort(last.values)
	return last
}

// naive applies the rules to a request that the generated code decoded.
type naive struct {
	t       testing.TB
	cfg     Config
	latest  int64
	out     outcome
	lastT   map[string]int64
	lastV   map[string]float64
	history []lastHistogram
}

type lastHistogram struct {
	series string
	t      int64
	h      *histogram.Histogram
	fh     *histogram.FloatHistogram
}

func newNaive(t testing.TB) *naive {
	in, _, now := fuzzIngester(t)
	return &naive{t: t, cfg: in.cfg, latest: now.Add(in.cfg.MaxAhead).UnixMilli(), lastT: map[string]int64{}, lastV: map[string]float64{}}
}

// series returns the labels as stored, or the reason why they are refused.
func (n *naive) series(pairs []labels.Label) (labels.Labels, Reason) {
	var kept []labels.Label
	for i, l := range pairs {
		switch {
		case l.Name == "" || !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value):
			return labels.EmptyLabels(), ReasonLabel
		case i >= n.cfg.MaxLabels, len(l.Name) > int(n.cfg.MaxLabelName), len(l.Value) > int(n.cfg.MaxLabelValue):
			return labels.EmptyLabels(), ReasonLabelLimit
		}
		if l.Value != "" {
			kept = append(kept, l)
		}
	}
	slices.SortStableFunc(kept, func(a, b labels.Label) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(kept); i++ {
		if kept[i].Name == kept[i-1].Name {
			return labels.EmptyLabels(), ReasonDuplicateLabel
		}
	}
	ls := labels.New(kept...)
	if ls.Get(model.MetricNameLabel) == "" {
		return ls, ReasonNoName
	}
	if err := checkIdentity(ls); err != nil {
		return ls, ReasonIdentity
	}
	return ls, ""
}

func (n *naive) sample(ls labels.Labels, st, t int64, v float64) {
	// The key is the spelling of the series, which the decoder's memory of its last sample goes by; see TestSpellings.
	key := ls.String()
	last, known := n.lastT[key]
	switch {
	case t > n.latest:
		n.out.refuse(ReasonFuture, 1)
	case known && last == t && math.Float64bits(n.lastV[key]) != math.Float64bits(v):
		n.out.refuse(ReasonDuplicate, 1)
	default:
		n.lastT[key], n.lastV[key] = t, v
		n.out.sample(ls, st, t, v, nil, nil)
	}
}

func (n *naive) histogram(ls labels.Labels, st, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	var err error
	switch {
	case h != nil && math.Float64bits(h.Sum) != staleBits:
		err = h.Validate()
	case fh != nil && math.Float64bits(fh.Sum) != staleBits:
		err = fh.Validate()
	}
	if t > n.latest {
		n.out.refuse(ReasonFuture, 1)
		return
	}
	if err != nil {
		n.out.refuse(ReasonHistogram, 1)
		return
	}
	n.history = append(n.history, lastHistogram{ls.String(), t, h, fh})
	if k := len(n.history); k > 1 {
		a, b := n.history[k-2], n.history[k-1]
		same := a.h != nil && b.h != nil && a.h.Equals(b.h) || a.fh != nil && b.fh != nil && a.fh.Equals(b.fh)
		if a.series == b.series && a.t == b.t && !same {
			n.out.refuse(ReasonDuplicate, 1)
			return
		}
	}
	n.out.sample(ls, st, t, 0, h, fh)
}

const staleBits = 0x7ff0000000000002

func (n *naive) exemplar(ls labels.Labels, e exemplar.Exemplar) {
	if e.Ts > n.latest || invalidExemplarLabels(e.Labels) != "" {
		n.out.refuse(ReasonExemplar, 1)
		return
	}
	n.out.exemplar(ls, e)
}

func naiveV1(t testing.TB, msg []byte) (outcome, *prompb.WriteRequest) {
	var req prompb.WriteRequest
	if err := req.Unmarshal(msg); err != nil {
		return outcome{err: true}, nil
	}
	n := newNaive(t)
	builder := labels.NewScratchBuilder(0)
	for _, s := range req.Timeseries {
		var pairs []labels.Label
		for _, l := range s.Labels {
			pairs = append(pairs, labels.Label{Name: l.Name, Value: l.Value})
		}
		ls, reason := n.series(pairs)
		if reason != "" {
			n.out.refuse(reason, max(1, len(s.Samples)+len(s.Histograms)+len(s.Exemplars)))
			continue
		}
		for _, x := range s.Samples {
			n.sample(ls, 0, x.Timestamp, x.Value)
		}
		for _, h := range s.Histograms {
			if h.IsFloatHistogram() {
				n.histogram(ls, 0, h.Timestamp, nil, h.ToFloatHistogram())
			} else {
				n.histogram(ls, 0, h.Timestamp, h.ToIntHistogram(), nil)
			}
		}
		for _, e := range s.Exemplars {
			n.exemplar(ls, e.ToExemplar(&builder, nil))
		}
	}
	slices.Sort(n.out.values)
	return n.out, &req
}

func naiveV2(t testing.TB, msg []byte) (outcome, *writev2.Request) {
	var req writev2.Request
	if err := req.Unmarshal(msg); err != nil || len(req.Symbols) > 0 && req.Symbols[0] != "" {
		return outcome{err: true}, nil
	}
	n := newNaive(t)
	builder := labels.NewScratchBuilder(0)
	for _, s := range req.Timeseries {
		values := len(s.Samples) + len(s.Histograms)
		pairs, ok := symbolPairs(s.LabelsRefs, req.Symbols)
		if !ok {
			n.out.refuse(ReasonFormat, max(1, values+len(s.Exemplars)))
			continue
		}
		ls, reason := n.series(pairs)
		if reason != "" {
			n.out.refuse(reason, max(1, values+len(s.Exemplars)))
			continue
		}
		if values == 0 {
			n.out.refuse(ReasonNoValue, max(1, len(s.Exemplars)))
			continue
		}
		for _, ref := range []uint32{s.Metadata.HelpRef, s.Metadata.UnitRef} {
			if ref != 0 && int(ref) >= len(req.Symbols) {
				return outcome{err: true}, &req
			}
		}
		fromZero := startsAtZero(ls, metricType(int32(s.Metadata.Type)))
		start := func(st int64) int64 {
			if !fromZero {
				return 0
			}
			return st
		}
		for _, x := range s.Samples {
			n.sample(ls, start(x.StartTimestamp), x.Timestamp, x.Value)
		}
		for _, h := range s.Histograms {
			if h.IsFloatHistogram() {
				n.histogram(ls, start(h.StartTimestamp), h.Timestamp, nil, h.ToFloatHistogram())
			} else {
				n.histogram(ls, start(h.StartTimestamp), h.Timestamp, h.ToIntHistogram(), nil)
			}
		}
		for _, e := range s.Exemplars {
			x, err := e.ToExemplar(&builder, req.Symbols)
			if err != nil {
				n.out.refuse(ReasonExemplar, 1)
				continue
			}
			n.exemplar(ls, x)
		}
	}
	slices.Sort(n.out.values)
	return n.out, &req
}

func symbolPairs(refs []uint32, symbols []string) ([]labels.Label, bool) {
	if len(refs)%2 != 0 {
		return nil, false
	}
	var pairs []labels.Label
	for i := 0; i < len(refs); i += 2 {
		if int(refs[i]) >= len(symbols) || int(refs[i+1]) >= len(symbols) {
			return nil, false
		}
		pairs = append(pairs, labels.Label{Name: symbols[refs[i]], Value: symbols[refs[i+1]]})
	}
	return pairs, true
}
