package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// packEntryJSON is a ready-made rule in answers.
type packEntryJSON struct {
	pack.Entry
	RunbookURL string          `json:"runbookUrl"`
	EnabledFor []packScopeJSON `json:"enabledFor"`
}

// packScopeJSON is a scope that a ready-made rule is turned on for.
type packScopeJSON struct {
	Scope   string `json:"scope"`
	Rule    string `json:"rule"` // name of the alert rule
	Enabled bool   `json:"enabled"`

	Parameters   map[string]float64 `json:"parameters"` // that are in force; null where the rule asks something else by now
	ActionGroups []string           `json:"actionGroups"`
}

// packScope says what a stored rule of an entry is.
func packScope(p RulePack, e pack.Entry, scope scopes.Pattern, res resources.Resource) (packScopeJSON, error) {
	rule, err := alerts.ParseRule(res.Redacted)
	if err != nil {
		return packScopeJSON{}, fmt.Errorf("read stored %s: %w", res.Key, err)
	}
	groups := []string{}
	for _, a := range rule.Actions {
		groups = append(groups, a.ActionGroupID)
	}
	return packScopeJSON{scope.String(), res.Name, rule.Enabled, p.Parameters(e, scope, rule), groups}, nil
}

// packRule returns of which entry, and for which scope, a rule of that name is.
func packRule(p RulePack, name string, v *resourceView) (id string, scope scopes.Pattern, ok bool) {
	parts := strings.Split(name, "~")
	if _, err := p.Entry(parts[0]); err != nil || len(parts) < 2 {
		return "", scope, false
	}
	var segments []string
	if len(v.Scopes) > 0 {
		segments = strings.Split(v.Scopes[0], "/")
	}
	for i, part := range parts[1:] {
		if part == "all" && (i >= len(segments) || segments[i] != part) { // an endpoint may have that name
			parts[i+1] = scopes.Wildcard
		}
	}
	scope, err := scopes.ParsePattern(strings.Join(parts[1:], "/"))
	return parts[0], scope, err == nil && pack.Name(parts[0], scope) == name
}

// handlePacks answers GET /api/v1/alert-packs: the ready-made rules, and what they are turned on for.
func (s *Server) handlePacks(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	stored, err := s.set.Resources.List(r.Context(), kindAlertRule)
	if err != nil {
		return err
	}
	on := map[string][]packScopeJSON{}
	for _, res := range stored {
		var v resourceView
		if err := json.Unmarshal(res.Redacted, &v); err != nil {
			return fmt.Errorf("read stored %s: %w", res.Key, err)
		}
		if id, scope, ok := packRule(s.set.Alerts.Pack, res.Name, &v); ok {
			e, err := s.set.Alerts.Pack.Entry(id)
			if err != nil {
				return err
			}
			one, err := packScope(s.set.Alerts.Pack, e, scope, res)
			if err != nil {
				return err
			}
			on[id] = append(on[id], one)
		}
	}
	out := []packEntryJSON{}
	for _, e := range s.set.Alerts.Pack.Entries() {
		out = append(out, packEntryJSON{e, pack.RunbookPath(e.ID), notNil(on[e.ID])})
	}
	return writeJSON(w, map[string]any{"value": out})
}

// packChoice is the body of enable and disable.
type packChoice struct {
	Scope        string                        `json:"scope"`
	Rules        []string                      `json:"rules"` // ids; nil for all
	ActionGroups []string                      `json:"actionGroups"`
	Parameters   map[string]map[string]float64 `json:"parameters"` // by id and name
}

// readPackChoice returns the choice of a request, its scope and its entries.
func (s *Server) readPackChoice(w http.ResponseWriter, r *http.Request, names ...string) (c packChoice, scope scopes.Pattern, entries []pack.Entry, err error) {
	body, err := readBody(w, r, maxQuestion, typeJSON)
	if err != nil {
		return c, scope, nil, err
	}
	given, err := onlyMembers(body, names...)
	if given == nil {
		return c, scope, nil, err
	}
	wrong := []error{err}
	bad := func(field, value, rule string) {
		wrong = append(wrong, &alerts.FieldError{Field: field, Value: value, Rule: rule})
	}
	for _, m := range []struct {
		name, kind string
		into       any
	}{
		{"scope", "a string", &c.Scope}, {"rules", "a list of ids", &c.Rules}, {"actionGroups", "a list of names", &c.ActionGroups},
		{"parameters", "numbers by name, by id of a rule", &c.Parameters},
	} {
		if text := given[m.name]; text != nil && json.Unmarshal(text, m.into) != nil {
			bad(m.name, shorten(text), "must be "+m.kind)
		}
	}
	if scope, err = scopes.ParsePattern(c.Scope); c.Scope == "" {
		bad("scope", "", "is required: endpoint[/deployment[/instance]], with * for all")
	} else if err != nil {
		bad("scope", c.Scope, "must be a scope such as credit, credit/blue or *: "+alerts.ScopeReason(err))
	}
	if err != nil {
		scope = scopes.Pattern{Endpoint: scopes.Wildcard} // so that the rest can be looked at
	}
	p := s.set.Alerts.Pack
	if c.Rules == nil {
		entries = p.Entries()
	}
	for i, id := range c.Rules {
		e, err := p.Entry(id)
		if err != nil {
			bad(fmt.Sprintf("rules[%d]", i), id, "must be the id of a ready-made rule")
		} else if !slices.ContainsFunc(entries, func(o pack.Entry) bool { return o.ID == id }) {
			entries = append(entries, e)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Parameters)) {
		if !slices.ContainsFunc(entries, func(e pack.Entry) bool { return e.ID == id }) {
			bad("parameters."+id, "", "is of a rule that is not among those of the request")
		}
	}
	return c, scope, entries, alerts.AlsoWrong(nil, wrong...)
}

