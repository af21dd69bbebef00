package ruletest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"
)

// file is one file of tests.
type file struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval,omitempty"`
	GroupEvalOrder     []string       `yaml:"group_eval_order"`
	Tests              []test         `yaml:"tests"`
	FuzzyCompare       bool           `yaml:"fuzzy_compare,omitempty"`
}

// test has series as input, and what rules and expressions must make of them at some times.
type test struct {
	Name           string         `yaml:"name,omitempty"`
	Interval       model.Duration `yaml:"interval"` // between two values of an input series
	InputSeries    []inputSeries  `yaml:"input_series"`
	Alerts         []alertTest    `yaml:"alert_rule_test,omitempty"`
	Exprs          []exprTest     `yaml:"promql_expr_test,omitempty"`
	ExternalLabels labels.Labels  `yaml:"external_labels,omitempty"`
	ExternalURL    string         `yaml:"external_url,omitempty"`
	StartTimestamp startTime      `yaml:"start_timestamp,omitempty"`
}

type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type alertTest struct {
	EvalTime  model.Duration  `yaml:"eval_time"`
	Alertname string          `yaml:"alertname"`
	Expected  []expectedAlert `yaml:"exp_alerts"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

type exprTest struct {
	Expr     string           `yaml:"expr"`
	EvalTime model.Duration   `yaml:"eval_time"`
	Expected []expectedSample `yaml:"exp_samples"`
}

type expectedSample struct {
	Labels    string  `yaml:"labels"`
	Value     float64 `yaml:"value"`
	Histogram string  `yaml:"histogram"` // where it is given, Value is not looked at
}

// startTime is when a test begins: RFC 3339 or seconds since 1970, which is where tests begin that do not say.
type startTime struct{ time.Time }

func (t *startTime) UnmarshalYAML(unmarshal func(any) error) error {
	var s string
	if err := unmarshal(&s); err != nil {
		return err
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		t.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("start_timestamp must be a time such as 2026-11-28T10:00:00Z, or seconds since 1970 (got %q)", s)
	}
	t.Time = at.UTC()
	return nil
}

// begin returns when the test begins.
func (t *test) begin() time.Time {
	if t.StartTimestamp.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.StartTimestamp.Time
}

// span returns how long after its beginning the test looks last.
func (t *test) span() time.Duration {
	var most model.Duration
	for _, a := range t.Alerts {
		most = max(most, a.EvalTime)
	}
	for _, e := range t.Exprs {
		most = max(most, e.EvalTime)
	}
	return time.Duration(most)
}

// input returns the series in the language of promqltest.
func (t *test) input() string {
	var b strings.Builder
	fmt.Fprintf(&b, "load %s\n", t.Interval)
	for _, s := range t.InputSeries {
		fmt.Fprintf(&b, "  %s %s\n", s.Series, s.Values)
	}
	return b.String()
}

// readFile reads a file of tests, and which rule files it names: relative ones are looked for beside it. A pattern that no file matches
// is a warning.
func readFile(name string) (f *file, rules, warnings []string, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, nil, err
	}
	f = &file{}
	read := yaml.NewDecoder(bytes.NewReader(text))
	read.KnownFields(true)
	if err := read.Decode(f); err != nil {
		return nil, nil, nil, err
	}
	if f.EvaluationInterval == 0 {
		f.EvaluationInterval = model.Duration(time.Minute)
	}
	seen := map[string]bool{}
	for _, group := range f.GroupEvalOrder {
		if seen[group] {
			return nil, nil, nil, fmt.Errorf("group_eval_order: %q is named twice", group)
		}
		seen[group] = true
	}
	for _, pattern := range f.RuleFiles {
		if pattern != "" && !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(name), pattern)
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("rule_files %q: %w", pattern, err)
		}
		if len(found) == 0 {
			warnings = append(warnings, "no file matches "+pattern)
		}
		rules = append(rules, found...)
	}
	for i := range f.Tests {
		t := &f.Tests[i]
		if t.Name == "" {
			t.Name = fmt.Sprintf("unnamed#%d", i)
		}
		if t.Interval == 0 {
			t.Interval = f.EvaluationInterval
		}
		for _, a := range t.Alerts {
			if a.Alertname == "" {
				return nil, nil, nil, fmt.Errorf("test %q: alert_rule_test at %s: alertname must be given", t.Name, a.EvalTime)
			}
		}
	}
	return f, rules, warnings, nil
}
