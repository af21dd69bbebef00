package tsdb

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Watch is told of samples that come for a time that somebody has already worked on, before they are visible, and may have
// a mark stored with them: mark and sample are committed together. Opened is called before each time that the store
// accepts writes; the other methods on the goroutine that appends.
type Watch interface {
	// Opened is called with what the store holds when it was opened, and when it was reopened after a failure.
	Opened(ctx context.Context, q storage.Queryable) error
	// Watermark returns the time up to which samples are late, in milliseconds since the epoch. It is read once for each
	// group of writes, after the last of them was taken.
	Watermark() int64
	// Late is called for a sample at t, not after the watermark; it returns the series and time of the mark that must be
	// stored with it, or false if none is needed.
	Late(ls labels.Labels, t int64) (mark labels.Labels, at int64, needed bool)
	// Noted is called when a mark was accepted. From now on it must be believed; it is not on disk yet.
	Noted(mark labels.Labels, at int64)
	// Kept is called when a mark is committed.
	Kept(mark labels.Labels, at int64)
	// Deleting is called before samples of matching series in [mint, maxt] are deleted. What it appends is on disk before
	// the deletion begins; newest is the time of the newest sample.
	Deleting(app storage.AppenderV2, mint, maxt, newest int64, ms []*labels.Matcher) error
}

// zeroWindow is how far behind the newest sample the TSDB takes a zero at a counter's start: half a block, and some more
// to be sure.
const zeroWindow = minBlockDuration/2 + time.Minute

// Append passes a sample on. Beyond what the TSDB costs, this is two comparisons for nearly all of them.
func (a *appender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AOptions) (storage.SeriesRef, error) {
	if t <= a.watermark {
		if err := a.markLate(ls, t); err != nil {
			return 0, err
		}
	}
	if st <= a.watermark && st != 0 && a.takesZero(st, t) {
		if err := a.markLate(ls, st); err != nil {
			st = 0 // the sample is worth more than the zero before it
		}
	}
	return a.AppenderV2.Append(ref, ls, st, t, v, h, fh, opts)
}

// takesZero says whether the TSDB may store a zero at the start st of a counter whose sample is at t.
func (a *appender) takesZero(st, t int64) bool {
	return st < t && st >= a.db.Head().MaxTime()-zeroWindow.Milliseconds()
}

// markLate stores the mark that a sample of ls at t needs, if any. The sample must not be stored if that fails.
func (a *appender) markLate(ls labels.Labels, t int64) error {
	series, at, needed := a.watch.Late(ls, t)
	if !needed {
		return nil
	}
	for _, marked := range a.marks[at] {
		if labels.Equal(marked, series) {
			return nil
		}
	}
	if _, err := a.AppenderV2.Append(0, series, 0, at, 1, nil, nil, storage.AOptions{}); err != nil {
		return err
	}
	a.watch.Noted(series, at)
	if a.marks == nil {
		a.marks = map[int64][]labels.Labels{}
	}
	a.marks[at] = append(a.marks[at], series)
	return nil
}