// packResult says what turning rules on or off did, or would do, to alert rules, by name.
type packResult struct {
	Created   []string `json:"created"`
	Updated   []string `json:"updated"`
	Unchanged []string `json:"unchanged"`
	Deleted   []string `json:"deleted"`
}

func newPackResult() packResult {
	return packResult{[]string{}, []string{}, []string{}, []string{}}
}

// handlePackEnable answers POST /api/v1/alert-packs/enable: ready-made rules are made for a scope, or made anew with what is given now.
func (s *Server) handlePackEnable(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "dryRun")
	dry := p.flag("dryRun", false)
	if err := p.err(); err != nil {
		return err
	}
	c, scope, entries, err := s.readPackChoice(w, r, "scope", "rules", "actionGroups", "parameters")
	if err != nil && alerts.FieldErrors(err) == nil {
		return err
	}
	wrong := []error{err}
	choice := pack.Choice{Scope: scope}
	for i, name := range c.ActionGroups {
		if _, err := s.set.Resources.Get(r.Context(), kindActionGroup, name); err != nil {
			var bad *resources.NameError
			if !errors.Is(err, resources.ErrNotFound) && !errors.As(err, &bad) {
				return err
			}
			wrong = append(wrong, &alerts.FieldError{Field: fmt.Sprintf("actionGroups[%d]", i), Value: name, Rule: "must be an action group that exists"})
		}
		choice.Actions = append(choice.Actions, alerts.Action{ActionGroupID: name})
	}
	var changes []resources.Change
	for _, e := range entries {
		choice.Parameters = c.Parameters[e.ID]
		rule, err := s.set.Alerts.Pack.Rule(e, choice)
		if err != nil {
			wrong = append(wrong, inEntry(e.ID, err))
			continue
		}
		spec, err := alerts.EncodeJSON(rule)
		if err != nil {
			return fmt.Errorf("encode %s: %w", rule.Name, err)
		}
		changes = append(changes, resources.Change{Kind: kindAlertRule, Name: rule.Name, Spec: spec})
	}
	if err := alerts.AlsoWrong(nil, wrong...); err != nil {
		return err
	}
	results, err := s.set.Resources.PutAll(r.Context(), who(r), dry, changes)
	if err != nil {
		return err
	}
	result := newPackResult()
	for _, one := range results {
		name := one.Resource.Name
		switch {
		case one.Created:
			result.Created = append(result.Created, name)
		case one.Unchanged:
			result.Unchanged = append(result.Unchanged, name)
		default:
			result.Updated = append(result.Updated, name)
		}
	}
	return writeJSON(w, result)
}

// inEntry names the entry in errors of parameters.
func inEntry(id string, err error) error {
	all := alerts.FieldErrors(err)
	if len(all) == 0 {
		return err
	}
	var out []error
	for _, e := range all {
		field := e.Field
		if name, ok := strings.CutPrefix(field, "parameters."); ok {
			field = "parameters." + id + "." + name
		}
		out = append(out, &alerts.FieldError{Field: field, Value: e.Value, Rule: e.Rule})
	}
	return errors.Join(out...)
}

// handlePackDisable answers POST /api/v1/alert-packs/disable: the alert rules that ready-made rules became for a scope are deleted.
func (s *Server) handlePackDisable(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "dryRun")
	dry := p.flag("dryRun", false)
	if err := p.err(); err != nil {
		return err
	}
	_, scope, entries, err := s.readPackChoice(w, r, "scope", "rules")
	if err != nil {
		return err
	}
	for _, try := range []bool{true, dry} { // nothing is deleted unless everything can be
		result := newPackResult()
		for _, e := range entries {
			name := pack.Name(e.ID, scope)
			err := s.set.Resources.Delete(r.Context(), resources.Change{Kind: kindAlertRule, Name: name, By: who(r), DryRun: try})
			switch {
			case errors.Is(err, resources.ErrNotFound):
				result.Unchanged = append(result.Unchanged, name)
			case err != nil:
				return err
			default:
				result.Deleted = append(result.Deleted, name)
			}
		}
		if try == dry {
			return writeJSON(w, result)
		}
	}
	return nil
}

// handleRunbook answers GET /runbooks/{id}: the page for those on call, in Markdown.
func (s *Server) handleRunbook(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	id, err := url.PathUnescape(mux.Vars(r)["id"])
	if err == nil && s.set.Alerts.Runbooks != nil && !strings.ContainsAny(id, `/\`) && fs.ValidPath(id+".md") {
		var page []byte
		if page, err = fs.ReadFile(s.set.Alerts.Runbooks, id+".md"); err == nil {
			return writeTagged(w, r, "text/markdown; charset=utf-8", page)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read run-book %s: %w", id, err)
		}
	}
	return fmt.Errorf("run-book %q: %w", shorten([]byte(id)), alerts.ErrNotFound)
}
