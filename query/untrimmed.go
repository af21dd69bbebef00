package query

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// untrimmed returns q with selections whose chunks are not cut to the time asked for. The engine looks at times itself, and
// cutting costs time. It also panics upstream (tombstones.Intervals.Add, v0.315.0) where samples were deleted from the
// middle of a chunk that begins before the time asked for and ends after it.
func untrimmed(q storage.Queryable) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		inner, err := q.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return &untrimmedQuerier{inner}, nil
	})
}

type untrimmedQuerier struct{ storage.Querier }

func (q *untrimmedQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints != nil {
		whole := *hints
		whole.DisableTrimming = true
		hints = &whole
	}
	return q.Querier.Select(ctx, sortSeries, hints, matchers...)
}

// trimmedSeries shows the samples of a series in [from, to], milliseconds since 1970.
type trimmedSeries struct {
	storage.Series
	from, to int64
}

func (s *trimmedSeries) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	if t, ok := it.(*trimmedIterator); ok {
		it = t.Iterator
	}
	return &trimmedIterator{Iterator: s.Series.Iterator(it), from: s.from, to: s.to}
}

// trimmedIterator is for those who only call Next.
type trimmedIterator struct {
	chunkenc.Iterator
	from, to int64
	begun    bool
}

func (it *trimmedIterator) Next() chunkenc.ValueType {
	var kind chunkenc.ValueType
	if it.begun {
		kind = it.Iterator.Next()
	} else {
		kind, it.begun = it.Seek(it.from), true
	}
	if kind != chunkenc.ValNone && it.AtT() > it.to {
		return chunkenc.ValNone
	}
	return kind
}
