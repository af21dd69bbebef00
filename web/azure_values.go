package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// azureMetricJSON is one metric of one resource in answers.
type azureMetricJSON struct {
	ID                 string            `json:"id"`
	Type               string            `json:"type"`
	Name               azureText         `json:"name"`
	DisplayDescription string            `json:"displayDescription"`
	ErrorCode          string            `json:"errorCode"` // Success, or why there is nothing
	ErrorMessage       string            `json:"errorMessage,omitempty"`
	Unit               string            `json:"unit"`
	Timeseries         []azureSeriesJSON `json:"timeseries"`
}

// azureText is a word for programs and for people.
type azureText struct {
	Value          string `json:"value"`
	LocalizedValue string `json:"localizedValue"`
}

// azureSeriesJSON is one series in answers, with the values of the dimensions that split. A request for metadata gets no data.
type azureSeriesJSON struct {
	Metadatavalues []azureMetadataJSON `json:"metadatavalues,omitempty"`
	Data           []azurePointJSON    `json:"data,omitempty"`
}

type azureMetadataJSON struct {
	Name  azureText `json:"name"`
	Value string    `json:"value"`
}

// azurePointJSON is one window in answers. An aggregation that was not asked for, or has no data, is absent.
type azurePointJSON struct {
	TimeStamp string   `json:"timeStamp"`
	Average   *float64 `json:"average,omitempty"`
	Minimum   *float64 `json:"minimum,omitempty"`
	Maximum   *float64 `json:"maximum,omitempty"`
	Total     *float64 `json:"total,omitempty"`
	Count     *float64 `json:"count,omitempty"`
}

func (p *azurePointJSON) set(a scopes.Aggregation, v *float64) {
	switch a {
	case scopes.Average:
		p.Average = v
	case scopes.Minimum:
		p.Minimum = v
	case scopes.Maximum:
		p.Maximum = v
	case scopes.Total:
		p.Total = v
	case scopes.Count:
		p.Count = v
	}
}

// azureUnit spells a unit as Azure's answers do, which know fewer of them than the catalogue.
func azureUnit(u scopes.Unit) string {
	for _, known := range [...]string{"Count", "Bytes", "Seconds", "CountPerSecond", "BytesPerSecond", "Percent", "MilliSeconds"} {
		if strings.EqualFold(known, string(u)) {
			return known
		}
	}
	return "Unspecified"
}

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

// azureTarget is what a question is about: resources that the caller names, each with an answer of its own, or those of a subscription,
// with one answer for all.
type azureTarget struct {
	patterns     []scopes.Pattern
	subscription string // "" where the caller names resources
	together     bool   // the subscription's resources are not told apart
}

// azureValues are the answers to a question, by metric and resource.
type azureValues struct {
	question *azureQuestion
	target   azureTarget
	series   map[azureKey][]azureSeriesJSON
	failed   map[*scopes.Definition]error
	cost     int
}

type azureKey struct {
	definition *scopes.Definition
	resource   scopes.Path // zero where a subscription is asked
}

// azureValuesOf asks a question. It fails where all metrics do.
func (s *Server) azureValuesOf(ctx context.Context, q *azureQuestion, target azureTarget) (*azureValues, error) {
	out := &azureValues{question: q, target: target, series: map[azureKey][]azureSeriesJSON{}, failed: map[*scopes.Definition]error{}}
	asks, err := out.asks()
	if err != nil {
		return nil, err
	}
	for _, group := range asks {
		err := s.answerAzure(ctx, out, group)
		if err != nil && len(group) > 1 && azureOneOnly(err) {
			for _, one := range group { // find which of them it is
				if err := out.note(one, s.answerAzure(ctx, out, []*azureAsk{one})); err != nil {
					return nil, err
				}
			}
		} else if err := out.note(group[0], err); err != nil {
			return nil, err
		}
	}
	if len(out.failed) == len(q.definitions) {
		return nil, out.failed[q.definitions[0]]
	}
	return out, nil
}

// note keeps an error of one metric and returns any other.
func (v *azureValues) note(ask *azureAsk, err error) error {
	if err != nil && azureOneOnly(err) {
		v.failed[ask.definition] = err
		return nil
	}
	return err
}

