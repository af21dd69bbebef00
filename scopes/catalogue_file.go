package scopes

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// catalogueFile is one file of the catalogue as it is written: dimensions, which the entries of all files may name, and
// entries.
type catalogueFile struct {
	name string
	text []byte
}

// fileEntries is the form of a file.
type fileEntries struct {
	Dimensions []dimensionEntry `yaml:"dimensions"`
	Metrics    []metricEntry    `yaml:"metrics"`
}

// dimensionEntry declares a dimension. Levels are those at which metrics have it; none means all.
type dimensionEntry struct {
	Dimension `yaml:",inline"`
	Levels    []Level `yaml:"levels"`
}

// metricEntry is a catalogue entry as it is written. It stands for one definition for each set of levels that differ in their
// dimensions. Quantiles stands for one more definition each, NAME_P50 and so on, which has everything in common with
// the entry but is a quantile of the same histogram.
type metricEntry struct {
	Name         string        `yaml:"name"`
	DisplayName  string        `yaml:"display_name"`
	Description  string        `yaml:"description"`
	Category     Category      `yaml:"category"`
	Azure        []Level       `yaml:"azure"` // the levels at which Azure Monitor has the metric
	Unit         Unit          `yaml:"unit"`
	Levels       []Level       `yaml:"levels"` // none means all
	Aggregations []Aggregation `yaml:"aggregations"`
	Quantiles    []int         `yaml:"quantiles"` // percentiles, 1 to 99
	// AzureQuantiles are the levels at which Azure Monitor has those.
	AzureQuantiles []Level  `yaml:"azure_quantiles"`
	Source         Source   `yaml:"source"`
	Dimensions     []string `yaml:"dimensions"` // names of declared ones
}

// parseCatalogue reads files that may refer to each other's dimensions. The error joins all that is wrong, each with its file.
func parseCatalogue(files ...catalogueFile) (*Catalogue, error) {
	var errs []error
	parsed := make([]fileEntries, len(files))
	declared := map[string]dimensionEntry{}
	for i, f := range files {
		if err := yaml.NewDecoder(bytes.NewReader(f.text), yaml.Strict()).Decode(&parsed[i]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.name, err))
			continue
		}
		for _, d := range parsed[i].Dimensions {
			if err := d.check(declared); err != nil {
				errs = append(errs, fmt.Errorf("%s: dimension %q: %w", f.name, d.Name, err))
			}
			declared[strings.ToLower(d.Name)] = d
		}
	}
	var all []*Definition
	for i, f := range files {
		for _, e := range parsed[i].Metrics {
			ds, err := e.definitions(declared)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", f.name, err))
			}
			all = append(all, ds...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return newCatalogue(all)
}

func (d *dimensionEntry) check(declared map[string]dimensionEntry) error {
	if _, ok := declared[strings.ToLower(d.Name)]; ok {
		return errors.New("is declared twice")
	}
	if err := validLevels("levels", d.Levels); err != nil {
		return err
	}
	return d.validate()
}

// definitions returns what the entry stands for.
func (e *metricEntry) definitions(declared map[string]dimensionEntry) ([]*Definition, error) {
	bad := func(err error) error { return fmt.Errorf("metric %s: %w", e.Name, err) }
	levels := e.Levels
	if len(levels) == 0 {
		levels = Levels()
	}
	if err := errors.Join(validLevels("levels", levels), validLevels("azure", e.Azure), validLevels("azure_quantiles", e.AzureQuantiles)); err != nil {
		return nil, bad(err)
	}
	for _, level := range slices.Concat(e.Azure, e.AzureQuantiles) {
		if !slices.Contains(levels, level) {
			return nil, bad(fmt.Errorf("azure: level %q is none of the metric's", level))
		}
	}
	if e.Source.Factor == 0 {
		e.Source.Factor = 1
	}
	var out []*Definition
	var errs []error
	for _, level := range levels {
		dims, err := e.dimensionsAt(level, declared)
		if err != nil {
			return nil, bad(err)
		}
		azure := slices.Contains(e.Azure, level)
		same := func(d *Definition) bool {
			return slices.Equal(d.Dimensions, dims) && (d.Azure == azure || level == LevelInstance) // Azure has no instances to ask about
		}
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Levels = append(out[i].Levels, level)
			continue
		}
		out = append(out, &Definition{
			Name: e.Name, DisplayName: e.DisplayName, Description: e.Description, Category: e.Category, Azure: azure,
			Unit: e.Unit, Levels: []Level{level}, Aggregations: e.Aggregations, Dimensions: dims, Source: e.Source,
		})
	}
	if len(e.Quantiles) > 0 && e.Source.Kind != KindHistogramMean {
		errs = append(errs, bad(fmt.Errorf("quantiles need kind %s (got %q)", KindHistogramMean, e.Source.Kind)))
	}
	base := out
	for i, q := range e.Quantiles {
		if q < 1 || q > 99 || slices.Contains(e.Quantiles[:i], q) {
			errs = append(errs, bad(fmt.Errorf("quantiles: %d is given twice or not from 1 to 99", q)))
		}
		for _, d := range base {
			d := *d
			d.Name = fmt.Sprintf("%s_P%d", e.Name, q)
			d.DisplayName = fmt.Sprintf("%s P%d", e.DisplayName, q)
			d.Description = strings.TrimSpace(fmt.Sprintf("The %s percentile of all observations in the window, from merged histograms. %s", ordinal(q), firstSentence(e.Description)))
			d.Azure = slices.Contains(e.AzureQuantiles, d.Levels[0])
			d.Aggregations = slices.DeleteFunc(slices.Clone(e.Aggregations), func(a Aggregation) bool { return a == Total })
			d.Source.Kind = KindHistogramQuantile
			d.Source.Quantile = float64(q) / 100
			out = append(out, &d)
		}
	}
	for _, d := range out {
		errs = append(errs, d.validate())
	}
	return out, errors.Join(errs...)
}

// dimensionsAt returns the entry's dimensions at a level.
func (e *metricEntry) dimensionsAt(level Level, declared map[string]dimensionEntry) ([]Dimension, error) {
	var out []Dimension
	for _, name := range e.Dimensions {
		d, ok := declared[strings.ToLower(name)]
		if !ok || d.Name != name {
			return nil, fmt.Errorf("dimension %q is not declared", name)
		}
		if len(d.Levels) == 0 || slices.Contains(d.Levels, level) {
			out = append(out, d.Dimension)
		}
	}
	return out, nil
}

func validLevels(key string, levels []Level) error {
	for i, level := range levels {
		if level.Depth() == 0 || slices.Contains(levels[:i], level) {
			return fmt.Errorf("%s: level %q is given twice or not one of %s", key, level, list(Levels()))
		}
	}
	return nil
}

func firstSentence(s string) string {
	head, _, more := strings.Cut(s, ". ")
	if more {
		head += "."
	}
	return head
}

func ordinal(n int) string {
	suffix := "th"
	if n/10 != 1 {
		suffix = [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10]
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
