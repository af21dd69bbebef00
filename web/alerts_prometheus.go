package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/scopes"
)

// rulesRetriever returns the rules that Prometheus's own handlers show: none to a caller who may not see everything, since a rule asks for
// what it likes.
func (s *Server) rulesRetriever(ctx context.Context) v1.RulesRetriever {
	a := s.set.Alerts
	if grants, err := scopes.GrantsFrom(ctx); err != nil || !grants.All() || a == nil || a.Prometheus == nil {
		return noTargets{}
	}
	return a.Prometheus
}

// nativeAlert is an alert in Prometheus's shape.
type nativeAlert struct {
	Labels          labels.Labels `json:"labels"`
	Annotations     labels.Labels `json:"annotations"`
	State           string        `json:"state"`
	ActiveAt        time.Time     `json:"activeAt"`
	KeepFiringSince *time.Time    `json:"keepFiringSince,omitempty"`
	Value           string        `json:"value"`
}

// maxNativeAlerts is the most alerts of metric and log rules that are shown in Prometheus's shape.
const maxNativeAlerts = 20_000

// nativeAlerts returns what is active in Prometheus's shape, as far as the caller may see it: the pending and firing alerts of Prometheus
// rules, and what metric and log rules fired. The warning is empty unless there are more.
func (s *Server) nativeAlerts(ctx context.Context) (all []nativeAlert, warning string, err error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, "", err
	}
	all = []nativeAlert{}
	if p := s.set.Alerts.Prometheus; p != nil {
		for _, rule := range p.AlertingRules() {
			for _, a := range rule.ActiveAlerts() {
				if grants.All() || grants.Allows(scopes.Of(a.Labels)) {
					all = append(all, nativeOf(a))
				}
			}
		}
	}
	q := state.Query{Filter: state.Filter{Open: true}, Limit: state.MaxPage}
	for n := 0; ; {
		page, err := s.set.Alerts.Alerts.List(ctx, q)
		if err != nil {
			return nil, "", err
		}
		for _, r := range page.Alerts {
			if r.RuleKind != alerts.KindMetric && r.RuleKind != alerts.KindLog {
				continue
			}
			if n++; n > maxNativeAlerts {
				return all, fmt.Sprintf("only the newest %d alerts of metric and log rules are shown in Prometheus's shape", maxNativeAlerts), nil
			}
			a := nativeAlert{
				Labels: labels.FromMap(r.Labels), Annotations: labels.FromMap(r.Annotations), State: rules.StateFiring.String(), ActiveAt: r.FiredAt.UTC(), Value: "NaN",
			}
			if len(r.Values) > 0 && r.Values[0].Value != nil {
				a.Value = nativeValue(*r.Values[0].Value)
			}
			all = append(all, a)
		}
		if page.Next == "" {
			return all, "", nil
		}
		q.Cursor = page.Next
	}
}

func nativeOf(a *rules.Alert) nativeAlert {
	out := nativeAlert{Labels: a.Labels, Annotations: a.Annotations, State: a.State.String(), ActiveAt: a.ActiveAt.UTC(), Value: nativeValue(a.Value)}
	if !a.KeepFiringSince.IsZero() {
		since := a.KeepFiringSince.UTC()
		out.KeepFiringSince = &since
	}
	return out
}

func nativeValue(v float64) string { return strconv.FormatFloat(v, 'e', -1, 64) }

// handleAlerts answers GET /api/v1/alerts: what Prometheus would, and beside it, as value, a page of the alerts that are kept.
func (s *Server) handleAlerts(w http.ResponseWriter, r *http.Request) error {
	if s.set.Alerts == nil {
		return s.handlePrometheus(w, r)
	}
	q, err := alertsQuery(r, time.Now())
	if err != nil {
		return err
	}
	page, err := s.set.Alerts.Alerts.List(r.Context(), q)
	if err != nil {
		return asParameter(err)
	}
	native, warning, err := s.nativeAlerts(r.Context())
	if err != nil {
		return err
	}
	answer := struct {
		Status string `json:"status"`
		Data   struct {
			Alerts []nativeAlert `json:"alerts"`
		} `json:"data"`
		Warnings []string        `json:"warnings,omitempty"`
		Value    json.RawMessage `json:"value"`
		NextLink string          `json:"nextLink,omitempty"`
	}{Status: "success"}
	answer.Data.Alerts = native
	if warning != "" {
		answer.Warnings = []string{warning}
	}
	list := make([]alertJSON, 0, len(page.Alerts))
	for _, a := range page.Alerts {
		list = append(list, newAlertJSON(a))
	}
	if answer.Value, err = alerts.EncodeJSON(list); err != nil {
		return fmt.Errorf("encode alerts: %w", err)
	}
	if page.Next != "" {
		answer.NextLink = s.nextLink(r, page.Next)
	}
	return writeJSON(w, answer)
}
