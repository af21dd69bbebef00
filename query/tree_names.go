package query

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/endscope/endscope/scopes"
)

// listing finds the names of instances in the index of a span of time.
//
// The index tells the values of one label at once, but which go together only by intersecting the series of each value, in every block, which
// for all deployments takes seconds in a fleet of hundreds. So the names are those of the heartbeats, which nearly every instance has; then the
// index is only asked for instances without one: those whose name no heartbeat has, and those of a name that some other instance has.
type listing struct {
	q        storage.Querier
	from, to time.Time
	under    scopes.Path
	found    map[scopes.Path]bool // true for those with a heartbeat
}

// listInstances reads the names of all instances at or below a scope from the index, and says which have a heartbeat.
func listInstances(ctx context.Context, q storage.Querier, from, to time.Time, under scopes.Path) (map[scopes.Path]bool, error) {
	l := &listing{q: q, from: from, to: to, under: under, found: map[scopes.Path]bool{}}
	beating, err := pathsWith(ctx, q, from, to, heartbeats, under)
	if err != nil {
		return nil, fmt.Errorf("list heartbeats: %w", err)
	}
	known := map[string]map[string][]string{} // by instance and endpoint, the deployments
	for path := range beating {
		if path.Level() != scopes.LevelInstance {
			continue
		}
		l.found[path] = true
		if known[path.Instance] == nil {
			known[path.Instance] = map[string][]string{}
		}
		known[path.Instance][path.Endpoint] = append(known[path.Instance][path.Endpoint], path.Deployment)
	}
	names, err := labelValues(ctx, q, scopes.LabelInstance, under.Matchers()...)
	if err != nil {
		return nil, fmt.Errorf("list instances: %w", err)
	}
	unknown := filter(names, func(name string) bool { return known[name] == nil })
	if err := l.walk(ctx, unknown); err != nil {
		return nil, fmt.Errorf("list instances without a heartbeat: %w", err)
	}
	if err := l.elsewhere(ctx, known); err != nil {
		return nil, fmt.Errorf("list instances named like others: %w", err)
	}
	return l.found, nil
}

// walk adds every instance that has one of the names and series that match.
func (l *listing) walk(ctx context.Context, names []string, ms ...*labels.Matcher) error {
	if len(names) == 0 {
		return nil
	}
	ms = append(append(l.under.Matchers(), anyOf(labels.MatchRegexp, scopes.LabelInstance, names)), ms...)
	endpoints, err := labelValues(ctx, l.q, scopes.LabelEndpoint, ms...)
	if err != nil {
		return err
	}
	for _, e := range endpoints {
		inEndpoint := append(slices.Clip(ms), scopes.Path{Endpoint: e}.Matchers()...)
		deployments, err := labelValues(ctx, l.q, scopes.LabelDeployment, inEndpoint...)
		if err != nil {
			return err
		}
		for _, d := range deployments {
			instances, err := labelValues(ctx, l.q, scopes.LabelInstance, append(slices.Clip(ms), scopes.Path{Endpoint: e, Deployment: d}.Matchers()...)...)
			if err != nil {
				return err
			}
			for _, i := range instances {
				if path := (scopes.Path{Endpoint: e, Deployment: d, Instance: i}); !l.found[path] {
					l.found[path] = false
				}
			}
		}
	}
	return nil
}

// elsewhere adds the instances that have the name of one with a heartbeat, in a deployment where none of that name has one.
func (l *listing) elsewhere(ctx context.Context, known map[string]map[string][]string) error {
	type place struct{ endpoint, deployments string } // lists, joined; an empty endpoint is any
	places := map[place][]string{}
	for name, endpoints := range known {
		if l.under.Endpoint == "" {
			at := place{endpoint: list(slices.Collect(maps.Keys(endpoints)))}
			places[at] = append(places[at], name)
		}
		for e, deployments := range endpoints {
			if l.under.Deployment == "" {
				at := place{endpoint: e, deployments: list(deployments)}
				places[at] = append(places[at], name)
			}
		}
	}
	for at, names := range places {
		outside := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, scopes.LabelEndpoint, at.endpoint), anyOf(labels.MatchNotRegexp, scopes.LabelDeployment, strings.Split(at.deployments, "\n"))}
		if at.deployments == "" {
			outside = []*labels.Matcher{anyOf(labels.MatchNotRegexp, scopes.LabelEndpoint, strings.Split(at.endpoint, "\n"))}
		}
		some, err := l.any(ctx, append(outside, anyOf(labels.MatchRegexp, scopes.LabelInstance, names))...)
		if err == nil && some {
			err = l.walk(ctx, names, outside...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// any says whether there is a series that matches, below the scope.
func (l *listing) any(ctx context.Context, ms ...*labels.Matcher) (bool, error) {
	hints := &storage.SelectHints{Start: l.from.UnixMilli(), End: l.to.UnixMilli(), Func: "series", Limit: 1}
	set := l.q.Select(ctx, false, hints, append(ms, l.under.Matchers()...)...)
	return set.Next(), set.Err()
}

// list joins names in order. Names hold no line breaks.
func list(names []string) string {
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "\n")
}

// anyOf returns a matcher for any of the values, or for none of them.
func anyOf(kind labels.MatchType, label string, values []string) *labels.Matcher {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return labels.MustNewMatcher(kind, label, strings.Join(quoted, "|"))
}
