package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/endscope/endscope/scopes"
)

// WriteOTLP stores OTLP metrics, and owns md. Resource attributes become endpoint, deployment and instance by configuration; a resource
// whose names break the rules is refused with all its data points. Deltas are added up. Data points without a time get that of arrival.
// Result counts samples, of which a histogram with explicit buckets is several. An error means that nothing is stored and is the
// store's.
func (in *Ingester) WriteOTLP(ctx context.Context, md pmetric.Metrics) (Result, error) {
	b := in.NewBatch()
	o := newOTLPPush(in, b)
	resources := md.ResourceMetrics()
	for i := range resources.Len() {
		if err := o.resource(ctx, resources.At(i)); err != nil {
			in.deltas.revert(o.undos)
			b.Discard()
			return Result{}, err
		}
	}
	result, err := in.Commit(ctx, b)
	if err != nil {
		in.deltas.revert(o.undos)
	}
	return result, err
}

// otlpPush is one request on its way into a batch. It is the appender that upstream's converter fills.
type otlpPush struct {
	in        *Ingester
	b         *Batch
	now       time.Time
	settings  prometheusremotewrite.Settings
	converter *prometheusremotewrite.PrometheusConverter
	checker   otlpChecker
	undos     []undo

	// Of the resource in progress:
	identity        scopes.Path // names that its attributes give; the zero Path for none
	serviceInstance string      // what upstream takes for the instance
	deltas          bool        // what is appended is to be added up
	builder         *labels.Builder
}

func newOTLPPush(in *Ingester, b *Batch) *otlpPush {
	cfg := in.cfg.OTLP
	strategy := otlptranslator.TranslationStrategyOption(cfg.TranslationStrategy)
	o := &otlpPush{in: in, b: b, now: in.now(), builder: labels.NewBuilder(labels.EmptyLabels())}
	o.settings = prometheusremotewrite.Settings{
		AddMetricSuffixes: strategy.ShouldAddSuffixes(),
		AllowUTF8:         !strategy.ShouldEscape(),
		PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(promconfig.OTLPConfig{
			PromoteResourceAttributes: cfg.PromoteResourceAttributes,
		}),
		ConvertHistogramsToNHCB:              cfg.ConvertHistogramsToNHCB,
		LabelNameUnderscoreSanitization:      true, // both as Prometheus's defaults
		LabelNamePreserveMultipleUnderscores: true,
	}
	o.converter = prometheusremotewrite.NewPrometheusConverter(o)
	o.checker = newOTLPChecker(b, o.now, o.settings)
	return o
}

// resource converts the metrics of one resource.
func (o *otlpPush) resource(ctx context.Context, rm pmetric.ResourceMetrics) error {
	attributes := rm.Resource().Attributes()
	o.checker.attributes(attributes, func(string) {}) // costs target_info a label, and no data point anything
	o.checker.metrics(rm.ScopeMetrics())
	if o.checker.points == 0 {
		return nil
	}
	if err := o.identify(attributes); err != nil {
		o.b.Refuse(ReasonIdentity, o.checker.points, "resource: %s", err)
		return nil
	}
	cumulative, deltas := splitDeltas(rm)
	settings := o.settings
	settings.LookbackDelta = o.checker.targetInfoInterval()
	for _, part := range []struct {
		metrics pmetric.Metrics
		deltas  bool
	}{{cumulative, false}, {deltas, true}} {
		if part.metrics.DataPointCount() == 0 {
			continue
		}
		o.deltas = part.deltas
		_, err := o.converter.FromMetrics(ctx, part.metrics, settings)
		if ctx.Err() != nil {
			return fmt.Errorf("convert OTLP metrics: %w", ctx.Err())
		}
		if err != nil {
			o.b.Refuse(ReasonFormat, 1, "%s", clip([]byte(err.Error())))
		}
	}
	return nil
}

// identify reads the names of endpoint, deployment and instance from the resource's attributes.
func (o *otlpPush) identify(attributes pcommon.Map) error {
	cfg := o.in.cfg.OTLP
	o.serviceInstance = firstAttribute(attributes, []string{"service.instance.id"})
	o.identity = scopes.Path{Endpoint: firstAttribute(attributes, cfg.EndpointAttributes)}
	if o.identity.Endpoint == "" {
		return nil // belongs to no scope
	}
	o.identity.Deployment = firstAttribute(attributes, cfg.DeploymentAttributes)
	o.identity.Instance = firstAttribute(attributes, cfg.InstanceAttributes)
	var errs []error
	for level, name := range o.names() {
		if name != "" {
			errs = append(errs, scopes.ValidateName(scopes.Level(level), name))
		}
	}
	return errors.Join(errs...)
}

// names yields the identity's label names and values.
func (o *otlpPush) names() func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		_ = yield(scopes.LabelEndpoint, o.identity.Endpoint) &&
			yield(scopes.LabelDeployment, o.identity.Deployment) &&
			yield(scopes.LabelInstance, o.identity.Instance)
	}
}

