package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// defaultRange is the time that /api/v1/metrics answers for where neither a start nor a time span is given.
const defaultRange = time.Hour

// metricsParams are the parameters of /api/v1/metrics, in the query or in the body.
var metricsParams = [...]string{"scope", "metric", "aggregation", "interval", "start", "end", "timespan", "filter", "split", "top", "orderBy", "compare", "rollups", "explain"}

// handleMetrics answers GET and POST /api/v1/metrics: one series for each metric, aggregation, scope and split value, as JSON or CSV.
func (s *Server) handleMetrics(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Accept") // Accept-Encoding is there already
	form, err := negotiate(r, typeJSON, typeCSV)
	if err != nil {
		return err
	}
	request, err := metricsRequest(w, r)
	if err != nil {
		return err
	}
	if form == typeCSV && request.Plan {
		return &ParameterError{Parameter: "explain", Value: "plan", Rule: "must be asked for as application/json: a table has no place for plans"}
	}
	answer, err := s.set.DrillDown.DrillDown(r.Context(), request)
	if err != nil {
		return err
	}
	if form == typeCSV {
		return writeTagged(w, r, typeCSV+"; charset=utf-8; header=present", answerCSV(w.Header(), answer))
	}
	body := appendAnswer(nil, answer)
	if request.Plan { // with times that differ at each asking, so that no tag would be met again
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Set("Content-Type", form)
		_, err := w.Write(body)
		return err
	}
	return writeTagged(w, r, form, body)
}

func metricsRequest(w http.ResponseWriter, r *http.Request) (query.Request, error) {
	now := time.Now()
	p, err := newBodyParams(w, r, now, metricsParams[:]...)
	if err != nil {
		return query.Request{}, err
	}
	request := query.Request{
		Metrics: p.list("metric"), Split: p.list("split"), Filter: p.one("filter"), Aggregations: p.aggregations("aggregation"),
		Plan: p.oneOf("explain", "plan") == "plan", Raw: p.oneOf("rollups", "on", "off") == "off",
	}
	request.Start, request.End = p.span(defaultRange)
	request.Compare = p.compare(request.End.Sub(request.Start))
	if request.Interval, err = query.ParseInterval(p.one("interval")); err != nil {
		p.note(err)
	}
	if request.OrderBy, err = query.ParseOrderBy(p.one("orderBy")); err != nil {
		p.note(err)
	}
	if text := p.one("top"); text != "" {
		if request.Top, err = strconv.Atoi(text); err != nil || request.Top < 1 {
			p.fail("top", text, "must be a whole number of at least 1")
		}
	}
	for _, text := range p.list("scope") {
		scope, err := scopes.ParsePattern(text)
		if err != nil {
			p.note(err)
		}
		request.Scopes = append(request.Scopes, scope)
	}
	if len(request.Scopes) == 0 {
		p.fail("scope", "", "must be given: endpoint[/deployment[/instance]], where any part may be *")
	}
	return request, p.err()
}

const aggregationRule = "must be one of Average, Minimum, Maximum, Total, Count"

func (p *params) aggregations(name string) []scopes.Aggregation {
	var out []scopes.Aggregation
	for _, text := range p.list(name) {
		a, ok := scopes.ParseAggregation(text)
		if !ok {
			p.fail(name, text, aggregationRule)
		}
		out = append(out, a)
	}
	return out
}

// compare reads what to compare a span of some length with.
func (p *params) compare(length time.Duration) (c query.Compare) {
	text := p.one("compare")
	const rule = "must be previous, an offset such as 1d or P1D, or the start of a span (or start/end, as long as the span asked for)"
	if strings.EqualFold(text, "previous") {
		return query.Compare{Previous: true}
	}
	if text == "" {
		return c
	}
	if d, err := query.ParseDuration(text); err == nil {
		if d < time.Second {
			p.fail("compare", text, "must be an offset of at least 1s into the past")
		}
		return query.Compare{Offset: d}
	}
	if strings.Contains(text, "/") {
		start, end, err := parseSpan(text, p.now)
		switch {
		case err != nil:
			p.fail("compare", text, rule)
		case end.Sub(start).Truncate(time.Millisecond) != length.Truncate(time.Millisecond):
			p.fail("compare", text, fmt.Sprintf("must be a span as long as the one asked for, %s (got %s)", length, end.Sub(start)))
		}
		return query.Compare{Start: start}
	}
	start, ok := parseTime(text, p.now)
	if !ok {
		p.fail("compare", text, rule)
	}
	return query.Compare{Start: start}
}
