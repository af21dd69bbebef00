package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/alerts/receivers"
	"github.com/endscope/endscope/alerts/route"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/resources"
)

// The kinds of resources that alerting has.
const (
	kindRule       = "alert-rule"
	kindGroup      = "action-group"
	kindProcessing = "processing-rule"
	kindPolicy     = "notification-policy"
)

// ruleChecker says whether what operators write may be stored.
type ruleChecker struct {
	metric   alerts.MetricFunc
	parser   parser.Parser
	language *kql.Engine
	builder  *receivers.Builder
	limits   kql.Limits
}

// kinds describes to the store of resources what alerting keeps there. The limits are Azure's.
func (c *ruleChecker) kinds() []resources.Kind {
	return []resources.Kind{
		{Name: kindRule, Validate: c.rule, MaxCount: 10_000, MaxSpec: alerts.MaxGroupSize},
		{Name: kindGroup, Validate: c.group, Redact: redactGroup, Merge: c.mergeGroup, MaxCount: 2000, MaxSpec: 1 << 20},
		{Name: kindProcessing, Validate: c.processing, MaxCount: 1000},
		{Name: kindPolicy, Validate: c.policy, Singleton: true, MaxSpec: 1 << 20},
	}
}

func (c *ruleChecker) rule(name string, spec json.RawMessage) (json.RawMessage, error) {
	rule, err := c.checkRule(name, spec)
	if err != nil {
		return nil, err
	}
	return alerts.EncodeJSON(rule)
}

// deep checks the parts of a rule that are in a language of their own, as far as they could be read.
func (c *ruleChecker) deep(rule alerts.Rule) error {
	if rule.Kind == alerts.KindPrometheus && len(rule.Group) > 0 {
		_, err := promrules.ParseGroup(rule.Group, c.parser)
		return err
	}
	var errs []error
	if _, err := query.ParseFilter(rule.Filter); err != nil {
		errs = append(errs, &alerts.FieldError{Field: "filter", Value: rule.Filter, Rule: strings.TrimPrefix(err.Error(), fmt.Sprintf("filter %q: ", rule.Filter))})
	}
	for i, criterion := range rule.Criteria {
		if rule.Kind != alerts.KindLog || criterion.Query == "" {
			continue
		}
		if _, err := c.language.Prepare(context.Background(), kql.Request{Query: criterion.Query, Limits: c.limits}); err != nil {
			errs = append(errs, &alerts.FieldError{Field: fmt.Sprintf("criteria.allOf[%d].query", i), Rule: err.Error()})
		}
	}
	return errors.Join(errs...)
}

func (c *ruleChecker) group(name string, spec json.RawMessage) (json.RawMessage, error) {
	named, err := withName(spec, name)
	if err != nil {
		return nil, err
	}
	group, err := alerts.ParseActionGroup(named)
	if err := alerts.AlsoWrong(err, c.checkGroup(&group)); err != nil {
		return nil, err
	}
	return alerts.EncodeJSON(group)
}

func redactGroup(spec json.RawMessage) json.RawMessage {
	group, err := alerts.ParseActionGroup(spec)
	if err != nil {
		return json.RawMessage(`{}`) // what cannot be read cannot be shown without its secrets
	}
	out, err := alerts.EncodeJSON(group.Redacted())
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return out
}

// mergeGroup puts stored secrets into a group. What cannot be read is told by group, which sees it next.
func (c *ruleChecker) mergeGroup(old, spec json.RawMessage) (json.RawMessage, error) {
	var before alerts.ActionGroup
	if old != nil {
		var err error
		if before, err = alerts.ParseActionGroup(old); err != nil {
			return nil, err
		}
	}
	named, err := withName(spec, before.Name)
	if err != nil {
		return nil, err
	}
	group, err := alerts.ParseActionGroup(named)
	if err != nil {
		return spec, nil //nolint:nilerr // group tells it, with what else is wrong
	}
	merged, err := group.MergeSecrets(before)
	if err != nil {
		return nil, alerts.AlsoWrong(err, c.checkGroup(&group))
	}
	text, err := alerts.EncodeJSON(merged)
	if err != nil || merged.Name != "" {
		return text, err
	}
	var fields map[string]json.RawMessage // a new group in a document that names it elsewhere
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	delete(fields, "name")
	return alerts.EncodeJSON(fields)
}

func (c *ruleChecker) processing(name string, spec json.RawMessage) (json.RawMessage, error) {
	named, err := withName(spec, name)
	if err != nil {
		return nil, err
	}
	rule, err := alerts.CheckProcessingRule(named)
	if err != nil {
		return nil, err
	}
	return alerts.EncodeJSON(rule)
}

// policy reads the notification policy. Whether the groups are there that it names is looked at when it is put into force.
func (c *ruleChecker) policy(_ string, spec json.RawMessage) (json.RawMessage, error) {
	policy, err := route.ParsePolicy(spec)
	if err != nil {
		return nil, err
	}
	return policy.JSON()
}

// withName returns a document with the name of the resource that holds it, which it may leave out but not contradict.
func withName(spec json.RawMessage, name string) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(spec, &fields); err != nil || name == "" {
		return spec, nil // whoever reads it says what is wrong
	}
	given, ok := fields["name"]
	if !ok {
		text, err := alerts.EncodeJSON(name)
		if err != nil {
			return nil, err
		}
		fields["name"] = text
		return alerts.EncodeJSON(fields)
	}
	var own string
	if err := json.Unmarshal(given, &own); err == nil && own != name {
		return nil, &alerts.FieldError{Field: "name", Value: own, Rule: fmt.Sprintf("must be that of the resource, %q", name)}
	}
	return spec, nil
}