// firstAttribute returns the first of the named attributes that is set. SDKs set service.name to unknown_service when nobody named the
// service; that is no name.
func firstAttribute(attributes pcommon.Map, names []string) string {
	_, text := firstNamed(attributes, names)
	return text
}

// firstNamed is firstAttribute that also returns the attribute's name, "" when none is set.
func firstNamed(attributes pcommon.Map, names []string) (name, text string) {
	for _, name := range names {
		v, ok := attributes.Get(name)
		if !ok {
			continue
		}
		text := v.AsString()
		if text == "" || name == "service.name" && unknownService(text) {
			continue
		}
		return name, text
	}
	return "", ""
}

// unknownService says whether an SDK made up the name of a service.
func unknownService(name string) bool {
	return name == "unknown_service" || strings.HasPrefix(name, "unknown_service:")
}

// splitDeltas takes the metrics of delta temporality out into a request of their own, called cumulative there: that is what they are
// once they are added up.
func splitDeltas(rm pmetric.ResourceMetrics) (cumulative, deltas pmetric.Metrics) {
	cumulative, deltas = pmetric.NewMetrics(), pmetric.NewMetrics()
	var of pmetric.ResourceMetrics
	found := false
	for i := range rm.ScopeMetrics().Len() {
		sm := rm.ScopeMetrics().At(i)
		var to pmetric.MetricSlice
		first := true
		sm.Metrics().RemoveIf(func(m pmetric.Metric) bool {
			if temporality(m) != pmetric.AggregationTemporalityDelta {
				return false
			}
			if !found {
				found = true
				of = deltas.ResourceMetrics().AppendEmpty()
				rm.Resource().CopyTo(of.Resource())
			}
			if first {
				first = false
				scope := of.ScopeMetrics().AppendEmpty()
				sm.Scope().CopyTo(scope.Scope())
				to = scope.Metrics()
			}
			moved := to.AppendEmpty()
			m.MoveTo(moved)
			setCumulative(moved)
			return true
		})
	}
	rm.MoveTo(cumulative.ResourceMetrics().AppendEmpty())
	return cumulative, deltas
}

func temporality(m pmetric.Metric) pmetric.AggregationTemporality {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().AggregationTemporality()
	default:
		return pmetric.AggregationTemporalityCumulative
	}
}

func setCumulative(m pmetric.Metric) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	case pmetric.MetricTypeHistogram:
		m.Histogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
}

// Append takes one converted sample. It never returns an error, so that the converter goes on after a refused sample.
func (o *otlpPush) Append(_ storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AOptions) (storage.SeriesRef, error) {
	s, ok := o.b.resolve(o.named(ls), 1)
	if !ok {
		return 0, nil
	}
	if !startsAtZero(s.labels, opts.Metadata.Type) {
		st = 0
	}
	if o.deltas && ls.Get(model.MetricNameLabel) != "target_info" && !isStaleMarker(v, h) {
		sum, undo, err := o.in.deltas.add(s.labels, o.now, st, t, v, h)
		if err != nil {
			reason := ReasonFormat
			var le *labelError
			if errors.As(err, &le) {
				reason = le.reason
			}
			o.b.Refuse(reason, 1, "%s: %s", s.labels, err)
			return 0, nil
		}
		o.undos = append(o.undos, undo)
		st, v, h, fh = sum.st, sum.v, nil, sum.fh
	}
	o.b.add(s, st, t, v, h, fh, opts)
	return 0, nil
}

// named gives a series the identity of its resource. A label of that name that the data point itself has is kept as exported_…, as
// Prometheus does when it scrapes.
func (o *otlpPush) named(ls labels.Labels) labels.Labels {
	if o.identity.Endpoint == "" {
		return ls
	}
	o.builder.Reset(ls)
	for label, name := range o.names() {
		if name == "" {
			continue
		}
		own := ls.Get(label)
		if own != "" && own != name && !(label == scopes.LabelInstance && own == o.serviceInstance) {
			o.builder.Set("exported_"+label, own)
		}
		o.builder.Set(label, name)
	}
	return o.builder.Labels()
}

// Commit is part of storage.AppenderV2 and does nothing.
func (o *otlpPush) Commit() error { return nil }

// Rollback is part of storage.AppenderV2 and does nothing.
func (o *otlpPush) Rollback() error { return nil }

// targetInfoInterval returns what upstream takes for the lookback delta: it writes target_info at every half of it between the earliest
// and the latest data point, which one wrong clock can make many. An hour is written so, and of more only the two ends.
func (c *otlpChecker) targetInfoInterval() time.Duration {
	span := time.Duration(min(uint64(c.latest-c.earliest), math.MaxInt64))
	if span <= time.Hour {
		return 0 // upstream's own
	}
	return min(span, math.MaxInt64/4) * 2
}
