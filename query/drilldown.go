package query

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

// Request is a drill-down question.
type Request struct {
	Scopes       []scopes.Pattern     // `*` asks for every scope at that place, each with its own series
	Together     bool                 // what a `*` of a scope matches is answered as one, not each with its own series; not with Top
	Metrics      []string             // names of definitions, compared without case; at least one
	Aggregations []scopes.Aggregation // none means the primary one of each metric
	Interval     Interval
	Start, End   time.Time // Start before End; widened to whole windows unless the interval is full or Every is given
	// Every makes windows of a fixed interval begin so often, from Start on, instead of one where the other ends, and the last end at
	// End: they may overlap or leave gaps. Each has the value that it has alone, but windows that have not ended have none. Not with Top
	// or Compare. 0 is for none of that.
	Every        time.Duration
	Split        []string // names of dimensions, compared without case
	Filter       string   // in the language of ParseFilter; empty takes everything
	Top          int      // series to keep of each metric and entry of Scopes, by OrderBy; the rest is folded into one. 0 keeps all
	OrderBy      OrderBy
	Compare      Compare
	Plan         bool // the answer says how it was computed
	AllowMissing bool // a scope of which nothing is stored has no series; otherwise it is an error
	Raw          bool // only samples as they were pushed are used, no roll-ups
}

// OrderBy says by what Top ranks series: an aggregation over the whole span.
type OrderBy struct {
	Aggregation scopes.Aggregation // empty means the series' own
	Ascending   bool
}

// ParseOrderBy reads an aggregation, and asc or desc after it: `average desc`. Without either it is desc. Errors: *ParamError.
func ParseOrderBy(text string) (by OrderBy, err error) {
	if text == "" {
		return by, nil
	}
	words := strings.Fields(text)
	ok := len(words) == 1 || len(words) == 2
	if ok {
		by.Aggregation, ok = scopes.ParseAggregation(words[0])
	}
	if ok && len(words) == 2 {
		by.Ascending = strings.EqualFold(words[1], "asc")
		ok = by.Ascending || strings.EqualFold(words[1], "desc")
	}
	if !ok {
		return by, &ParamError{Name: "orderBy", Value: text, Rule: "must be an aggregation and asc or desc, such as average desc; the aggregation must be one of Average, Minimum, Maximum, Total, Count"}
	}
	return by, nil
}

// Compare names the past that an answer is compared with: an offset, an absolute start of a span as long as the request's, or
// the span that ends where the answer's begins. The zero Compare compares with nothing.
type Compare struct {
	Offset   time.Duration
	Start    time.Time
	Previous bool
}

// Answer holds one series for each metric, aggregation, scope and combination of split values that has data. Every
// series has one value for each timestamp.
type Answer struct {
	Start, End time.Time     // what the windows cover
	Interval   time.Duration // length of a window
	// Timestamps are the starts of the windows in milliseconds since 1970. The value at t stands for the samples in
	// (t, t+Interval].
	Timestamps []int64
	// PartialFrom is the first of Timestamps whose window had not ended when the answer was made, nil if all had.
	PartialFrom *int64
	Series      []AnswerSeries
	Compared    *Span       // what the values are compared with, nil if with nothing
	Truncated   *Truncation // nil: every series is there
	Warnings    []string    // what the engine noticed, sorted
	Plan        []PlanStep  // where the request asked for it
}

// Ended returns how many of the windows, from the first on, had ended when the answer was made. What the others hold is a part: it
// says nothing beside the whole windows of the past.
func (a *Answer) Ended() int {
	if a.PartialFrom == nil {
		return len(a.Timestamps)
	}
	i, _ := slices.BinarySearch(a.Timestamps, *a.PartialFrom)
	return i
}

// Span is a stretch of time (Start, End].
type Span struct{ Start, End time.Time }

// PlanStep is one expression that was evaluated. Evaluated at Start+Step, Start+2*Step and so on up to End, its values are
// those of the windows that end there.
type PlanStep struct {
	Metric      string
	Aggregation scopes.Aggregation
	Expr        string
	Start, End  time.Time
	Step        time.Duration
	Rollup      string // the resolution of the roll-ups that it reads, empty for none
	Cost        Cost
}

