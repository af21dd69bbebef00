package scopes

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed catalogue/*.yaml
var catalogueFiles embed.FS

// Catalogue is the set of metric definitions, by category and in the order of their files. It is read-only and safe for
// concurrent use.
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
	var files []catalogueFile
	for _, name := range names {
		text, err := catalogueFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		files = append(files, catalogueFile{name, text})
	}
	return parseCatalogue(files...)
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
	slices.SortStableFunc(ds, func(x, y *Definition) int {
		return cmp.Compare(slices.Index(Categories(), x.Category), slices.Index(Categories(), y.Category))
	})
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
