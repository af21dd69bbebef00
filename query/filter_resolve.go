package query

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// resolver turns the groups of a request's filter into matchers, by what the labels of a scope have been in some spans
// of time. It remembers them, since several metrics ask for the same ones. It serves one request and one caller at a time.
type resolver struct {
	planner *Planner
	filter  Filter
	spans   []Span
	seen    map[resolved][]string
}

// resolved names the values of one label in one scope.
type resolved struct {
	scope scopes.Pattern
	label string
	back  time.Duration // how long before the spans samples count
}

func (p *Planner) newResolver(f Filter, spans ...Span) *resolver {
	return &resolver{planner: p, filter: f, spans: spans, seen: map[resolved][]string{}}
}

// apply narrows a plan to what the filter takes. Every dimension of the filter must be one of the plan's definition.
func (r *resolver) apply(ctx context.Context, pl *plan) error {
	for _, g := range r.filter.Groups {
		dim, _ := pl.def.Dimension(g.Dimension)
		if err := r.narrow(ctx, pl, dim, g.Takes); err != nil {
			return err
		}
	}
	return nil
}

// narrow keeps of a plan the series whose value of a dimension is taken.
func (r *resolver) narrow(ctx context.Context, pl *plan, dim scopes.Dimension, takes func(string) bool) error {
	label, value := sourceOf(dim)
	var values []string
	if pl.computed(dim) {
		values = []string{string(StateReady), string(StateMissing)}
	} else {
		var err error
		if values, err = r.values(ctx, pl, label); err != nil {
			return err
		}
	}
	m, some := matcherFor(label, values, func(stored string) bool {
		return !(stored == "" && pl.computed(dim)) && takes(value(stored)) // an instance is never without a state
	})
	pl.nothing = pl.nothing || !some
	if m != nil {
		pl.filter = append(slices.Clip(pl.filter), m)
	}
	return nil
}

// values returns the values of a label among the visible series of a plan's scope that may have a part in its answer.
func (r *resolver) values(ctx context.Context, pl *plan, label string) ([]string, error) {
	key := resolved{pl.scope, label, r.planner.set.Engine.cfg.Lookback}
	if pl.remembers() {
		key.back = max(key.back, r.planner.cfg.ScopeLookback)
	}
	if values, ok := r.seen[key]; ok {
		return values, nil
	}
	var all []string
	for _, span := range r.spans {
		span.Start = span.Start.Add(-key.back)
		values, err := r.planner.labelValuesIn(ctx, span, pl.scope, label)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	slices.Sort(all)
	r.seen[key] = slices.Compact(all)
	return r.seen[key], nil
}

func (p *Planner) labelValuesIn(ctx context.Context, span Span, scope scopes.Pattern, label string) ([]string, error) {
	q, err := p.open(span.Start, span.End)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	values, _, err := q.LabelValues(ctx, label, nil, scope.Matchers()...)
	if err != nil {
		return nil, fmt.Errorf("look up the values of %s in %q: %w", label, scope, err)
	}
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, strings.Clone(v)) // the index may be unmapped once the querier is closed
	}
	return out, nil
}

// sourceOf returns the stored label that a dimension's value comes from, and how.
func sourceOf(dim scopes.Dimension) (label string, value func(stored string) string) {
	d := dim.Derive
	if d == nil {
		return dim.Label, func(stored string) string { return stored }
	}
	re := regexp.MustCompile("^(?s:" + d.Match + ")$") // the catalogue has compiled it
	return d.From, func(stored string) string {
		at := re.FindStringSubmatchIndex(stored)
		if at == nil {
			return ""
		}
		return string(re.ExpandString(nil, d.Value, stored, at))
	}
}

// matcherFor returns the tightest matcher for the values of a label that takes returns true for; a series without the
// label has the empty value. It returns nil where every series is taken, and false where none is.
func matcherFor(label string, values []string, takes func(string) bool) (m *labels.Matcher, some bool) {
	var in, out []string
	for _, v := range values {
		switch {
		case v == "":
		case takes(v):
			in = append(in, v)
		default:
			out = append(out, v)
		}
	}
	switch missing := takes(""); {
	case missing && len(out) == 0:
		return nil, true
	case missing:
		return oneOf(label, out, labels.MatchNotEqual, labels.MatchNotRegexp), true
	case len(in) == 0:
		return nil, false
	case len(out) == 0 && len(in) > 1:
		return &labels.Matcher{Type: labels.MatchNotEqual, Name: label}, true
	}
	return oneOf(label, in, labels.MatchEqual, labels.MatchRegexp), true
}

// oneOf matches the values by equality where there is one, and otherwise by an alternation, which Prometheus looks up
// as a set and does not run as a regular expression.
func oneOf(label string, values []string, one, several labels.MatchType) *labels.Matcher {
	if len(values) == 1 {
		return &labels.Matcher{Type: one, Name: label, Value: values[0]}
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return labels.MustNewMatcher(several, label, strings.Join(quoted, "|"))
}
