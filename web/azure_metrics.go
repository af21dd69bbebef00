package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// azureResourceID is the dimension that tells resources apart where a subscription is asked.
const azureResourceID = "Microsoft.ResourceId"

// azureRegionRule is why a region must be given that means nothing here.
const azureRegionRule = "a subscription's resources are asked by region, and here any name will do"

// maxAzureBatch is how many resources one batch may name.
const maxAzureBatch = 50

// azureResponseJSON is the answer of GET …/metrics.
type azureResponseJSON struct {
	Cost           int               `json:"cost"`
	Timespan       string            `json:"timespan"`
	Interval       string            `json:"interval,omitempty"` // absent where only metadata is asked for
	Namespace      string            `json:"namespace"`
	Resourceregion string            `json:"resourceregion"`
	Value          []azureMetricJSON `json:"value"`
}

// azureBatchJSON is the answer for one resource of a batch.
type azureBatchJSON struct {
	Starttime      string            `json:"starttime"`
	Endtime        string            `json:"endtime"`
	Interval       string            `json:"interval,omitempty"`
	Namespace      string            `json:"namespace"`
	Resourceregion string            `json:"resourceregion"`
	Resourceid     string            `json:"resourceid"`
	Value          []azureMetricJSON `json:"value"`
}

// handleAzureMetrics answers …/providers/microsoft.insights/metrics: values for one resource, or over those of a subscription.
func (s *Server) handleAzureMetrics(w http.ResponseWriter, r *http.Request) error {
	p, err := readAzureParams(w, r, time.Now())
	if err != nil {
		return err
	}
	resource, err := azureResourceOf(r)
	if err != nil {
		return err
	}
	level, region := resource.level(), azureRegion
	if level == "" {
		region = p.required("region", azureRegionRule)
		level = p.namespace("", "a subscription's resources are asked by type")
	} else {
		p.namespace(level, "")
	}
	if p.first != nil {
		return p.first
	}
	q, err := p.question(s.set.DrillDown.Definitions(), level, false)
	if err != nil {
		return err
	}
	var target azureTarget
	if resource.level() == "" {
		target, err = s.subscribed(r.Context(), q, resource.subscription)
	} else {
		resource.scope = s.azureScope(r.Context(), resource.scope)
		target.patterns = []scopes.Pattern{scopes.Pattern(resource.scope)}
	}
	if err != nil {
		return err
	}
	values, err := s.azureValuesOf(r.Context(), q, target)
	if err != nil {
		return err
	}
	out := azureResponseJSON{
		Cost: values.cost, Timespan: azureTimeText(q.start) + "/" + azureTimeText(q.end), Interval: q.grain,
		Namespace: azureNamespace(level), Resourceregion: region, Value: values.metrics(resource.id, resource.scope),
	}
	if q.metadata {
		out.Interval = ""
	}
	return writeJSON(w, out)
}

// handleAzureBatch answers POST /subscriptions/{subscription}/metrics:getBatch: values for up to fifty resources of one type. A resource
// that was not found is said to be so among the others, and fails the request only where none was found.
func (s *Server) handleAzureBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := readAzureParams(w, r, time.Now())
	if err != nil {
		return err
	}
	level := p.namespace("", "a batch is of one type")
	p.required("metricnames", "the metrics to answer for")
	resources := p.batch(r, level)
	if p.first != nil {
		return p.first
	}
	q, err := p.question(s.set.DrillDown.Definitions(), level, true)
	if err != nil {
		return err
	}
	var patterns []scopes.Pattern
	for i := range resources {
		resources[i].scope = s.azureScope(r.Context(), resources[i].scope)
		if pattern := scopes.Pattern(resources[i].scope); !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	}
	found, missing, err := s.azureBatchOf(r.Context(), q, patterns)
	if err != nil {
		return err
	}
	out := make([]azureBatchJSON, 0, len(resources))
	for _, resource := range resources {
		one := azureBatchJSON{
			Starttime: azureTimeText(q.start), Endtime: azureTimeText(q.end), Interval: q.grain, Namespace: azureNamespace(level),
			Resourceregion: azureRegion, Resourceid: resource.id,
		}
		if err := missing[resource.scope]; err != nil {
			for _, def := range q.definitions {
				one.Value = append(one.Value, newAzureMetric(resource.id, def, err))
			}
		} else {
			one.Value = found[resource.scope].metrics(resource.id, resource.scope)
		}
		out = append(out, one)
	}
	return writeJSON(w, map[string]any{"values": out})
}

// batch reads the resources of a batch, which are of one subscription and type.
func (p *azureParams) batch(r *http.Request, level scopes.Level) []azureResource {
	if n := len(p.resources); n == 0 || n > maxAzureBatch {
		p.fail("resourceids", fmt.Sprintf("%d", n), fmt.Sprintf("must hold 1 to %d resource ids in the body", maxAzureBatch))
		return nil
	}
	subscription, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, azurePrefix), "/")
	var out []azureResource
	for _, id := range p.resources {
		resource, err := parseAzureResource(id, func(s string) (string, error) { return s, nil })
		switch {
		case err != nil:
			p.note(err)
		case !strings.EqualFold(resource.subscription, subscription):
			p.fail("resourceids", id, "must be of the subscription "+subscription)
		case resource.level() != level:
			p.fail("resourceids", id, "must be of the type "+azureNamespace(level))
		}
		out = append(out, resource)
	}
	return out
}

