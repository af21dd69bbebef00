package agent

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Gatherer is a collector over a registry of client_golang, such as that of a model server written in Go: its counters, gauges,
// summaries and histograms become readings with the time at which they were created, and with their exemplars. A histogram that has native buckets is read as
// a native one; otherwise it becomes its classic series.
type Gatherer struct {
	name  string
	from  prometheus.Gatherer
	descs map[string]*Desc // by name and label names
	key   []byte
}

// NewGatherer returns a collector called name over from. Names, helps and labels are passed on as they are; a label that is one of the
// identity's is pushed as exported_….
func NewGatherer(name string, from prometheus.Gatherer) *Gatherer {
	return &Gatherer{name: name, from: from, descs: map[string]*Desc{}}
}

// Name returns the name given to NewGatherer.
func (g *Gatherer) Name() string { return g.name }

// Describe gathers once and lists what was there; vectors without children are not.
func (g *Gatherer) Describe() []*Desc {
	var r Round
	other := NewGatherer(g.name, g.from)
	_ = other.Collect(context.Background(), &r)
	var all []*Desc
	for _, reading := range r.Readings {
		if !slices.Contains(all, reading.Desc) {
			all = append(all, reading.Desc)
		}
	}
	return all
}

// Close does nothing: the registry is its owner's.
func (g *Gatherer) Close() error { return nil }

// Collect adds what the registry gathers. It returns the registry's error with what could be gathered in spite of it.
func (g *Gatherer) Collect(_ context.Context, r *Round) error {
	families, err := g.from.Gather()
	if err != nil && len(families) == 0 {
		return err
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			g.add(r, f, m)
		}
	}
	var multi prometheus.MultiError
	if errors.As(err, &multi) && len(multi) == 0 {
		return nil
	}
	return err
}

func (g *Gatherer) add(r *Round, f *dto.MetricFamily, m *dto.Metric) {
	at := time.Time{}
	if m.TimestampMs != nil {
		at = time.UnixMilli(m.GetTimestampMs())
	}
	emit := func(suffix string, typ model.MetricType, v float64, h *histogram.Histogram, created *timestamppb.Timestamp, extra, value string, exemplars ...*dto.Exemplar) {
		d := g.desc(f, suffix, typ, m, extra)
		values := make([]string, 0, len(d.Labels))
		for _, l := range m.GetLabel() {
			values = append(values, l.GetValue())
		}
		if extra != "" {
			values = append(values, value)
		}
		reading := Reading{Desc: d, LabelValues: values, Value: v, Hist: h, Time: at}
		if created != nil {
			reading.Start = created.AsTime()
		}
		for _, e := range exemplars {
			if e != nil {
				reading.Exemplars = append(reading.Exemplars, exemplarOf(e))
			}
		}
		r.Readings = append(r.Readings, reading)
	}
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		emit("", model.MetricTypeCounter, m.GetCounter().GetValue(), nil, m.GetCounter().GetCreatedTimestamp(), "", "", m.GetCounter().GetExemplar())
	case dto.MetricType_GAUGE:
		emit("", model.MetricTypeGauge, m.GetGauge().GetValue(), nil, nil, "", "")
	case dto.MetricType_SUMMARY:
		s := m.GetSummary()
		for _, q := range s.GetQuantile() {
			emit("", model.MetricTypeSummary, q.GetValue(), nil, nil, model.QuantileLabel, formatFloat(q.GetQuantile()))
		}
		emit("_sum", model.MetricTypeSummary, s.GetSampleSum(), nil, s.GetCreatedTimestamp(), "", "")
		emit("_count", model.MetricTypeSummary, float64(s.GetSampleCount()), nil, s.GetCreatedTimestamp(), "", "")
	case dto.MetricType_HISTOGRAM:
		h := m.GetHistogram()
		if native := nativeHistogram(h); native != nil {
			all := h.GetExemplars()
			for _, b := range h.GetBucket() {
				all = append(all[:len(all):len(all)], b.GetExemplar())
			}
			emit("", model.MetricTypeHistogram, 0, native, h.GetCreatedTimestamp(), "", "", all...)
			return
		}
		infinite := false
		for _, b := range h.GetBucket() {
			emit("_bucket", model.MetricTypeHistogram, float64(b.GetCumulativeCount()), nil, h.GetCreatedTimestamp(), model.BucketLabel, formatFloat(b.GetUpperBound()), b.GetExemplar())
			infinite = infinite || formatFloat(b.GetUpperBound()) == "+Inf"
		}
		if !infinite {
			emit("_bucket", model.MetricTypeHistogram, float64(h.GetSampleCount()), nil, h.GetCreatedTimestamp(), model.BucketLabel, "+Inf")
		}
		emit("_sum", model.MetricTypeHistogram, h.GetSampleSum(), nil, h.GetCreatedTimestamp(), "", "")
		emit("_count", model.MetricTypeHistogram, float64(h.GetSampleCount()), nil, h.GetCreatedTimestamp(), "", "")
	case dto.MetricType_UNTYPED:
		emit("", model.MetricTypeUnknown, m.GetUntyped().GetValue(), nil, nil, "", "")
	}
}

