package scopes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// Kind says how a definition is computed from its series. Every kind adds up or merges whatever is neither split nor
// named by the scope.
type Kind string

// The kinds, with what their aggregations mean for a window.
const (
	// KindGauge takes every sample of every series in the window as one observation: Average is their sum over their number.
	KindGauge Kind = "gauge"
	// KindGaugeSum adds the series up at each instant; Average, Minimum and Maximum are those of that sum over time.
	KindGaugeSum Kind = "gauge_sum"
	// KindCounter is the increase of a counter, added over the series. Total is the increase in the window, Average the
	// increase per Source.Per, Minimum and Maximum those of the increases in one Source.Per each.
	KindCounter Kind = "counter"
	// KindHistogramCount is KindCounter for the number of observations of a histogram.
	KindHistogramCount Kind = "histogram_count"
	// KindHistogramMean is the sum of all observations in the window over their number (Average), that sum (Total), or that
	// number (Count).
	KindHistogramMean Kind = "histogram_mean"
	// KindHistogramQuantile is the quantile of all observations in the window, from merged histograms (Average), or
	// their number (Count).
	KindHistogramQuantile Kind = "histogram_quantile"
	// KindRatio is the increase of Source.Num in the window over that of Source.Den, both added over the series first.
	// Where Num is of the series of Den it is a part of it, and none of it is 0; otherwise nothing over something is nothing.
	KindRatio Kind = "ratio"
	// KindGaugeRatio adds up the gauges Num and Den at each instant, of those instances that have both, and divides; Average,
	// Minimum and Maximum are those of the quotient over time.
	KindGaugeRatio Kind = "gauge_ratio"
	// KindSkew is the largest number of observations that one instance has in the window over the mean of the instances: 1
	// where they are even. Split by instance it is that instance's number over the mean.
	KindSkew Kind = "skew"
	// KindTimeShare is the increase of a counter of seconds over the length of the window and the number of devices: the
	// sets of the labels Source.Devices that have the counter.
	KindTimeShare Kind = "time_share"
	// KindFreshness is how many seconds ago the newest heartbeat of an instance was, looked at over time: Maximum is the
	// worst of the instances at the worst time. Instances that went silent are remembered.
	KindFreshness Kind = "freshness"
	// KindInstanceState counts instances by whether they report; it yields the label `state`, `ready` or `missing`.
	KindInstanceState Kind = "instance_state"
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{KindGauge, KindGaugeSum, KindCounter, KindHistogramCount, KindHistogramMean, KindHistogramQuantile, KindRatio,
		KindGaugeRatio, KindSkew, KindTimeShare, KindFreshness, KindInstanceState}
}

// allowed are the aggregations that each kind can compute.
func (k Kind) allowed() []Aggregation {
	switch k {
	case KindGauge:
		return []Aggregation{Average, Minimum, Maximum, Total, Count}
	case KindGaugeSum, KindGaugeRatio, KindFreshness, KindInstanceState:
		return []Aggregation{Average, Minimum, Maximum}
	case KindCounter, KindHistogramCount:
		return []Aggregation{Average, Minimum, Maximum, Total}
	case KindHistogramMean:
		return []Aggregation{Average, Total, Count}
	case KindHistogramQuantile:
		return []Aggregation{Average, Count}
	case KindRatio, KindSkew, KindTimeShare:
		return []Aggregation{Average}
	}
	return nil
}

// Source says how a definition is computed.
type Source struct {
	Kind   Kind       `yaml:"kind"`
	Series string     `yaml:"series"` // the stored series' name; a histogram's without _bucket, _count and _sum
	Where  *LabelRule `yaml:"where"`  // which series of that name count; nil for all
	Factor float64    `yaml:"factor"` // multiplies every value except a Count; 1 where it is not given
	// Per is the time that Average, Minimum and Maximum of a counter refer to: PerSecond or PerMinute.
	Per      Per     `yaml:"per"`
	Quantile float64 `yaml:"-"` // in (0, 1), set for each of an entry's quantiles
	// Num and Den are what KindRatio and KindGaugeRatio divide.
	Num *Term `yaml:"num"`
	Den *Term `yaml:"den"`
	// Complement takes 1 minus the value, before Factor. Minimum and Maximum are those of what is left.
	Complement bool `yaml:"complement"`
	// Devices are the labels that, with those of the scope, tell the devices of KindTimeShare apart.
	Devices []string `yaml:"devices"`
}

