package scopes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// Definition is one entry of the catalogue: a named metric at one or more levels, what may be asked of it, and how it is
// computed from stored series. It is read-only once loaded.
type Definition struct {
	Name        string // exact name in the REST interface, such as RequestLatency_P95
	DisplayName string
	Description string
	Category    Category
	// Azure says that the metric has the name and meaning of one in Azure Monitor; the others are ours.
	Azure bool
	Unit  Unit // of every aggregation except those that UnitOf changes
	// Levels are the scopes that the definition answers for. A name may have several definitions, for different levels.
	Levels []Level
	// Aggregations are what may be asked for; the first is the primary one.
	Aggregations []Aggregation
	Dimensions   []Dimension
	Source       Source
}

// Category groups definitions as Azure Monitor does.
type Category string

// The categories.
const (
	CategoryTraffic  Category = "Traffic"
	CategoryResource Category = "Resource"
)

// Unit is the unit of a metric's values, spelt as in Azure Monitor's catalogue where it has the unit.
type Unit string

// The units. Ratio, Watts and Celsius are ours.
const (
	UnitCount          Unit = "Count"
	UnitCountPerSecond Unit = "CountPerSecond"
	UnitBytes          Unit = "Bytes"
	UnitBytesPerSecond Unit = "BytesPerSecond"
	UnitMilliseconds   Unit = "Milliseconds"
	UnitPercent        Unit = "Percent"
	UnitRatio          Unit = "Ratio"
	UnitWatts          Unit = "Watts"
	UnitCelsius        Unit = "Celsius"
)

// Aggregation is how the samples of a window become one value.
type Aggregation string

// The aggregations. What each means depends on the definition's Kind.
const (
	Average Aggregation = "Average"
	Minimum Aggregation = "Minimum"
	Maximum Aggregation = "Maximum"
	Total   Aggregation = "Total"
	Count   Aggregation = "Count"
)

// ParseAggregation reads an aggregation's name without regard to case; avg, min, max and sum are understood too. It
// returns false for anything else.
func ParseAggregation(s string) (Aggregation, bool) {
	switch strings.ToLower(s) {
	case "average", "avg":
		return Average, true
	case "minimum", "min":
		return Minimum, true
	case "maximum", "max":
		return Maximum, true
	case "total", "sum":
		return Total, true
	case "count":
		return Count, true
	}
	return "", false
}

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
	// KindHistogramCount is KindCounter for the number of observations of a native histogram.
	KindHistogramCount Kind = "histogram_count"
	// KindHistogramMean is the sum of all observations in the window over their number (Average), or that number (Count).
	KindHistogramMean Kind = "histogram_mean"
	// KindHistogramQuantile is the quantile of all observations in the window, from merged histograms (Average), or
	// their number (Count).
	KindHistogramQuantile Kind = "histogram_quantile"
	// KindHistogramShare is the share of the observations whose label Source.Share.Label matches (Average).
	KindHistogramShare Kind = "histogram_share"
	// KindInstanceState counts instances by whether they report; it yields the label `state`, `ready` or `missing`.
	KindInstanceState Kind = "instance_state"
)

// allowed are the aggregations that each kind can compute.
func (k Kind) allowed() []Aggregation {
	switch k {
	case KindGauge:
		return []Aggregation{Average, Minimum, Maximum, Total, Count}
	case KindGaugeSum, KindInstanceState:
		return []Aggregation{Average, Minimum, Maximum}
	case KindCounter, KindHistogramCount:
		return []Aggregation{Average, Minimum, Maximum, Total}
	case KindHistogramMean, KindHistogramQuantile:
		return []Aggregation{Average, Count}
	case KindHistogramShare:
		return []Aggregation{Average}
	}
	return nil
}

// Source says how a definition is computed.
type Source struct {
	Kind   Kind    `yaml:"kind"`
	Series string  `yaml:"series"` // the stored series' name; none for KindInstanceState
	Factor float64 `yaml:"factor"` // multiplies every value except a Count; 1 where it is not given
	// Per is the time that Average, Minimum and Maximum of a counter refer to: PerSecond or PerMinute.
	Per      Per        `yaml:"per"`
	Quantile float64    `yaml:"-"` // in (0, 1), set for each of an entry's quantiles
	Share    *LabelRule `yaml:"share"`
}

// Per is the unit of time of a rate.
type Per string

// The units of time of a rate.
const (
	PerSecond Per = "second"
	PerMinute Per = "minute"
)

// LabelRule picks the series whose label matches an anchored regular expression.
type LabelRule struct {
	Label string `yaml:"label"`
	Match string `yaml:"match"`
}

// Dimension is what a metric may be split by: a stored label, or a value derived from one.
type Dimension struct {
	Name   string  `yaml:"name"`  // as answers spell it; compared without case
	Label  string  `yaml:"label"` // the stored label; empty where Derive is set
	Derive *Derive `yaml:"derive"`
}

// Derive makes a dimension's value from a label: where the anchored Match fits the value of From it is Value with
// `${1}` and the like filled in, and otherwise it is empty.
type Derive struct {
	From  string `yaml:"from"`
	Match string `yaml:"match"`
	Value string `yaml:"value"`
}

