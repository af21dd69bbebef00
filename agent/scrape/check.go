package scrape

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/prometheus/common/model"
)

// checker checks a mapping, fills in what is computed from it once, and collects every error.
type checker struct {
	m       *Mapping
	file    *ast.File
	metrics map[string]*canonical
	errs    []error
}

// bad reports the value under key, a path such as metrics[3].from[0].name.
func (c *checker) bad(key string, value any, bound string) {
	where := c.m.file
	// The nearest part of the path that is in the file tells the line.
	for at := key; at != ""; {
		if p, err := yaml.PathString("$." + at); err == nil {
			if n, err := p.FilterFile(c.file); err == nil && n != nil && n.GetToken() != nil && n.GetToken().Position != nil {
				where = fmt.Sprintf("%s:%d", where, n.GetToken().Position.Line)
				break
			}
		}
		at = at[:max(strings.LastIndexByte(at, '.'), 0)]
	}
	c.errs = append(c.errs, fmt.Errorf("%s: %s: %s (got %v)", where, key, bound, value))
}

func (c *checker) mapping() {
	m := c.m
	if !validKind(m.Kind) {
		c.bad("kind", quoted(m.Kind), "must be 1 to 63 lower-case letters, digits, ., _ and -, such as vllm")
	}
	if len(m.Detect.Any) == 0 && len(m.Detect.Prefixes) == 0 {
		c.bad("detect", "nothing", "must name a metric or a prefix that only this kind has")
	}
	for i, n := range slices.Concat(m.Detect.Any, m.Detect.Prefixes) {
		if n == "" {
			c.bad("detect", `""`, fmt.Sprintf("entry %d must not be empty", i+1))
		}
	}
	for i := range m.Aliases {
		a := &m.Aliases[i]
		var err error
		if a.match, err = newPattern(a.Match); err != nil || a.Match == "" {
			c.bad(fmt.Sprintf("aliases[%d].match", i), quoted(a.Match), "must be a regular expression (RE2)")
		}
		if a.Replace == "" {
			c.bad(fmt.Sprintf("aliases[%d].replace", i), `""`, "must be the name that stands for it")
		}
	}
	if v := m.Version; v != nil {
		if (v.Path == "") == (v.Metric == "") {
			c.bad("version", quoted(v.Path+v.Metric), "must have either path or metric")
		}
		if v.Path != "" && !strings.HasPrefix(v.Path, "/") {
			c.bad("version.path", quoted(v.Path), "must begin with /")
		}
		if (v.Metric == "") != (v.Label == "") {
			c.bad("version.label", quoted(v.Label), "must be set together with version.metric")
		}
	}
	if len(m.Metrics) == 0 {
		c.bad("metrics", "nothing", "must have at least one entry")
	}
	for i := range m.Metrics {
		c.rule(fmt.Sprintf("metrics[%d]", i), &m.Metrics[i])
	}
}

func (c *checker) rule(key string, r *Rule) {
	if r.metric = c.metrics[r.To]; r.metric == nil {
		c.bad(key+".to", quoted(r.To), "must be a canonical series"+didYouMean(r.To, sorted(c.metrics)))
		return
	}
	at := func(part string) string { return key + part }
	histogram := r.metric.Type == model.MetricTypeHistogram
	r.factor = 1
	if r.Factor != nil {
		r.factor = *r.Factor
		if !(r.factor > 0) || math.IsInf(r.factor, 0) {
			c.bad(at(".factor"), r.factor, r.To+" needs a factor above 0")
		}
	}
	switch r.Combine {
	case "", "sum":
	case "max":
		r.combine = combineMax
	case "avg":
		r.combine = combineAvg
	default:
		c.bad(at(".combine"), quoted(r.Combine), "must be one of sum, max, avg")
	}
	if r.metric.Type != model.MetricTypeGauge && r.combine == combineAvg {
		c.bad(at(".combine"), r.Combine, fmt.Sprintf("%s is a %s, which has no average", r.To, r.metric.Type))
	}
	c.labels(at, r)
	for i, l := range r.Leaf {
		if l == "" || slices.Contains(r.Leaf[:i], l) {
			c.bad(at(".leaf"), quoted(l), "must be labels of the source, each once")
		}
	}
	if len(r.Leaf) > 0 && len(r.keep) == 0 {
		c.bad(at(".leaf"), strings.Join(r.Leaf, ", "), "needs keep, whose other labels tell which whole the parts belong to")
	}
	if len(r.From) == 0 {
		c.bad(at(".from"), "nothing", r.To+" must have at least one source")
	}
	for i := range r.From {
		c.source(at(fmt.Sprintf(".from[%d]", i)), r, &r.From[i], histogram)
	}
}

