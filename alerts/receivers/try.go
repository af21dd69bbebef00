package receivers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// maxTest is how long a test of a group may take in all.
const maxTest = 30 * time.Second

// testsAtOnce is how many receivers of a group are tested at the same time.
const testsAtOnce = 16

// The outcomes of a test.
const (
	Success = "Success"
	Failed  = "Failed"
)

// TestResult is the outcome of a test of one receiver.
type TestResult struct {
	Receiver string
	Type     alerts.ReceiverType
	Status   string // Success or Failed
	Detail   string // why it failed, without secrets
	Duration time.Duration
}

// The samples that Sample makes.
const (
	SampleMetricStatic  = "metric-static"
	SampleMetricDynamic = "metric-dynamic"
	SampleLog           = "log"
)

// SampleTypes returns the names of the samples.
func SampleTypes() []string { return []string{SampleMetricStatic, SampleMetricDynamic, SampleLog} }

// Sample returns an alert of a kind for tests of action groups, fired at a time; false where there is no such kind.
func Sample(kind string, at time.Time) (alerts.Alert, bool) {
	value, threshold, lower, upper := 950.0, 800.0, 120.0, 800.0
	a := alerts.Alert{
		Rule: "test-" + kind, RuleKind: alerts.KindMetric, Severity: 3, Condition: alerts.Fired, FiredAt: at, WindowStart: at.Add(-5 * time.Minute), WindowEnd: at,
		Target: scopes.Path{Endpoint: "example-endpoint", Deployment: "blue"}, Dimensions: map[string]string{"statusCode": "500"},
		Description: "This is a test of an action group. Nothing has happened.",
	}
	c := alerts.Criterion{Type: alerts.StaticThreshold, Name: "example", MetricName: "RequestLatency_P95", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan, Threshold: threshold}
	v := alerts.CriterionValue{Value: &value, Threshold: &threshold}
	switch kind {
	case SampleMetricStatic:
	case SampleMetricDynamic:
		c.Type, c.Operator, c.Sensitivity = alerts.DynamicThreshold, alerts.GreaterOrLessThan, alerts.SensitivityMedium
		c.FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}
		v.Lower, v.Upper = &lower, &upper
	case SampleLog:
		a.RuleKind = alerts.KindLog
		rows, most := 42.0, 10.0
		c = alerts.Criterion{Name: "example", Query: `AmlOnlineEndpointTrafficLog | where ResponseCode >= "500"`, TimeAggregation: scopes.Count, Operator: alerts.GreaterThan,
			Threshold: most, FailingPeriods: alerts.FailingPeriods{NumberOfEvaluationPeriods: 1, MinFailingPeriodsToAlert: 1}}
		v.Value, v.Threshold = &rows, &most
	default:
		return alerts.Alert{}, false
	}
	v.Criterion = c
	a.Values = []alerts.CriterionValue{v}
	a.ID = alerts.AlertID(a.Rule, alerts.SeriesKey(a.Target, a.Dimensions), at)
	rule := alerts.Rule{Name: a.Rule, Severity: a.Severity}
	a.Labels = alerts.LabelsOf(&rule, a.Target, a.Dimensions)
	return a, true
}

// Test really sends a sample to receivers of a group, to all of them if none is named, also where the group is disabled. Each is tried
// once, and all are done within 30 s. Emails say that they are a test; one address gets at most two of them a minute.
func (b *Builder) Test(ctx context.Context, g *alerts.ActionGroup, sample alerts.Alert, names []string) []TestResult {
	ctx, cancel := context.WithTimeout(ctx, maxTest)
	defer cancel()
	var list []receiverPath
	var results []TestResult
	for _, p := range paths(g) {
		if len(names) == 0 || slices.Contains(names, p.receiver.Name) {
			list = append(list, p)
			results = append(results, TestResult{Receiver: p.receiver.Name, Type: p.receiver.Type})
		}
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, testsAtOnce)
	for i, p := range list {
		wg.Add(1)
		go func() {
			defer wg.Done()
			select {
			case free <- struct{}{}:
				defer func() { <-free }()
			case <-ctx.Done():
				results[i].Status, results[i].Detail = Failed, fmt.Sprintf("not tried: the receivers before it took all of %s", maxTest)
				return
			}
			began := time.Now()
			err := b.testOne(ctx, g, p, sample)
			results[i].Duration = time.Since(began)
			results[i].Status = Success
			if err != nil {
				results[i].Status, results[i].Detail = Failed, err.Error()
			}
		}()
	}
	wg.Wait()
	for _, name := range names {
		if !slices.ContainsFunc(list, func(p receiverPath) bool { return p.receiver.Name == name }) {
			results = append(results, TestResult{Receiver: name, Status: Failed, Detail: "the group has no receiver of this name"})
		}
	}
	return results
}

func (b *Builder) testOne(ctx context.Context, g *alerts.ActionGroup, p receiverPath, sample alerts.Alert) error {
	d, _, err := b.delivery(g.Name, p.receiver, p.path, true)
	if err != nil {
		return err
	}
	if p.receiver.Type == alerts.ReceiverEmail {
		if wait, ok := b.tests.take(d.limitKey, b.now()); !ok {
			b.metrics.testsLimited.Inc()
			return fmt.Errorf("limit of %d tests a minute for this address: the next may be made in %s", b.tests.most, wait.Round(time.Second))
		}
	}
	a := &alert.Alert{Alert: model.Alert{Labels: model.LabelSet{}, Annotations: model.LabelSet{}, StartsAt: sample.FiredAt, EndsAt: b.now().Add(time.Hour)}, UpdatedAt: b.now()}
	if sample.Condition == alerts.Resolved {
		a.EndsAt = sample.ResolvedAt
	}
	for k, v := range sample.Labels {
		a.Labels[model.LabelName(k)] = model.LabelValue(v)
	}
	for k, v := range sample.Annotations {
		a.Annotations[model.LabelName(k)] = model.LabelValue(v)
	}
	fp := uint64(a.Fingerprint())
	ctx = notify.WithReceiverName(ctx, g.Name)
	ctx = notify.WithGroupLabels(ctx, a.Labels)
	ctx = notify.WithGroupKey(ctx, strings.Join([]string{"test", g.Name, p.receiver.Name, sample.ID}, "/"))
	ctx = notify.WithNotificationReason(ctx, notify.ReasonFirstNotification)
	ctx = notify.WithNow(ctx, b.now())
	ctx = notify.WithRepeatInterval(ctx, time.Hour)
	ctx = notify.WithFiringAlerts(ctx, []uint64{fp})
	ctx = notify.WithResolvedAlerts(ctx, nil)
	_, err = d.Notify(withSample(ctx, &sample), a)
	return err
}

// sampleKey is the context's key of the alert that a test sends: nothing can look it up, because it never fired.
type sampleKey struct{}

func withSample(ctx context.Context, a *alerts.Alert) context.Context {
	return context.WithValue(ctx, sampleKey{}, a)
}

// find is lookup with the sample of a test.
func (b *Builder) find(ctx context.Context, a *alert.Alert) *alerts.Alert {
	if sample, ok := ctx.Value(sampleKey{}).(*alerts.Alert); ok {
		return sample
	}
	return b.lookup(a)
}
