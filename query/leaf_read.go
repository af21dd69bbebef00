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
	series []promql.Series // sorted
	notes  annotations.Annotations
	cost   *Cost // the same one for leaves that were read together
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

// leafRead is the evaluation of leaves that are sameRead.
type leafRead struct {
	leaves []*leaf
	passes [][]int // leaves that are samePass
	held   leafBudget
	groups [][]leafGroup // of each leaf
	series []leafSeries
	of     []int // the group of each series in each leaf
	chunks []chunkenc.Chunk
}

// leafSeries is a series to read.
type leafSeries struct {
	metric   labels.Labels
	from, to int // its chunks, in order
}

func newLeafRead(leaves []*leaf, maxSamples int) *leafRead {
	r := &leafRead{leaves: leaves, groups: make([][]leafGroup, len(leaves))}
	r.held.left.Store(int64(maxSamples))
	for i, l := range leaves {
		k := slices.IndexFunc(r.passes, func(pass []int) bool { return leaves[pass[0]].samePass(l) })
		if k < 0 {
			k, r.passes = len(r.passes), append(r.passes, nil)
		}
		r.passes[k] = append(r.passes[k], i)
	}
	return r
}

// evaluate reads the samples of leaves from q, each series in one pass and as many series at a time as there are slots. It reads chunks:
// a querier may be used by one goroutine at a time, but its chunks by several.
func (r *leafRead) evaluate(ctx context.Context, q storage.ChunkQuerier, slots chan struct{}) ([]*leafResult, error) {
	set := q.Select(ctx, false, r.leaves[0].hints(), r.leaves[0].matchers...)
	if err := r.collect(ctx, set); err != nil {
		return nil, err
	}
	runs, err := r.fold(ctx, slots)
	if err != nil {
		return nil, err
	}
	cost := &Cost{Series: len(r.series)}
	for _, run := range runs {
		cost.Samples += run.samples
	}
	out := make([]*leafResult, len(r.leaves))
	for p, pass := range r.passes {
		for _, i := range pass {
			out[i] = &leafResult{cost: cost}
			out[i].notes.Merge(set.Warnings())
			for _, run := range runs {
				out[i].notes.Merge(run.folds[p].notes)
			}
			r.join(i, runs, out[i])
		}
	}
	return out, r.held.stopped(ctx)
}

// hints says what is read and what for. Chunks come as they are stored, with samples before and after.
func (l *leaf) hints() *storage.SelectHints {
	return &storage.SelectHints{DisableTrimming: true, Start: l.from(), End: l.to(), Step: l.grid.step, Range: l.window, Func: string(l.fn), By: true, Grouping: l.by}
}

// collect lists the series, their groups and their chunks.
func (r *leafRead) collect(ctx context.Context, set storage.ChunkSeriesSet) error {
	var (
		it       chunks.Iterator
		byKey    = make([]map[string]int, len(r.leaves))
		key      []byte
		builder  = labels.NewBuilder(labels.EmptyLabels())
		from, to = r.leaves[0].from(), r.leaves[0].to()
	)
	for i := range byKey {
		byKey[i] = map[string]int{}
	}
	for set.Next() {
		if err := endedBy(ctx); err != nil {
			return err
		}
		s := set.At()
		metric := s.Labels()
		for k, l := range r.leaves {
			key = metric.BytesWithLabels(key, l.by...)
			i, ok := byKey[k][string(key)]
			if !ok {
				i = len(r.groups[k])
				byKey[k][string(key)] = i
				builder.Reset(metric)
				builder.Keep(l.by...)
				r.groups[k] = append(r.groups[k], leafGroup{metric: builder.Labels()})
			}
			r.of = append(r.of, i)
		}
		series := leafSeries{metric: metric, from: len(r.chunks)}
		for it = s.Iterator(it); it.Next(); {
			if meta := it.At(); meta.MaxTime >= from && meta.MinTime <= to {
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

// fold splits the series into runs of neighbours and folds each run by itself. The same series always make the same runs, and so the
// same result down to the last bit.
func (r *leafRead) fold(ctx context.Context, slots chan struct{}) ([]*leafRun, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	runs := make([]*leafRun, min(runtime.GOMAXPROCS(0), len(r.series)))
	var wg sync.WaitGroup
	for i := range runs {
		runs[i] = newLeafRun(r, i*len(r.series)/len(runs), (i+1)*len(r.series)/len(runs))
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
		if run.err != nil {
			errs = append(errs, run.err)
		}
	}
	if len(errs) > 0 {
		// What a run failed with, rather than what it ended the others with.
		slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(canceled(a), canceled(b)) })
		return nil, errs[0]
	}
	return runs, nil
}

func canceled(err error) int {
	if errors.As(err, new(promql.ErrQueryCanceled)) {
		return 1
	}
	return 0
}

// join joins what the runs have computed of a leaf, in order.
func (r *leafRead) join(leaf int, runs []*leafRun, out *leafResult) {
	for g, group := range r.groups[leaf] {
		for _, run := range runs {
			switch cells := run.cells[leaf][g]; {
			case cells == nil:
			case group.cells == nil:
				group.cells = cells
			default:
				group.cells.join(cells, &out.notes)
			}
		}
		if s := group.cells.series(group.metric, r.leaves[leaf].grid, &out.notes); len(s.Floats)+len(s.Histograms) > 0 {
			out.series = append(out.series, s)
		}
	}
	slices.SortFunc(out.series, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
}
