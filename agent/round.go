package agent

import (
	"context"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
)

// Desc describes one metric that a collector may emit: the canonical name (base units, see docs/metrics.md), its type, what it
// means, and the names of its labels beside the identity. It is never changed after it is made.
type Desc struct {
	Name   string
	Help   string
	Unit   string           // base unit as in the name's suffix: seconds, bytes, ratio, …; "" where there is none
	Type   model.MetricType // gauge, counter or histogram
	Labels []string
}

// Reading is one value of one series at one instant. Hist is set for native histograms, and then Value is unused.
type Reading struct {
	Desc        *Desc
	LabelValues []string // one for each of Desc.Labels; an empty value means that the label is absent
	Value       float64
	Hist        *histogram.Histogram // owned by the round once added
	Start       time.Time            // when a counter or histogram began to count; zero means unknown
	Time        time.Time            // zero means the time of the round
	// Exemplars are single observations behind a counter or histogram, in any order. Give all that the source shows now: each is sent once. One
	// without a time (HasTs) gets the reading's. Those whose labels have more than 128 characters are left out, as no store takes them.
	Exemplars []exemplar.Exemplar
}

// Round gathers the readings of one collector at one tick. Not safe for concurrent use.
type Round struct {
	Time     time.Time
	Readings []Reading
}

// Add appends one value. A reading that the device or kernel cannot give is left out by the caller, never written as 0.
func (r *Round) Add(d *Desc, value float64, labelValues ...string) {
	r.Readings = append(r.Readings, Reading{Desc: d, LabelValues: labelValues, Value: value})
}

// AddCounter appends a counter's value with the time at which it began to count.
func (r *Round) AddCounter(d *Desc, value float64, start time.Time, labelValues ...string) {
	r.Readings = append(r.Readings, Reading{Desc: d, LabelValues: labelValues, Value: value, Start: start})
}

// AddHistogram appends a native histogram with the time at which it began to count.
func (r *Round) AddHistogram(d *Desc, h *histogram.Histogram, start time.Time, labelValues ...string) {
	r.Readings = append(r.Readings, Reading{Desc: d, LabelValues: labelValues, Hist: h, Start: start})
}

// Collector reads one source. The agent calls Collect once per interval, never twice at the same time, with a context that ends
// at the collector's timeout. Readings that were added before an error are kept and sent; the error makes agent_collector_success 0.
type Collector interface {
	// Name is the value of the label `collector`, such as "host".
	Name() string
	// Describe lists every metric that Collect may emit.
	Describe() []*Desc
	// Collect adds what it reads now to r.
	Collect(ctx context.Context, r *Round) error
	// Close frees what the collector holds. Collect is not called after it.
	Close() error
}
