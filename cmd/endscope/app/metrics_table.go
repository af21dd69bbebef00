package app

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// metricReader answers the log table AzureMetrics from the planner of metrics.
type metricReader struct {
	planner   *query.Planner
	catalogue *scopes.Catalogue
	store     *tsdb.Store
	now       func() time.Time
}

// Oldest returns when the store begins.
func (m *metricReader) Oldest() (time.Time, error) {
	start, err := m.store.StartTime()
	if err != nil || start == math.MaxInt64 {
		return time.Time{}, err
	}
	return time.UnixMilli(start).UTC(), nil
}

func (m *metricReader) Newest() time.Time { return m.now().Truncate(time.Minute) }

// metricsAtOnce bounds how many metrics one question of the planner asks, whose answers are limited in values.
const metricsAtOnce = 8

// ReadMinutes asks for every metric that fits the question, at endpoints and at deployments.
func (m *metricReader) ReadMinutes(ctx context.Context, q logs.MetricQuestion) ([]logs.MetricMinute, error) {
	var out []logs.MetricMinute
	for _, level := range []scopes.Level{scopes.LevelEndpoint, scopes.LevelDeployment} {
		scope := "*"
		if q.Endpoint != "" {
			scope = q.Endpoint
		}
		if level == scopes.LevelEndpoint {
			if q.Deployment != "" {
				continue
			}
		} else if q.Deployment != "" {
			scope += "/" + q.Deployment
		} else {
			scope += "/*"
		}
		pattern, err := scopes.ParsePattern(scope)
		if err != nil {
			return nil, nil // no scope has such a name
		}
		// Metrics that have the same aggregations are asked together: a question has one list for all.
		groups := map[string][]*scopes.Definition{}
		var order []string
		for _, d := range m.catalogue.AtLevel(level) {
			if q.Metric == "" || d.Name == q.Metric {
				key := joined(d.Aggregations)
				if groups[key] == nil {
					order = append(order, key)
				}
				groups[key] = append(groups[key], d)
			}
		}
		for _, key := range order {
			for part := range slices.Chunk(groups[key], metricsAtOnce) {
				rows, err := m.ask(ctx, q, pattern, part)
				if err != nil {
					return nil, err
				}
				out = append(out, rows...)
			}
		}
	}
	return out, nil
}

func joined(list []scopes.Aggregation) string {
	s := ""
	for _, a := range list {
		s += string(a) + " "
	}
	return s
}

// ask asks the planner for metrics, in halves of the time where the answer would be too large.
func (m *metricReader) ask(ctx context.Context, q logs.MetricQuestion, pattern scopes.Pattern, defs []*scopes.Definition) ([]logs.MetricMinute, error) {
	r := query.Request{Scopes: []scopes.Pattern{pattern}, Aggregations: defs[0].Aggregations, Interval: query.Interval{Fixed: time.Minute}, Start: q.From, End: q.To}
	for _, d := range defs {
		r.Metrics = append(r.Metrics, d.Name)
	}
	answer, err := m.planner.DrillDown(ctx, r)
	var limit *query.AnswerLimitError
	switch {
	case errors.Is(err, scopes.ErrNotFound):
		return nil, nil
	case errors.As(err, &limit) && q.To.Sub(q.From) > time.Minute:
		middle := q.From.Add((q.To.Sub(q.From) / 2).Truncate(time.Minute))
		if !middle.After(q.From) {
			return nil, err
		}
		first, second := q, q
		first.To, second.From = middle, middle
		a, err := m.ask(ctx, first, pattern, defs)
		if err != nil {
			return nil, err
		}
		b, err := m.ask(ctx, second, pattern, defs)
		return append(a, b...), err
	case err != nil:
		return nil, err
	}
	return minutesOf(answer), nil
}

// minutesOf turns series, one for each aggregation, into rows, one for each minute.
func minutesOf(answer *query.Answer) []logs.MetricMinute {
	type key struct {
		scope  scopes.Path
		metric string
	}
	var order []key
	rows := map[key][]logs.MetricMinute{}
	for _, s := range answer.Series {
		k := key{s.Scope, s.Metric}
		if rows[k] == nil {
			order = append(order, k)
			rows[k] = make([]logs.MetricMinute, len(answer.Timestamps))
		}
		for i, v := range s.Values {
			if v == nil || i >= answer.Ended() {
				continue
			}
			row := &rows[k][i]
			row.Start, row.Scope, row.Metric = time.UnixMilli(answer.Timestamps[i]).UTC(), s.Scope, s.Metric
			if s.Aggregation != scopes.Count {
				row.Unit = s.Unit
			}
			switch s.Aggregation {
			case scopes.Average:
				row.Average = v
			case scopes.Minimum:
				row.Minimum = v
			case scopes.Maximum:
				row.Maximum = v
			case scopes.Total:
				row.Total = v
			case scopes.Count:
				row.Number = v
			}
		}
	}
	var out []logs.MetricMinute
	for _, k := range order {
		for _, row := range rows[k] {
			if row.Metric != "" {
				out = append(out, row)
			}
		}
	}
	return out
}
