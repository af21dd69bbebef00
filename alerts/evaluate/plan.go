package evaluate

import (
	"fmt"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// plan is a rule made ready for asking. It does not change.
type plan struct {
	rule     *alerts.Rule
	hash     string // of what the states of its series depend on
	policy   condition.Policy
	grace    time.Duration
	slot     time.Duration
	criteria []criterionPlan
	named    []identity // series that the rule names, so that they are there without data
}

// criterionPlan is how one criterion is asked.
type criterionPlan struct {
	*alerts.Criterion
	question alerts.MetricQuestion // without its instants; of metric rules
	log      logShape              // of log rules
}

// identity is what tells one series of a rule from another.
type identity struct {
	scope scopes.Path
	dims  map[string]string
}

// newPlan returns the plan of a rule of metrics or logs.
func newPlan(rule *alerts.Rule, cfg Config, def alerts.MetricFunc) (*plan, error) {
	if rule.Kind != alerts.KindMetric && rule.Kind != alerts.KindLog {
		return nil, fmt.Errorf("rule %s: %w: %s", rule.Name, ErrUnsupported, rule.Kind)
	}
	if rule.EvaluationFrequency <= 0 || rule.WindowSize <= 0 || len(rule.Criteria) == 0 {
		return nil, fmt.Errorf("rule %s: evaluationFrequency, windowSize and criteria must be given", rule.Name)
	}
	p := &plan{rule: rule, hash: rule.SemanticHash(), policy: condition.PolicyOf(rule), grace: cfg.Grace}
	if rule.GracePeriod > 0 {
		p.grace = rule.GracePeriod
	}
	p.slot = slotOf(rule.Name, min(rule.EvaluationFrequency, cfg.Spread))
	for i := range rule.Criteria {
		c := criterionPlan{Criterion: &rule.Criteria[i]}
		if rule.Kind == alerts.KindLog {
			c.log = shapeOf(rule, c.Criterion)
		} else if err := c.ask(rule); err != nil {
			return nil, fmt.Errorf("criterion %s: %w", c.Name, err)
		}
		p.criteria = append(p.criteria, c)
	}
	if rule.Kind == alerts.KindLog {
		// Failing periods are the bins that one check looks at, see logShape, and not checks.
		p.policy.Failing, p.policy.Periods = 1, 1
	}
	p.nameSeries(def)
	return p, nil
}

// ask fills in the question of a criterion of a metric rule.
func (c *criterionPlan) ask(rule *alerts.Rule) error {
	filter, err := filterOf(rule.Filter, c.Dimensions)
	if err != nil {
		return err
	}
	c.question = alerts.MetricQuestion{
		Scopes: rule.Scopes, Metric: c.MetricName, Aggregation: c.TimeAggregation, Filter: filter,
		Window: rule.WindowSize, Every: rule.EvaluationFrequency,
	}
	if c.WindowSize > 0 {
		c.question.Window = c.WindowSize
	}
	for _, d := range c.Dimensions {
		c.question.Split = append(c.question.Split, d.Name)
	}
	return nil
}

// at returns the question for n instants.
func (c *criterionPlan) at(from time.Time, n int) alerts.MetricQuestion {
	q := c.question
	q.From, q.To = from, from.Add(time.Duration(n-1)*q.Every)
	return q
}

// nameSeries finds the series that the rule names. Dimensions are spelt as the catalogue does, since answers are.
func (p *plan) nameSeries(def alerts.MetricFunc) {
	dims := map[string]string{}
	for _, c := range p.criteria {
		for _, d := range c.Dimensions {
			if d.Operator != alerts.Include || len(d.Values) != 1 || d.Values[0] == scopes.Wildcard {
				return
			}
			name := d.Name
			if p.rule.Kind == alerts.KindMetric && def != nil && len(p.rule.Scopes) > 0 {
				if m := def(c.MetricName, p.rule.Scopes[0].Level()); m != nil {
					if known, ok := m.Dimension(d.Name); ok {
						name = known.Name
					}
				}
			}
			dims[name] = d.Values[0]
		}
		if c.ResourceIDColumn != "" {
			return
		}
	}
	if strings.Contains(p.rule.Filter, quote(scopes.Wildcard)) {
		return // such a filter splits
	}
	if p.rule.Kind == alerts.KindLog {
		if scope, ok := scopeOfRow(dims, logTarget(p.rule)); ok {
			p.named = append(p.named, identity{scope, dims})
		}
		return
	}
	for _, s := range p.rule.Scopes {
		if scope, ok := s.Concrete(); ok {
			p.named = append(p.named, identity{scope, dims})
		}
	}
}
