package ruletest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// alert is what is compared of an alert.
type alert struct{ labels, annotations labels.Labels }

func (a alert) String() string { return a.labels.String() + " annotations " + a.annotations.String() }

// checkAlerts compares the alerts that fire with those expected. Expected labels need not hold the name of the alert.
func (r *runner) checkAlerts(t alertTest) error {
	got := texts(r.firing(t.Alertname))
	var expected []alert
	for _, e := range t.Expected {
		ls := labels.NewBuilder(labels.FromMap(e.Labels)).Set(labels.AlertName, t.Alertname).Labels()
		expected = append(expected, alert{ls, labels.FromMap(e.Annotations)})
	}
	want := texts(expected)
	if slices.Equal(want, got) {
		return nil
	}
	return fmt.Errorf("alertname %s at %s:\n  expected %s\n  got      %s", t.Alertname, t.EvalTime, list(want), list(got))
}

// sample is what is compared of a sample.
type sample struct {
	labels    labels.Labels
	value     float64
	histogram string // in the language of promqltest, empty for a float
}

func (s sample) String() string {
	if s.histogram != "" {
		return s.labels.String() + " " + s.histogram
	}
	return s.labels.String() + " " + strconv.FormatFloat(s.value, 'g', -1, 64)
}

// checkExpr compares what an expression gives with what is expected, in whatever order.
func (r *runner) checkExpr(ctx context.Context, t exprTest) error {
	fail := func(err error) error { return fmt.Errorf("expr %q at %s: %w", t.Expr, t.EvalTime, err) }
	vector, err := r.instant(ctx, t.Expr, r.test.begin().Add(time.Duration(t.EvalTime)))
	if err != nil {
		return fail(err)
	}
	var got, want []sample
	for _, s := range vector {
		got = append(got, sample{s.Metric.Copy(), s.F, promqltest.HistogramTestExpression(s.H)})
	}
	for _, e := range t.Expected {
		s, err := r.expected(e)
		if err != nil {
			return fail(fmt.Errorf("exp_samples: %w", err))
		}
		want = append(want, s)
	}
	byLabels := func(a, b sample) int { return labels.Compare(a.labels, b.labels) }
	slices.SortFunc(got, byLabels)
	slices.SortFunc(want, byLabels)
	if slices.EqualFunc(want, got, r.equal) {
		return nil
	}
	return fail(fmt.Errorf("\n  expected %s\n  got      %s", list(texts(want)), list(texts(got))))
}

func (r *runner) expected(e expectedSample) (sample, error) {
	ls, err := r.options.Parser.ParseMetric(e.Labels)
	if err != nil {
		return sample{}, fmt.Errorf("labels %q: %w", e.Labels, err)
	}
	out := sample{labels: ls, value: e.Value}
	if e.Histogram == "" {
		return out, nil
	}
	_, values, err := r.options.Parser.ParseSeriesDesc("{} " + e.Histogram)
	if err == nil && (len(values) != 1 || values[0].Histogram == nil) {
		err = errors.New("must be one histogram")
	}
	if err != nil {
		return sample{}, fmt.Errorf("histogram %q: %w", e.Histogram, err)
	}
	out.value, out.histogram = 0, promqltest.HistogramTestExpression(values[0].Histogram)
	return out, nil
}

// equal compares samples. NaN equals nothing, as in promtool; fuzzy comparison allows the last bit to differ.
func (r *runner) equal(a, b sample) bool {
	if !labels.Equal(a.labels, b.labels) || a.histogram != b.histogram {
		return false
	}
	return a.value == b.value ||
		r.file.FuzzyCompare && (math.Nextafter(a.value, math.Inf(1)) == b.value || math.Nextafter(a.value, math.Inf(-1)) == b.value)
}

func texts[T fmt.Stringer](all []T) []string {
	out := make([]string, 0, len(all))
	for _, a := range all {
		out = append(out, a.String())
	}
	slices.Sort(out)
	return out
}

func list(all []string) string {
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "\n           ")
}