// Term is one side of a ratio.
type Term struct {
	Series string     `yaml:"series"`
	Stat   Stat       `yaml:"stat"` // none in KindGaugeRatio
	Where  *LabelRule `yaml:"where"`
	// Without names the metric's dimensions whose labels this side's series do not have: a split or filter by them is one
	// of the other side alone.
	Without []string `yaml:"without"`
}

// Stat is what a term takes of its series over a window.
type Stat string

// The statistics.
const (
	StatIncrease     Stat = "increase"     // of a counter
	StatObservations Stat = "observations" // the number that a histogram counted
	StatTotal        Stat = "total"        // the sum of what a histogram observed
)

// Per is the unit of time of a rate.
type Per string

// The units of time of a rate.
const (
	PerSecond Per = "second"
	PerMinute Per = "minute"
)

// PartOf says whether the numerator of a ratio is a part of the denominator, so that none of it means 0.
func (s *Source) PartOf() bool {
	return s.Num != nil && s.Den != nil && s.Num.Series == s.Den.Series && s.Num.Stat == s.Den.Stat && s.Den.Where == nil
}

func (s *Source) terms() []*Term {
	return slices.DeleteFunc([]*Term{s.Num, s.Den}, func(t *Term) bool { return t == nil })
}

func (s *Source) validate(asked []Aggregation) error {
	kind := s.Kind
	ratio := kind == KindRatio || kind == KindGaugeRatio
	rate := kind == KindCounter || kind == KindHistogramCount
	totalOnly := slices.Equal(asked, []Aggregation{Total})
	switch {
	case (s.Series == "") != (ratio || kind == KindFreshness || kind == KindInstanceState):
		return fmt.Errorf("series %q does not fit kind %q", s.Series, kind)
	case (s.Num != nil) != ratio || (s.Den != nil) != ratio:
		return fmt.Errorf("num and den must be given for kinds %q and %q, and for no other (kind %q)", KindRatio, KindGaugeRatio, kind)
	case s.Factor <= 0:
		return fmt.Errorf("factor %v must be positive", s.Factor)
	case rate && s.Per != PerSecond && s.Per != PerMinute && (s.Per != "" || !totalOnly), !rate && s.Per != "":
		return fmt.Errorf("per %q does not fit kind %q; a rate needs second or minute", s.Per, kind)
	case (kind == KindHistogramQuantile) != (s.Quantile > 0 && s.Quantile < 1):
		return fmt.Errorf("quantile %v does not fit kind %q", s.Quantile, kind)
	case s.Complement && kind != KindGauge && !ratio:
		return fmt.Errorf("complement does not fit kind %q", kind)
	case s.Complement && slices.ContainsFunc(asked, func(a Aggregation) bool { return a == Total || a == Count }):
		return fmt.Errorf("complement has no Total or Count")
	case (len(s.Devices) > 0) != (kind == KindTimeShare):
		return fmt.Errorf("devices %q does not fit kind %q", s.Devices, kind)
	case s.Series != "":
		if err := validSeries(s.Series, s.Where); err != nil {
			return err
		}
	case s.Where != nil:
		return fmt.Errorf("where needs a series (kind %q)", kind)
	}
	for _, label := range s.Devices {
		if !model.LegacyValidation.IsValidLabelName(label) {
			return fmt.Errorf("devices: %q is no label name", label)
		}
	}
	for i, t := range s.terms() {
		if err := t.validate(kind); err != nil {
			return fmt.Errorf("%s: %w", [...]string{"num", "den"}[i], err)
		}
	}
	return nil
}

func (t *Term) validate(kind Kind) error {
	stats := []Stat{StatIncrease, StatObservations, StatTotal}
	switch {
	case kind == KindGaugeRatio && t.Stat != "":
		return fmt.Errorf("stat %q does not fit kind %q", t.Stat, kind)
	case kind == KindRatio && !slices.Contains(stats, t.Stat):
		return fmt.Errorf("stat %q must be one of %s", t.Stat, list(stats))
	}
	return validSeries(t.Series, t.Where)
}

func validSeries(name string, where *LabelRule) error {
	if !model.LegacyValidation.IsValidMetricName(name) || strings.Contains(name, ":") {
		return fmt.Errorf("series %q is no metric name", name) // colons are for what rules and roll-ups write
	}
	if where == nil {
		return nil
	}
	if err := validLabelAndMatch(where.Label, where.Match); err != nil {
		return fmt.Errorf("where: %w", err)
	}
	return nil
}
