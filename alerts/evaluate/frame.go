package evaluate

import (
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
)

// frame is what the criteria of a rule saw at consecutive instants.
type frame struct {
	from  time.Time
	every time.Duration
	n     int // instants
	rows  []row
}

func (f *frame) at(i int) time.Time { return f.from.Add(time.Duration(i) * f.every) }

// row is one series of a frame.
type row struct {
	identity
	cells []cells // one for each criterion
}

// cells is what one criterion saw of one series: one value for each instant, or no slice where there is no data at any.
type cells struct {
	values []*float64
	// lower and upper are the bands of dynamic thresholds, nil where they are not learned yet.
	lower, upper []*float64
	// verdicts are those of log rules, which look at several bins; nil for others.
	verdicts []condition.Verdict
}

func (c *cells) value(i int) *float64 { return get(c.values, i) }

func get(list []*float64, i int) *float64 {
	if i >= len(list) {
		return nil
	}
	return list[i]
}

// verdict says what a criterion came to at an instant.
func (c *cells) verdict(of *alerts.Criterion, i int) condition.Verdict {
	if c.verdicts != nil {
		return c.verdicts[i]
	}
	v := c.value(i)
	if v == nil {
		return condition.NoData
	}
	if of.Type != alerts.DynamicThreshold {
		return met(condition.Compare(of.Operator, *v, of.Threshold))
	}
	bound, outside := condition.Outside(of.Operator, *v, get(c.lower, i), get(c.upper, i))
	if bound == nil {
		return condition.Unjudged
	}
	return met(outside)
}

func met(yes bool) condition.Verdict {
	if yes {
		return condition.Met
	}
	return condition.Unmet
}

// verdict says what the whole rule came to for a series at an instant.
func (p *plan) verdict(r *row, i int) condition.Verdict {
	if len(p.criteria) == 1 {
		return r.cells[0].verdict(p.criteria[0].Criterion, i)
	}
	var all [alerts.MaxCriteria]condition.Verdict
	list := all[:0]
	for k := range p.criteria {
		list = append(list, r.cells[k].verdict(p.criteria[k].Criterion, i))
	}
	return condition.All(list...)
}

// values returns what the criteria saw at an instant, for an alert. A nil row had no data.
func (p *plan) values(r *row, i int) []alerts.CriterionValue {
	out := make([]alerts.CriterionValue, len(p.criteria))
	for k := range p.criteria {
		var c cells
		if r != nil {
			c = r.cells[k]
		}
		_, out[k] = condition.Judge(p.criteria[k].Criterion, c.value(i), get(c.lower, i), get(c.upper, i))
	}
	return out
}

// hasData says whether any criterion saw data of a series at an instant.
func (r *row) hasData(i int) bool {
	for k := range r.cells {
		if r.cells[k].value(i) != nil {
			return true
		}
	}
	return false
}
