package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

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
