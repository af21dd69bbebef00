package ingest

import (
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// otlpChecker removes from a request what upstream's converter cannot take, because that gives up the rest of a metric at its first
// problem. Every removed data point is refused; attributes of a resource are left out.
type otlpChecker struct {
	b      *Batch
	now    pcommon.Timestamp
	metric otlptranslator.MetricNamer
	label  otlptranslator.LabelNamer
	known  map[string]string // attribute names and what is wrong with them

	points           int               // left in the resource checked last
	earliest, latest pcommon.Timestamp // of them
}

func newOTLPChecker(b *Batch, now time.Time, s prometheusremotewrite.Settings) otlpChecker {
	return otlpChecker{
		b:      b,
		now:    pcommon.NewTimestampFromTime(now),
		metric: otlptranslator.MetricNamer{WithMetricSuffixes: s.AddMetricSuffixes, UTF8Allowed: s.AllowUTF8},
		label: otlptranslator.LabelNamer{
			UTF8Allowed: s.AllowUTF8,
			//lint:ignore SA1019 the converter still applies it, and the check must name labels as the converter will
			UnderscoreLabelSanitization: s.LabelNameUnderscoreSanitization,
			PreserveMultipleUnderscores: s.LabelNamePreserveMultipleUnderscores,
		},
		known: map[string]string{},
	}
}

// metrics checks all metrics of one resource.
func (c *otlpChecker) metrics(scopeMetrics pmetric.ScopeMetricsSlice) {
	c.points, c.earliest, c.latest = 0, math.MaxUint64, 0
	for i := range scopeMetrics.Len() {
		sm := scopeMetrics.At(i)
		c.attributes(sm.Scope().Attributes(), func(string) {}) // not stored
		sm.Metrics().RemoveIf(func(m pmetric.Metric) bool { return !c.check(m) })
	}
	if c.points == 0 {
		c.earliest = 0
	}
}

// check removes a metric's bad data points and says whether any are left.
func (c *otlpChecker) check(m pmetric.Metric) bool {
	all := dataPoints(m)
	if _, err := c.metric.Build(prometheusremotewrite.TranslatorMetricFromOtelMetric(m)); err != nil {
		c.b.Refuse(ReasonNoName, max(all, 1), "%s", clip([]byte(err.Error())))
		return false
	}
	if t := temporality(m); t == pmetric.AggregationTemporalityUnspecified {
		c.b.Refuse(ReasonUnsupported, all, "metric %q has no aggregation temporality", clip([]byte(m.Name())))
		return false
	}
	left := 0
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		left = checkPoints(c, m, m.Gauge().DataPoints(), c.number)
	case pmetric.MetricTypeSum:
		left = checkPoints(c, m, m.Sum().DataPoints(), c.number)
	case pmetric.MetricTypeHistogram:
		left = checkPoints(c, m, m.Histogram().DataPoints(), c.histogram)
	case pmetric.MetricTypeExponentialHistogram:
		left = checkPoints(c, m, m.ExponentialHistogram().DataPoints(), c.exponential)
	case pmetric.MetricTypeSummary:
		left = checkPoints(c, m, m.Summary().DataPoints(), func(pmetric.SummaryDataPoint) (Reason, string) { return "", "" })
	default:
		c.b.Refuse(ReasonUnsupported, 1, "metric %q has no data", clip([]byte(m.Name())))
	}
	c.points += left
	return left > 0
}

func dataPoints(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	default:
		return 0
	}
}

// dataPoint is what all kinds of data points have.
type dataPoint interface {
	Attributes() pcommon.Map
	Timestamp() pcommon.Timestamp
	SetTimestamp(pcommon.Timestamp)
	StartTimestamp() pcommon.Timestamp
	SetStartTimestamp(pcommon.Timestamp)
}

// checkPoints removes the bad ones of a metric's data points and returns how many are left.
func checkPoints[P dataPoint](c *otlpChecker, m pmetric.Metric, points interface {
	RemoveIf(func(P) bool)
	Len() int
}, check func(P) (Reason, string)) int {
	points.RemoveIf(func(p P) bool {
		reason, problem := c.point(p)
		if problem == "" {
			reason, problem = check(p)
		}
		if problem == "" {
			c.earliest, c.latest = min(c.earliest, p.Timestamp()), max(c.latest, p.Timestamp())
			return false
		}
		c.b.Refuse(reason, 1, "metric %q: %s", clip([]byte(m.Name())), problem)
		return true
	})
	return points.Len()
}

