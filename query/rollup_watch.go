package query

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/endscope/endscope/scopes"
)

// rollupVersion changes when what roll-ups hold changes; those of another version are not used, nor those of another
// look-back, which decides where an increase counts from.
const rollupVersion = "1"

func (r *Rollups) version() string { return fmt.Sprintf("%s-%dms", rollupVersion, r.lookback) }

const (
	labelVersion  = "version"
	labelSeries   = "series"
	labelClass    = "class"
	labelReason   = "reason"
	labelFrom     = "from"
	labelTo       = "to"
	labelAbout    = "about" // the endpoint of a deletion: a deletion by endpoint must not delete its mark
	labelDeletion = "deletion"
)

// mostKept bounds how many marks are remembered to be on disk. Forgetting one costs a second sample.
const mostKept = 100_000

func (r *Rollups) reset() {
	r.complete, r.marks, r.kept = map[rollupKey]spans{}, map[rollupMark]spans{}, map[keptMark]struct{}{}
	r.watermark.Store(math.MinInt64)
}

// Opened reads from a store that was opened what is complete and what is marked. It reads without grants: nothing of it is
// shown to anybody.
func (r *Rollups) Opened(ctx context.Context, q storage.Queryable) error {
	querier, err := q.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return fmt.Errorf("read which roll-ups are complete: %w", err)
	}
	defer querier.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reset()
	names := labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, scopes.RollupBegun+"|"+scopes.RollupComplete+"|"+scopes.RollupLate)
	set := querier.Select(ctx, false, nil, names)
	var it chunkenc.Iterator
	newest := int64(math.MinInt64)
	for set.Next() {
		s := set.At()
		ls := s.Labels()
		it = s.Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			t, _ := it.At()
			switch ls.Get(model.MetricNameLabel) {
			case scopes.RollupBegun:
				r.watermark.Store(max(r.watermark.Load(), t))
			case scopes.RollupComplete:
				r.watermark.Store(max(r.watermark.Load(), t))
				newest = max(newest, t)
				if ls.Get(labelVersion) == r.version() {
					r.addComplete(rollupKey{ls.Get(labelSeries), rollupClass(ls.Get(labelClass))}, t)
				}
			case scopes.RollupLate:
				r.mark(ls, t)
			}
		}
		if err := it.Err(); err != nil {
			return fmt.Errorf("read which roll-ups are complete: %w", err)
		}
	}
	r.showProgress(newest)
	return set.Err()
}

func (r *Rollups) showProgress(complete int64) {
	if begun := r.watermark.Load(); begun != math.MinInt64 {
		r.begun.Set(float64(begun) / 1000)
	}
	if complete != math.MinInt64 {
		r.done.Set(float64(complete) / 1000)
	}
}

// addComplete notes that the period that ends at t is there. The caller holds the lock.
func (r *Rollups) addComplete(key rollupKey, t int64) {
	r.complete[key] = r.complete[key].add(t-rollupPeriod, t)
}

// mark believes a mark. The caller holds the lock.
func (r *Rollups) mark(ls labels.Labels, at int64) {
	key := rollupMark{endpoint: ls.Get(scopes.LabelEndpoint)}
	from, to := at-rollupMinute, at
	if ls.Get(labelReason) == reasonDeleted {
		key = rollupMark{ls.Get(labelAbout), ls.Get(labelSeries)}
		var err1, err2 error
		from, err1 = strconv.ParseInt(ls.Get(labelFrom), 10, 64)
		to, err2 = strconv.ParseInt(ls.Get(labelTo), 10, 64)
		if err1 != nil || err2 != nil { // nobody else writes such marks
			from, to = math.MinInt64/2, at
		}
	}
	// A sample is also where the first increase of the next buckets is counted from.
	r.marks[key] = r.marks[key].add(from, to+r.lookback)
}

// Watermark returns the time up to which samples are late.
func (r *Rollups) Watermark() int64 { return r.watermark.Load() }

// Late returns the mark that a late sample needs: none for a series that is not rolled up, or if the mark is on disk already.
func (r *Rollups) Late(ls labels.Labels, t int64) (labels.Labels, int64, bool) {
	if !r.names[ls.Get(model.MetricNameLabel)] {
		return labels.EmptyLabels(), 0, false
	}
	endpoint := ls.Get(scopes.LabelEndpoint)
	if endpoint == "" {
		return labels.EmptyLabels(), 0, false
	}
	at := minuteEnd(t)
	r.mu.RLock()
	_, kept := r.kept[keptMark{endpoint, at}]
	r.mu.RUnlock()
	if kept {
		return labels.EmptyLabels(), 0, false
	}
	return markLabels(reasonLate, endpoint), at, true
}

func markLabels(reason, endpoint string) labels.Labels {
	return labels.FromStrings(model.MetricNameLabel, scopes.RollupLate, labelReason, reason, scopes.LabelEndpoint, endpoint)
}

// minuteEnd returns the end of the minute that holds t: minutes are (start, end].
func minuteEnd(t int64) int64 { return -floorDiv(-t, rollupMinute) * rollupMinute }

// Noted believes a mark before the sample that it is about can be read.
func (r *Rollups) Noted(mark labels.Labels, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mark(mark, at)
	r.markedBy.WithLabelValues(mark.Get(labelReason)).Inc()
}

// Kept remembers that a mark is committed.
func (r *Rollups) Kept(mark labels.Labels, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= mostKept {
		clear(r.kept)
	}
	r.kept[keptMark{mark.Get(scopes.LabelEndpoint), at}] = struct{}{}
}

// Deleting marks all roll-ups of the time from which samples are about to be deleted. The mark is a series of its own, with
// its sample at the newest time: it must not be deleted with what it is about, and be kept for at least as long.
func (r *Rollups) Deleting(app storage.AppenderV2, mint, maxt, newest int64, ms []*labels.Matcher) error {
	now := time.Now().UnixMilli()
	mint, maxt = max(mint, 0), min(maxt, max(newest, now))
	if mint > maxt {
		return nil
	}
	endpoint, series := "", ""
	for _, m := range ms {
		switch {
		case m.Type == labels.MatchEqual && m.Name == scopes.LabelEndpoint:
			endpoint = m.Value
		case m.Type == labels.MatchEqual && m.Name == model.MetricNameLabel && r.names[m.Value]:
			series = m.Value
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deleted++
	mark := labels.FromMap(map[string]string{
		model.MetricNameLabel: scopes.RollupLate, labelReason: reasonDeleted, labelAbout: endpoint, labelSeries: series, labelFrom: strconv.FormatInt(mint-rollupMinute, 10),
		labelTo: strconv.FormatInt(maxt, 10), labelDeletion: fmt.Sprintf("%d-%d", now, r.deleted),
	}).WithoutEmpty()
	if newest == math.MinInt64 {
		newest = now // of an empty store; nothing is rolled up
	}
	if _, err := app.Append(0, mark, 0, newest, 1, nil, nil, storage.AOptions{}); err != nil {
		return err
	}
	r.mark(mark, newest)
	r.markedBy.WithLabelValues(reasonDeleted).Inc()
	return nil
}