// asks translates the question, with those metrics together that are asked alike: they share what is read for them.
func (v *azureValues) asks() ([][]*azureAsk, error) {
	var out [][]*azureAsk
	for _, def := range v.question.definitions {
		ask, err := v.question.ask(def)
		if err != nil {
			if err := v.note(&azureAsk{definition: def}, err); err != nil {
				return nil, err
			}
			continue
		}
		i := slices.IndexFunc(out, func(group []*azureAsk) bool {
			o := group[0]
			return slices.Equal(o.aggregations, ask.aggregations) && slices.Equal(o.split, ask.split) && o.filter == ask.filter && o.orderBy == ask.orderBy
		})
		if i < 0 {
			i, out = len(out), append(out, nil)
		}
		out[i] = append(out[i], ask)
	}
	return out, nil
}

// answerAzure asks the planner for metrics that are asked alike, and keeps what it answers.
func (s *Server) answerAzure(ctx context.Context, v *azureValues, group []*azureAsk) error {
	q, ask := v.question, group[0]
	r := query.Request{
		Scopes: v.target.patterns, Together: v.target.together, Aggregations: ask.aggregations, Interval: q.interval, Start: q.start, End: q.end,
		Split: ask.split, Filter: ask.filter,
	}
	if q.metadata {
		r.Interval = query.Interval{Full: true}
	}
	if len(ask.split) > 0 && q.top > 0 && v.target.subscription == "" {
		r.Top, r.OrderBy = q.top, ask.orderBy
	}
	for _, one := range group {
		r.Metrics = append(r.Metrics, one.definition.Name)
	}
	answer, err := s.set.DrillDown.DrillDown(ctx, r)
	if err != nil {
		return err
	}
	rank := func(*query.AnswerSeries) int { return 0 }
	if v.target.subscription != "" && q.top > 0 && (len(ask.split) > 0 || !v.target.together) {
		if rank, err = s.rankAzure(ctx, r, ask.orderBy, q.top); err != nil {
			return err
		}
	}
	v.add(answer, group, rank)
	return nil
}

// rankAzure ranks the series of all resources together by an aggregation over the whole span, and returns a function that gives a
// series' place, or -1 beyond the first top of its metric.
func (s *Server) rankAzure(ctx context.Context, r query.Request, by query.OrderBy, top int) (func(*query.AnswerSeries) int, error) {
	r.Interval, r.Aggregations = query.Interval{Full: true}, []scopes.Aggregation{by.Aggregation}
	whole, err := s.set.DrillDown.DrillDown(ctx, r)
	if err != nil {
		return nil, err
	}
	type ranked struct {
		series string
		value  float64
	}
	byMetric := map[string][]ranked{}
	for i := range whole.Series {
		series := &whole.Series[i]
		value := math.Inf(1)
		if !by.Ascending {
			value = math.Inf(-1)
		}
		if v := series.Values[0]; v != nil {
			value = *v
		}
		byMetric[series.Metric] = append(byMetric[series.Metric], ranked{azureSeriesName(series), value})
	}
	places := map[string]int{}
	for metric, all := range byMetric {
		slices.SortStableFunc(all, func(a, b ranked) int {
			switch {
			case a.value == b.value:
				return 0
			case (a.value < b.value) == by.Ascending:
				return -1
			}
			return 1
		})
		for i, r := range all {
			if i >= top {
				i = -1
			}
			places[metric+"\x00"+r.series] = i
		}
	}
	return func(series *query.AnswerSeries) int {
		if place, ok := places[series.Metric+"\x00"+azureSeriesName(series)]; ok {
			return place
		}
		return -1
	}, nil
}

// azureSeriesName tells the series of one metric apart.
func azureSeriesName(s *query.AnswerSeries) string {
	return fmt.Sprint(s.Scope, "\x00", s.Dimensions) // maps are printed in the order of their keys
}