// exemplarOf returns e with its labels sorted, as Prometheus has them.
func exemplarOf(e *dto.Exemplar) exemplar.Exemplar {
	b := labels.NewScratchBuilder(len(e.GetLabel()))
	for _, l := range e.GetLabel() {
		b.Add(l.GetName(), l.GetValue())
	}
	b.Sort()
	out := exemplar.Exemplar{Labels: b.Labels(), Value: e.GetValue()}
	if e.GetTimestamp() != nil {
		out.Ts, out.HasTs = e.GetTimestamp().AsTime().UnixMilli(), true
	}
	return out
}

// desc returns the description of one series of a family, made once.
func (g *Gatherer) desc(f *dto.MetricFamily, suffix string, typ model.MetricType, m *dto.Metric, extra string) *Desc {
	g.key = append(append(g.key[:0], f.GetName()...), suffix...)
	for _, l := range m.GetLabel() {
		g.key = append(append(g.key, 0xff), l.GetName()...)
	}
	g.key = append(append(g.key, 0xff), extra...)
	if d := g.descs[string(g.key)]; d != nil && d.Type == typ && d.Help == f.GetHelp() {
		return d
	}
	d := &Desc{Name: f.GetName() + suffix, Help: f.GetHelp(), Type: typ, Unit: f.GetUnit()}
	if d.Unit == "" {
		d.Unit = unitOf(f.GetName())
	}
	for _, l := range m.GetLabel() {
		d.Labels = append(d.Labels, l.GetName())
	}
	if extra != "" {
		d.Labels = append(d.Labels, extra)
	}
	g.descs[string(g.key)] = d
	return d
}

// unitOf reads the base unit off a name that ends with one.
func unitOf(name string) string {
	name = strings.TrimSuffix(name, "_total")
	for _, u := range []string{"seconds", "bytes", "ratio", "joules", "watts", "celsius", "hertz", "volts", "amperes", "meters", "grams"} {
		if strings.HasSuffix(name, "_"+u) {
			return u
		}
	}
	return ""
}

func formatFloat(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".eIN") {
		text += ".0" // as OpenMetrics and Prometheus write bounds
	}
	return text
}

// nativeHistogram returns the native buckets of h, and nil when it has none.
func nativeHistogram(h *dto.Histogram) *histogram.Histogram {
	if len(h.GetPositiveSpan()) == 0 && len(h.GetNegativeSpan()) == 0 && h.GetZeroThreshold() == 0 && h.GetZeroCount() == 0 {
		return nil
	}
	n := &histogram.Histogram{
		Schema: h.GetSchema(), ZeroThreshold: h.GetZeroThreshold(), ZeroCount: h.GetZeroCount(), Count: h.GetSampleCount(), Sum: h.GetSampleSum(),
		PositiveSpans: spans(h.GetPositiveSpan()), PositiveBuckets: slices.Clone(h.GetPositiveDelta()),
		NegativeSpans: spans(h.GetNegativeSpan()), NegativeBuckets: slices.Clone(h.GetNegativeDelta()),
	}
	return n
}

// spans leaves out the empty span by which client_golang marks a native histogram that has seen nothing.
func spans(in []*dto.BucketSpan) []histogram.Span {
	if len(in) == 1 && in[0].GetLength() == 0 {
		return nil
	}
	var out []histogram.Span
	for _, s := range in {
		out = append(out, histogram.Span{Offset: s.GetOffset(), Length: s.GetLength()})
	}
	return out
}
