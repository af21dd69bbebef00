package pack

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

//go:embed rules.yaml
var rulesYAML []byte

// Entry is one ready-made rule.
type Entry struct {
	ID          string         `yaml:"id" json:"id"`
	Title       string         `yaml:"title" json:"title"`
	Category    string         `yaml:"category" json:"category"` // traffic, instances, saturation, gpu, logs or slo
	Description string         `yaml:"description" json:"description"`
	Level       scopes.Level   `yaml:"level" json:"level"` // how deep the scope is asked
	Parameters  []Parameter    `yaml:"parameters" json:"parameters"`
	Template    map[string]any `yaml:"rule" json:"-"`
}

// Parameter is a number that whoever turns a rule on may choose.
type Parameter struct {
	Name        string  `yaml:"name" json:"name"`
	Default     float64 `yaml:"default" json:"default"`
	Min         float64 `yaml:"min" json:"min"` // inclusive, as Max
	Max         float64 `yaml:"max" json:"max"`
	Unit        string  `yaml:"unit" json:"unit"`
	Description string  `yaml:"description" json:"description"`
}

// Pack is all ready-made rules.
type Pack struct {
	entries []Entry
	parser  parser.Parser
}

// Load reads the embedded rules. The parser reads their expressions.
func Load(p parser.Parser) (*Pack, error) {
	out := &Pack{parser: p}
	if err := yaml.UnmarshalWithOptions(rulesYAML, &out.entries, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read the ready-made rules: %w", err)
	}
	return out, nil
}

// Entries returns all rules, by category as in the file. The caller owns the slice.
func (p *Pack) Entries() []Entry { return slices.Clone(p.entries) }

// Entry returns a rule. The error wraps alerts.ErrNotFound.
func (p *Pack) Entry(id string) (Entry, error) {
	i := slices.IndexFunc(p.entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, fmt.Errorf("ready-made rule %q: %w", id, alerts.ErrNotFound)
	}
	return p.entries[i], nil
}

// Choice is what whoever turns a rule on decides.
type Choice struct {
	Scope      scopes.Pattern // what is below it is watched, too
	Actions    []alerts.Action
	Parameters map[string]float64 // those that are not given have their defaults
}

// Rule makes the alert rule of an entry for a scope. It returns alerts.FieldErrors for what may not be chosen. Every rule of the same
// entry and scope has the same name.
func (p *Pack) Rule(e Entry, c Choice) (alerts.Rule, error) {
	values, err := e.values(c.Parameters)
	if err != nil {
		return alerts.Rule{}, err
	}
	filled, err := fill(e.Template, values)
	if err != nil {
		return alerts.Rule{}, fmt.Errorf("ready-made rule %s: %w", e.ID, err)
	}
	spec := filled.(map[string]any)
	spec["name"] = Name(e.ID, c.Scope)
	spec["description"] = e.Description
	if group, ok := spec["group"].(map[string]any); ok {
		if err := p.finish(e, group, c.Scope); err != nil {
			return alerts.Rule{}, fmt.Errorf("ready-made rule %s: %w", e.ID, err)
		}
	} else {
		spec["scopes"] = []string{deepened(c.Scope, e.Level).String()}
		spec["runbookUrl"] = RunbookPath(e.ID)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return alerts.Rule{}, fmt.Errorf("ready-made rule %s: %w", e.ID, err)
	}
	rule, err := alerts.ParseRule(text)
	if err != nil {
		return alerts.Rule{}, fmt.Errorf("ready-made rule %s: %w", e.ID, err)
	}
	rule.Actions = c.Actions
	return rule, nil
}

// RunbookPath is where the server shows the page of a ready-made rule.
func RunbookPath(id string) string { return "/runbooks/" + id }

// Name is the name of the rule of an entry for a scope: error-ratio~credit~blue, with all for `*`.
func Name(id string, scope scopes.Pattern) string {
	parts := []string{id}
	for _, segment := range strings.Split(scope.String(), "/") {
		if segment == scopes.Wildcard {
			segment = "all"
		}
		parts = append(parts, segment)
	}
	return strings.Join(parts, "~")
}

// deepened returns the scope, or all scopes at the level below it.
func deepened(p scopes.Pattern, level scopes.Level) scopes.Pattern {
	at := slices.Index(scopes.Levels(), level)
	if p.Deployment == "" && at >= 1 {
		p.Deployment = scopes.Wildcard
	}
	if p.Instance == "" && at >= 2 {
		p.Instance = scopes.Wildcard
	}
	return p
}

func (e Entry) values(given map[string]float64) (map[string]float64, error) {
	out := map[string]float64{}
	for _, p := range e.Parameters {
		out[p.Name] = p.Default
	}
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		i := slices.IndexFunc(e.Parameters, func(p Parameter) bool { return p.Name == name })
		if i < 0 {
			wrong = append(wrong, &alerts.FieldError{Field: "parameters." + name, Value: number(v), Rule: "is no parameter of " + e.ID + e.parameterNames()})
			continue
		}
		if p := e.Parameters[i]; !(v >= p.Min && v <= p.Max) {
			wrong = append(wrong, &alerts.FieldError{Field: "parameters." + name, Value: p.text(v), Rule: fmt.Sprintf("must be between %s and %s", number(p.Min), p.text(p.Max))})
		}
		out[name] = v
	}
	return out, errors.Join(wrong...)
}

// text writes a value with its unit.
func (p Parameter) text(v float64) string { return strings.TrimSpace(number(v) + " " + p.Unit) }

func (e Entry) parameterNames() string {
	var names []string
	for _, p := range e.Parameters {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return ", which has none"
	}
	return ", which has " + strings.Join(names, ", ")
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