// AnswerSeries is one line of a chart.
type AnswerSeries struct {
	Scope       scopes.Path  // as deep as the split names it; where Folded, the pattern that was asked for, with its `*`
	Asked       scopes.Level // of the scope in the request that it belongs to
	Metric      string
	Aggregation scopes.Aggregation
	Unit        scopes.Unit
	Dimensions  map[string]string // by the catalogue's spelling; empty without a split; FoldedValue where it is Folded
	Values      []*float64        // nil where there is no data; never 0 instead, never NaN or infinite
	Compared    []*float64        // the values of Answer.Compared, where the request compares; nil where there is no data
	Folded      int               // how many series this one stands for, where it holds what Top left out; otherwise 0
	Histogram   *HistogramSource  // for what is computed from the buckets of histograms; nil where the request has an Every
}

// FoldedValue is the value of every dimension of a series that stands for those that Top left out. A dimension may have the
// same word as a value of its own: only AnswerSeries.Folded tells the two apart.
const FoldedValue = "other"

// HistogramSource says from which histograms a series was computed and how exact it is.
type HistogramSource struct {
	Kind HistogramKind
	// RelativeError bounds how far a value may lie from the true one, as a share of the value; nil where there is no bound, such as
	// beyond the highest bucket.
	RelativeError *float64
}

// HistogramKind is the kind of histograms that a value was computed from.
type HistogramKind string

// The kinds of histograms.
const (
	HistogramNative  HistogramKind = "native"
	HistogramClassic HistogramKind = "classic" // series with the label le
	HistogramCustom  HistogramKind = "custom"  // native histograms with the bounds of classic ones
	HistogramMixed   HistogramKind = "mixed"   // several kinds, brought to the bounds of the classic ones
)

// Truncation says that an answer shows only some of its series.
type Truncation struct {
	Shown, Total int
}

// Check returns what DrillDown would refuse of a request whatever is stored and when it is asked, by the definitions of a catalogue: a
// *ParamError, the first of several. The time, Every and Compare are not looked at.
func Check(c *scopes.Catalogue, r Request) error {
	p := &Planner{set: PlannerSettings{Catalogue: c}}
	_, _, err := p.plans(r, windows{})
	return err
}

// DrillDown answers a request with what the grants in ctx make visible.
// Errors: *ParamError for what is not allowed, one that wraps scopes.ErrNotFound and names the scope where nothing is
// stored for it (unless AllowMissing), *AnswerLimitError, and those of Settings.Range.
func (p *Planner) DrillDown(ctx context.Context, r Request) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, p.set.Engine.cfg.Timeout) // of all its queries together
	defer cancel()
	win, err := p.windowsOf(r)
	if err != nil {
		return nil, err
	}
	past, err := r.Compare.windows(r, win)
	if err != nil {
		return nil, err
	}
	plans, filter, err := p.plans(r, win)
	if err != nil {
		return nil, err
	}
	for _, scope := range r.Scopes {
		if r.AllowMissing {
			break
		}
		if err := p.requireScope(ctx, scope, r.Start, r.End); err != nil {
			return nil, err
		}
	}
	d := &drillDown{planner: p, request: r, session: p.set.Engine.NewSession(), now: win, past: past, states: map[stateKey]foundStates{}, forms: map[string]foundForms{}}
	d.answer = &Answer{Start: win.start, End: win.end(), Interval: win.length, Timestamps: win.timestamps(), Series: []AnswerSeries{}, Warnings: []string{}}
	if i := win.ended(p.set.Now()); i < win.count {
		d.answer.PartialFrom = &d.answer.Timestamps[i]
	}
	spans := []Span{{win.start, win.end()}}
	if past != nil {
		d.answer.Compared = &Span{past.start, past.end()}
		spans = append(spans, *d.answer.Compared)
	}
	d.resolver = p.newResolver(filter, spans...)
	if err := d.ask(ctx, plans); err != nil {
		return nil, err
	}
	slices.Sort(d.answer.Warnings)
	d.answer.Warnings = slices.Compact(d.answer.Warnings)
	return d.answer, nil
}
