package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// maxAzureMetrics is how many metrics one request may name.
const maxAzureMetrics = 20

// defaultAzureTop is how many series of each metric are shown where a filter splits and nothing else is said.
const defaultAzureTop = 10

// defaultAzureMetric is answered where no metric is named.
const defaultAzureMetric = "RequestsPerMinute"

// azureGrain is a length of window that may be asked for, and how Azure writes it.
type azureGrain struct {
	length time.Duration
	text   string
}

// azureGrains are the lengths that may be asked for, shortest first. The first is the default.
var azureGrains = [...]azureGrain{
	{time.Minute, "PT1M"}, {5 * time.Minute, "PT5M"}, {15 * time.Minute, "PT15M"}, {30 * time.Minute, "PT30M"},
	{time.Hour, "PT1H"}, {6 * time.Hour, "PT6H"}, {12 * time.Hour, "PT12H"}, {24 * time.Hour, "P1D"},
}

func azureGrainNames() string {
	var names []string
	for _, g := range azureGrains {
		names = append(names, g.text)
	}
	return strings.Join(names, ", ")
}

// azureQuestion is what a request for values asks, whatever it asks it about.
type azureQuestion struct {
	level        scopes.Level
	definitions  []*scopes.Definition
	aggregations []scopes.Aggregation // none means the primary one of each metric
	start, end   time.Time
	interval     query.Interval
	grain        string // the interval as the answer says it
	filter       query.Filter
	rollup       []string // dimensions that the filter names and that are folded
	top          int      // 0 where nothing splits
	orderBy      query.OrderBy
	metadata     bool // only which values the dimensions have
	validate     bool // a dimension that a metric has not is an error
}

// question reads the parameters that all routes for values have in common. Namespace and level are those of what is asked about.
func (p *azureParams) question(catalogue *scopes.Catalogue, level scopes.Level, batch bool) (*azureQuestion, error) {
	q := &azureQuestion{level: level}
	q.start, q.end = p.span(batch)
	p.grain(q)
	p.metrics(q, catalogue)
	for _, name := range p.list("aggregation") {
		if strings.EqualFold(name, "none") {
			continue
		}
		a, ok := scopes.ParseAggregation(name)
		if !ok {
			p.fail("aggregation", name, "must be among average, minimum, maximum, total, count")
		}
		if !slices.Contains(q.aggregations, a) {
			q.aggregations = append(q.aggregations, a)
		}
	}
	var err error
	if q.filter, err = query.ParseFilter(p.text("$filter")); err != nil {
		p.note(err)
	}
	q.rollup = p.list("rollupby")
	q.validate = p.bool("ValidateDimensions", true)
	switch strings.ToLower(p.text("resultType")) {
	case "", "data":
	case "metadata":
		q.metadata = true
	default:
		p.fail("resultType", p.text("resultType"), "must be Data or Metadata")
	}
	p.ranking(q)
	return q, p.first
}

func (p *azureParams) grain(q *azureQuestion) {
	text := p.text("interval")
	if text == "" {
		text = azureGrains[0].text
	}
	if strings.EqualFold(text, "FULL") {
		q.interval, q.grain = query.Interval{Full: true}, "FULL"
		return
	}
	adjust := p.bool("AutoAdjustTimegrain", false)
	length, ok := azureDuration(text)
	nearest := azureGrains[0]
	for _, g := range azureGrains {
		if math.Abs(float64(g.length-length)) <= math.Abs(float64(nearest.length-length)) {
			nearest = g
		}
	}
	if !ok || nearest.length != length && !adjust {
		p.fail("interval", text, fmt.Sprintf("must be FULL or one of %s, unless AutoAdjustTimegrain is true and it is a duration", azureGrainNames()))
	}
	q.interval, q.grain = query.Interval{Fixed: nearest.length}, nearest.text
}

func (p *azureParams) metrics(q *azureQuestion, catalogue *scopes.Catalogue) {
	names := p.list("metricnames")
	if len(names) == 0 {
		names = []string{defaultAzureMetric}
	}
	if len(names) > maxAzureMetrics {
		p.fail("metricnames", p.text("metricnames"), fmt.Sprintf("must name at most %d metrics (got %d)", maxAzureMetrics, len(names)))
		return
	}
	for _, name := range names {
		def, ok := catalogue.Lookup(name, q.level)
		if !ok {
			var valid []string
			for _, d := range catalogue.AtLevel(q.level) {
				valid = append(valid, d.Name)
			}
			p.note(&azureError{http.StatusBadRequest, "BadRequest", fmt.Sprintf("failed to find the metric %q in the namespace %s; valid metrics: %s",
				shortened(name), azureNamespace(q.level), strings.Join(valid, ","))})
			return
		}
		if !slices.Contains(q.definitions, def) {
			q.definitions = append(q.definitions, def)
		}
	}
}

// ranking reads top and orderby. Without a filter there is one series, and both say nothing.
func (p *azureParams) ranking(q *azureQuestion) {
	top := 0
	if text := p.text("top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			p.fail("top", text, "must be a whole number of at least 1")
		}
		top = n
	} else if !q.metadata {
		top = defaultAzureTop
	}
	if len(q.filter.Groups) > 0 {
		q.top = top
	}
	text := p.text("orderby")
	if text == "" {
		return
	}
	words := strings.Fields(text)
	a, ok := scopes.ParseAggregation(words[0])
	descending := len(words) > 1 && strings.EqualFold(words[1], "desc")
	ascending := len(words) == 1 || strings.EqualFold(words[1], "asc")
	if !ok || len(words) > 2 || !ascending && !descending {
		p.fail("orderby", text, "must be one aggregation and asc or desc, such as average desc")
	}
	q.orderBy = query.OrderBy{Aggregation: a, Ascending: ascending}
}
