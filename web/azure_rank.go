package web

import (
	"context"
	"math"
	"slices"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// rankAzure ranks the series of all resources together by an aggregation over the whole span, and returns a function that gives a
// series' place, or -1 beyond the first top of its metric.
func (s *Server) rankAzure(ctx context.Context, r query.Request, by query.OrderBy, top int) (func(*query.AnswerSeries) int, error) {
	r.Interval, r.Aggregations = query.Interval{Full: true}, []scopes.Aggregation{by.Aggregation}
	whole, err := s.set.DrillDown.DrillDown(ctx, r)
	if err != nil {
		return nil, err
	}
	type ranked struct {
		series string
		value  float64
	}
	byMetric := map[string][]ranked{}
	for i := range whole.Series {
		series := &whole.Series[i]
		value := math.Inf(1)
		if !by.Ascending {
			value = math.Inf(-1)
		}
		if v := series.Values[0]; v != nil {
			value = *v
		}
		byMetric[series.Metric] = append(byMetric[series.Metric], ranked{azureSeriesName(series), value})
	}
	places := map[string]int{}
	for metric, all := range byMetric {
		slices.SortStableFunc(all, func(a, b ranked) int {
			switch {
			case a.value == b.value:
				return 0
			case (a.value < b.value) == by.Ascending:
				return -1
			}
			return 1
		})
		for i, r := range all {
			if i >= top {
				i = -1
			}
			places[metric+"\x00"+r.series] = i
		}
	}
	return func(series *query.AnswerSeries) int {
		if place, ok := places[series.Metric+"\x00"+azureSeriesName(series)]; ok {
			return place
		}
		return -1
	}, nil
}
