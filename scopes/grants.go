package scopes

import (
	"context"
	"errors"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// ErrNoGrants says that a context carries no grants. Whoever guards data treats it as nothing visible: a handler that
// forgot to decide must not show everything.
var ErrNoGrants = errors.New("no grants in the request's context")

// Grants say what a caller may see: everything, or the scopes below some patterns. The zero Grants see nothing.
// Series without an endpoint are visible only to all-access grants.
type Grants struct {
	all      bool
	patterns []Pattern
}

// AllAccess returns grants that see every series, also those outside the scope tree.
func AllAccess() Grants { return Grants{all: true} }

// GrantScopes returns grants for everything at or below the given patterns; none of them means that nothing is visible.
// Patterns that another one includes are left out, so that a union reads each series as seldom as possible.
func GrantScopes(patterns ...Pattern) Grants {
	var kept []Pattern
	for i, p := range patterns {
		redundant := p.Level() == ""
		for j, q := range patterns {
			if i != j && q.includes(p) && !(p.includes(q) && i < j) {
				redundant = true
			}
		}
		if !redundant {
			kept = append(kept, p)
		}
	}
	return Grants{patterns: kept}
}

// All says whether everything is visible.
func (g Grants) All() bool { return g.all }

// Empty says whether nothing is visible.
func (g Grants) Empty() bool { return !g.all && len(g.patterns) == 0 }

// Allows says whether the whole scope p is visible.
func (g Grants) Allows(p Path) bool {
	return g.all || slices.ContainsFunc(g.patterns, func(q Pattern) bool { return q.Covers(p) })
}

// MatcherSets returns the label matchers that narrow a selection to what is visible, as alternatives: a series is visible
// if it meets every matcher of at least one set. All-access grants return one empty set; empty grants return none, and
// then nothing may be selected. The caller owns the result.
func (g Grants) MatcherSets() [][]*labels.Matcher {
	if g.all {
		return [][]*labels.Matcher{{}}
	}
	sets := make([][]*labels.Matcher, 0, len(g.patterns))
	for _, p := range g.patterns {
		sets = append(sets, p.Matchers())
	}
	return sets
}

type grantsKey struct{}

// WithGrants returns a context that carries g.
func WithGrants(ctx context.Context, g Grants) context.Context {
	return context.WithValue(ctx, grantsKey{}, g)
}

// GrantsFrom returns the grants that the context carries. Where it carries none it returns empty Grants and ErrNoGrants.
func GrantsFrom(ctx context.Context) (Grants, error) {
	g, ok := ctx.Value(grantsKey{}).(Grants)
	if !ok {
		return Grants{}, ErrNoGrants
	}
	return g, nil
}
