package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/rules"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/evaluate"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/alerts/receivers"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// AlertStore tells of alerts what the grants in the context allow. *state.Store is one.
type AlertStore interface {
	List(ctx context.Context, q state.Query) (*state.Page, error)
	Summary(ctx context.Context, f state.Filter) (*state.Summary, error)
	Get(ctx context.Context, id string) (*state.Record, error)
	Timeline(ctx context.Context, id string) ([]alerts.TimelineEntry, error)
}

// AlertPeople takes what people say of alerts that the grants in the context allow. *hub.Hub is one.
type AlertPeople interface {
	SetUserState(ctx context.Context, ids []string, to alerts.UserState, by, comment string) (changed int, err error)
	Comment(ctx context.Context, ids []string, by, text string) error
}

// AlertEvaluator knows how metric and log rules are doing, and what a rule of any kind would have done. *evaluate.Evaluator is one.
type AlertEvaluator interface {
	Status(name string) (evaluate.RuleStatus, bool)
	Preview(ctx context.Context, rule alerts.Rule, start, end time.Time) (*evaluate.Preview, error)
}

// PrometheusRules are the rules of Prometheus that are evaluated. *promrules.Manager is one.
type PrometheusRules interface {
	RuleGroups() []*rules.Group
	AlertingRules() []*rules.AlertingRule
}

// RulePack is the ready-made rules. *pack.Pack is one.
type RulePack interface {
	Entries() []pack.Entry
	Entry(id string) (pack.Entry, error)
	Rule(e pack.Entry, c pack.Choice) (alerts.Rule, error)
	Parameters(e pack.Entry, scope scopes.Pattern, rule alerts.Rule) map[string]float64
}

// AlertsAPI is what the routes of alerting answer from. All fields without the word optional are needed. All functions may be called
// concurrently.
type AlertsAPI struct {
	Alerts     AlertStore
	People     AlertPeople
	Evaluator  AlertEvaluator
	Prometheus PrometheusRules // optional
	Pack       RulePack        // optional: without it there are no ready-made rules

	// CheckRule returns the rule of a name that a JSON text holds, checked as it is before it is stored. Errors: alerts.FieldErrors.
	CheckRule func(name string, spec json.RawMessage) (alerts.Rule, error)
	// CheckGroup says whether an action group may be stored. Errors: alerts.FieldErrors.
	CheckGroup func(g *alerts.ActionGroup) error
	// TestGroup really sends a sample to receivers of a group, all of them if none is named. (*receivers.Builder).Test is one.
	TestGroup func(ctx context.Context, g *alerts.ActionGroup, sample alerts.Alert, names []string) []receivers.TestResult
	// Fit says what of a notification policy or action group that is wrong for itself would not fit what is stored, either; whether what is right
	// fits is looked at by Settings.Resources. Other kinds always fit. Errors: alerts.FieldErrors. It is optional: nil says nothing.
	Fit func(ctx context.Context, changed resources.Document) error
	// Enforce puts what is stored into force at once rather than in a moment, and returns what could not be. It is optional.
	Enforce func(ctx context.Context) error
	// DefaultPolicy is the notification policy where none is stored, in JSON.
	DefaultPolicy json.RawMessage
	// ExportPrometheus returns the stored rules that are groups of Prometheus rules as one rule file; ExportAlertmanager the stored policy
	// and groups as an alertmanager.yml without secrets. Optional.
	ExportPrometheus, ExportAlertmanager func(ctx context.Context) ([]byte, error)
	// Runbooks holds a page NAME.md for each ready-made rule; optional.
	Runbooks fs.FS
	// Alertmanager answers below /api/v2/, in its own words; optional: without it those routes do not exist.
	Alertmanager http.Handler
	// Healthy returns nil while alerting works, and otherwise what does not, at once; optional.
	Healthy func() error
}

// check says what is missing, which is a fault of the program and not of its operator.
func (a *AlertsAPI) check() error {
	for name, missing := range map[string]bool{
		"Alerts": a.Alerts == nil, "People": a.People == nil, "Evaluator": a.Evaluator == nil,
		"CheckRule": a.CheckRule == nil, "CheckGroup": a.CheckGroup == nil, "TestGroup": a.TestGroup == nil, "DefaultPolicy": a.DefaultPolicy == nil,
	} {
		if missing {
			return fmt.Errorf("web: Settings.Alerts.%s is missing", name)
		}
	}
	return nil
}