func (c *checker) labels(at func(string) string, r *Rule) {
	r.label = map[string]int{}
	for i, l := range r.metric.Labels {
		r.label[l] = i
	}
	known := func(key, label string) bool {
		if _, ok := r.label[label]; !ok {
			c.bad(key, quoted(label), fmt.Sprintf("%s has only the labels %s", r.To, strings.Join(r.metric.Labels, ", ")))
			return false
		}
		return true
	}
	given := map[string]string{}
	for _, source := range sorted(r.Keep) {
		to := r.Keep[source]
		if known(at(".keep"), to) {
			r.keep = append(r.keep, labelPair{source, to})
		}
		if given[to] != "" {
			c.bad(at(".keep"), quoted(to), fmt.Sprintf("is already given by %s", given[to]))
		}
		given[to] = "keep." + source
	}
	allowed := func(key, label, value string) {
		if values := r.metric.values[label]; values != nil && !slices.Contains(values, value) {
			c.bad(key, quoted(value), fmt.Sprintf("label %s of %s must be one of %s", label, r.To, strings.Join(values, ", ")))
		}
	}
	for _, label := range sorted(r.Set) {
		if !known(at(".set"), label) {
			continue
		}
		if given[label] != "" {
			c.bad(at(".set"), quoted(label), fmt.Sprintf("is already given by %s", given[label]))
		}
		given[label] = "set"
		if r.Set[label] == "" {
			c.bad(at(".set"), `""`, "label "+label+" must not be empty")
		}
		allowed(at(".set"), label, r.Set[label])
	}
	for _, label := range sorted(r.Values) {
		if !known(at(".values"), label) {
			continue
		}
		if given[label] == "" {
			c.bad(at(".values"), quoted(label), "must be a label that keep or set gives")
		}
		for _, from := range sorted(r.Values[label]) {
			allowed(at(".values"), label, r.Values[label][from])
		}
	}
	for _, label := range r.metric.required {
		if given[label] == "" {
			c.bad(at(""), r.To, "needs the label "+label+", by keep or set")
		}
	}
	r.where = c.where(at(".where"), r.Where)
}

func (c *checker) where(key string, texts map[string]string) (all []condition) {
	for _, label := range sorted(texts) {
		p, err := newPattern(texts[label])
		if err != nil {
			c.bad(key, quoted(texts[label]), "must be a regular expression (RE2)")
			continue
		}
		all = append(all, condition{label, p})
	}
	return all
}

func (c *checker) source(key string, r *Rule, s *Source, histogram bool) {
	forms := 0
	for _, set := range []bool{s.Minus != "", s.Part != "", len(s.Product) > 0} {
		if set {
			forms++
		}
	}
	if len(s.Ratio)+len(s.Of)+len(s.Times) > 0 {
		c.computed(key, r, s, forms)
	} else {
		c.named(key, r, s, histogram, forms)
	}
	for _, bound := range []struct {
		key, text string
		to        *version
	}{{"since", s.Since, &s.since}, {"until", s.Until, &s.until}} {
		if bound.text == "" {
			continue
		}
		v, err := parseVersion(bound.text)
		if err != nil {
			c.bad(key+"."+bound.key, quoted(bound.text), "must be a version such as 0.11.2")
		}
		*bound.to = v
	}
	if s.Strict && s.Since == "" && s.Until == "" {
		c.bad(key+".strict", s.Strict, "needs since or until")
	}
	if s.since != nil && s.until != nil && !s.since.before(s.until) {
		c.bad(key+".until", quoted(s.Until), "must be after since, "+s.Since)
	}
}

// computed checks a source that is computed from several series.
func (c *checker) computed(key string, r *Rule, s *Source, forms int) {
	switch {
	case s.Name != "" || s.Sum != "" || s.Count != "" || forms > 0:
		c.bad(key, quoted(s.Name+s.Sum), "must have ratio and of, or times, and no other form beside them")
	case len(s.Ratio) > 0 != (len(s.Of) > 0):
		c.bad(key, "one of them", "must have ratio and of together")
	case len(s.Ratio) > 0 && len(s.Times) > 0:
		c.bad(key, "both", "must have either ratio and of, or times")
	case len(s.Times) == 1:
		c.bad(key+".times", quoted(s.Times[0].Name), "must name at least two")
	case r.metric.Type != model.MetricTypeGauge:
		c.bad(key, r.To, fmt.Sprintf("is a %s: only a gauge can be a ratio or a product", r.metric.Type))
	}
	s.all = s.operands()
	for _, o := range s.all {
		if o.Name == "" {
			c.bad(key, `""`, "each operand must have a name")
		}
		o.where = c.where(key+".where", o.Where)
	}
}

// named checks a source that reads what its names say.
func (c *checker) named(key string, r *Rule, s *Source, histogram bool, forms int) {
	switch {
	case (s.Sum == "") != (s.Count == ""):
		c.bad(key, quoted(s.Sum+s.Count), "must have sum and count together")
	case (s.Name == "") == (s.Sum == ""):
		c.bad(key, quoted(s.Name+s.Sum), "must have either name, or sum and count")
	case forms > 1 || s.Sum != "" && forms > 0:
		c.bad(key, quoted(s.Name+s.Sum), "must have at most one of minus, part and product, and none with sum")
	case histogram && forms > 0:
		c.bad(key, quoted(s.Name), r.To+" is a histogram: name a histogram, or sum and count")
	case !histogram && s.Sum != "":
		c.bad(key, quoted(s.Sum), r.To+" is no histogram: it cannot be made of sum and count")
	case s.Part != "" && s.Part != "sum" && s.Part != "count":
		c.bad(key+".part", quoted(s.Part), "must be sum or count")
	case s.Minus == s.Name && s.Name != "":
		c.bad(key+".minus", quoted(s.Minus), "must be another name")
	}
}

func validKind(kind string) bool {
	for _, r := range kind {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.' {
			return false
		}
	}
	return kind != "" && len(kind) <= 63 && kind != unknownKind
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
