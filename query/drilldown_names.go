package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/spelling"
	"github.com/endscope/endscope/scopes"
)

// listed says where all metrics are: there are too many of them for a message.
const listed = "GET /api/v1/metric-definitions lists them"

// unknownMetric says that a level has no such metric, and which ones may have been meant.
func (p *Planner) unknownMetric(name string, level scopes.Level) error {
	rule := fmt.Sprintf("must be a metric at %s scope; ", level)
	if near := p.nearest(name, level); len(near) > 0 {
		rule += "did you mean " + strings.Join(near, ", ") + "? "
	}
	return &ParamError{Name: "metric", Value: name, Rule: rule + listed}
}

// nearest returns at most three names of metrics that are like a text: those that a slip or two make of it, then those that hold
// it or are a part of it, then those that are some more slips away.
func (p *Planner) nearest(text string, level scopes.Level) []string {
	const most = 3
	type candidate struct {
		name       string
		kind, away int
	}
	text = strings.ToLower(text)
	if len(text) < 3 || len(text) > 100 {
		return nil
	}
	var near []candidate
	for _, d := range p.set.Catalogue.AtLevel(level) {
		name := strings.ToLower(d.Name)
		c := candidate{name: d.Name, away: spelling.Distance(text, name)}
		switch {
		case c.away <= 2:
		case strings.Contains(name, text) || strings.Contains(text, name):
			c.kind = 1
		case c.away <= len(text)/3:
			c.kind = 2
		default:
			continue
		}
		near = append(near, c)
	}
	slices.SortStableFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.away, b.away))
	})
	var names []string
	seen := map[string]bool{}
	for _, c := range near {
		metric, _, _ := strings.Cut(c.name, "_") // of the percentiles of one thing, one is enough
		if len(names) < most && !seen[metric] {
			names = append(names, c.name)
		}
		seen[metric] = true
	}
	return names
}
