package scopes

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed catalogue/*.yaml
var catalogueFiles embed.FS

// Catalogue is the set of metric definitions, in the order of their files. It is read-only and safe for concurrent use.
type Catalogue struct {
	definitions []*Definition
}

// LoadCatalogue reads the embedded catalogue. It fails if a file has an unknown key, a value that is not allowed, or a
// name that two definitions give to the same level; a test loads it, so that a built server does not fail here.
func LoadCatalogue() (*Catalogue, error) {
	names, err := fs.Glob(catalogueFiles, "catalogue/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list catalogue: %w", err)
	}
	slices.Sort(names)
	slices.Reverse(names) // traffic before resource: what clients see first comes first
	var all []*Definition
	for _, name := range names {
		text, err := catalogueFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		ds, err := parseDefinitions(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, ds...)
	}
	return newCatalogue(all)
}

// entry is a catalogue entry as it is written. Quantiles stands for one more definition each, NAME_P50 and so on, which
// has everything in common with the entry but is a quantile of the same histogram.
type entry struct {
	Name         string        `yaml:"name"`
	DisplayName  string        `yaml:"display_name"`
	Description  string        `yaml:"description"`
	Category     Category      `yaml:"category"`
	Azure        bool          `yaml:"azure"`
	Unit         Unit          `yaml:"unit"`
	Levels       []Level       `yaml:"levels"`
	Aggregations []Aggregation `yaml:"aggregations"`
	Quantiles    []int         `yaml:"quantiles"` // percentiles, 1 to 99
	Source       Source        `yaml:"source"`
	Dimensions   []Dimension   `yaml:"dimensions"`
}

func parseDefinitions(text []byte) ([]*Definition, error) {
	var file struct {
		Metrics []entry `yaml:"metrics"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&file); err != nil {
		return nil, err
	}
	var out []*Definition
	var errs []error
	for _, e := range file.Metrics {
		if e.Source.Factor == 0 {
			e.Source.Factor = 1
		}
		base := &Definition{
			Name: e.Name, DisplayName: e.DisplayName, Description: e.Description, Category: e.Category, Azure: e.Azure,
			Unit: e.Unit, Levels: e.Levels, Aggregations: e.Aggregations, Dimensions: e.Dimensions, Source: e.Source,
		}
		out = append(out, base)
		if len(e.Quantiles) > 0 && e.Source.Kind != KindHistogramMean {
			errs = append(errs, fmt.Errorf("metric %s: quantiles need kind histogram_mean", e.Name))
		}
		for _, q := range e.Quantiles {
			d := *base
			d.Name = fmt.Sprintf("%s_P%d", e.Name, q)
			d.DisplayName = fmt.Sprintf("%s P%d", e.DisplayName, q)
			d.Description = strings.TrimSpace(fmt.Sprintf("The %dth percentile of all requests in the window, from merged histograms. %s", q, firstSentence(e.Description)))
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

func firstSentence(s string) string {
	head, _, more := strings.Cut(s, ". ")
	if more {
		head += "."
	}
	return head
}

func newCatalogue(ds []*Definition) (*Catalogue, error) {
	type key struct {
		name  string
		level Level
	}
	seen := map[key]bool{}
	var errs []error
	for _, d := range ds {
		for _, level := range d.Levels {
			k := key{strings.ToLower(d.Name), level}
			if seen[k] {
				errs = append(errs, fmt.Errorf("metric %s: is defined twice for level %s", d.Name, level))
			}
			seen[k] = true
		}
	}
	return &Catalogue{definitions: ds}, errors.Join(errs...)
}

// All returns every definition. The caller owns the slice, not what it points to.
func (c *Catalogue) All() []*Definition { return slices.Clone(c.definitions) }

// AtLevel returns the definitions that answer for a level.
func (c *Catalogue) AtLevel(level Level) []*Definition {
	var out []*Definition
	for _, d := range c.definitions {
		if d.At(level) {
			out = append(out, d)
		}
	}
	return out
}

// Lookup returns the definition of that name, compared without case, for a level.
func (c *Catalogue) Lookup(name string, level Level) (*Definition, bool) {
	for _, d := range c.definitions {
		if d.At(level) && strings.EqualFold(d.Name, name) {
			return d, true
		}
	}
	return nil, false
}
