package agent

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/endscope/endscope/scopes"
)

type label struct{ name, value string }

// identityLabels returns what every series carries: the three identity labels that nothing may override, and the operator's labels,
// which a reading's own label of that name wins over.
func identityLabels(id scopes.Path, extra map[string]string) []label {
	ls := []label{{scopes.LabelEndpoint, id.Endpoint}, {scopes.LabelDeployment, id.Deployment}, {scopes.LabelInstance, id.Instance}}
	for k, v := range extra {
		if v != "" {
			ls = append(ls, label{k, v})
		}
	}
	slices.SortFunc(ls, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	return ls
}

// encoder builds remote-write 2.0 requests. Its memory is used again for the next one. Not safe for concurrent use.
type encoder struct {
	base    []label // sorted
	symbols writev2.SymbolsTable
	req     writev2.Request
	samples int
	labels  []label
	plain   []byte
	packed  []byte
}

func newEncoder(base []label) *encoder {
	return &encoder{base: base, symbols: writev2.NewSymbolTable()}
}

// reset begins a new request.
func (e *encoder) reset() {
	e.symbols.Reset()
	e.req.Timeseries = e.req.Timeseries[:0]
	e.samples = 0
}

// seriesLabels returns name, identity and the reading's labels, sorted by name; false when the reading does not fit its description or names
// itself by a label. The slice is the encoder's, until the next call.
func (e *encoder) seriesLabels(d *Desc, values []string) ([]label, bool) {
	if len(values) != len(d.Labels) || d.Name == "" {
		return nil, false
	}
	ls := append(e.labels[:0], label{model.MetricNameLabel, d.Name})
	for i, name := range d.Labels {
		v := values[i]
		if v == "" {
			continue
		}
		if name == "" || name == model.MetricNameLabel {
			return nil, false
		}
		if isIdentity(name) {
			name = model.ExportedLabelPrefix + name
		}
		ls = append(ls, label{name, strings.ToValidUTF8(v, "\uFFFD")})
	}
	own := len(ls)
	for _, b := range e.base {
		if !slices.ContainsFunc(ls[1:own], func(l label) bool { return l.name == b.name }) {
			ls = append(ls, b)
		}
	}
	slices.SortFunc(ls, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	e.labels = ls
	for i := 1; i < len(ls); i++ {
		if ls[i].name == ls[i-1].name {
			return nil, false
		}
	}
	return ls, true
}

// add appends one series with one sample. A nil h means a float.
func (e *encoder) add(d *Desc, ls []label, v float64, h *histogram.Histogram, start, at time.Time) {
	n := len(e.req.Timeseries)
	if n < cap(e.req.Timeseries) {
		e.req.Timeseries = e.req.Timeseries[:n+1]
	} else {
		e.req.Timeseries = append(e.req.Timeseries, writev2.TimeSeries{})
	}
	ts := &e.req.Timeseries[n]
	ts.LabelsRefs, ts.Samples, ts.Histograms, ts.Exemplars = ts.LabelsRefs[:0], ts.Samples[:0], ts.Histograms[:0], ts.Exemplars[:0]
	for _, l := range ls {
		ts.LabelsRefs = append(ts.LabelsRefs, e.symbols.Symbolize(l.name), e.symbols.Symbolize(l.value))
	}
	ts.Metadata = writev2.Metadata{Type: writev2.FromMetadataType(d.Type), HelpRef: e.symbols.Symbolize(d.Help), UnitRef: e.symbols.Symbolize(d.Unit)}
	t, st := at.UnixMilli(), int64(0)
	if !start.IsZero() && start.UnixMilli() <= t {
		st = start.UnixMilli()
	}
	if h != nil {
		ts.Histograms = append(ts.Histograms, writev2.FromIntHistogram(st, t, h))
	} else {
		ts.Samples = append(ts.Samples, writev2.Sample{Value: v, Timestamp: t, StartTimestamp: st})
	}
	e.samples++
}

// addStale appends the mark that says that a series has ended.
func (e *encoder) addStale(d *Desc, ls []label, native bool, at time.Time) {
	stale := math.Float64frombits(value.StaleNaN)
	if native {
		e.add(d, ls, 0, &histogram.Histogram{Sum: stale}, time.Time{}, at)
		return
	}
	e.add(d, ls, stale, nil, time.Time{}, at)
}

// finish returns the request, marshalled and packed with snappy, and its number of samples. The bytes are the encoder's, until the next call.
func (e *encoder) finish() ([]byte, int, error) {
	e.req.Symbols = e.symbols.Symbols()
	var err error
	if e.plain, err = e.req.OptimizedMarshal(e.plain); err != nil {
		return nil, 0, err
	}
	e.packed = snappy.Encode(e.packed[:cap(e.packed)], e.plain)
	return e.packed, e.samples, nil
}
