package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/prometheus/rules"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/evaluate"
)

// ruleStatusJSON says how the evaluation of a rule goes.
type ruleStatusJSON struct {
	Health        string     `json:"health"`                  // ok, failing, waiting or disabled
	LastEvaluated *time.Time `json:"lastEvaluated,omitempty"` // end of the newest window that was judged
	EvaluatedAt   *time.Time `json:"evaluatedAt,omitempty"`   // when the last evaluation ended
	Duration      float64    `json:"durationSeconds"`         // of the last evaluation
	Next          *time.Time `json:"nextEvaluation,omitempty"`
	Error         string     `json:"error,omitempty"` // of the last evaluation
	Failures      int        `json:"failures"`        // evaluations that failed in a row
	Series        int        `json:"series"`
	Firing        int        `json:"firing"`      // series whose alert is open
	Held          int        `json:"held"`        // alerts that wait for the next check, since one may fire only so many
	Undelivered   int        `json:"undelivered"` // changes that could not be handed on yet
}

// ruleStatus returns how a rule is doing, nil where that is not known.
func (s *Server) ruleStatus(name string, v *resourceView) *ruleStatusJSON {
	if v.Kind != string(alerts.KindPrometheus) {
		if status, ok := s.set.Alerts.Evaluator.Status(name); ok {
			return newRuleStatusJSON(&status)
		}
		return nil
	}
	if v.Enabled != nil && !*v.Enabled {
		return &ruleStatusJSON{Health: string(evaluate.RuleDisabled)}
	}
	groups := s.groupsOf(name)
	if len(groups) == 0 {
		return nil
	}
	return newGroupStatusJSON(groups)
}

func newRuleStatusJSON(r *evaluate.RuleStatus) *ruleStatusJSON {
	out := &ruleStatusJSON{
		Health: string(r.Health), LastEvaluated: instant(r.LastEvaluated), EvaluatedAt: instant(r.EvaluatedAt), Duration: r.Duration.Seconds(),
		Next: instant(r.Next), Failures: r.Failures, Series: len(r.Series), Held: r.Held, Undelivered: r.Undelivered,
	}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	for _, one := range r.Series {
		if !one.FiredAt.IsZero() {
			out.Firing++
		}
	}
	return out
}

// groupsOf returns the groups of Prometheus rules that a resource holds: promrules names their file for the resource.
func (s *Server) groupsOf(name string) []*rules.Group {
	if s.set.Alerts.Prometheus == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.set.Alerts.Prometheus.RuleGroups()), func(g *rules.Group) bool { return g.File() != kindAlertRule+"/"+name })
}

func newGroupStatusJSON(groups []*rules.Group) *ruleStatusJSON {
	out := &ruleStatusJSON{Health: string(evaluate.RuleWaiting)}
	for _, g := range groups {
		if at := g.GetLastEvaluation(); !at.IsZero() {
			next := at.Add(g.Interval())
			out.Health, out.LastEvaluated, out.EvaluatedAt, out.Next = string(evaluate.RuleOK), instant(g.GetLastEvalTimestamp()), instant(at), instant(next)
		}
		out.Duration += g.GetEvaluationTime().Seconds()
		for _, r := range g.Rules() {
			if err := r.LastError(); err != nil {
				out.Error = err.Error()
				out.Failures = max(out.Failures, 1)
			}
			if a, ok := r.(*rules.AlertingRule); ok {
				for _, active := range a.ActiveAlerts() {
					out.Series++
					if active.State == rules.StateFiring {
						out.Firing++
					}
				}
			}
		}
	}
	if out.Failures > 0 {
		out.Health = string(evaluate.RuleFailing)
	}
	return out
}

// seriesStatusJSON is Azure's status of one series of a rule, with ours beside it.
type seriesStatusJSON struct {
	Name       string               `json:"name"` // of the series within the rule
	Properties seriesPropertiesJSON `json:"properties"`
}

type seriesPropertiesJSON struct {
	Status     string            `json:"status"`              // Healthy, Pending or Unhealthy
	Timestamp  *time.Time        `json:"timestamp,omitempty"` // of the newest check that had data
	Dimensions map[string]string `json:"dimensions"`
	Scope      string            `json:"scope,omitempty"`
	Fired      *time.Time        `json:"firedDateTime,omitempty"`
	Values     []seriesValueJSON `json:"values"`
}

type seriesValueJSON struct {
	Criterion string   `json:"criterion"`
	Value     *float64 `json:"value"`
	Lower     *float64 `json:"lower,omitempty"`
	Upper     *float64 `json:"upper,omitempty"`
}

// handleRuleStatus answers GET /api/v1/alert-rules/{name}/status: how its series are, and how its evaluation goes.
func (s *Server) handleRuleStatus(w http.ResponseWriter, r *http.Request) error {
	name, err := nameOf(r, resourceKind{})
	if err != nil {
		return err
	}
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	res, err := s.set.Resources.Get(r.Context(), kindAlertRule, name)
	if err != nil {
		return err
	}
	var v resourceView
	if err := json.Unmarshal(res.Redacted, &v); err != nil {
		return fmt.Errorf("read stored %s: %w", res.Key, err)
	}
	answer := map[string]any{"value": s.seriesOf(name, &v)}
	if status := s.ruleStatus(name, &v); status != nil {
		answer["evaluation"] = status
	}
	return writeJSON(w, answer)
}

func (s *Server) seriesOf(name string, v *resourceView) []seriesStatusJSON {
	out := []seriesStatusJSON{}
	if v.Kind == string(alerts.KindPrometheus) {
		for _, g := range s.groupsOf(name) {
			for _, rule := range g.Rules() {
				if a, ok := rule.(*rules.AlertingRule); ok {
					for _, active := range a.ActiveAlerts() {
						out = append(out, promSeries(g, active))
					}
				}
			}
		}
		return out
	}
	status, _ := s.set.Alerts.Evaluator.Status(name)
	for _, one := range status.Series {
		p := seriesPropertiesJSON{
			Status: "Healthy", Timestamp: instant(one.LastData), Dimensions: notNilMap(one.Dimensions), Scope: one.Scope.String(), Fired: instant(one.FiredAt),
			Values: []seriesValueJSON{},
		}
		if p.Fired != nil {
			p.Status = "Unhealthy"
		}
		for _, value := range one.Values {
			p.Values = append(p.Values, seriesValueJSON(value))
		}
		out = append(out, seriesStatusJSON{alerts.SeriesKey(one.Scope, one.Dimensions), p})
	}
	return out
}

func promSeries(g *rules.Group, a *rules.Alert) seriesStatusJSON {
	p := seriesPropertiesJSON{
		Status: "Pending", Timestamp: instant(g.GetLastEvaluation()), Dimensions: a.Labels.Map(),
		Values: []seriesValueJSON{{Criterion: a.Labels.Get(alerts.LabelAlertName), Value: finite(a.Value)}},
	}
	if a.State == rules.StateFiring {
		p.Status, p.Fired = "Unhealthy", instant(a.FiredAt)
	}
	return seriesStatusJSON{a.Labels.String(), p}
}

// finite is nil for what JSON cannot say.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