// add keeps the series of an answer, those of one name together: an answer has one for each aggregation. What Top folded into one is
// left out, as Azure does.
func (v *azureValues) add(answer *query.Answer, group []*azureAsk, rank func(*query.AnswerSeries) int) {
	stamps := make([]string, len(answer.Timestamps))
	for i, t := range answer.Timestamps {
		stamps[i] = azureTimeText(time.UnixMilli(t))
	}
	type place struct {
		key   azureKey
		index int
	}
	places := map[string]place{}
	ranks := map[azureKey][]int{}
	for i := range answer.Series {
		series := &answer.Series[i]
		position := rank(series)
		if series.Folded > 0 || position < 0 {
			continue
		}
		ask := group[slices.IndexFunc(group, func(a *azureAsk) bool { return a.definition.Name == series.Metric })]
		v.cost += len(series.Values)
		name := series.Metric + "\x00" + azureSeriesName(series)
		at, known := places[name]
		if !known {
			key := azureKey{definition: ask.definition}
			if v.target.subscription == "" {
				key.resource = v.question.resourceOf(series.Scope)
			}
			at = place{key, len(v.series[key])}
			places[name] = at
			ranks[key] = append(ranks[key], position)
			v.series[key] = append(v.series[key], azureSeriesJSON{Metadatavalues: v.metadata(series, ask)})
			if len(ask.shown) > 0 {
				data := make([]azurePointJSON, len(stamps))
				for j := range data {
					data[j].TimeStamp = stamps[j]
				}
				v.series[key][at.index].Data = data
			}
		}
		if !slices.Contains(ask.shown, series.Aggregation) {
			continue
		}
		data := v.series[at.key][at.index].Data
		for j, value := range series.Values {
			data[j].set(series.Aggregation, value)
		}
	}
	for key, order := range ranks {
		v.series[key] = inOrder(v.series[key], order)
	}
}

// inOrder returns series in the order of their ranks, and those of one rank as they were.
func inOrder(series []azureSeriesJSON, ranks []int) []azureSeriesJSON {
	places := make([]int, len(ranks))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return ranks[a] - ranks[b] })
	out := make([]azureSeriesJSON, len(series))
	for i, place := range places {
		out[i] = series[place]
	}
	return out
}

// resourceOf returns the resource that a series belongs to: its scope as far down as the question's level.
func (q *azureQuestion) resourceOf(scope scopes.Path) scopes.Path {
	out := scopes.Path{Endpoint: scope.Endpoint}
	if q.level == scopes.LevelDeployment {
		out.Deployment = scope.Deployment
	}
	return out
}

// metadata returns the values of the dimensions that split. Two instances of one name in two deployments of an endpoint are told apart
// by their deployment.
func (v *azureValues) metadata(s *query.AnswerSeries, ask *azureAsk) []azureMetadataJSON {
	var out []azureMetadataJSON
	add := func(name, value string) {
		out = append(out, azureMetadataJSON{azureText{name, name}, value})
	}
	if v.target.subscription != "" && !v.target.together {
		add(azureResourceID, azureID(v.target.subscription, v.question.resourceOf(s.Scope)))
	}
	for _, name := range ask.split {
		add(name, s.Dimensions[name])
	}
	if v.question.level == scopes.LevelEndpoint && s.Scope.Instance != "" && !slices.Contains(ask.split, scopes.LabelDeployment) {
		add(scopes.LabelDeployment, s.Scope.Deployment)
	}
	return out
}

// metrics returns the answers for one resource in the order of the question. The id is that of the resource as the client wrote it.
func (v *azureValues) metrics(id string, resource scopes.Path) []azureMetricJSON {
	out := make([]azureMetricJSON, 0, len(v.question.definitions))
	for _, def := range v.question.definitions {
		m := newAzureMetric(id, def, v.failed[def])
		if series := v.series[azureKey{def, resource}]; series != nil {
			m.Timeseries = series
		}
		out = append(out, m)
	}
	return out
}

func newAzureMetric(id string, def *scopes.Definition, err error) azureMetricJSON {
	m := azureMetricJSON{
		ID: id + "/providers/Microsoft.Insights/metrics/" + def.Name, Type: "Microsoft.Insights/metrics", Name: azureText{def.Name, def.DisplayName},
		DisplayDescription: def.Description, ErrorCode: "Success", Unit: azureUnit(def.Unit), Timeseries: []azureSeriesJSON{},
	}
	if err != nil {
		p, _ := problemOf(err)
		_, e := p.azure()
		m.ErrorCode, m.ErrorMessage = e.Code, e.Message
	}
	return m
}
