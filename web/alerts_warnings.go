package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// maxScopeWarnings bounds the scopes that one answer looks for.
const maxScopeWarnings = 100

// warnings tells of what a document names and what does not exist. It may come later, so that it is no mistake.
func (s *Server) warnings(ctx context.Context, kind string, document json.RawMessage) ([]string, error) {
	groups, err := s.missingGroups(ctx, kind, document)
	if err != nil {
		return nil, err
	}
	return append(groups, s.missingScopes(ctx, scopesIn(kind, document))...), nil
}

// scopesIn returns the scopes that a stored document names.
func scopesIn(kind string, document json.RawMessage) []scopes.Pattern {
	switch kind {
	case kindAlertRule:
		rule, _ := alerts.ParseRule(document)
		return rule.Scopes
	case kindProcessingRule:
		rule, _ := alerts.ParseProcessingRule(document)
		var out []scopes.Pattern
		for _, text := range rule.Scopes {
			if p, err := scopes.ParsePattern(text); err == nil {
				out = append(out, p)
			}
		}
		return out
	}
	return nil
}

// missingScopes warns of scopes of which nothing was stored. Where that cannot be looked up, as while the server starts, there is no warning.
func (s *Server) missingScopes(ctx context.Context, list []scopes.Pattern) []string {
	if s.set.DrillDown == nil {
		return nil
	}
	var out []string
	for i, scope := range list {
		if i == maxScopeWarnings {
			break
		}
		if err := s.set.DrillDown.RequireScope(ctx, scope); errors.Is(err, scopes.ErrNotFound) {
			out = append(out, fmt.Sprintf("the scope %s does not exist: until something is stored for it, there is nothing to watch", scope))
		}
	}
	return out
}

// documentWarnings tells of the scopes of documents that do not exist, each once.
func (s *Server) documentWarnings(ctx context.Context, docs []resources.Document) []string {
	var list []scopes.Pattern
	users := map[scopes.Pattern]string{}
	for _, d := range docs {
		for _, scope := range scopesIn(d.Kind, d.Spec) {
			if users[scope] == "" {
				list = append(list, scope)
				users[scope] = d.Kind + "/" + d.Name
			}
		}
	}
	var out []string
	for _, scope := range list[:min(len(list), maxScopeWarnings)] {
		for _, w := range s.missingScopes(ctx, []scopes.Pattern{scope}) {
			out = append(out, users[scope]+": "+w)
		}
	}
	return out
}
