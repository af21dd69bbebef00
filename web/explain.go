package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// defaultExplainRange is the window of /api/v1/explain where no start is given.
const defaultExplainRange = 15 * time.Minute

// handleExplain answers /api/v1/explain: what changed in a metric between a baseline and a window, and where.
func (s *Server) handleExplain(w http.ResponseWriter, r *http.Request) error {
	request, err := explainRequest(w, r, time.Now())
	if err != nil {
		return err
	}
	e, err := s.set.DrillDown.Explain(r.Context(), request)
	if err != nil {
		return err
	}
	return writeJSON(w, newExplanationJSON(e))
}

// explainParams are the parameters of /api/v1/explain, in the query or in the body.
var explainParams = [...]string{"metric", "scope", "aggregation", "start", "end", "timespan", "baselineStart", "baselineEnd", "baseline", "filter"}

func explainRequest(w http.ResponseWriter, r *http.Request, now time.Time) (query.ExplainRequest, error) {
	p, err := newBodyParams(w, r, now, explainParams[:]...)
	if err != nil {
		return query.ExplainRequest{}, err
	}
	out := query.ExplainRequest{Metric: p.one("metric"), Filter: p.one("filter")}
	out.Window.Start, out.Window.End = p.span(defaultExplainRange)
	if out.Window.Start.Before(now) && out.Window.End.After(now) {
		out.Window.End = now // before a baseline of that length is taken
	}
	out.Baseline = baselineOf(p, out.Window)
	if name := p.one("aggregation"); name != "" {
		a, ok := scopes.ParseAggregation(name)
		if !ok {
			p.fail("aggregation", name, aggregationRule)
		}
		out.Aggregation = a
	}
	if text := p.one("scope"); text == "" {
		p.fail("scope", "", "must be given: endpoint[/deployment[/instance]]")
	} else if scope, err := scopes.ParsePattern(text); err != nil {
		p.note(err)
	} else {
		out.Scope = scope
	}
	return out, p.err()
}

// baselineOf reads what the window is compared with: an absolute span, as long as the window if it has no end, or the span before or
// the window some time ago.
func baselineOf(p *params, window query.Span) query.Span {
	length := window.End.Sub(window.Start)
	from, until, ago := p.one("baselineStart"), p.one("baselineEnd"), p.one("baseline")
	switch {
	case from != "" && ago != "":
		p.fail("baseline", ago, "must not be given together with baselineStart")
	case from != "":
		start := p.time("baselineStart", time.Time{})
		return query.Span{Start: start, End: p.time("baselineEnd", start.Add(length))}
	case until != "":
		p.fail("baselineEnd", until, "needs baselineStart")
	case ago != "" && !strings.EqualFold(ago, "previous"):
		d, err := query.ParseDuration(ago)
		if err != nil || d <= 0 {
			p.fail("baseline", ago, "must be previous, or how long ago as a duration such as 1d, 7d or PT1H")
		} else if d < length {
			p.fail("baseline", ago, fmt.Sprintf("must be at least as long as the window, %s", length))
		}
		return query.Span{Start: window.Start.Add(-d), End: window.End.Add(-d)}
	}
	return query.Span{Start: window.Start.Add(-length), End: window.Start}
}

// explanationJSON is the answer of /api/v1/explain.
type explanationJSON struct {
	Metric        string             `json:"metric"`
	Aggregation   string             `json:"aggregation"` // in lower case, as in /api/v1/metrics
	Unit          scopes.Unit        `json:"unit"`
	Scope         string             `json:"scope"`
	Start         time.Time          `json:"start"`
	End           time.Time          `json:"end"`
	Baseline      spanJSON           `json:"baseline"`
	Before        *float64           `json:"before"` // null where there are no data
	After         *float64           `json:"after"`
	Change        *float64           `json:"change"`
	Path          []causeJSON        `json:"path"`
	Contributions []contributionJSON `json:"contributions"`
	Related       []relatedJSON      `json:"related"`
	Verdict       query.Verdict      `json:"verdict"`
	Explanation   string             `json:"explanation"`
	Warnings      []string           `json:"warnings"`
}

type spanJSON struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

type causeJSON struct {
	Dimension string   `json:"dimension"`
	Value     string   `json:"value"`
	Share     float64  `json:"share"`
	Before    *float64 `json:"before"`
	After     *float64 `json:"after"`
}

type contributionJSON struct {
	Dimension string          `json:"dimension"`
	Value     string          `json:"value"`
	Scope     string          `json:"scope"`
	Within    []narrowingJSON `json:"within,omitempty"`
	Before    *float64        `json:"before"`
	After     *float64        `json:"after"`
	Share     *float64        `json:"share"`
	Alone     *float64        `json:"alone"`
	Weight    *float64        `json:"weight"`
}

type narrowingJSON struct {
	Dimension string `json:"dimension"`
	Value     string `json:"value"`
}

type relatedJSON struct {
	Metric      string            `json:"metric"`
	Aggregation string            `json:"aggregation"`
	Unit        scopes.Unit       `json:"unit"`
	Scope       string            `json:"scope"`
	Dimensions  map[string]string `json:"dimensions"`
	Before      float64           `json:"before"`
	After       float64           `json:"after"`
	Change      float64           `json:"change"`
	Correlation float64           `json:"correlation"`
}

func newExplanationJSON(e *query.Explanation) explanationJSON {
	out := explanationJSON{
		Metric: e.Metric, Aggregation: strings.ToLower(string(e.Aggregation)), Unit: e.Unit, Scope: e.Scope.String(),
		Start: e.Window.Start, End: e.Window.End, Baseline: spanJSON(e.Baseline), Before: e.Before, After: e.After, Change: e.Change,
		Path: []causeJSON{}, Contributions: []contributionJSON{}, Related: []relatedJSON{}, Verdict: e.Verdict, Explanation: e.Explanation, Warnings: e.Warnings,
	}
	for _, c := range e.Path {
		out.Path = append(out.Path, causeJSON(c))
	}
	for _, c := range e.Contributions {
		var within []narrowingJSON
		for _, n := range c.Within {
			within = append(within, narrowingJSON(n))
		}
		out.Contributions = append(out.Contributions, contributionJSON{c.Dimension, c.Value, c.Scope.String(), within, c.Before, c.After, c.Share, c.Alone, c.Weight})
	}
	for _, r := range e.Related {
		out.Related = append(out.Related, relatedJSON{r.Metric, strings.ToLower(string(r.Aggregation)), r.Unit, r.Scope.String(), r.Dimensions, r.Before, r.After, r.Change, r.Correlation})
	}
	return out
}
