package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/resources"
)

// validation is the answer of /api/v1/alert-rules/validate.
type validation struct {
	Valid    bool             `json:"valid"`
	Errors   []fieldErrorJSON `json:"errors"`
	Warnings []string         `json:"warnings,omitempty"`
	Rule     json.RawMessage  `json:"rule,omitempty"` // as it would be stored
}

// handleRuleValidate answers POST /api/v1/alert-rules/validate: everything that is wrong with a rule. Nothing is stored.
func (s *Server) handleRuleValidate(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	body, err := readBody(w, r, maxResource, typeJSON)
	if err != nil {
		return err
	}
	out := validation{Errors: []fieldErrorJSON{}}
	rule, err := s.checkRule(body)
	if err != nil {
		if out.Errors = fieldErrors(err); out.Errors == nil {
			if _, known := problemOf(err); !known {
				return err
			}
			out.Errors = []fieldErrorJSON{{Field: "body", Rule: err.Error()}}
		}
		return writeJSON(w, out)
	}
	if out.Rule, err = alerts.EncodeJSON(rule); err != nil {
		return fmt.Errorf("encode rule: %w", err)
	}
	out.Valid = true
	if out.Warnings, err = s.warnings(r.Context(), kindAlertRule, out.Rule); err != nil {
		return err
	}
	return writeJSON(w, out)
}

// checkRule reads a whole rule as it would be stored.
func (s *Server) checkRule(body []byte) (alerts.Rule, error) {
	spec, err := specOf(body, "")
	if err != nil {
		return alerts.Rule{}, err
	}
	all, err := objectMembers(spec)
	if err != nil {
		return alerts.Rule{}, err
	}
	name, err := nameIn(all)
	if err != nil {
		return alerts.Rule{}, err
	}
	return s.set.Alerts.CheckRule(name, spec)
}

// defaultPreviewRange is what a preview looks back on where no start is given.
const defaultPreviewRange = 24 * time.Hour

// handleRulePreview answers POST /api/v1/alert-rules/preview: what a rule, given whole or by the name of a stored one, would have done.
func (s *Server) handleRulePreview(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	if err := newParams(r, now).err(); err != nil {
		return err
	}
	body, err := readBody(w, r, maxResource, typeJSON)
	if err != nil {
		return err
	}
	given, unknown := onlyMembers(body, "rule", "start", "end", "top")
	if given == nil {
		return unknown
	}
	end, endErr := bodyTime("end", given["end"], now, now)
	start, startErr := bodyTime("start", given["start"], now, end.Add(-defaultPreviewRange))
	top, topErr := bodyCount("top", given["top"])
	rule, err := s.previewed(r.Context(), given["rule"])
	if err := alerts.AlsoWrong(unknown, startErr, endErr, topErr, err); err != nil {
		return err
	}
	select {
	case s.previews <- struct{}{}:
		defer func() { <-s.previews }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	preview, err := s.set.Alerts.Evaluator.Preview(r.Context(), rule, start, end)
	if err != nil {
		return err
	}
	preview.KeepTop(top)
	preview.Warnings = append(preview.Warnings, s.missingScopes(r.Context(), rule.Scopes)...)
	return writeJSON(w, preview)
}

// previewed returns the rule that a preview is about.
func (s *Server) previewed(ctx context.Context, given json.RawMessage) (alerts.Rule, error) {
	if given == nil {
		return alerts.Rule{}, &alerts.FieldError{Field: "rule", Rule: "is required: a whole rule, or the name of one"}
	}
	var name string
	if json.Unmarshal(given, &name) == nil {
		res, err := s.set.Resources.Get(ctx, kindAlertRule, name)
		if err != nil {
			return alerts.Rule{}, err
		}
		return s.set.Alerts.CheckRule(name, res.Spec)
	}
	spec, err := specOf(given, "")
	if err != nil {
		return alerts.Rule{}, below("rule", err)
	}
	all, err := objectMembers(spec)
	if err != nil {
		return alerts.Rule{}, err
	}
	if name, err = nameIn(all); err == nil && name == "" {
		name = "preview" // a rule that nobody named yet
		spec, err = specOf(spec, name)
	}
	if err != nil {
		return alerts.Rule{}, below("rule", err)
	}
	rule, err := s.set.Alerts.CheckRule(name, spec)
	return rule, below("rule", err)
}

// below puts the fields of errors below another.
func below(field string, err error) error {
	all := alerts.FieldErrors(err)
	if len(all) == 0 {
		return err
	}
	var out []error
	for _, e := range all {
		path := field + "." + e.Field
		if e.Field == "" || e.Field == "body" {
			path = field
		}
		out = append(out, &alerts.FieldError{Field: path, Value: e.Value, Rule: e.Rule})
	}
	return errors.Join(out...)
}

// onlyMembers returns the members of a JSON object that may have some only, with what is wrong with the others. A null is a member that is
// not given.
func onlyMembers(body []byte, names ...string) (map[string]json.RawMessage, error) {
	all, err := objectMembers(body)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	var wrong []error
	for _, m := range all {
		_, twice := out[m.name]
		switch {
		case !slices.Contains(names, m.name):
			wrong = append(wrong, &alerts.FieldError{Field: m.name, Value: shorten(m.value), Rule: "is not known here; there are " + strings.Join(names, ", ")})
		case twice:
			wrong = append(wrong, &alerts.FieldError{Field: m.name, Value: shorten(m.value), Rule: "must be given once"})
		case string(m.value) != "null":
			out[m.name] = m.value
		}
	}
	return out, errors.Join(wrong...)
}

// bodyTime reads a time of a body as parameters are read: a text, or a number of seconds.
func bodyTime(name string, given json.RawMessage, now, absent time.Time) (time.Time, error) {
	if given == nil {
		return absent, nil
	}
	text := string(given)
	var quoted string
	if json.Unmarshal(given, &quoted) == nil {
		text = quoted
	}
	t, ok := parseTime(text, now)
	if !ok {
		return t, &alerts.FieldError{Field: name, Value: text, Rule: "must be a time such as 2026-03-01T10:00:00Z, 1772359200 (seconds since 1970), now or now-1h"}
	}
	return t, nil
}

// bodyCount reads a number of things of a body; 0 where none is given.
func bodyCount(name string, given json.RawMessage) (int, error) {
	if given == nil {
		return 0, nil
	}
	var n int
	if json.Unmarshal(given, &n) != nil || n < 1 {
		return 0, &alerts.FieldError{Field: name, Value: shorten(given), Rule: "must be a whole number from 1 on"}
	}
	return n, nil
}

// missingGroups warns of action groups that a document names and that do not exist: they may come later, and until then nobody is told.
func (s *Server) missingGroups(ctx context.Context, kind string, document json.RawMessage) ([]string, error) {
	if kind != kindAlertRule && kind != kindProcessingRule {
		return nil, nil
	}
	names, err := alerts.NamedGroups(document)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names {
		_, err := s.set.Resources.Get(ctx, kindActionGroup, name)
		var bad *resources.NameError
		switch {
		case errors.Is(err, resources.ErrNotFound), errors.As(err, &bad):
			out = append(out, fmt.Sprintf("the action group %q does not exist: until it does, nobody is told through it", name))
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}
