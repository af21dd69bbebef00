package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

func (p *Planner) windowsOf(r Request) (windows, error) {
	if !r.Start.Before(r.End) {
		return windows{}, &ParamError{Name: "start", Value: r.Start.UTC().Format(time.RFC3339), Rule: "must be before end " + r.End.UTC().Format(time.RFC3339)}
	}
	// Milliseconds are what is stored.
	start, end := r.Start.Truncate(time.Millisecond).UTC(), r.End.Truncate(time.Millisecond).UTC()
	if end.Sub(start) < minInterval {
		return windows{}, &ParamError{Name: "end", Value: r.End.UTC().Format(time.RFC3339Nano), Rule: "must be at least 1s after start"}
	}
	if end.Sub(start) > maxDuration {
		return windows{}, &ParamError{Name: "start", Value: r.Start.UTC().Format(time.RFC3339), Rule: "must be at most 100 years before end"}
	}
	win := newWindows(start, end, r.Interval)
	if r.Every != 0 {
		var err error
		if win, err = slidingWindows(start, end, r); err != nil {
			return win, err
		}
	}
	if win.count > p.cfg.MaxPoints {
		return windows{}, &AnswerLimitError{Points: win.count, Limit: p.cfg.MaxPoints, How: "ask for a longer interval or a shorter time range"}
	}
	return win, nil
}

// slidingWindows returns windows that begin as often as the request says.
func slidingWindows(start, end time.Time, r Request) (windows, error) {
	length, span := r.Interval.Fixed, end.Sub(start)
	bad := func(name, value, rule string) (windows, error) {
		return windows{}, &ParamError{Name: name, Value: value, Rule: rule}
	}
	switch {
	case r.Every < minInterval || r.Every%time.Millisecond != 0:
		return bad("every", r.Every.String(), "must be at least 1s, in whole milliseconds")
	case r.Interval.Full || length < minInterval || length%time.Millisecond != 0:
		return bad("interval", length.String(), "must be a fixed one of at least 1s, in whole milliseconds, where every is given")
	case r.Top != 0:
		return bad("top", strconv.Itoa(r.Top), "must not come with every")
	case span < length || (span-length)%r.Every != 0:
		return bad("end", r.End.UTC().Format(time.RFC3339Nano), fmt.Sprintf("must be %s and a multiple of %s after start %s", length, r.Every, r.Start.UTC().Format(time.RFC3339Nano)))
	}
	n := (span - length) / r.Every
	return windows{start: start, length: length, count: int(n) + 1, every: r.Every}, nil
}

// The bounds on what one request may name. Together with the aggregations they bound how many expressions it takes.
const (
	maxScopes  = 50
	maxMetrics = 20
	maxTop     = 1000
)

// plans looks up the metrics at the level of each scope and checks that each has what is asked of it: one plan for each
// metric and scope.
func (p *Planner) plans(r Request, win windows) ([]*plan, Filter, error) {
	filter, err := p.check(r)
	if err != nil {
		return nil, filter, err
	}
	var out []*plan
	for _, name := range r.Metrics {
		byLevel := map[scopes.Level]*plan{}
		for i, scope := range r.Scopes {
			if slices.Contains(r.Scopes[:i], scope) {
				continue
			}
			level := scope.Level()
			if byLevel[level] == nil {
				if byLevel[level], err = p.planAt(r, filter, name, level, win); err != nil {
					return nil, filter, err
				}
			}
			scoped := *byLevel[level]
			scoped.scope, scoped.matchers = scope, scope.Matchers()
			// A metric may be asked for twice in another spelling.
			if !slices.ContainsFunc(out, func(o *plan) bool { return o.def == scoped.def && o.scope == scope }) {
				out = append(out, &scoped)
			}
		}
	}
	return out, filter, nil
}

