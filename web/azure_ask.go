package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// azureAsk is what one metric is asked, in the planner's words.
type azureAsk struct {
	definition   *scopes.Definition
	aggregations []scopes.Aggregation
	shown        []scopes.Aggregation // of aggregations; none where only metadata is asked for
	split        []string
	filter       string
	orderBy      query.OrderBy
}

// ask translates the question for one metric. Every dimension that the filter names splits, unless it is rolled up. The error says what
// the metric has not.
func (q *azureQuestion) ask(def *scopes.Definition) (*azureAsk, error) {
	out := &azureAsk{definition: def}
	var rolled []string
	for _, name := range q.rollup {
		dim, ok := def.Dimension(name)
		if !ok && q.validate {
			return nil, q.unknownDimension("rollupby", name, def)
		}
		rolled = append(rolled, dim.Name)
	}
	var kept query.Filter
	for _, g := range q.filter.Groups {
		dim, ok := def.Dimension(g.Dimension)
		if !ok {
			if q.validate {
				return nil, q.unknownDimension("$filter", g.Dimension, def)
			}
			continue
		}
		if !slices.Contains(rolled, dim.Name) && !slices.Contains(out.split, dim.Name) {
			out.split = append(out.split, dim.Name)
		}
		if !azureTakesAll(g) {
			kept.Groups = append(kept.Groups, g)
		}
	}
	out.filter = kept.String()
	if q.metadata {
		out.aggregations, out.orderBy.Aggregation = def.Aggregations[:1], def.Aggregations[0]
		return out, nil
	}
	asked := q.aggregations
	if len(asked) == 0 {
		asked = def.Aggregations[:1]
	}
	for _, a := range asked {
		if def.Supports(a) {
			out.aggregations = append(out.aggregations, a)
		}
	}
	if len(out.aggregations) == 0 {
		return nil, &azurePartError{azureError{http.StatusBadRequest, "BadRequest", fmt.Sprintf("the metric %s has none of the aggregations %s; it has %s",
			def.Name, azureList(asked), azureList(def.Aggregations))}}
	}
	out.shown = out.aggregations
	out.orderBy = q.orderBy
	if out.orderBy.Aggregation == "" {
		out.orderBy.Aggregation = out.aggregations[0]
	} else if !def.Supports(out.orderBy.Aggregation) {
		return nil, &azurePartError{azureError{http.StatusBadRequest, "BadRequest", fmt.Sprintf("the metric %s cannot be ordered by %s; it has %s",
			def.Name, out.orderBy.Aggregation, azureList(def.Aggregations))}}
	}
	return out, nil
}

// azureTakesAll says whether a group leaves nothing out: `d eq '*'` only splits.
func azureTakesAll(g query.FilterGroup) bool {
	return slices.ContainsFunc(g.Terms, func(t query.FilterTerm) bool { return t.Op == query.FilterEqual && t.Values[0] == "*" })
}

func (q *azureQuestion) unknownDimension(parameter, name string, def *scopes.Definition) error {
	var valid []string
	for _, d := range def.Dimensions {
		valid = append(valid, d.Name)
	}
	return &azureError{http.StatusBadRequest, "BadRequest", fmt.Sprintf("%s: the metric %s in the namespace %s has no dimension %q; valid dimensions: %s",
		parameter, def.Name, azureNamespace(q.level), shortened(name), strings.Join(valid, ","))}
}

func azureList(as []scopes.Aggregation) string {
	var names []string
	for _, a := range as {
		names = append(names, string(a))
	}
	return strings.Join(names, ",")
}

// azurePartError is an error of one metric that need not fail the others.
type azurePartError struct{ azureError }

func (e *azurePartError) Unwrap() error { return &e.azureError }

// azureOneOnly says whether an error of one metric need not fail the others.
func azureOneOnly(err error) bool {
	var part *azurePartError
	var answer *query.AnswerLimitError
	var limit *query.LimitError
	return errors.As(err, &part) || errors.As(err, &answer) || errors.As(err, &limit) && !limit.Busy() && limit.Unit != query.UnitSeconds
}
