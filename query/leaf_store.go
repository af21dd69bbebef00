package query

import (
	"context"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// leafStore is a storage in which the results of leaves can be selected by the names of leafName, beside all that another storage has.
type leafStore struct {
	inner  storage.Queryable
	series map[string][]storage.Series
}

func newLeafStore(inner storage.Queryable, leaves []*leaf, results []*leafResult) *leafStore {
	s := &leafStore{inner: inner, series: map[string][]storage.Series{}}
	for i, l := range leaves {
		var list []storage.Series
		for _, series := range results[i].series {
			list = append(list, promql.NewStorageSeries(l.ended(series)))
		}
		s.series[leafName(i)] = list
	}
	return s
}

// ended returns a series with a stale marker after each value that none follows at the next time of the grid, so that an instant
// selector finds a value only at the time that it stands for.
func (l *leaf) ended(s promql.Series) promql.Series {
	out := promql.Series{Metric: s.Metric, Histograms: s.Histograms}
	floats, histograms := s.Floats, s.Histograms
	for len(floats)+len(histograms) > 0 {
		var t int64
		if len(histograms) == 0 || len(floats) > 0 && floats[0].T < histograms[0].T {
			t = floats[0].T
			out.Floats = append(out.Floats, floats[0])
			floats = floats[1:]
		} else {
			t = histograms[0].T
			histograms = histograms[1:]
		}
		next := t + l.grid.step
		if len(floats) > 0 && floats[0].T == next || len(histograms) > 0 && histograms[0].T == next {
			continue
		}
		out.Floats = append(out.Floats, promql.FPoint{T: t + 1, F: math.Float64frombits(value.StaleNaN)})
	}
	return out
}

func (s *leafStore) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := s.inner.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return &leafQuerier{Querier: q, store: s}, nil
}

type leafQuerier struct {
	storage.Querier
	store *leafStore
}

func (q *leafQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	i := slices.IndexFunc(ms, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual })
	if i >= 0 {
		if list, ok := q.store.series[ms[i].Value]; ok {
			return &listedSeries{left: list}
		}
	}
	return q.Querier.Select(ctx, sortSeries, hints, ms...)
}

// listedSeries is a SeriesSet over a list.
type listedSeries struct{ at, left []storage.Series }

func (s *listedSeries) Next() bool {
	if len(s.left) == 0 {
		return false
	}
	s.at, s.left = s.left[:1], s.left[1:]
	return true
}

func (s *listedSeries) At() storage.Series                { return s.at[0] }
func (s *listedSeries) Err() error                        { return nil }
func (s *listedSeries) Warnings() annotations.Annotations { return nil }
