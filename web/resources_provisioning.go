package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/resources"
)

// maxDocuments is the largest body of documents in bytes.
const maxDocuments = 32 << 20

// The server's own sources, for which only it provisions: what its files hold, and what comes with it.
const (
	filesSource   = "files"
	builtinSource = "builtin"
)

const typeYAML = "application/yaml"

// sourceOf reads a source of provisioning from the path.
func sourceOf(r *http.Request) (string, error) {
	source, err := url.PathUnescape(mux.Vars(r)["source"])
	if err != nil {
		return "", &ParameterError{Parameter: "source", Value: mux.Vars(r)["source"], Rule: "must be an encoded name"}
	}
	if source == filesSource || source == builtinSource {
		return "", &sourceError{source}
	}
	return source, nil
}

// sourceError says that a source is the server's own. It answers 409.
type sourceError struct{ source string }

func (e *sourceError) Error() string {
	if e.source == builtinSource {
		return `the source "builtin" is that of what comes with the server: take another source, or switch it off (dashboards.builtin)`
	}
	return `the source "files" is that of the server's own files (resources.files): change those and reload, or take another source`
}

// handleSources answers GET /api/v1/provisioning: what provisions resources.
func (s *Server) handleSources(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	sources, err := s.set.Resources.Sources(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"value": notNil(sources)})
}

// handleProvision answers POST /api/v1/provisioning/{source}: all documents are stored, or none.
func (s *Server) handleProvision(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "dryRun", "prune")
	dry, prune := p.flag("dryRun", false), p.flag("prune", false)
	if err := p.err(); err != nil {
		return err
	}
	source, err := sourceOf(r)
	if err != nil {
		return err
	}
	body, err := readBody(w, r, maxDocuments, typeJSON, typeYAML, "application/x-yaml", "text/yaml", "application/x-ndjson")
	if err != nil {
		return err
	}
	docs, err := resources.ParseDocuments(bytes.NewReader(body), "body")
	if err != nil {
		return refusedDocuments(err)
	}
	result, err := s.set.Resources.Provision(r.Context(), resources.Provisioning{Source: source, Documents: docs, By: who(r), Keep: !prune, DryRun: dry})
	if err != nil {
		return err
	}
	warnings := s.documentWarnings(r.Context(), docs)
	if !dry && s.set.Alerts.Enforce != nil {
		if err := s.set.Alerts.Enforce(r.Context()); err != nil {
			warnings = append(warnings, "stored, but not all that is stored is in force: "+err.Error())
		}
	}
	return writeJSON(w, struct {
		resources.ProvisionResult
		Warnings []string `json:"warnings,omitempty"`
	}{result, warnings})
}

// refusedDocuments makes one error of those of single documents.
func refusedDocuments(err error) error {
	var out resources.ProvisionError
	var collect func(error)
	collect = func(err error) {
		switch e := err.(type) { //nolint:errorlint // it walks the tree itself
		case *resources.DocumentError:
			out.Documents = append(out.Documents, e)
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				collect(one)
			}
		}
	}
	collect(err)
	if len(out.Documents) == 0 {
		return err
	}
	return &out
}

// handleRelease answers POST /api/v1/provisioning/{source}/release: what a source provides is people's to edit.
func (s *Server) handleRelease(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	source, err := sourceOf(r)
	if err != nil {
		return err
	}
	released, err := s.set.Resources.Release(r.Context(), source, who(r))
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"released": released})
}

// handleExport answers GET /api/v1/export: everything that is stored, without secrets, in a form of files. What comes with each server is
// not in it: no other source could provide it.
func (s *Server) handleExport(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "kind", "format")
	format := p.oneOf("format", "yaml", "json", "prometheus", "alertmanager")
	var known []string
	for _, k := range resourceKinds() {
		known = append(known, k.kind)
	}
	kinds := p.list("kind")
	for _, kind := range kinds {
		if !slices.Contains(known, kind) {
			p.fail("kind", kind, "must be of "+strings.Join(known, ", "))
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	if len(kinds) == 0 {
		kinds = known
	}
	a, ctx := s.set.Alerts, r.Context()
	switch {
	case format == "prometheus" && a.ExportPrometheus != nil && slices.Contains(kinds, kindAlertRule):
		return exported(w, typeYAML)(a.ExportPrometheus(ctx))
	case format == "alertmanager" && a.ExportAlertmanager != nil && (slices.Contains(kinds, kindPolicy) || slices.Contains(kinds, kindActionGroup)):
		return exported(w, typeYAML)(a.ExportAlertmanager(ctx))
	case format == "prometheus" || format == "alertmanager":
		return &ParameterError{Parameter: "format", Value: format, Rule: "cannot say anything of " + strings.Join(kinds, ", ")}
	}
	docs := []resources.Document{}
	for _, kind := range known {
		if !slices.Contains(kinds, kind) {
			continue
		}
		all, err := s.set.Resources.List(ctx, kind)
		if err != nil {
			return err
		}
		for _, res := range all {
			if res.Source != builtinSource {
				docs = append(docs, resources.Document{Kind: res.Kind, Name: res.Name, Spec: res.Redacted})
			}
		}
	}
	if format == "json" {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err := enc.Encode(docs)
		return exported(w, typeJSON)(b.Bytes(), err)
	}
	var b bytes.Buffer
	err := resources.WriteDocuments(&b, docs)
	return exported(w, typeYAML)(b.Bytes(), err)
}

// exported answers with a text, unless there is an error.
func exported(w http.ResponseWriter, contentType string) func([]byte, error) error {
	return func(text []byte, err error) error {
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		w.Header().Set("Content-Type", contentType)
		_, err = w.Write(text)
		return err
	}
}
