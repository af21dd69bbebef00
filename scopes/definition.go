package scopes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Definition is one entry of the catalogue: a named metric at one or more levels, what may be asked of it, and how it is
// computed from stored series. It is read-only once loaded.
type Definition struct {
	Name        string // exact name in the REST interface, such as RequestLatency_P95
	DisplayName string
	Description string
	Category    Category
	// Azure says that Azure Monitor has a metric of this name and meaning at the definition's first level; the others are ours.
	Azure bool
	Unit  Unit // of every aggregation except those that UnitOf changes
	// Levels are the scopes that the definition answers for. A name may have several definitions, for different levels.
	Levels []Level
	// Aggregations are what may be asked for; the first is the primary one.
	Aggregations []Aggregation
	Dimensions   []Dimension
	Source       Source
}

// Category groups definitions: Traffic and Resource as Azure Monitor does, Model for what a model server says of itself.
type Category string

// The categories.
const (
	CategoryTraffic  Category = "Traffic"
	CategoryModel    Category = "Model"
	CategoryResource Category = "Resource"
)

// Categories returns the categories in the order in which definitions are listed.
func Categories() []Category { return []Category{CategoryTraffic, CategoryModel, CategoryResource} }

// Unit is the unit of a metric's values, spelt as in Azure Monitor's catalogue where it has the unit.
type Unit string

// The units. Those from Ratio on are ours.
const (
	UnitCount          Unit = "Count"
	UnitCountPerSecond Unit = "CountPerSecond"
	UnitBytes          Unit = "Bytes"
	UnitBytesPerSecond Unit = "BytesPerSecond"
	UnitMilliseconds   Unit = "Milliseconds"
	UnitSeconds        Unit = "Seconds"
	UnitPercent        Unit = "Percent"
	UnitRatio          Unit = "Ratio"
	UnitWatts          Unit = "Watts"
	UnitJoules         Unit = "Joules"
	UnitCelsius        Unit = "Celsius"
	UnitHertz          Unit = "Hertz"
	UnitHours          Unit = "Hours"
)

// Units returns all units.
func Units() []Unit {
	return []Unit{UnitCount, UnitCountPerSecond, UnitBytes, UnitBytesPerSecond, UnitMilliseconds, UnitSeconds, UnitPercent, UnitRatio,
		UnitWatts, UnitJoules, UnitCelsius, UnitHertz, UnitHours}
}

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

var definitionName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(_P[0-9]+)?$`)

// validate checks one definition; the error says which key has which value that breaks which rule.
func (d *Definition) validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("metric %s: %s", d.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case !definitionName.MatchString(d.Name):
		return bad("name must be letters and digits starting with a capital")
	case d.DisplayName == "":
		return bad("display_name must be given")
	case d.Description == "":
		return bad("description must be given")
	case !slices.Contains(Categories(), d.Category):
		return bad("category %q must be one of %s", d.Category, list(Categories()))
	case !slices.Contains(Units(), d.Unit):
		return bad("unit %q is unknown; it must be one of %s", d.Unit, list(Units()))
	case d.Source.Kind.allowed() == nil:
		return bad("source: kind %q is unknown; it must be one of %s", d.Source.Kind, list(Kinds()))
	case len(d.Aggregations) == 0:
		return bad("aggregations must be given")
	}
	for i, a := range d.Aggregations {
		if allowed := d.Source.Kind.allowed(); !slices.Contains(allowed, a) || slices.Contains(d.Aggregations[:i], a) {
			return bad("aggregation %q is given twice or cannot be computed by kind %q, which has %s", a, d.Source.Kind, list(allowed))
		}
		if d.Source.Per == PerSecond && (a == Minimum || a == Maximum) {
			return bad("aggregation %q needs per minute", a) // nobody samples once a second
		}
	}
	if err := d.Source.validate(d.Aggregations); err != nil {
		return bad("source: %v", err)
	}
	for i, dim := range d.Dimensions {
		if slices.ContainsFunc(d.Dimensions[:i], func(o Dimension) bool { return strings.EqualFold(o.Name, dim.Name) }) {
			return bad("dimension %q is given twice", dim.Name)
		}
	}
	for _, t := range d.Source.terms() {
		for _, name := range t.Without {
			if dim, ok := d.Dimension(name); !ok || dim.Name != name {
				return bad("source: without %q is no dimension of the metric", name)
			}
		}
	}
	return nil
}

func list[S ~string](values []S) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}