func (c *otlpChecker) point(p dataPoint) (reason Reason, problem string) {
	c.attributes(p.Attributes(), func(text string) { reason, problem = ReasonLabel, text })
	if problem != "" {
		return reason, problem
	}
	if p.Timestamp() == 0 {
		p.SetTimestamp(c.now)
	}
	if p.Timestamp() > math.MaxInt64 {
		return ReasonFuture, "its time is after the year 2262"
	}
	if p.StartTimestamp() > p.Timestamp() {
		p.SetStartTimestamp(0)
	}
	return "", ""
}

// attributes removes attributes that cannot become labels, and tells of each.
func (c *otlpChecker) attributes(attributes pcommon.Map, tell func(problem string)) {
	attributes.RemoveIf(func(name string, _ pcommon.Value) bool {
		problem, seen := c.known[name]
		if !seen {
			switch _, err := c.label.Build(name); {
			case err != nil:
				problem = clip([]byte(err.Error()))
			case c.label.UTF8Allowed && !model.UTF8Validation.IsValidLabelName(name):
				problem = fmt.Sprintf("attribute name %q is not valid UTF-8", clip([]byte(name)))
			}
			if len(c.known) < 1000 {
				c.known[name] = problem
			}
		}
		if problem != "" {
			tell(problem)
		}
		return problem != ""
	})
}

func (c *otlpChecker) number(p pmetric.NumberDataPoint) (Reason, string) {
	c.exemplars(p.Exemplars())
	if p.ValueType() == pmetric.NumberDataPointValueTypeEmpty && !p.Flags().NoRecordedValue() {
		return ReasonNoValue, "a data point has no value" // upstream would store 0
	}
	return "", ""
}

func (c *otlpChecker) histogram(p pmetric.HistogramDataPoint) (Reason, string) {
	c.exemplars(p.Exemplars())
	counts, bounds := p.BucketCounts().Len(), p.ExplicitBounds().Len()
	if counts != 0 && counts != bounds+1 {
		return ReasonHistogram, fmt.Sprintf("%d buckets with %d bounds between them", counts, bounds)
	}
	for i := range bounds {
		if b := p.ExplicitBounds().At(i); math.IsNaN(b) || i > 0 && b <= p.ExplicitBounds().At(i-1) {
			return ReasonHistogram, "the bounds of its buckets do not increase"
		}
	}
	return "", ""
}

func (c *otlpChecker) exponential(p pmetric.ExponentialHistogramDataPoint) (Reason, string) {
	c.exemplars(p.Exemplars())
	if p.Scale() < histogram.ExponentialSchemaMin {
		return ReasonHistogram, fmt.Sprintf("scale %d is below %d, the coarsest that can be stored", p.Scale(), histogram.ExponentialSchemaMin)
	}
	for _, buckets := range []pmetric.ExponentialHistogramDataPointBuckets{p.Positive(), p.Negative()} {
		// Finite numbers lie within these at the finest scale that the data model allows.
		if last := int64(buckets.Offset()) + int64(buckets.BucketCounts().Len()); int64(buckets.Offset()) < -1<<30 || last > 1<<30 {
			return ReasonHistogram, fmt.Sprintf("its buckets begin at %d, beyond all numbers", buckets.Offset())
		}
	}
	return "", ""
}

func (c *otlpChecker) exemplars(exemplars pmetric.ExemplarSlice) {
	exemplars.RemoveIf(func(e pmetric.Exemplar) bool {
		if e.ValueType() == pmetric.ExemplarValueTypeEmpty || e.Timestamp() > math.MaxInt64 {
			c.b.Refuse(ReasonExemplar, 1, "an exemplar has no value, or a time after the year 2262")
			return true
		}
		return false
	})
}

// startsAtZero says whether a series of a type counts up from zero, so that its start time is worth keeping: the store puts a zero
// there, which would be a false reading of a gauge or a quantile.
func startsAtZero(ls labels.Labels, typ model.MetricType) bool {
	switch typ {
	case model.MetricTypeGauge, model.MetricTypeGaugeHistogram, model.MetricTypeInfo, model.MetricTypeStateset:
		return false
	case model.MetricTypeSummary:
		return !ls.Has(model.QuantileLabel)
	default:
		return true
	}
}
