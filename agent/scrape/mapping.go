package scrape

// Mapping says how one kind of server is told from others and what its series mean. It is the form of one file of mappings; docs/agent/scrape.md
// describes every key.
type Mapping struct {
	Kind    string         `yaml:"kind"`
	Title   string         `yaml:"title"`
	Detect  Detect         `yaml:"detect"`
	Aliases []Alias        `yaml:"aliases"`
	Version *VersionSource `yaml:"version"`
	Metrics []Rule         `yaml:"metrics"`

	file string // for messages
}

// Detect names what only a page of this kind holds: one of the names, or a name that begins with one of the prefixes. Aliases are applied before.
type Detect struct {
	Any      []string `yaml:"any"`
	Prefixes []string `yaml:"prefixes"`
}

// Alias is another spelling of source names. Match is anchored RE2; Replace may name its groups.
type Alias struct {
	Match   string `yaml:"match"`
	Replace string `yaml:"replace"`

	match *pattern
}

// VersionSource says how the server's version is told: by a GET of Path on the target's origin, whose JSON answer holds it under the dotted key JSON
// (or whose body is the version, without JSON), or by the label Label of the series Metric.
type VersionSource struct {
	Path   string `yaml:"path"`
	JSON   string `yaml:"json"`
	Metric string `yaml:"metric"`
	Label  string `yaml:"label"`
}

// Rule makes the series of one canonical metric out of the first of its sources that is on the page.
type Rule struct {
	To      string                       `yaml:"to"`
	From    []Source                     `yaml:"from"`
	Factor  *float64                     `yaml:"factor"`  // value × factor is in the canonical unit; 1 where absent
	Where   map[string]string            `yaml:"where"`   // source label → anchored RE2 that its value must match; an absent label is ""
	Keep    map[string]string            `yaml:"keep"`    // source label → canonical label
	Set     map[string]string            `yaml:"set"`     // canonical label → constant value
	Values  map[string]map[string]string `yaml:"values"`  // canonical label → value → its new value; "*" stands for any other
	Drop    []float64                    `yaml:"drop"`    // values that say nothing
	Leaf    []string                     `yaml:"leaf"`    // source labels that only the parts of a whole have; a whole whose parts are there is left out
	Combine string                       `yaml:"combine"` // sum (default), max, or for gauges avg

	metric  *canonical
	factor  float64
	where   []condition // sorted by label
	keep    []labelPair // sorted by source
	combine combine
	label   map[string]int // canonical label → its place in metric.Labels
}

// Source is one place that a rule can read from. Exactly one of its forms is set: Name alone, Name with Minus, Part or Product, Sum with Count, Ratio with Of, or Times.
type Source struct {
	Name    string   `yaml:"name"`
	Minus   string   `yaml:"minus"`   // Name − Minus, never below 0
	Part    string   `yaml:"part"`    // sum or count of the histogram or summary Name
	Product []string `yaml:"product"` // the product of these labels of the info series Name
	Sum     string   `yaml:"sum"`     // with Count: a cumulative total and the number of its observations become a histogram of one bucket
	Count   string   `yaml:"count"`
	Ratio   Operands `yaml:"ratio"` // with Of: the sum of these ÷ the sum of those
	Of      Operands `yaml:"of"`
	Times   Operands `yaml:"times"`  // the product of these
	Since   string   `yaml:"since"`  // first version that has this meaning
	Until   string   `yaml:"until"`  // first version that no longer has it
	Strict  bool     `yaml:"strict"` // not where the version is not known: a name that was kept while its unit changed

	since, until version
	all          []*Operand // of a ratio or product, in their order
}

// Operands are the numbers that a ratio or a product is made of. A single one may be written without a list.
type Operands []Operand

// Operand is one number of a computation: the series of a name, and only those whose labels match.
type Operand struct {
	Name  string            `yaml:"name"`
	Where map[string]string `yaml:"where"` // beside the rule's

	where []condition // sorted by label
}

// UnmarshalYAML reads a list, or one operand.
func (o *Operands) UnmarshalYAML(unmarshal func(any) error) error {
	var value any
	if err := unmarshal(&value); err != nil {
		return err
	}
	if _, list := value.([]any); list {
		return unmarshal((*[]Operand)(o))
	}
	*o = make(Operands, 1)
	return unmarshal(&(*o)[0])
}

// UnmarshalYAML reads a name, or an operand with all its keys.
func (o *Operand) UnmarshalYAML(unmarshal func(any) error) error {
	var value any
	if err := unmarshal(&value); err != nil {
		return err
	}
	if _, keys := value.(map[string]any); !keys {
		return unmarshal(&o.Name)
	}
	type plain Operand
	return unmarshal((*plain)(o))
}

// operands returns what the source computes with, in the order of its numbers: the terms of the ratio, then those of what it is a ratio of; or the factors.
func (s *Source) operands() []*Operand {
	var all []*Operand
	for _, list := range []Operands{s.Ratio, s.Of, s.Times} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return all
}

// condition is one entry of Rule.Where.
type condition struct {
	label string
	value *pattern
}

type labelPair struct{ source, canonical string }

// combine says what becomes of several source series that come to the same labels. The max of histograms is the one with the most observations.
type combine int

const (
	combineSum combine = iota
	combineMax
	combineAvg
)