// check looks at what does not depend on a metric's definition.
func (p *Planner) check(r Request) (Filter, error) {
	bad := func(name, value, rule string) (Filter, error) {
		return Filter{}, &ParamError{Name: name, Value: value, Rule: rule}
	}
	if len(r.Scopes) == 0 || slices.ContainsFunc(r.Scopes, func(s scopes.Pattern) bool { return s.Level() == "" }) {
		return bad("scope", "", "must be endpoint[/deployment[/instance]], where any part may be *")
	}
	switch {
	case len(r.Scopes) > maxScopes:
		return bad("scope", r.Scopes[maxScopes].String(), fmt.Sprintf("must be one of at most %d scopes (got %d): a * stands for many", maxScopes, len(r.Scopes)))
	case len(r.Metrics) == 0:
		return bad("metric", "", "must be given, such as RequestsPerMinute or RequestLatency_P99; "+listed)
	case len(r.Metrics) > maxMetrics:
		return bad("metric", r.Metrics[maxMetrics], fmt.Sprintf("must be one of at most %d metrics (got %d): ask twice", maxMetrics, len(r.Metrics)))
	case r.Top < 0 || r.Top > maxTop:
		return bad("top", strconv.Itoa(r.Top), fmt.Sprintf("must be from 1 to %d", maxTop))
	case r.Top > 0 && r.Together:
		return bad("top", strconv.Itoa(r.Top), "must not come with scopes that are answered together")
	case r.Top == 0 && r.OrderBy != (OrderBy{}):
		return bad("orderBy", string(r.OrderBy.Aggregation), "must come with top, whose order it is")
	}
	filter, err := ParseFilter(r.Filter)
	several := func(s scopes.Pattern) bool { return len(s.Wildcards()) > 0 }
	if err == nil && r.Top > 0 && len(r.Split)+len(filter.Splits()) == 0 && !slices.ContainsFunc(r.Scopes, several) {
		return bad("top", strconv.Itoa(r.Top), "must come with split (or with eq '*' in filter) or with a * in scope: it ranks the series that these make")
	}
	return filter, err
}

// planAt returns the plan of a metric at a level, for no scope yet.
func (p *Planner) planAt(r Request, filter Filter, name string, level scopes.Level, win windows) (*plan, error) {
	def, ok := p.set.Catalogue.Lookup(name, level)
	if !ok {
		return nil, p.unknownMetric(name, level)
	}
	pl := &plan{def: def, window: win.length, together: r.Together, raw: r.Raw, current: p.cfg.InstanceMissingAfter}
	lookUp := func(param, name string) (scopes.Dimension, error) {
		d, ok := def.Dimension(name)
		if !ok {
			return d, &ParamError{Name: param, Value: name, Rule: fmt.Sprintf("must be a dimension of %s at %s scope: %s", def.Name, level, dimensionNames(def))}
		}
		return d, nil
	}
	split := func(param, name string) error {
		d, err := lookUp(param, name)
		if err == nil && !slices.ContainsFunc(pl.split, func(o scopes.Dimension) bool { return o.Name == d.Name }) {
			pl.split = append(pl.split, d)
		}
		return err
	}
	for _, dim := range r.Split {
		if err := split("split", dim); err != nil {
			return nil, err
		}
	}
	for _, dim := range filter.Dimensions() {
		if _, err := lookUp("filter", dim); err != nil {
			return nil, err
		}
	}
	for _, dim := range filter.Splits() {
		if err := split("filter", dim); err != nil {
			return nil, err
		}
	}
	for _, a := range r.Aggregations {
		if !def.Supports(a) {
			return nil, &ParamError{Name: "aggregation", Value: string(a), Rule: fmt.Sprintf("must be one that %s has: %s", def.Name, joined(def.Aggregations))}
		}
	}
	if by := r.OrderBy.Aggregation; by != "" && !def.Supports(by) {
		return nil, &ParamError{Name: "orderBy", Value: string(by), Rule: fmt.Sprintf("must be an aggregation that %s has: %s", def.Name, joined(def.Aggregations))}
	}
	return pl, nil
}

func aggregationsOf(def *scopes.Definition, asked []scopes.Aggregation) []scopes.Aggregation {
	if len(asked) == 0 {
		return def.Aggregations[:1]
	}
	var out []scopes.Aggregation
	for _, a := range asked {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func dimensionNames(def *scopes.Definition) string {
	var names []string
	for _, d := range def.Dimensions {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

func joined[S ~string](values []S) string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}
