package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
)

// The kinds of resources.
const (
	kindAlertRule      = "alert-rule"
	kindActionGroup    = "action-group"
	kindProcessingRule = "processing-rule"
	kindPolicy         = "notification-policy"
	kindDashboard      = "dashboard"
	kindSavedQuery     = "saved-query"
)

// ResourceStore keeps what operators create. *resources.Store is one. It has the kinds of resourceKinds.
type ResourceStore interface {
	Get(ctx context.Context, kind, name string) (resources.Resource, error)
	List(ctx context.Context, kind string) ([]resources.Resource, error)
	Put(ctx context.Context, c resources.Change) (resources.Result, error)
	PutAll(ctx context.Context, by string, dry bool, changes []resources.Change) ([]resources.Result, error)
	Delete(ctx context.Context, c resources.Change) error
	Restore(ctx context.Context, version int64, c resources.Change) (resources.Result, error)
	Versions(ctx context.Context, kind, name string) ([]resources.Version, error)
	Audit(ctx context.Context, q resources.AuditQuery) ([]resources.AuditEntry, error)
	Provision(ctx context.Context, p resources.Provisioning) (resources.ProvisionResult, error)
	Release(ctx context.Context, source, by string) ([]resources.Key, error)
	Sources(ctx context.Context) ([]resources.Source, error)
}

// resourceKind is one kind of what operators create, as its routes know it.
type resourceKind struct {
	kind      string
	path      string // of the collection, or of the only one
	singleton bool
	filters   []string // parameters of the list, beside limit and cursor
}

func resourceKinds() []resourceKind {
	return []resourceKind{
		{kind: kindAlertRule, path: "/api/v1/alert-rules", filters: []string{"kind", "enabled", "scope", "q"}},
		{kind: kindActionGroup, path: "/api/v1/action-groups", filters: []string{"enabled", "q"}},
		{kind: kindProcessingRule, path: "/api/v1/processing-rules", filters: []string{"enabled", "q"}},
		{kind: kindPolicy, path: "/api/v1/notification-policy", singleton: true},
		{kind: kindDashboard, path: "/api/v1/dashboards", filters: []string{"q", "tag"}},
		{kind: kindSavedQuery, path: "/api/v1/saved-queries", filters: []string{"q", "tag"}},
	}
}

// resourceHandler is a handler of a route that all kinds have.
type resourceHandler func(s *Server, w http.ResponseWriter, r *http.Request, k resourceKind) error

// resourcesRoutes are the routes of all kinds, and of what provisions and exports them. They need all access: a rule asks for whole scopes,
// and a group tells secrets.
func (s *Server) resourcesRoutes() []route {
	all := []route{
		{name: "provisioning", methods: getHead, path: "/api/v1/provisioning", handle: s.handleSources, everything: true},
		{name: "provisioning_apply", methods: post, path: "/api/v1/provisioning/{source}", handle: s.handleProvision, everything: true},
		{name: "provisioning_release", methods: post, path: "/api/v1/provisioning/{source}/release", handle: s.handleRelease, everything: true},
		{name: "export", methods: getHead, path: "/api/v1/export", handle: s.handleExport, everything: true},
	}
	for _, k := range resourceKinds() {
		all = append(all, s.resourceRoutes(k)...)
	}
	return all
}

// resourceRoutes are the routes that one kind has.
func (s *Server) resourceRoutes(k resourceKind) []route {
	name, list := strings.ReplaceAll(k.kind, "-", "_"), strings.ReplaceAll(path.Base(k.path), "-", "_")
	rt := func(name string, methods []string, below string, h resourceHandler) route {
		return route{name: name, methods: methods, path: k.path + below, everything: true, handle: func(w http.ResponseWriter, r *http.Request) error {
			return h(s, w, r, k)
		}}
	}
	one := "/{name}"
	var all []route
	if k.singleton {
		one = ""
	} else {
		all = append(all, rt(list, getHead, "", (*Server).listResources), rt(list+"_create", post, "", (*Server).createResource))
	}
	return append(all,
		rt(name, getHead, one, (*Server).getResource),
		rt(name+"_put", put, one, (*Server).putResource),
		rt(name+"_patch", patch, one, (*Server).patchResource),
		rt(name+"_delete", deleteOnly, one, (*Server).deleteResource),
		rt(name+"_history", getHead, one+"/history", (*Server).resourceHistory),
		rt(name+"_versions", getHead, one+"/versions", (*Server).resourceVersions),
		rt(name+"_restore", post, one+"/restore", (*Server).restoreResource),
	)
}

