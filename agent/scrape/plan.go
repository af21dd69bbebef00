package scrape

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// engine is what all targets share: the mappings, and what they read. It is not changed after it is made.
type engine struct {
	mappings []*Mapping
	reads    []map[string]bool // by mapping: the names of its sources
}

func newEngine(mappings []*Mapping) *engine {
	e := &engine{mappings: mappings}
	for _, m := range mappings {
		names := map[string]bool{}
		for _, r := range m.Metrics {
			for _, s := range r.From {
				for _, n := range []string{s.Name, s.Minus, s.Sum, s.Count} {
					names[n] = true
				}
				for _, o := range s.all {
					names[o.Name] = true
				}
			}
		}
		if m.Version != nil {
			names[m.Version.Metric] = true
		}
		delete(names, "")
		e.reads = append(e.reads, names)
	}
	return e
}

// alias returns the name by which mapping i knows the family.
func (e *engine) alias(f *family, i int) string {
	if f.alias == nil {
		f.alias = make([]string, len(e.mappings))
		for j, m := range e.mappings {
			f.alias[j] = m.alias(f.name)
		}
	}
	return f.alias[i]
}

// wanted tells whether any mapping reads the family.
func (e *engine) wanted(f *family) bool {
	if f.want == 0 {
		f.want = -1
		for i := range e.mappings {
			name := e.alias(f, i)
			bare := name
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if rest, ok := strings.CutSuffix(name, suffix); ok {
					bare = rest
				}
			}
			if e.reads[i][name] || e.reads[i][bare] {
				f.want = 1
				break
			}
		}
	}
	return f.want > 0
}

// detect returns which mappings apply to a page: those of the given kinds, or else those that know one of its names.
func (e *engine) detect(p *page, forced []string) []int {
	var found []int
	for i, m := range e.mappings {
		if len(forced) > 0 {
			if slices.Contains(forced, m.Kind) {
				found = append(found, i)
			}
			continue
		}
		if slices.ContainsFunc(p.present, func(f *family) bool {
			return m.detects(e.alias(f, i)) || f.bare != f.name && slices.Contains(m.Detect.Any, m.alias(f.bare))
		}) {
			found = append(found, i)
		}
	}
	return found
}

// planned is one rule with the source that it reads on the page as it is.
type planned struct {
	mapping *Mapping
	rule    *Rule
	source  *Source
	value   *family   // Name, or Sum
	minus   *family   // Minus, or Count
	base    *base     // of a histogram or a part
	terms   []*family // of a ratio or product, one for each of the source's operands
	feeds   map[any]*feed
}

// feed says where a series, or a point, of a planned rule goes. A nil out is one that the rule leaves out.
type feed struct {
	out    *output
	source source
	dist   distSource
	part   bool // of a whole
	whole  *kin // that the series is, or is a part of; nil without leaf
	match  *kin // whose operand the series is; nil where it is none
}

// plan picks for each rule of the mappings the first source that is on the page. versions are those of the mappings, nil where they are not known.
func (e *engine) plan(p *page, found []int, versions map[string]version) []*planned {
	var out []*planned
	for _, i := range found {
		m := e.mappings[i]
		byName, bases := map[string]*family{}, map[string]*base{}
		for _, f := range p.present {
			name := e.alias(f, i)
			if have := byName[name]; have == nil || f.name == name { // the true name wins over other spellings of it
				byName[name] = f
			}
			for _, b := range []*base{p.bases[f.bare], p.bases[f.name]} {
				if b == nil || !b.histogram(p.round) {
					continue
				}
				name := m.alias(b.name)
				if have := bases[name]; have == nil || b.name == name {
					bases[name] = b
				}
			}
		}
		for j := range m.Metrics {
			r := &m.Metrics[j]
			for k := range r.From {
				s := &r.From[k]
				pl := &planned{mapping: m, rule: r, source: s}
				if s.holds(versions[m.Kind]) && pl.find(byName, bases) {
					out = append(out, pl)
					break
				}
			}
		}
	}
	return out
}

// find looks the source's names up on the page, and returns false when they are not all there.
func (pl *planned) find(byName map[string]*family, bases map[string]*base) bool {
	s := pl.source
	switch {
	case s.Name == "" && s.Sum == "":
		pl.terms = nil
		for _, o := range s.all {
			f := byName[o.Name]
			if f == nil {
				return false
			}
			pl.terms = append(pl.terms, f)
		}
		return true
	case s.Sum != "":
		pl.value, pl.minus = byName[s.Sum], byName[s.Count]
		return pl.value != nil && pl.minus != nil
	case s.Part != "":
		if pl.base = bases[s.Name]; pl.base != nil {
			return true
		}
		pl.value = byName[s.Name+"_"+s.Part] // of a summary, or of a histogram without buckets
		return pl.value != nil
	case pl.rule.metric.Type == model.MetricTypeHistogram:
		pl.base = bases[s.Name]
		return pl.base != nil
	case s.Minus != "":
		pl.value, pl.minus = byName[s.Name], byName[s.Minus]
		return pl.value != nil && pl.minus != nil
	}
	pl.value = byName[s.Name]
	return pl.value != nil
}

// histogram tells whether any point of the base had buckets in the round.
func (b *base) histogram(round uint64) bool {
	return slices.ContainsFunc(b.list, func(pt *point) bool {
		return pt.native != nil && pt.native.round == round || slices.ContainsFunc(pt.buckets, func(s *series) bool { return s.round == round })
	})
}
