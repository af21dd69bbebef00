package ingest

import (
	"context"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// Store takes samples durably. Write calls append with an appender and returns when what it appended is as durable as the operator
// asked; append may run on another goroutine but has returned when Write does. Append functions never run at the same time, whoever
// wrote. The appender also implements storage.ExemplarAppender.
type Store interface {
	Write(ctx context.Context, append func(storage.AppenderV2)) error
}

// Batch is what one request asks to store, in the order in which it is to be stored. Every parser fills one. It is a
// storage.AppenderV2, so that upstream's converters can fill it too; nothing reaches the store before Ingester.Commit.
// A Batch belongs to one goroutine, and after Commit to nobody.
type Batch struct {
	in        *Ingester
	latest    int64 // samples after this are refused; milliseconds since the epoch
	samples   []sample
	histos    []histogramSample
	exemplars []exemplarOf
	result    Result
	previous  *series // the series before this one in the request
	scratch   []byte
	refs      []uint64 // label references of one 2.0 series
	symbols   symbols  // string table of one 2.0 request
	builder   labels.ScratchBuilder
	bound     []byte        // key of a series with its binding
	scope     *scopeBinding // nil: the sender may write any scope
	line      int           // of a text exposition that is being read, from 1; 0: there are no lines
	lines     []int32       // of each sample, when there are lines
}

type sample struct {
	series *series
	t, st  int64
	v      float64
}

type histogramSample struct {
	series *series
	t, st  int64
	h      *histogram.Histogram
	fh     *histogram.FloatHistogram
}

type exemplarOf struct {
	series *series
	e      exemplar.Exemplar
}

// NewBatch returns an empty batch. Commit or Discard it.
func (in *Ingester) NewBatch() *Batch {
	b := in.batches.Get().(*Batch)
	b.latest = math.MaxInt64
	if in.cfg.MaxAhead > 0 {
		b.latest = in.now().Add(in.cfg.MaxAhead).UnixMilli()
	}
	return b
}

// Discard gives an uncommitted batch back.
func (b *Batch) Discard() {
	clear(b.samples)
	clear(b.histos)
	clear(b.exemplars)
	clear(b.symbols)
	*b = Batch{in: b.in, samples: b.samples[:0], histos: b.histos[:0], exemplars: b.exemplars[:0],
		scratch: b.scratch[:0], refs: b.refs[:0], symbols: b.symbols[:0], bound: b.bound[:0], lines: b.lines[:0], builder: b.builder}
	b.in.batches.Put(b)
}

// Refuse counts n samples that are not part of the batch, with one example for the sender.
func (b *Batch) Refuse(reason Reason, n int, format string, args ...any) {
	if n <= 0 {
		return
	}
	message := ""
	write := func() string {
		if message == "" {
			message = fmt.Sprintf(format, args...)
		}
		return message
	}
	if b.line > 0 && len(b.result.Lines) < maxRefusedLines {
		b.result.Lines = append(b.result.Lines, RefusedLine{b.line, reason, write()})
	}
	b.result.refused.add(reason, n, func() string {
		if b.line > 0 {
			return fmt.Sprintf("line %d: %s", b.line, write())
		}
		return write()
	})
}

// Append adds one sample with its exemplars and refuses what breaks the rules and limits. It never returns an error, so that a
// converter goes on after a refused sample; ref is ignored. The labels are copied if they are kept.
func (b *Batch) Append(_ storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AOptions) (storage.SeriesRef, error) {
	if s, ok := b.resolve(ls, 1+len(opts.Exemplars)); ok {
		b.add(s, st, t, v, h, fh, opts)
	}
	return 0, nil
}

// add is Append for a series that is known.
func (b *Batch) add(s *series, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AOptions) {
	if !opts.Metadata.IsEmpty() {
		b.in.metadata.put(familyName(s.labels.Get(model.MetricNameLabel), opts.Metadata.Type), opts.Metadata)
	}
	switch {
	case fh != nil:
		b.addHistogram(s, t, st, nil, fh)
	case h != nil:
		b.addHistogram(s, t, st, h, nil)
	default:
		b.addSample(s, t, st, v)
	}
	for _, e := range opts.Exemplars {
		b.addExemplar(s, e)
	}
}

// Commit is part of storage.AppenderV2 and does nothing: Ingester.Commit stores the batch.
func (b *Batch) Commit() error { return nil }

// Rollback is part of storage.AppenderV2 and does nothing: Discard drops the batch.
func (b *Batch) Rollback() error { return nil }

func (b *Batch) addSample(s *series, t, st int64, v float64) {
	if t > b.latest {
		b.refuseFuture(s, t)
		return
	}
	b.samples = append(b.samples, sample{s, t, st, v})
	if b.line > 0 {
		b.lines = append(b.lines, int32(b.line))
	}
}

func (b *Batch) addHistogram(s *series, t, st int64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	if t > b.latest {
		b.refuseFuture(s, t)
		return
	}
	var err error
	switch {
	case h != nil && !value.IsStaleNaN(h.Sum):
		err = h.Validate()
	case fh != nil && !value.IsStaleNaN(fh.Sum):
		err = fh.Validate()
	}
	if err != nil {
		b.Refuse(ReasonHistogram, 1, "%s: %s", s.labels, err)
		return
	}
	b.histos = append(b.histos, histogramSample{s, t, st, h, fh})
}

// addExemplar adds an exemplar whose labels the batch may keep.
func (b *Batch) addExemplar(s *series, e exemplar.Exemplar) {
	if e.Ts > b.latest {
		b.Refuse(ReasonExemplar, 1, "%s: its time %s is too far in the future", s.labels, time.UnixMilli(e.Ts).UTC().Format(time.RFC3339))
		return
	}
	if problem := invalidExemplarLabels(e.Labels); problem != "" {
		b.Refuse(ReasonExemplar, 1, "%s: %s", s.labels, problem)
		return
	}
	b.exemplars = append(b.exemplars, exemplarOf{s, e})
}

func invalidExemplarLabels(ls labels.Labels) (problem string) {
	if name, twice := ls.HasDuplicateLabelNames(); twice {
		return fmt.Sprintf("its label %q occurs twice", clip([]byte(name)))
	}
	ls.Range(func(l labels.Label) {
		if l.Name == "" || !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value) {
			problem = fmt.Sprintf("its label %q = %q is not valid", clip([]byte(l.Name)), clip([]byte(l.Value)))
		}
	})
	return problem
}

