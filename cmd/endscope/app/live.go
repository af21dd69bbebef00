package app

import (
	"context"
	"errors"

	"github.com/endscope/endscope/live"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// knownInstances returns what lists the instances of a pattern for the Live view.
func knownInstances(planner *query.Planner) func(context.Context, scopes.Pattern) ([]live.Known, error) {
	return func(ctx context.Context, scope scopes.Pattern) ([]live.Known, error) {
		var nodes []query.Node
		if path, ok := scope.Concrete(); ok {
			node, err := planner.Scope(ctx, path)
			switch {
			case errors.Is(err, scopes.ErrNotFound):
				return nil, nil // the hub says so where no agent is connected either
			case err != nil:
				return nil, err
			}
			nodes = []query.Node{*node}
		} else {
			var err error
			if nodes, err = planner.Tree(ctx); err != nil {
				return nil, err
			}
		}
		return instancesOf(nodes, scope, nil), nil
	}
}

func instancesOf(nodes []query.Node, scope scopes.Pattern, out []live.Known) []live.Known {
	for _, n := range nodes {
		if n.Scope.Level() != scopes.LevelInstance {
			out = instancesOf(n.Children, scope, out)
		} else if scope.Covers(n.Scope) {
			out = append(out, live.Known{Path: n.Scope, Missing: n.State == query.StateMissing})
		}
	}
	return out
}