// azureBatchOf asks for all resources at once, and one by one where one of them was not found.
func (s *Server) azureBatchOf(ctx context.Context, q *azureQuestion, patterns []scopes.Pattern) (found map[scopes.Path]*azureValues, missing map[scopes.Path]error, err error) {
	found, missing = map[scopes.Path]*azureValues{}, map[scopes.Path]error{}
	all, err := s.azureValuesOf(ctx, q, azureTarget{patterns: patterns})
	if err == nil {
		for _, pattern := range patterns {
			found[scopes.Path(pattern)] = all
		}
		return found, missing, nil
	}
	if !errors.Is(err, scopes.ErrNotFound) || len(patterns) == 1 {
		return nil, nil, err
	}
	first := err
	for _, pattern := range patterns {
		path := scopes.Path(pattern)
		values, err := s.azureValuesOf(ctx, q, azureTarget{patterns: []scopes.Pattern{pattern}})
		switch {
		case errors.Is(err, scopes.ErrNotFound):
			missing[path] = err
		case err != nil:
			return nil, nil, err
		default:
			found[path] = values
		}
	}
	if len(found) == 0 {
		return nil, nil, first
	}
	return found, missing, nil
}

// namespace reads metricnamespace and returns the level that it stands for. A resource of a level has one namespace; without a level
// the namespace must be given.
func (p *azureParams) namespace(level scopes.Level, why string) scopes.Level {
	text := p.text("metricnamespace")
	if text == "" {
		if level == "" {
			p.fail("metricnamespace", text, fmt.Sprintf("must be given, %s or %s: %s", azureEndpoints, azureDeployments, why))
		}
		return level
	}
	named, ok := azureLevel(text)
	switch {
	case !ok:
		p.fail("metricnamespace", text, fmt.Sprintf("must be %s or %s", azureEndpoints, azureDeployments))
	case level != "" && named != level:
		p.fail("metricnamespace", text, "must be that of the resource, "+azureNamespace(level))
	}
	return named
}

// azureScope returns the scope that a resource id means. Azure compares names without case and some of its tools write them in lower
// case; here names have case, so another spelling counts only where the name as written is unknown and one scope alone fits.
func (s *Server) azureScope(ctx context.Context, scope scopes.Path) scopes.Path {
	if s.set.DrillDown.RequireScope(ctx, scopes.Pattern(scope)) == nil {
		return scope
	}
	tree, err := s.set.DrillDown.Tree(ctx)
	if err != nil {
		return scope // the question meets the same error, and answers with it
	}
	fits := azureSpelt(tree, scope.String())
	if len(fits) != 1 {
		return scope
	}
	return fits[0]
}

// azureSpelt returns the scopes of a tree that are called name in some spelling.
func azureSpelt(nodes []query.Node, name string) []scopes.Path {
	var out []scopes.Path
	for _, n := range nodes {
		if strings.EqualFold(n.Scope.String(), name) {
			out = append(out, n.Scope)
		}
		out = append(out, azureSpelt(n.Children, name)...)
	}
	return out
}

// subscribed takes Microsoft.ResourceId out of the question and returns the resources that it leaves: one by one where the filter names the
// dimension, and otherwise together.
func (s *Server) subscribed(ctx context.Context, q *azureQuestion, subscription string) (azureTarget, error) {
	isResource := func(name string) bool { return strings.EqualFold(name, azureResourceID) }
	var named, rest []query.FilterGroup
	for _, g := range q.filter.Groups {
		if isResource(g.Dimension) {
			named = append(named, g)
		} else {
			rest = append(rest, g)
		}
	}
	q.filter.Groups = rest
	rolled := slices.ContainsFunc(q.rollup, isResource)
	q.rollup = slices.DeleteFunc(q.rollup, isResource)
	target := azureTarget{subscription: subscription, together: rolled || len(named) == 0}
	for _, g := range named {
		if azureTakesAll(g) {
			continue
		}
		for _, t := range g.Terms {
			resource, err := parseAzureResource(t.Values[0], func(s string) (string, error) { return s, nil })
			if err != nil {
				return target, err
			}
			if t.Op != query.FilterEqual || len(named) > 1 || rolled || resource.level() != q.level || !strings.EqualFold(resource.subscription, subscription) {
				return target, &azureError{http.StatusBadRequest, "BadRequest", fmt.Sprintf("$filter: %s must be eq '*', or eq resource ids of the subscription %s and "+
					"the type %s that are joined by or and not rolled up", azureResourceID, subscription, azureNamespace(q.level))}
			}
			target.patterns = append(target.patterns, scopes.Pattern(s.azureScope(ctx, resource.scope)))
		}
	}
	if target.patterns == nil {
		every := scopes.Pattern{Endpoint: scopes.Wildcard}
		if q.level == scopes.LevelDeployment {
			every.Deployment = scopes.Wildcard
		}
		target.patterns = []scopes.Pattern{every}
	}
	return target, nil
}