func (b *Batch) refuseFuture(s *series, t int64) {
	b.Refuse(ReasonFuture, 1, "%s at %s, more than ingest.max_ahead %s after this server's clock; is the sender's clock right?",
		s.labels, time.UnixMilli(t).UTC().Format(time.RFC3339), b.in.cfg.MaxAhead)
}

// append is what the store calls: it hands over every sample and notes what the store says of each.
func (b *Batch) append(app storage.AppenderV2) {
	b.in.limiter.enforce.Store(true) // replay is over
	epoch := b.in.epoch.Load()
	numbered := len(b.lines) == len(b.samples)
	for i := range b.samples {
		x := &b.samples[i]
		s := x.series
		before := s.refIn(epoch)
		var ref storage.SeriesRef
		err := s.conflict(x.t, x.v)
		if err == nil {
			ref, err = app.Append(before, s.labels, s.start(x.st), x.t, x.v, nil, nil, storage.AOptions{})
		}
		if err != nil {
			if numbered {
				b.line = int(b.lines[i])
			}
			b.refuseStored(err, s, x.t)
			continue
		}
		s.lastT, s.lastV = x.t, x.v
		s.newest = max(s.newest, x.t)
		if ref != before {
			s.ref.Store(uint64(ref))
		}
		b.result.Samples++
	}
	b.line = 0
	for i := range b.histos {
		x := &b.histos[i]
		if i > 0 && x.contradicts(&b.histos[i-1]) {
			b.refuseStored(storage.ErrDuplicateSampleForTimestamp, x.series, x.t)
			continue
		}
		before := x.series.refIn(epoch)
		ref, err := app.Append(before, x.series.labels, x.series.start(x.st), x.t, 0, x.h, x.fh, storage.AOptions{})
		if err != nil {
			b.refuseStored(err, x.series, x.t)
			continue
		}
		if ref != before {
			x.series.ref.Store(uint64(ref))
		}
		x.series.newest = max(x.series.newest, x.t)
		b.result.Histograms++
	}
	if len(b.exemplars) == 0 {
		return
	}
	ea, ok := app.(storage.ExemplarAppender)
	for i := range b.exemplars {
		x := &b.exemplars[i]
		if !ok {
			b.Refuse(ReasonExemplar, 1, "%s: the store keeps no exemplars", x.series.labels)
			continue
		}
		if _, err := ea.AppendExemplar(x.series.refIn(epoch), x.series.labels, x.e); err != nil {
			b.Refuse(ReasonExemplar, 1, "%s: %s", x.series.labels, err)
			continue
		}
		b.result.Exemplars++
	}
}

// contradicts says whether x is another histogram for the series and time of y.
func (x *histogramSample) contradicts(y *histogramSample) bool {
	if x.series != y.series || x.t != y.t {
		return false
	}
	switch {
	case x.h != nil && y.h != nil:
		return !x.h.Equals(y.h)
	case x.fh != nil && y.fh != nil:
		return !x.fh.Equals(y.fh)
	default:
		return true
	}
}

func (b *Batch) refuseStored(err error, s *series, t int64) {
	reason := storageReason(err)
	b.Refuse(reason, 1, "%s at %s: %s", s.labels, time.UnixMilli(t).UTC().Format(time.RFC3339Nano), err)
}
