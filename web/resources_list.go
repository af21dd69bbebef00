package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// The most resources of one answer, and how many bytes of them end it: dashboards may be large.
const (
	maxListed      = 1000
	maxListedBytes = 16 << 20
)

// resourceView is what filters of lists look at in a document.
type resourceView struct {
	Kind        string   `json:"kind"`
	Enabled     *bool    `json:"enabled"`
	Description string   `json:"description"`
	Scopes      []string `json:"scopes"`
	Title       string   `json:"title"`
	Tags        []string `json:"tags"`
}

// listResources answers a page of the resources of a kind, by name.
func (s *Server) listResources(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	p := newParams(r, time.Now(), append([]string{"limit", "cursor"}, k.filters...)...)
	limit, after := p.number("limit", maxListed, 1, maxListed), p.one("cursor")
	selects := s.resourceFilter(p, k)
	if err := p.err(); err != nil {
		return err
	}
	all, err := s.set.Resources.List(r.Context(), k.kind)
	if err != nil {
		return err
	}
	page, next, size := []json.RawMessage{}, "", 0
	for i := range all {
		res := &all[i]
		var v resourceView
		if err := json.Unmarshal(res.Redacted, &v); err != nil {
			return fmt.Errorf("read stored %s: %w", res.Key, err)
		}
		if res.Name <= after || !selects(res, &v) {
			continue
		}
		if len(page) == limit || size >= maxListedBytes {
			next = all[i-1].Name
			break
		}
		more := map[string]any{}
		if k.kind == kindAlertRule {
			if status := s.ruleStatus(res.Name, &v); status != nil {
				more["status"] = status
			}
		}
		item, err := resourceJSON(k, res, more)
		if err != nil {
			return err
		}
		page, size = append(page, item), size+len(item)
	}
	answer := map[string]any{"value": page}
	if next != "" {
		answer["nextLink"] = s.nextLink(r, next)
	}
	return writeJSON(w, answer)
}

// resourceFilter reads which resources of a kind are meant.
func (s *Server) resourceFilter(p *params, k resourceKind) func(*resources.Resource, *resourceView) bool {
	kind := p.oneOf("kind", "metric", "log", "prometheus")
	enabled, text, tag := p.oneOf("enabled", "true", "false"), strings.ToLower(p.one("q")), p.one("tag")
	var scope *scopes.Pattern
	if asked := p.one("scope"); asked != "" {
		pattern, err := scopes.ParsePattern(asked)
		if err != nil {
			p.note(err)
		}
		scope = &pattern
	}
	return func(r *resources.Resource, v *resourceView) bool {
		switch {
		case kind != "" && v.Kind != kind,
			enabled != "" && fmt.Sprint(v.Enabled == nil || *v.Enabled) != enabled,
			tag != "" && !slices.Contains(v.Tags, tag),
			text != "" && !slices.ContainsFunc([]string{r.Name, v.Title, v.Description}, func(s string) bool { return strings.Contains(strings.ToLower(s), text) }):
			return false
		}
		return scope == nil || s.watches(r.Name, v, *scope)
	}
}

// watches says whether a rule and a scope have something in common. Of a ready-made rule the name tells the scope where it has none.
func (s *Server) watches(name string, v *resourceView, scope scopes.Pattern) bool {
	for _, text := range v.Scopes {
		if overlap(text, scope.String()) {
			return true
		}
	}
	if len(v.Scopes) == 0 && s.set.Alerts.Pack != nil {
		if _, of, ok := packRule(s.set.Alerts.Pack, name, v); ok {
			return overlap(of.String(), scope.String())
		}
	}
	return false
}

// overlap says whether two patterns have a scope in common, or one holds what the other has.
func overlap(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] && as[i] != scopes.Wildcard && bs[i] != scopes.Wildcard {
			return false
		}
	}
	return true
}
