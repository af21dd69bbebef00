package promrules

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/endscope/endscope/alerts"
)

// resourcePrefix marks what holds a group that is a resource, where Prometheus's API says the name of a file.
const resourcePrefix = "alert-rule/"

// set is everything that is evaluated: groups by the name of their file, or of their resource with resourcePrefix.
type set struct {
	files    map[string]*rulefmt.RuleGroups
	stored   map[string]alerts.Rule // by the name of the resource
	alerting map[[2]string]bool     // alerting rules, by ruleName and name of the alert
}

func newSet(files map[string]*rulefmt.RuleGroups, stored map[string]alerts.Rule) *set {
	s := &set{files: files, stored: stored, alerting: map[[2]string]bool{}}
	for file, groups := range files {
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				if r.Alert != "" {
					s.alerting[[2]string{ruleName(file, g.Name, r.Alert), r.Alert}] = true
				}
			}
		}
	}
	return s
}

// has says whether there is an alerting rule.
func (s *set) has(rule, alert string) bool { return s.alerting[[2]string{rule, alert}] }

// names returns the keys of files, sorted.
func (s *set) names() []string {
	out := make([]string, 0, len(s.files))
	for name := range s.files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// readFiles reads the rule files that match the patterns. All mistakes of all files are returned together. A path without any
// `*` must exist.
func readFiles(patterns []string, p parser.Parser) (map[string]*rulefmt.RuleGroups, error) {
	out := map[string]*rulefmt.RuleGroups{}
	var errs []error
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule_files %s: %w", pattern, err))
		}
		if len(names) == 0 && !strings.ContainsAny(pattern, `*?[`) {
			names = []string{pattern} // reading says why it is not there
		}
		for _, name := range names {
			groups, wrong := ReadFile(name, p)
			if len(wrong) > 0 {
				errs = append(errs, wrong...)
				continue
			}
			out[name] = groups
		}
	}
	return out, errors.Join(errs...)
}

// ReadFile reads a rule file and checks it as promtool would. It returns all mistakes, each once, with file, line and column.
func ReadFile(name string, p parser.Parser) (*rulefmt.RuleGroups, []error) {
	groups, errs := rulefmt.ParseFile(name, false, model.UTF8Validation, p, nil)
	return groups, distinct(errs)
}

// distinct leaves out errors that say what one before them says: a file is read twice, once for its places.
func distinct(errs []error) []error {
	var out []error
	for _, err := range errs {
		if !slices.ContainsFunc(out, func(o error) bool { return o.Error() == err.Error() }) {
			out = append(out, err)
		}
	}
	return out
}

// ParseGroup reads the group of a rule of alerts.KindPrometheus and checks it as promtool would. Errors are alerts.FieldErrors, all of them;
// of a group that has other fields or types than it should only expressions are looked at beyond that.
func ParseGroup(raw json.RawMessage, p parser.Parser) (*rulefmt.RuleGroups, error) {
	var group yaml.Node
	if err := yaml.Unmarshal(raw, &group); err != nil { // JSON is YAML
		return nil, &alerts.FieldError{Field: "group", Rule: "must be a group of rules: " + err.Error()}
	}
	if len(group.Content) == 0 {
		return nil, &alerts.FieldError{Field: "group", Rule: "must be given"}
	}
	blockStyle(&group)
	file := yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
		{Kind: yaml.ScalarNode, Value: "groups"},
		{Kind: yaml.SequenceNode, Content: []*yaml.Node{group.Content[0]}},
	}}
	text, err := yaml.Marshal(&file)
	if err != nil {
		return nil, &alerts.FieldError{Field: "group", Rule: "must be a group of rules: " + err.Error()}
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, p, nil)
	if len(errs) == 0 {
		return groups, nil
	}
	var out []error
	if groups == nil {
		out = wrongExpressions(raw, p)
	}
	for _, err := range distinct(errs) {
		out = append(out, fieldError(err, groups))
	}
	return nil, errors.Join(out...)
}

// wrongExpressions returns the mistakes in those expressions of a group that can be found.
func wrongExpressions(raw json.RawMessage, p parser.Parser) (out []error) {
	var group struct{ Rules []json.RawMessage }
	if json.Unmarshal(raw, &group) != nil {
		return nil
	}
	for i, rule := range group.Rules {
		var r struct{ Expr string }
		if json.Unmarshal(rule, &r) != nil || r.Expr == "" {
			continue
		}
		if _, err := p.ParseExpr(r.Expr); err != nil {
			out = append(out, &alerts.FieldError{Field: fmt.Sprintf("group.rules[%d].expr", i), Value: r.Expr, Rule: "could not parse expression: " + err.Error()})
		}
	}
	return out
}

var lines = regexp.MustCompile(`(?m)^ *line \d+: `)

// fieldError names the field that an error of rulefmt is about, rather than its place in a text that the user never saw. groups is nil where
// they could not be read.
func fieldError(err error, groups *rulefmt.RuleGroups) *alerts.FieldError {
	var e *rulefmt.Error
	if !errors.As(err, &e) {
		text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n")
		return &alerts.FieldError{Field: "group", Rule: strings.ReplaceAll(lines.ReplaceAllString(text, ""), "\n", "; ")}
	}
	out := &alerts.FieldError{Field: fmt.Sprintf("group.rules[%d]", e.Rule-1), Rule: e.Err.Unwrap().Error()}
	if strings.HasPrefix(out.Rule, "could not parse expression") {
		out.Field += ".expr"
		out.Value = groups.Groups[0].Rules[e.Rule-1].Expr
	}
	if e.RuleName != "" {
		out.Rule = fmt.Sprintf("%q: %s", e.RuleName, out.Rule)
	}
	return out
}

// blockStyle makes a tree that was read from JSON one that YAML writes in lines, so that places in it mean something.
func blockStyle(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	for _, c := range n.Content {
		blockStyle(c)
	}
}

// loader gives the manager what was loaded before, so that nothing can fail once something live is touched.
type loader struct {
	set    *set
	parser parser.Parser
}

func (l *loader) Load(name string, _ bool, _ model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	groups, ok := l.set.files[name]
	if !ok {
		return nil, []error{fmt.Errorf("%s was not loaded", name)}
	}
	return groups, nil
}

func (l *loader) Parse(text string) (parser.Expr, error) { return l.parser.ParseExpr(text) }