// At says whether the definition answers for a level.
func (d *Definition) At(level Level) bool { return slices.Contains(d.Levels, level) }

// Supports says whether the aggregation may be asked for.
func (d *Definition) Supports(a Aggregation) bool { return slices.Contains(d.Aggregations, a) }

// Dimension returns the dimension of that name, compared without case.
func (d *Definition) Dimension(name string) (Dimension, bool) {
	for _, dim := range d.Dimensions {
		if strings.EqualFold(dim.Name, name) {
			return dim, true
		}
	}
	return Dimension{}, false
}

// UnitOf returns the unit of one aggregation: a Count is a Count, and the Total of a rate is what it is a rate of.
func (d *Definition) UnitOf(a Aggregation) Unit {
	switch {
	case a == Count:
		return UnitCount
	case a == Total && d.Unit == UnitBytesPerSecond:
		return UnitBytes
	case a == Total && d.Unit == UnitCountPerSecond:
		return UnitCount
	}
	return d.Unit
}

var (
	definitionName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(_P[0-9]+)?$`)
	dimensionName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
)

// validate checks one definition; the error says which part breaks which rule.
func (d *Definition) validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("metric %s: %s", d.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case !definitionName.MatchString(d.Name):
		return bad("name must be letters and digits starting with a capital")
	case d.DisplayName == "" || d.Description == "":
		return bad("display_name and description must be given")
	case d.Category != CategoryTraffic && d.Category != CategoryResource:
		return bad("category %q must be Traffic or Resource", d.Category)
	case !slices.Contains([]Unit{UnitCount, UnitCountPerSecond, UnitBytes, UnitBytesPerSecond, UnitMilliseconds, UnitPercent, UnitRatio, UnitWatts, UnitCelsius}, d.Unit):
		return bad("unit %q is unknown", d.Unit)
	case len(d.Levels) == 0 || len(d.Aggregations) == 0:
		return bad("levels and aggregations must be given")
	}
	for _, level := range d.Levels {
		if level.Depth() == 0 {
			return bad("level %q must be endpoint, deployment or instance", level)
		}
	}
	for i, a := range d.Aggregations {
		if !slices.Contains(d.Source.Kind.allowed(), a) || slices.Contains(d.Aggregations[:i], a) {
			return bad("aggregation %q is given twice or cannot be computed by kind %q", a, d.Source.Kind)
		}
		if d.Source.Per == PerSecond && (a == Minimum || a == Maximum) {
			return bad("aggregation %q needs per minute", a) // nobody samples once a second
		}
	}
	if err := d.Source.validate(); err != nil {
		return bad("source: %v", err)
	}
	for i, dim := range d.Dimensions {
		if slices.ContainsFunc(d.Dimensions[:i], func(o Dimension) bool { return strings.EqualFold(o.Name, dim.Name) }) {
			return bad("dimension %q is given twice", dim.Name)
		}
		if err := dim.validate(); err != nil {
			return bad("dimension %q: %v", dim.Name, err)
		}
	}
	return nil
}

func (s *Source) validate() error {
	if s.Kind.allowed() == nil {
		return fmt.Errorf("kind %q is unknown", s.Kind)
	}
	rate := s.Kind == KindCounter || s.Kind == KindHistogramCount
	switch {
	case (s.Series == "") != (s.Kind == KindInstanceState):
		return fmt.Errorf("series %q does not fit kind %q", s.Series, s.Kind)
	case s.Series != "" && !model.LegacyValidation.IsValidMetricName(s.Series):
		return fmt.Errorf("series %q is no metric name", s.Series)
	case s.Factor <= 0:
		return fmt.Errorf("factor %v must be positive", s.Factor)
	case rate && s.Per != PerSecond && s.Per != PerMinute, !rate && s.Per != "":
		return fmt.Errorf("per %q does not fit kind %q", s.Per, s.Kind)
	case (s.Kind == KindHistogramQuantile) != (s.Quantile > 0 && s.Quantile < 1):
		return fmt.Errorf("quantile %v does not fit kind %q", s.Quantile, s.Kind)
	case (s.Share != nil) != (s.Kind == KindHistogramShare):
		return fmt.Errorf("share does not fit kind %q", s.Kind)
	case s.Share != nil:
		return validLabelAndMatch(s.Share.Label, s.Share.Match)
	}
	return nil
}

func (d *Dimension) validate() error {
	switch {
	case !dimensionName.MatchString(d.Name):
		return fmt.Errorf("must be letters, digits and _")
	case (d.Label == "") == (d.Derive == nil):
		return fmt.Errorf("must have either label or derive")
	case d.Derive != nil && d.Derive.Value == "":
		return fmt.Errorf("derive must have a value")
	case d.Derive != nil:
		return validLabelAndMatch(d.Derive.From, d.Derive.Match)
	case !model.LegacyValidation.IsValidLabelName(d.Label):
		return fmt.Errorf("label %q is no label name", d.Label)
	}
	return nil
}

func validLabelAndMatch(label, match string) error {
	if !model.LegacyValidation.IsValidLabelName(label) {
		return fmt.Errorf("label %q is no label name", label)
	}
	if match == "" {
		return fmt.Errorf("match must be given")
	}
	_, err := regexp.Compile("^(?s:" + match + ")$")
	return err
}
