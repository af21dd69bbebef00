package promrules

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// WriteFunc stores what append gives to the appender, durably, as tsdb.Store.Write does. It calls append once, before it returns.
type WriteFunc func(ctx context.Context, append func(storage.AppenderV2)) error

// appendable makes appenders that keep samples until they are committed, and then write them with one call.
type appendable struct{ write WriteFunc }

func (a appendable) Appender(ctx context.Context) storage.Appender {
	return &appender{ctx: ctx, write: a.write}
}

// appender holds the samples of one evaluation of one rule. The context is that of the evaluation, which Commit ends.
type appender struct {
	ctx     context.Context
	write   WriteFunc
	samples []sample
	ordered bool
}

type sample struct {
	labels    labels.Labels
	t         int64
	v         float64
	histogram *histogram.FloatHistogram
	whole     *histogram.Histogram
	ordered   bool
}

var errUnsupported = errors.New("rules append samples only")

func (a *appender) Append(_ storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	a.samples = append(a.samples, sample{labels: l, t: t, v: v, ordered: a.ordered})
	return 0, nil
}

func (a *appender) AppendHistogram(_ storage.SeriesRef, l labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	a.samples = append(a.samples, sample{labels: l, t: t, whole: h, histogram: fh, ordered: a.ordered})
	return 0, nil
}

func (a *appender) SetOptions(o *storage.AppendOptions) { a.ordered = o != nil && o.DiscardOutOfOrder }

// Commit writes the samples. A sample that is refused costs only itself; the first such error is returned, except where a stale
// marker came too late to matter.
func (a *appender) Commit() error {
	if len(a.samples) == 0 {
		return nil
	}
	var refused error
	number := 0
	err := a.write(a.ctx, func(to storage.AppenderV2) {
		for _, s := range a.samples {
			_, err := to.Append(0, s.labels, 0, s.t, s.v, s.whole, s.histogram, storage.AppendV2Options{RejectOutOfOrder: s.ordered})
			if err == nil || isLate(err) && isStale(s.v) && s.histogram == nil {
				continue
			}
			if number++; refused == nil {
				refused = fmt.Errorf("append %s: %w", s.labels, err)
			}
		}
	})
	a.samples = nil
	switch {
	case err != nil:
		return err
	case number > 1:
		return fmt.Errorf("%d samples were refused; the first: %w", number, refused)
	}
	return refused
}

// Rollback forgets the samples.
func (a *appender) Rollback() error {
	a.samples = nil
	return nil
}

func isLate(err error) bool {
	return errors.Is(err, storage.ErrOutOfOrderSample) || errors.Is(err, storage.ErrTooOldSample) || errors.Is(err, storage.ErrDuplicateSampleForTimestamp)
}

func (a *appender) AppendExemplar(storage.SeriesRef, labels.Labels, exemplar.Exemplar) (storage.SeriesRef, error) {
	return 0, errUnsupported
}

func (a *appender) UpdateMetadata(storage.SeriesRef, labels.Labels, metadata.Metadata) (storage.SeriesRef, error) {
	return 0, errUnsupported
}

func (a *appender) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, errUnsupported
}

func (a *appender) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, errUnsupported
}