// nameOf returns the name in a request's path, which the router leaves encoded.
func nameOf(r *http.Request, k resourceKind) (string, error) {
	if k.singleton {
		return resources.SingletonName, nil
	}
	name, err := url.PathUnescape(mux.Vars(r)["name"])
	if err != nil {
		return "", &ParameterError{Parameter: "name", Value: mux.Vars(r)["name"], Rule: "must be an encoded name"}
	}
	return name, nil
}

// who names whoever makes a request, for the audit trail.
func who(r *http.Request) string {
	if name, _, ok := r.BasicAuth(); ok && name != "" {
		return name
	}
	return "anonymous"
}

// flag returns the value of a parameter that is true or false; absent where it is not given.
func (p *params) flag(name string, absent bool) bool {
	switch p.oneOf(name, "true", "false") {
	case "true":
		return true
	case "false":
		return false
	}
	return absent
}

// conditions returns the headers that a change depends on.
func conditions(r *http.Request) (ifMatch, ifNoneMatch string) {
	return strings.Join(r.Header.Values("If-Match"), ","), strings.Join(r.Header.Values("If-None-Match"), ",")
}

// getResource answers one resource, or 304 to a client that has it.
func (s *Server) getResource(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	res, err := s.set.Resources.Get(r.Context(), k.kind, name)
	if k.singleton && errors.Is(err, resources.ErrNotFound) {
		body, err := spliced(s.set.Alerts.DefaultPolicy, map[string]any{"id": k.path, "default": true, "provisioned": false})
		if err != nil {
			return err
		}
		return writeTagged(w, r, typeJSON, append(body, '\n'))
	}
	if err != nil {
		return err
	}
	w.Header().Set("ETag", res.ETag)
	w.Header().Set("Cache-Control", "private, no-cache")
	if _, has := conditions(r); has != "" && hasTag([]string{has}, res.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := resourceJSON(k, &res, nil)
	if err != nil {
		return err
	}
	return writeBody(w, http.StatusOK, body)
}

// createResource makes a resource that must not exist yet.
func (s *Server) createResource(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	p := newParams(r, time.Now(), "dryRun")
	dry := p.flag("dryRun", false)
	if err := p.err(); err != nil {
		return err
	}
	body, err := readBody(w, r, maxResource, typeJSON)
	if err != nil {
		return err
	}
	all, err := objectMembers(body)
	if err != nil {
		return err
	}
	name, err := nameIn(all)
	if err != nil {
		return err
	}
	if name == "" {
		return &alerts.FieldError{Field: "name", Rule: "is required"}
	}
	spec, err := specOf(body, name)
	if err != nil {
		return err
	}
	result, err := s.change(r.Context(), resources.Change{Kind: k.kind, Name: name, Spec: spec, IfNoneMatch: "*", By: who(r), DryRun: dry})
	var conflict *resources.ConflictError
	if errors.As(err, &conflict) {
		return &existsError{conflict.Key, conflict.Current}
	}
	if err != nil {
		return err
	}
	return s.writeResult(w, r, k, result, dry)
}

// putResource creates or replaces a resource.
func (s *Server) putResource(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	p := newParams(r, time.Now(), "dryRun")
	dry := p.flag("dryRun", false)
	if err := p.err(); err != nil {
		return err
	}
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	body, err := readBody(w, r, maxResource, typeJSON)
	if err != nil {
		return err
	}
	spec, err := specOf(body, documentName(k, name))
	if err != nil {
		return err
	}
	c := resources.Change{Kind: k.kind, Name: name, Spec: spec, By: who(r), DryRun: dry}
	c.IfMatch, c.IfNoneMatch = conditions(r)
	result, err := s.change(r.Context(), c)
	if err != nil {
		return err
	}
	return s.writeResult(w, r, k, result, dry)
}

// documentName is the name that a document of the kind has to hold; the only one of its kind holds none.
func documentName(k resourceKind, name string) string {
	if k.singleton {
		return ""
	}
	return name
}

// patchTries is how often a patch without a condition is made anew where somebody else changed the resource in between.
const patchTries = 20

// patchResource changes some fields of a resource. Secrets that the patch does not touch stay.
func (s *Server) patchResource(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	p := newParams(r, time.Now(), "dryRun")
	dry := p.flag("dryRun", false)
	if err := p.err(); err != nil {
		return err
	}
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	change, err := readBody(w, r, maxResource, typeJSON, typeMergePatch)
	if err != nil {
		return err
	}
	ifMatch, _ := conditions(r)
	for try := 1; ; try++ {
		current, err := s.set.Resources.Get(r.Context(), k.kind, name)
		if err != nil {
			return err
		}
		if ifMatch != "" && !slices.ContainsFunc(strings.Split(ifMatch, ","), func(t string) bool {
			t = strings.TrimSpace(t)
			return t == "*" || t == current.ETag
		}) {
			return &resources.ConflictError{Key: current.Key, Current: current.ETag, Given: ifMatch}
		}
		spec, err := mergePatch(current.Redacted, change)
		if err != nil {
			return err
		}
		if spec, err = specOf(spec, documentName(k, name)); err != nil {
			return err
		}
		result, err := s.change(r.Context(), resources.Change{Kind: k.kind, Name: name, Spec: spec, IfMatch: current.ETag, By: who(r), DryRun: dry})
		var conflict *resources.ConflictError
		if errors.As(err, &conflict) && try < patchTries {
			continue
		}
		if err != nil {
			return err
		}
		return s.writeResult(w, r, k, result, dry)
	}
}

// deleteResource removes a resource. An action group that is named somewhere is removed only by force.
func (s *Server) deleteResource(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	allowed := []string{"dryRun"}
	if k.kind == kindActionGroup {
		allowed = append(allowed, "force")
	}
	p := newParams(r, time.Now(), allowed...)
	dry := p.flag("dryRun", false)
	force := k.kind == kindActionGroup && p.flag("force", false)
	if err := p.err(); err != nil {
		return err
	}
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	c := resources.Change{Kind: k.kind, Name: name, By: who(r), DryRun: dry, Force: force}
	c.IfMatch, _ = conditions(r)
	err = s.set.Resources.Delete(r.Context(), c)
	var used *resources.InUseError
	if errors.As(err, &used) {
		return fmt.Errorf("%w, or delete it with force=true", err)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// change stores a resource. Where it is refused for itself, what would not fit beside it is told, too.
func (s *Server) change(ctx context.Context, c resources.Change) (resources.Result, error) {
	result, err := s.set.Resources.Put(ctx, c)
	var unfit *resources.UnfitError
	switch {
	case errors.As(err, &unfit):
		return result, ownFields(c, err)
	case s.set.Alerts.Fit == nil || alerts.FieldErrors(err) == nil:
		return result, err
	}
	return result, alerts.AlsoWrong(err, ownFields(c, s.set.Alerts.Fit(ctx, resources.Document{Kind: c.Kind, Name: c.Name, Spec: c.Spec})))
}

// ownFields names the fields of an action group as its document does, rather than as one of all groups.
func ownFields(c resources.Change, err error) error {
	var out []error
	for _, e := range alerts.FieldErrors(err) {
		out = append(out, &alerts.FieldError{Field: strings.TrimPrefix(e.Field, "actionGroups["+c.Name+"]."), Value: e.Value, Rule: e.Rule})
	}
	if out == nil {
		return err
	}
	return errors.Join(out...)
}

// writeResult answers a change.
func (s *Server) writeResult(w http.ResponseWriter, r *http.Request, k resourceKind, result resources.Result, dry bool) error {
	more := map[string]any{}
	warnings, err := s.warnings(r.Context(), k.kind, result.Resource.Redacted)
	if err != nil {
		return err
	}
	if len(warnings) > 0 {
		more["warnings"] = warnings
	}
	status := http.StatusOK
	if dry {
		result.Resource.ETag, result.Resource.Version = "", 0
	} else {
		w.Header().Set("ETag", result.Resource.ETag)
		if result.Created {
			status = http.StatusCreated
			w.Header().Set("Location", s.prefix+k.pathOf(result.Resource.Name))
		}
	}
	body, err := resourceJSON(k, &result.Resource, more)
	if err != nil {
		return err
	}
	return writeBody(w, status, body)
}

// pathOf is the path of a resource below the route prefix.
func (k resourceKind) pathOf(name string) string {
	if k.singleton {
		return k.path
	}
	return k.path + "/" + url.PathEscape(name)
}

// resourceJSON returns a resource as answers show it: its document without secrets, and beside the fields of that what the store knows. A
// dry run has no version.
func resourceJSON(k resourceKind, r *resources.Resource, more map[string]any) ([]byte, error) {
	all := map[string]any{
		"id": k.pathOf(r.Name), "provisioned": r.Source != "", "createdTime": r.CreatedAt, "lastUpdatedTime": r.UpdatedAt, "updatedBy": r.UpdatedBy,
	}
	if r.Version > 0 {
		all["etag"], all["version"] = r.ETag, r.Version
	}
	if r.Source != "" {
		all["source"] = r.Source
	}
	for name, v := range more {
		all[name] = v
	}
	body, err := spliced(r.Redacted, all)
	if err != nil {
		return nil, fmt.Errorf("show %s: %w", r.Key, err)
	}
	return body, nil
}

func writeBody(w http.ResponseWriter, status int, body json.RawMessage) error {
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	_, err := w.Write(append(body, '\n'))
	return err
}
