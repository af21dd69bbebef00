package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/endscope/endscope/scopes"
)

// namesPerSelect bounds how many instances one selection names, and so how many series it returns.
const namesPerSelect = 100

// requireScope returns an error that wraps scopes.ErrNotFound unless something is stored for the scope in the time asked
// for or within the look-back. A pattern of nothing but `*` always exists: an empty server has no endpoints.
func (p *Planner) requireScope(ctx context.Context, scope scopes.Pattern, start, end time.Time) error {
	if len(scope.Wildcards()) == scope.Level().Depth() {
		return nil
	}
	now := p.set.Now()
	recent := Span{now.Add(-p.cfg.ScopeLookback), now}
	// Nearly every scope that is asked for is there now, and then older blocks need not be opened.
	for _, span := range []Span{recent, {start, recent.Start}, {recent.End, end}} {
		if !span.Start.Before(span.End) {
			continue
		}
		exists, err := p.exists(ctx, scope, span)
		if err != nil || exists {
			return err
		}
	}
	if start.Before(recent.Start) {
		recent.Start = start
	}
	return fmt.Errorf("%w: nothing was stored for %q since %s", scopes.ErrNotFound, scope, recent.Start.UTC().Format(time.RFC3339))
}

// exists says whether something visible was stored for the scope in the span.
func (p *Planner) exists(ctx context.Context, scope scopes.Pattern, span Span) (bool, error) {
	q, err := p.open(span.Start, span.End)
	if err != nil {
		return false, err
	}
	defer q.Close()
	values, _, err := q.LabelValues(ctx, scopes.LabelEndpoint, &storage.LabelHints{Limit: 1}, scope.Matchers()...)
	if err != nil {
		return false, fmt.Errorf("look up scope %q: %w", scope, err)
	}
	return len(values) > 0, nil
}

// RequireScope returns an error that wraps scopes.ErrNotFound and names the scope unless something visible was stored for
// it within the look-back.
func (p *Planner) RequireScope(ctx context.Context, scope scopes.Pattern) error {
	return p.requireScope(ctx, scope, p.set.Now(), p.set.Now())
}

// labelValues returns the values of a label among the selected series, without the empty one.
func labelValues(ctx context.Context, q storage.LabelQuerier, name string, ms ...*labels.Matcher) ([]string, error) {
	values, _, err := q.LabelValues(ctx, name, nil, ms...)
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, strings.Clone(v)) // the index may be unmapped once the querier is closed
		}
	}
	return out, err
}

// pathsWith returns the instances that have a series of one of the names.
func pathsWith(ctx context.Context, q storage.Querier, from, to time.Time, names []string, under scopes.Path) (map[scopes.Path]bool, error) {
	out := map[scopes.Path]bool{}
	err := eachSeries(ctx, q, from, to, true, func(s storage.Series) error {
		out[scopes.Of(s.Labels())] = true
		return nil
	}, append([]*labels.Matcher{nameMatcher(names)}, under.Matchers()...)...)
	return out, err
}

// eachSeries calls f for every selected series; with labelsOnly their samples are not loaded.
func eachSeries(ctx context.Context, q storage.Querier, from, to time.Time, labelsOnly bool, f func(storage.Series) error, ms ...*labels.Matcher) error {
	hints := &storage.SelectHints{Start: from.UnixMilli(), End: to.UnixMilli(), DisableTrimming: true} // see untrimmed
	if labelsOnly {
		hints.Func = "series"
	}
	set := q.Select(ctx, false, hints, ms...)
	for set.Next() {
		if err := f(&trimmedSeries{set.At(), hints.Start, hints.End}); err != nil {
			return err
		}
	}
	return set.Err()
}

// eachGroup calls f with matchers for the instances, a bounded number of them of one deployment at a time.
func eachGroup(paths []scopes.Path, f func([]*labels.Matcher) error) error {
	byDeployment := map[scopes.Path][]scopes.Path{}
	var order []scopes.Path
	for _, p := range paths {
		parent, _ := p.Parent()
		if byDeployment[parent] == nil {
			order = append(order, parent)
		}
		byDeployment[parent] = append(byDeployment[parent], p)
	}
	for _, parent := range order {
		for group := range slices.Chunk(byDeployment[parent], namesPerSelect) {
			if err := f(append(parent.Matchers(), instanceMatcher(group))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Planner) open(from, to time.Time) (storage.Querier, error) {
	q, err := p.queryable.Querier(from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	return q, nil
}

func nameMatcher(names []string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, strings.Join(names, "|"))
}

func filter[T any](values []T, keep func(T) bool) []T {
	var out []T
	for _, v := range values {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}
