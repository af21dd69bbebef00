package query

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/endscope/endscope/scopes"
)

// Guard returns q narrowed to what the grants in the context of each read make visible. A context without grants sees nothing, and
// the read fails with scopes.ErrNoGrants: whoever forgot to decide must notice. The queriers are also storage.Searchers.
func Guard(q storage.SampleAndChunkQueryable) storage.SampleAndChunkQueryable {
	return &guarded{inner: q}
}

// GuardExemplars is Guard for exemplars.
func GuardExemplars(q storage.ExemplarQueryable) storage.ExemplarQueryable {
	return &guardedExemplars{inner: q}
}

type guarded struct {
	inner storage.SampleAndChunkQueryable
}

func (g *guarded) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := g.inner.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return &guardedQuerier{guardedLabels{q}, q}, nil
}

func (g *guarded) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	q, err := g.inner.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return &guardedChunkQuerier{guardedLabels{q}, q}, nil
}

type guardedQuerier struct {
	guardedLabels
	inner storage.Querier
}

func (q *guardedQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	visible, err := visibleSets(ctx, matchers)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	switch len(visible) {
	case 0:
		return storage.EmptySeriesSet()
	case 1:
		return q.inner.Select(ctx, sortSeries, hints, visible[0]...)
	}
	sets := make([]storage.SeriesSet, 0, len(visible))
	for _, ms := range visible {
		sets = append(sets, q.inner.Select(ctx, true, hints, ms...))
	}
	// A series that two grants make visible is the same series of the same storage.
	return storage.NewMergeSeriesSet(sets, limitOf(hints), func(same ...storage.Series) storage.Series { return same[0] })
}

type guardedChunkQuerier struct {
	guardedLabels
	inner storage.ChunkQuerier
}

func (q *guardedChunkQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.ChunkSeriesSet {
	visible, err := visibleSets(ctx, matchers)
	if err != nil {
		return storage.ErrChunkSeriesSet(err)
	}
	switch len(visible) {
	case 0:
		return storage.EmptyChunkSeriesSet()
	case 1:
		return q.inner.Select(ctx, sortSeries, hints, visible[0]...)
	}
	sets := make([]storage.ChunkSeriesSet, 0, len(visible))
	for _, ms := range visible {
		sets = append(sets, q.inner.Select(ctx, true, hints, ms...))
	}
	return storage.NewMergeChunkSeriesSet(sets, limitOf(hints), func(same ...storage.ChunkSeries) storage.ChunkSeries { return same[0] })
}

// guardedLabels answers everything about label names and values.
type guardedLabels struct{ labels storage.LabelQuerier }

func (q *guardedLabels) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return union(ctx, hints, matchers, func(ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.labels.LabelValues(ctx, name, hints, ms...)
	})
}

func (q *guardedLabels) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return union(ctx, hints, matchers, func(ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.labels.LabelNames(ctx, hints, ms...)
	})
}

func (q *guardedLabels) SearchLabelNames(ctx context.Context, hints *storage.SearchHints, matchers ...*labels.Matcher) storage.SearchResultSet {
	names, warnings, err := q.LabelNames(ctx, &storage.LabelHints{}, matchers...)
	return searchResults(names, warnings, err, hints)
}

func (q *guardedLabels) SearchLabelValues(ctx context.Context, name string, hints *storage.SearchHints, matchers ...*labels.Matcher) storage.SearchResultSet {
	values, warnings, err := q.LabelValues(ctx, name, &storage.LabelHints{}, matchers...)
	return searchResults(values, warnings, err, hints)
}

func (q *guardedLabels) Close() error { return q.labels.Close() }

func searchResults(values []string, warnings annotations.Annotations, err error, hints *storage.SearchHints) storage.SearchResultSet {
	if err != nil {
		return storage.ErrSearchResultSet(err, warnings)
	}
	if hints == nil {
		hints = &storage.SearchHints{}
	}
	return storage.NewSearchResultSetFromSlice(storage.ApplySearchHints(values, hints), warnings)
}

type guardedExemplars struct{ inner storage.ExemplarQueryable }

func (g *guardedExemplars) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	q, err := g.inner.ExemplarQuerier(ctx)
	if err != nil {
		return nil, err
	}
	return &guardedExemplarQuerier{inner: q, grants: grants.MatcherSets()}, nil
}

type guardedExemplarQuerier struct {
	inner  storage.ExemplarQuerier
	grants [][]*labels.Matcher
}

func (q *guardedExemplarQuerier) Select(start, end int64, matchers ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	var visible [][]*labels.Matcher
	for _, asked := range matchers {
		for _, granted := range q.grants {
			visible = append(visible, slices.Concat(asked, granted))
		}
	}
	if len(visible) == 0 {
		return []exemplar.QueryResult{}, nil
	}
	return q.inner.Select(start, end, visible...)
}

// visibleSets returns what to select instead of matchers, as alternatives; none of them means that nothing is visible.
func visibleSets(ctx context.Context, matchers []*labels.Matcher) ([][]*labels.Matcher, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	sets := grants.MatcherSets()
	for i, granted := range sets {
		sets[i] = slices.Concat(matchers, granted)
	}
	return sets, nil
}

// union reads once for each alternative and returns the sorted union, cut to the limit.
func union(ctx context.Context, hints *storage.LabelHints, matchers []*labels.Matcher, read func([]*labels.Matcher) ([]string, annotations.Annotations, error)) ([]string, annotations.Annotations, error) {
	visible, err := visibleSets(ctx, matchers)
	if err != nil {
		return nil, nil, err
	}
	if len(visible) == 1 {
		return read(visible[0])
	}
	var (
		all      []string
		warnings annotations.Annotations
	)
	for _, ms := range visible {
		values, ws, err := read(ms)
		warnings.Merge(ws)
		if err != nil {
			return nil, warnings, err
		}
		all = append(all, values...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if hints != nil && hints.Limit > 0 && len(all) > hints.Limit {
		all = all[:hints.Limit]
	}
	return all, warnings, nil
}

func limitOf(hints *storage.SelectHints) int {
	if hints == nil {
		return 0
	}
	return hints.Limit
}
