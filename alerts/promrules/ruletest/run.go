package ruletest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
)

// Options say how tests are run.
type Options struct {
	Parser              parser.Parser
	Run                 *regexp.Regexp // only tests whose name matches; nil for all
	IgnoreUnknownFields bool           // of rule files
}

// Result is what came of one test.
type Result struct {
	File, Test string // Test is empty where the file itself cannot be used
	Failures   []error
	Took       time.Duration
}

// RunFile runs the tests of a file. Warnings are about the file as a whole.
func RunFile(ctx context.Context, name string, o Options) (results []Result, warnings []string) {
	f, ruleFiles, warnings, err := readFile(name)
	if err != nil {
		return []Result{{File: name, Failures: []error{err}}}, warnings
	}
	for i := range f.Tests {
		t := &f.Tests[i]
		if o.Run != nil && !o.Run.MatchString(t.Name) {
			continue
		}
		began := time.Now()
		failures := (&runner{file: f, test: t, options: o}).run(ctx, ruleFiles)
		results = append(results, Result{File: name, Test: t.Name, Failures: failures, Took: time.Since(began)})
	}
	return results, warnings
}

// runner runs one test.
type runner struct {
	file    *file
	test    *test
	options Options
	suite   *promqltest.LazyLoader
	groups  []*rules.Group
}

func (r *runner) run(ctx context.Context, ruleFiles []string) (failures []error) {
	suite, err := promqltest.NewLazyLoader(r.test.input(), promqltest.LazyLoaderOpts{
		EnableAtModifier: true, EnableNegativeOffset: true, StartTime: r.test.StartTimestamp.Time,
	})
	if err != nil {
		return []error{fmt.Errorf("input_series: %w", err)}
	}
	defer func() {
		if err := suite.Close(); err != nil {
			failures = append(failures, err)
		}
	}()
	r.suite = suite
	suite.SubqueryInterval = time.Duration(r.file.EvaluationInterval)
	if errs := r.load(ctx, ruleFiles); len(errs) > 0 {
		return errs
	}
	failures, ok := r.evaluate(ctx)
	if !ok {
		return failures
	}
	for _, e := range r.test.Exprs {
		if err := r.checkExpr(ctx, e); err != nil {
			failures = append(failures, err)
		}
	}
	return failures
}

// load reads the rule files, and puts the groups into the order that the file asks for; the others come first.
func (r *runner) load(ctx context.Context, ruleFiles []string) []error {
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:            rules.EngineQueryFunc(r.suite.QueryEngine(), r.suite.Storage()),
		Appendable:           r.suite.Storage(),
		Queryable:            r.suite.Storage(),
		Context:              ctx,
		NotifyFunc:           func(context.Context, string, ...*rules.Alert) {},
		Logger:               slog.New(slog.DiscardHandler),
		Parser:               r.options.Parser,
		NameValidationScheme: model.UTF8Validation,
	})
	loaded, errs := m.LoadGroups(time.Duration(r.test.Interval), r.test.ExternalLabels, r.test.ExternalURL, nil, r.options.IgnoreUnknownFields, ruleFiles...)
	if len(errs) > 0 {
		return slices.CompactFunc(errs, func(a, b error) bool { return a.Error() == b.Error() }) // a file is read twice
	}
	for _, g := range loaded {
		r.groups = append(r.groups, g)
		for _, rule := range g.AlertingRules() {
			rule.SetRestored(true) // otherwise there is no series ALERTS
		}
	}
	slices.SortFunc(r.groups, func(a, b *rules.Group) int {
		return cmp.Or(cmp.Compare(slices.Index(r.file.GroupEvalOrder, a.Name()), slices.Index(r.file.GroupEvalOrder, b.Name())),
			cmp.Compare(a.File(), b.File()), cmp.Compare(a.Name(), b.Name()))
	})
	return nil
}

// evaluate evaluates the groups one interval after the other, and compares alerts on the way. It returns false where a rule could
// not be evaluated.
func (r *runner) evaluate(ctx context.Context) (failures []error, ok bool) {
	waiting := slices.Clone(r.test.Alerts)
	slices.SortStableFunc(waiting, func(a, b alertTest) int { return cmp.Compare(a.EvalTime, b.EvalTime) })
	begin, step := r.test.begin(), time.Duration(r.file.EvaluationInterval)
	for since := time.Duration(0); ; since += step {
		if err := ctx.Err(); err != nil {
			return append(failures, err), false
		}
		if errs := r.evaluateAt(begin.Add(since)); len(errs) > 0 {
			return append(failures, errs...), false
		}
		for len(waiting) > 0 && time.Duration(waiting[0].EvalTime)-since < step { // the sum may be too long for a duration
			if err := r.checkAlerts(waiting[0]); err != nil {
				failures = append(failures, err)
			}
			waiting = waiting[1:]
		}
		if r.test.span()-since < step {
			return failures, true
		}
	}
}

func (r *runner) evaluateAt(at time.Time) []error {
	var errs []error
	r.suite.WithSamplesTill(at, func(err error) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		for _, g := range r.groups {
			g.Eval(r.suite.Context(), at)
			for _, rule := range g.Rules() {
				if err := rule.LastError(); err != nil {
					errs = append(errs, fmt.Errorf("rule %s at %s: %w", rule.Name(), model.Duration(at.Sub(r.test.begin())), err))
				}
			}
		}
	})
	return errs
}

// firing returns the alerts of a name that fire.
func (r *runner) firing(alertname string) []alert {
	var out []alert
	for _, g := range r.groups {
		for _, rule := range g.AlertingRules() {
			if rule.Name() != alertname {
				continue
			}
			for _, a := range rule.ActiveAlerts() {
				if a.State == rules.StateFiring {
					out = append(out, alert{a.Labels.Copy(), a.Annotations.Copy()})
				}
			}
		}
	}
	return out
}

func (r *runner) instant(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	var q storage.Queryable = r.suite.Queryable()
	query, err := r.suite.QueryEngine().NewInstantQuery(ctx, q, nil, expr, at)
	if err != nil {
		return nil, err
	}
	result := query.Exec(ctx) // not closed: its points are compared below
	if result.Err != nil {
		return nil, result.Err
	}
	switch v := result.Value.(type) {
	case promql.Vector:
		return v, nil
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V, Metric: labels.EmptyLabels()}}, nil
	}
	return nil, errors.New("must give a vector or a scalar")
}
