package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// leafResult is the value of a leaf. Many expressions may look at it; nobody may change it.
type leafResult struct {
	series  []promql.Series // sorted
	notes   annotations.Annotations
	read    int // series
	samples int64
}

// leafBudget counts the samples that a leaf holds, as the stock engine counts its own.
type leafBudget struct {
	left atomic.Int64
}

func (b *leafBudget) take(n int) { b.left.Add(-int64(n)) }

// stopped returns why an evaluation must not go on.
func (b *leafBudget) stopped(ctx context.Context) error {
	if b.left.Load() < 0 {
		return promql.ErrTooManySamples("query execution")
	}
	return endedBy(ctx)
}

// endedBy returns the error of the stock engine for a context that has ended, and nil if it has not.
func endedBy(ctx context.Context) error {
	switch err := ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return promql.ErrQueryTimeout("expression evaluation")
	default:
		return promql.ErrQueryCanceled("expression evaluation")
	}
}

// leafGroup is a set of series that are aggregated into one.
type leafGroup struct {
	metric labels.Labels
	cells  *leafCells
}

// leafRead is the evaluation of one leaf.
type leafRead struct {
	leaf   *leaf
	held   leafBudget
	groups []leafGroup
	series []leafSeries
	chunks []chunkenc.Chunk
}

// leafSeries is a series to read.
type leafSeries struct {
	metric   labels.Labels
	group    int
	from, to int // its chunks, in order
}

// evaluate reads the samples of a leaf from q, each series in one pass and as many series at a time as there are slots. It reads chunks:
// a querier may be used by one goroutine at a time, but its chunks by several.
func (l *leaf) evaluate(ctx context.Context, q storage.ChunkQuerier, maxSamples int, slots chan struct{}) (*leafResult, error) {
	r := &leafRead{leaf: l}
	r.held.left.Store(int64(maxSamples))
	out := &leafResult{}
	set := q.Select(ctx, false, l.hints(), l.matchers...)
	err := r.collect(ctx, set)
	out.notes.Merge(set.Warnings())
	if err != nil {
		return nil, err
	}
	out.read = len(r.series)
	if err := r.fold(ctx, slots, out); err != nil {
		return nil, err
	}
	for _, g := range r.groups {
		if s := g.cells.series(g.metric, l.grid, &out.notes); len(s.Floats)+len(s.Histograms) > 0 {
			out.series = append(out.series, s)
		}
	}
	slices.SortFunc(out.series, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	return out, nil
}

// hints says what is read and what for. Chunks come as they are stored, with samples before and after.
func (l *leaf) hints() *storage.SelectHints {
	return &storage.SelectHints{DisableTrimming: true, Start: l.from(), End: l.to(), Step: l.grid.step, Range: l.window, Func: string(l.fn), By: true, Grouping: l.by}
}

// collect lists the series, their groups and their chunks.
func (r *leafRead) collect(ctx context.Context, set storage.ChunkSeriesSet) error {
	var (
		it      chunks.Iterator
		byKey   = map[string]int{}
		key     []byte
		builder = labels.NewBuilder(labels.EmptyLabels())
	)
	for set.Next() {
		if err := endedBy(ctx); err != nil {
			return err
		}
		s := set.At()
		metric := s.Labels()
		key = metric.BytesWithLabels(key, r.leaf.by...)
		i, ok := byKey[string(key)]
		if !ok {
			i = len(r.groups)
			byKey[string(key)] = i
			builder.Reset(metric)
			builder.Keep(r.leaf.by...)
			r.groups = append(r.groups, leafGroup{metric: builder.Labels()})
		}
		series := leafSeries{metric: metric, group: i, from: len(r.chunks)}
		for it = s.Iterator(it); it.Next(); {
			if meta := it.At(); meta.MaxTime >= r.leaf.from() && meta.MinTime <= r.leaf.to() {
				r.chunks = append(r.chunks, meta.Chunk)
			}
		}
		if err := it.Err(); err != nil {
			return err
		}
		series.to = len(r.chunks)
		r.series = append(r.series, series)
	}
	if err := endedBy(ctx); err != nil {
		return err // which a storage may word in its own way
	}
	if err := set.Err(); err != nil {
		return fmt.Errorf("expanding series: %w", err)
	}
	return nil
}

// fold splits the series into runs of neighbours, folds each run by itself, and joins the results in order: the same series give the
// same result down to the last bit.
func (r *leafRead) fold(ctx context.Context, slots chan struct{}, out *leafResult) error {
	n := min(runtime.GOMAXPROCS(0), len(r.series))
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	runs := make([]*leafRun, n)
	var wg sync.WaitGroup
	for i := range runs {
		from, to := i*len(r.series)/n, (i+1)*len(r.series)/n
		runs[i] = &leafRun{read: r, from: from, to: to}
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				runs[i].err = endedBy(ctx)
				return
			}
			defer func() { <-slots }()
			if runs[i].err = runs[i].do(ctx); runs[i].err != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	var errs []error
	for _, run := range runs {
		out.samples += run.samples
		if run.err != nil {
			errs = append(errs, run.err)
		}
	}
	if len(errs) > 0 {
		// What a run failed with, rather than what it ended the others with.
		slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(canceled(a), canceled(b)) })
		return errs[0]
	}
	for _, run := range runs {
		out.notes.Merge(run.fold.notes)
		for i, cells := range run.cells {
			switch {
			case cells == nil:
			case r.groups[i].cells == nil:
				r.groups[i].cells = cells
			default:
				r.groups[i].cells.join(cells, &out.notes)
			}
		}
	}
	return r.held.stopped(ctx)
}

func canceled(err error) int {
	if errors.As(err, new(promql.ErrQueryCanceled)) {
		return 1
	}
	return 0
}

// leafRun folds a run of series.
type leafRun struct {
	read     *leafRead
	from, to int
	fold     leafFold
	cells    []*leafCells // by group
	samples  int64
	err      error
}

func (run *leafRun) do(ctx context.Context) (err error) {
	defer func() {
		if e := recover(); e != nil { // such as for a chunk that is damaged; the stock engine does the same
			err = fmt.Errorf("unexpected error: %v", e)
		}
	}()
	r := run.read
	run.fold.leaf = r.leaf
	run.cells = make([]*leafCells, len(r.groups))
	stopped := func() error { return r.held.stopped(ctx) }
	for _, series := range r.series[run.from:run.to] {
		if err := stopped(); err != nil {
			return err
		}
		cells := run.cells[series.group]
		if cells == nil {
			cells = newLeafCells(r.leaf, &r.held)
			run.cells[series.group] = cells
		}
		run.fold.start(series.metric, cells)
		n, err := run.fold.run(r.chunks[series.from:series.to], stopped)
		run.samples += n
		if err != nil {
			return err
		}
	}
	return nil
}
