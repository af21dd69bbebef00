package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// DrillDown answers drill-down questions with what the grants in the context make visible. *query.Planner is one.
type DrillDown interface {
	Tree(ctx context.Context) ([]query.Node, error)
	Scope(ctx context.Context, path scopes.Path) (*query.Node, error)
	RequireScope(ctx context.Context, scope scopes.Pattern) error
	DrillDown(ctx context.Context, r query.Request) (*query.Answer, error)
	Explain(ctx context.Context, r query.ExplainRequest) (*query.Explanation, error)
	Definitions() *scopes.Catalogue
}

// handleScopes answers GET /api/v1/scopes: the whole tree.
func (s *Server) handleScopes(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	tree, err := s.set.DrillDown.Tree(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"scopes": nodesJSON(tree)})
}

// handleScope answers GET /api/v1/scopes/{endpoint}[/{deployment}[/{instance}]]: one scope and what is below it.
func (s *Server) handleScope(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	path, err := scopeOf(r)
	if err != nil {
		return err
	}
	node, err := s.set.DrillDown.Scope(r.Context(), path)
	if err != nil {
		return err
	}
	return writeJSON(w, newNodeJSON(*node))
}

// scopeOf reads the scope from the path of a route. The router matches paths as they were sent, so names are still encoded.
func scopeOf(r *http.Request) (scopes.Path, error) {
	var names [3]string
	for i, level := range scopes.Levels() {
		var err error
		if names[i], err = url.PathUnescape(mux.Vars(r)[string(level)]); err != nil {
			return scopes.Path{}, &ParameterError{Parameter: string(level), Value: mux.Vars(r)[string(level)], Rule: "must be an encoded name"}
		}
	}
	return scopes.NewPath(names[0], names[1], names[2])
}

// handleMetricDefinitions answers GET /api/v1/metric-definitions: all of them, or those that a scope can be asked for.
func (s *Server) handleMetricDefinitions(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "scope")
	scope := p.one("scope")
	if err := p.err(); err != nil {
		return err
	}
	definitions := s.set.DrillDown.Definitions().All()
	if scope != "" {
		pattern, err := scopes.ParsePattern(scope)
		if err != nil {
			return err
		}
		if err := s.set.DrillDown.RequireScope(r.Context(), pattern); err != nil {
			return err
		}
		definitions = s.set.DrillDown.Definitions().AtLevel(pattern.Level())
	}
	out := make([]definitionJSON, 0, len(definitions))
	for _, def := range definitions {
		out = append(out, newDefinitionJSON(def))
	}
	return writeJSON(w, map[string]any{"definitions": out})
}

// nodeJSON is a scope in answers. LastSample is RFC 3339 in UTC; Children is absent for an instance.
type nodeJSON struct {
	Scope      string      `json:"scope"`
	Name       string      `json:"name"`
	Level      string      `json:"level"`
	State      string      `json:"state"`
	LastSample time.Time   `json:"last_sample"`
	Ready      int         `json:"ready"`
	Missing    int         `json:"missing"`
	GPUs       int         `json:"gpus"`
	Children   *[]nodeJSON `json:"children,omitempty"`
}

func newNodeJSON(n query.Node) nodeJSON {
	out := nodeJSON{
		Scope: n.Scope.String(), Name: n.Scope.Name(), Level: string(n.Scope.Level()), State: string(n.State),
		LastSample: n.LastSample, Ready: n.Ready, Missing: n.Missing, GPUs: n.GPUs,
	}
	if n.Scope.Level() != scopes.LevelInstance {
		children := nodesJSON(n.Children)
		out.Children = &children
	}
	return out
}

func nodesJSON(nodes []query.Node) []nodeJSON {
	out := make([]nodeJSON, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, newNodeJSON(n))
	}
	return out
}

// definitionJSON is a metric definition in answers.
type definitionJSON struct {
	Name               string               `json:"name"`
	DisplayName        string               `json:"display_name"`
	Description        string               `json:"description"`
	Category           string               `json:"category"`
	Azure              bool                 `json:"azure"`
	Unit               string               `json:"unit"`
	Levels             []scopes.Level       `json:"levels"`
	Aggregations       []scopes.Aggregation `json:"aggregations"`
	PrimaryAggregation scopes.Aggregation   `json:"primary_aggregation"`
	Dimensions         []string             `json:"dimensions"`
}

func newDefinitionJSON(d *scopes.Definition) definitionJSON {
	out := definitionJSON{
		Name: d.Name, DisplayName: d.DisplayName, Description: d.Description, Category: string(d.Category), Azure: d.Azure, Unit: string(d.Unit),
		Levels: d.Levels, Aggregations: d.Aggregations, PrimaryAggregation: d.Aggregations[0], Dimensions: []string{},
	}
	for _, dim := range d.Dimensions {
		out.Dimensions = append(out.Dimensions, dim.Name)
	}
	return out
}
