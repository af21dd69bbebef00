package ingest

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

func (h *harness) otlp(md pmetric.Metrics) Result {
	h.t.Helper()
	r, err := h.in.WriteOTLP(context.Background(), md)
	require.NoError(h.t, err)
	return r
}

func (h *harness) ts(offset time.Duration) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(h.now.Add(offset))
}

// resource makes a request with one resource and returns its metrics.
func resource(attributes map[string]string) (pmetric.Metrics, pmetric.MetricSlice) {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	for _, k := range sorted(attributes) {
		rm.Resource().Attributes().PutStr(k, attributes[k])
	}
	return md, rm.ScopeMetrics().AppendEmpty().Metrics()
}

var shop = map[string]string{"service.name": "shop", "service.version": "v1", "service.instance.id": "pod-1", "cloud.region": "eu"}

func (h *harness) gauge(ms pmetric.MetricSlice, name string, v float64) pmetric.NumberDataPoint {
	m := ms.AppendEmpty()
	m.SetName(name)
	dp := m.SetEmptyGauge().DataPoints().AppendEmpty()
	dp.SetDoubleValue(v)
	dp.SetTimestamp(h.ts(0))
	return dp
}

func (h *harness) sum(ms pmetric.MetricSlice, name string, temporality pmetric.AggregationTemporality, from, to time.Duration, v float64) pmetric.NumberDataPoint {
	m := ms.AppendEmpty()
	m.SetName(name)
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(temporality)
	dp := s.DataPoints().AppendEmpty()
	dp.SetDoubleValue(v)
	dp.SetStartTimestamp(h.ts(from))
	dp.SetTimestamp(h.ts(to))
	return dp
}

const (
	cumulative = pmetric.AggregationTemporalityCumulative
	delta      = pmetric.AggregationTemporalityDelta
	shopLabels = `deployment="v1", endpoint="shop", instance="pod-1", job="shop"`
)

func TestOTLPCumulative(t *testing.T) {
	h := newHarness(t)
	md, ms := resource(shop)
	h.gauge(ms, "temperature", 21).SetStartTimestamp(h.ts(-time.Minute))
	dp := h.sum(ms, "requests", cumulative, -10*time.Second, 0, 5)
	e := dp.Exemplars().AppendEmpty()
	e.SetDoubleValue(1)
	e.SetTimestamp(h.ts(0))
	e.SetTraceID([16]byte{1})
	dp.Exemplars().AppendEmpty().SetTimestamp(h.ts(0)) // without a value

	hist := ms.AppendEmpty()
	hist.SetName("latency")
	hist.SetUnit("s")
	hist.SetEmptyHistogram().SetAggregationTemporality(cumulative)
	hp := hist.Histogram().DataPoints().AppendEmpty()
	hp.SetTimestamp(h.ts(0))
	hp.ExplicitBounds().FromRaw([]float64{1, 2})
	hp.BucketCounts().FromRaw([]uint64{1, 2, 3})
	hp.SetCount(6)
	hp.SetSum(9)

	exp := ms.AppendEmpty()
	exp.SetName("size")
	exp.SetEmptyExponentialHistogram().SetAggregationTemporality(cumulative)
	ep := exp.ExponentialHistogram().DataPoints().AppendEmpty()
	ep.SetTimestamp(h.ts(0))
	ep.SetScale(1)
	ep.SetCount(3)
	ep.SetSum(4)
	ep.Positive().BucketCounts().FromRaw([]uint64{1, 2})

	sum := ms.AppendEmpty()
	sum.SetName("rpc")
	sp := sum.SetEmptySummary().DataPoints().AppendEmpty()
	sp.SetTimestamp(h.ts(0))
	sp.SetStartTimestamp(h.ts(-time.Minute))
	sp.SetCount(2)
	q := sp.QuantileValues().AppendEmpty()
	q.SetQuantile(0.5)
	q.SetValue(7)

	r := h.otlp(md)
	require.Equal(t, map[Reason]int{ReasonExemplar: 1}, r.ByReason(), "%v", r.Err())
	got := h.stored()
	of := func(name string, more ...string) []point {
		return got[labels.FromStrings(append([]string{"__name__", name, "deployment", "v1", "endpoint", "shop", "instance", "pod-1", "job", "shop"}, more...)...).String()]
	}
	require.Equal(t, []point{{t: h.start, v: 21}}, of("temperature"), "the start of a gauge is no zero")
	require.Equal(t, []point{{t: h.start - 10_000}, {t: h.start, v: 5}}, of("requests_total"))
	require.Equal(t, []point{{t: h.start, v: 3}}, of("latency_seconds_bucket", "le", "2"))
	require.Equal(t, []point{{t: h.start, v: 6}}, of("latency_seconds_bucket", "le", "+Inf"))
	require.Equal(t, 3.0, of("size")[0].h.Count)
	require.Equal(t, []point{{t: h.start, v: 7}}, of("rpc", "quantile", "0.5"), "the start of a quantile is no zero")
	require.Equal(t, []point{{t: h.start, v: 1}}, of("target_info", "cloud_region", "eu", "service_version", "v1"))
	require.Equal(t, 1, r.Exemplars)
	require.Equal(t, 1, r.Histograms)
	m, ok := h.in.Metadata().GetMetadata("latency_seconds")
	require.True(t, ok)
	require.Equal(t, "histogram", string(m.Type))
}

func TestOTLPDeltaIsAddedUp(t *testing.T) {
	h := newHarness(t)
	for i := range 3 {
		md, ms := resource(shop)
		from, to := time.Duration(i-3)*10*time.Second, time.Duration(i-2)*10*time.Second
		h.sum(ms, "requests", delta, from, to, 5)
		h.gauge(ms, "temperature", float64(i)).SetTimestamp(h.ts(to))
		hist := ms.AppendEmpty()
		hist.SetName("latency")
		hist.SetEmptyHistogram().SetAggregationTemporality(delta)
		hp := hist.Histogram().DataPoints().AppendEmpty()
		hp.SetTimestamp(h.ts(to))
		hp.ExplicitBounds().FromRaw([]float64{1})
		hp.BucketCounts().FromRaw([]uint64{1, 2})
		hp.SetCount(3)
		exp := ms.AppendEmpty()
		exp.SetName("size")
		exp.SetEmptyExponentialHistogram().SetAggregationTemporality(delta)
		ep := exp.ExponentialHistogram().DataPoints().AppendEmpty()
		ep.SetTimestamp(h.ts(to))
		ep.SetScale(int32(3 - i)) // the coarsest wins
		ep.SetCount(3)
		ep.SetSum(4)
		ep.Positive().BucketCounts().FromRaw([]uint64{1, 2})
		require.NoError(t, h.otlp(md).Err())
	}
	got := h.stored()
	start := h.start - 30_000
	require.Equal(t, []point{{t: start}, {t: start + 10_000, v: 5}, {t: start + 20_000, v: 10}, {t: start + 30_000, v: 15}}, got[`{__name__="requests_total", `+shopLabels+`}`])
	require.Equal(t, 9.0, last(got[`{__name__="latency_count", `+shopLabels+`}`]).v)
	require.Equal(t, 3.0, last(got[`{__name__="latency_bucket", `+shopLabels+`, le="1"}`]).v)
	size := last(got[`{__name__="size", `+shopLabels+`}`]).h
	require.Equal(t, 9.0, size.Count)
	require.Equal(t, 12.0, size.Sum)
	require.Equal(t, int32(1), size.Schema)
	require.Equal(t, 2.0, last(got[`{__name__="temperature", `+shopLabels+`}`]).v)
	require.Equal(t, "counter", string(must(h.in.Metadata().GetMetadata("requests_total")).Type))
}

func last(points []point) point { return points[len(points)-1] }

func must[T any](v T, ok bool) T {
	if !ok {
		panic("missing")
	}
	return v
}

func TestOTLPDeltasOutOfOrderAndTwice(t *testing.T) {
	h := newHarness(t)
	send := func(from, to time.Duration, v float64) Result {
		md, ms := resource(map[string]string{"service.name": "shop"})
		h.sum(ms, "requests", delta, from, to, v)
		return h.otlp(md)
	}
	require.NoError(t, send(-20*time.Second, -10*time.Second, 1).Err())
	require.Equal(t, map[Reason]int{ReasonOutOfOrder: 1}, send(-20*time.Second, -10*time.Second, 1).ByReason())
	require.Equal(t, map[Reason]int{ReasonOutOfOrder: 1}, send(-30*time.Second, -20*time.Second, 1).ByReason())
	require.Equal(t, map[Reason]int{ReasonFormat: 1}, send(-10*time.Second, 0, math.Inf(1)).ByReason())
	require.NoError(t, send(-10*time.Second, 0, 2).Err())
	require.Equal(t, 3.0, last(h.stored()[`{__name__="requests_total", endpoint="shop", job="shop"}`]).v)
}

// failing is a store that takes nothing.
type failing struct{ err error }

func (s failing) Write(context.Context, func(storage.AppenderV2)) error { return s.err }

func TestOTLPDeltasAreNotCountedTwiceWhenSentAgain(t *testing.T) {
	h := newHarness(t)
	make := func() pmetric.Metrics {
		md, ms := resource(map[string]string{"service.name": "shop"})
		h.sum(ms, "requests", delta, -10*time.Second, 0, 5)
		return md
	}
	down := errors.New("down")
	h.in.UseStore(failing{down})
	_, err := h.in.WriteOTLP(context.Background(), make())
	require.ErrorIs(t, err, down)
	h.in.UseStore(h.db)
	r := h.otlp(make())
	require.NoError(t, r.Err())
	require.Equal(t, 5.0, last(h.stored()[`{__name__="requests_total", endpoint="shop", job="shop"}`]).v)
}

func TestOTLPDeltaSeriesAreBoundedAndForgotten(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.OTLP.MaxDeltaSeries = 1 })
	send := func(name string, to time.Duration) Result {
		md, ms := resource(map[string]string{"service.name": "shop"})
		h.sum(ms, name, delta, to-time.Second, to, 1)
		return h.otlp(md)
	}
	require.NoError(t, send("a", 0).Err())
	require.Equal(t, map[Reason]int{ReasonSeriesLimit: 1}, send("b", 0).ByReason())
	h.now = h.now.Add(2 * time.Hour)
	require.NoError(t, send("b", 0).Err())
	require.Equal(t, 1, h.in.deltas.len())
}

func TestOTLPIdentity(t *testing.T) {
	type attrs = map[string]string
	for name, c := range map[string]struct {
		resource, point attrs
		want            string // labels without the name; "" when refused
	}{
		"by SDK attributes":       {shop, nil, shopLabels},
		"our attributes first":    {attrs{"service.name": "x", "endscope.endpoint": "shop", "endscope.deployment": "blue", "endscope.instance": "i"}, nil, `deployment="blue", endpoint="shop", instance="i", job="x"`},
		"ours beside an SDK's":    {attrs{"service.name": "x", "endscope.instance": "i", "service.instance.id": "uuid"}, nil, `endpoint="x", instance="i", job="x"`},
		"Kubernetes":              {attrs{"service.name": "x", "k8s.deployment.name": "blue", "k8s.pod.name": "p"}, nil, `deployment="blue", endpoint="x", instance="p", job="x"`},
		"no endpoint":             {attrs{"host.name": "h"}, nil, ``},
		"an SDK's unknown":        {attrs{"service.name": "unknown_service:python"}, nil, `job="unknown_service:python"`},
		"the point's own label":   {attrs{"service.name": "shop"}, attrs{"endpoint": "/buy"}, `endpoint="shop", exported_endpoint="/buy", job="shop"`},
		"an invalid endpoint":     {attrs{"service.name": "my shop"}, nil, "refused"},
		"an invalid deployment":   {attrs{"service.name": "shop", "service.version": "1/2"}, nil, "refused"},
		"an invalid, unused name": {attrs{"service.instance.id": "a b"}, nil, `instance="a b"`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			md, ms := resource(c.resource)
			dp := h.gauge(ms, "g", 1)
			for k, v := range c.point {
				dp.Attributes().PutStr(k, v)
			}
			r := h.otlp(md)
			if c.want == "refused" {
				require.Equal(t, map[Reason]int{ReasonIdentity: 1}, r.ByReason())
				for _, bad := range []string{"my shop", "1/2"} {
					if strings.Contains(c.resource["service.name"]+c.resource["service.version"], bad) {
						require.ErrorContains(t, r.Err(), bad)
					}
				}
				return
			}
			require.NoError(t, r.Err())
			want := `{__name__="g", ` + c.want + `}`
			if c.want == "" {
				want = `{__name__="g"}`
			}
			require.Contains(t, sorted(h.stored()), want)
		})
	}
}

func TestOTLPOneBadPointCostsOnePoint(t *testing.T) {
	h := newHarness(t)
	md, ms := resource(map[string]string{"service.name": "shop", "___": "only underscores"})
	h.gauge(ms, "good_first", 1)
	h.gauge(ms, "", 1)
	h.gauge(ms, "bad_attribute", 1).Attributes().PutStr("___", "x")
	h.gauge(ms, "invalid_value", 1).Attributes().PutStr("x", "\xff")
	empty := ms.AppendEmpty()
	empty.SetName("no_value")
	empty.SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(h.ts(0))
	ms.AppendEmpty().SetName("no_data")
	h.sum(ms, "no_temporality", pmetric.AggregationTemporalityUnspecified, 0, 0, 1)
	h.gauge(ms, "ahead", 1).SetTimestamp(h.ts(time.Hour))
	h.gauge(ms, "after_all", 1).SetTimestamp(math.MaxUint64)
	h.gauge(ms, "no_time", 1).SetTimestamp(0)
	h.gauge(ms, "epoch", 1).SetTimestamp(1)
	hist := ms.AppendEmpty()
	hist.SetName("buckets")
	hist.SetEmptyHistogram().SetAggregationTemporality(cumulative)
	hp := hist.Histogram().DataPoints().AppendEmpty()
	hp.SetTimestamp(h.ts(0))
	hp.ExplicitBounds().FromRaw([]float64{2, 1})
	hp.BucketCounts().FromRaw([]uint64{1, 2, 3})
	exp := ms.AppendEmpty()
	exp.SetName("scale")
	exp.SetEmptyExponentialHistogram().SetAggregationTemporality(cumulative)
	exp.ExponentialHistogram().DataPoints().AppendEmpty().SetScale(-9)
	two := ms.AppendEmpty()
	two.SetName("two")
	points := two.SetEmptyGauge().DataPoints()
	for _, name := range []string{"__", "x"} {
		p := points.AppendEmpty()
		p.SetIntValue(1)
		p.SetTimestamp(h.ts(0))
		p.Attributes().PutStr(name, "v")
	}
	h.gauge(ms, "good_last", 2)
	r := h.otlp(md)
	require.Equal(t, map[Reason]int{
		ReasonNoName: 1, ReasonLabel: 3, ReasonNoValue: 1, ReasonUnsupported: 2, ReasonFuture: 2, ReasonTooOld: 1, ReasonHistogram: 2,
	}, r.ByReason(), "%v", r.Err())
	var names []string
	for s := range h.stored() {
		name, _, _ := strings.Cut(strings.TrimPrefix(s, `{__name__="`), `"`)
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{"good_first", "no_time", "two", "good_last"}, names)
	require.Equal(t, 4, r.Samples)
}

// One wrong clock must not make target_info a flood.
func TestOTLPTargetInfoIsBounded(t *testing.T) {
	h := newHarness(t)
	md, ms := resource(shop)
	h.gauge(ms, "a", 1).SetTimestamp(1)
	h.gauge(ms, "b", 1)
	began := time.Now()
	r := h.otlp(md)
	require.Less(t, r.Samples+r.Refused(), 10)
	require.Less(t, time.Since(began), time.Minute)
}

func TestOTLPWithoutTranslationAndWithCustomBuckets(t *testing.T) {
	h := newHarness(t, func(c *Config) {
		c.OTLP.TranslationStrategy = "NoTranslation"
		c.OTLP.ConvertHistogramsToNHCB = true
		c.OTLP.PromoteResourceAttributes = []string{"cloud.region"}
		require.NoError(t, c.Validate())
	})
	md, ms := resource(map[string]string{"cloud.region": "eu"})
	hist := ms.AppendEmpty()
	hist.SetName("http.latency")
	hist.SetUnit("s")
	hist.SetEmptyHistogram().SetAggregationTemporality(delta)
	hp := hist.Histogram().DataPoints().AppendEmpty()
	hp.SetTimestamp(h.ts(0))
	hp.ExplicitBounds().FromRaw([]float64{1, 2})
	hp.BucketCounts().FromRaw([]uint64{1, 2, 3})
	hp.SetCount(6)
	r := h.otlp(md)
	require.NoError(t, r.Err())
	got := h.stored()[`{__name__="http.latency", "cloud.region"="eu"}`]
	require.Len(t, got, 1, "%v", sorted(h.stored()))
	require.Equal(t, 6.0, got[0].h.Count)
	require.Equal(t, []float64{1, 2}, got[0].h.CustomValues)
}

func TestDecodeOTLPBoundsDepth(t *testing.T) {
	h := newHarness(t)
	md, ms := resource(shop)
	h.gauge(ms, "a", 1)
	v := md.ResourceMetrics().At(0).Resource().Attributes().PutEmpty("nested")
	for range 20 {
		v = v.SetEmptyMap().PutEmpty("k")
	}
	v.SetStr("end")
	req := pmetricotlp.NewExportRequestFromMetrics(md)
	for _, json := range []bool{false, true} {
		body, err := req.MarshalProto()
		if json {
			body, err = req.MarshalJSON()
		}
		require.NoError(t, err)
		got, err := DecodeOTLP(body, json)
		require.NoError(t, err)
		require.Equal(t, 1, got.DataPointCount())
		require.NoError(t, h.otlp(got).Err())
	}
	for range 200 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	deep, err := req.MarshalProto()
	require.NoError(t, err)
	_, err = DecodeOTLP(deep, false)
	require.ErrorContains(t, err, "nested")
	deep, err = req.MarshalJSON()
	require.NoError(t, err)
	_, err = DecodeOTLP(deep, true)
	require.ErrorContains(t, err, "nested")
	_, err = DecodeOTLP([]byte("{"), true)
	require.Error(t, err)
	_, err = DecodeOTLP([]byte(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"k","value":`+strings.Repeat(`{"arrayValue":{"values":[`, 5_000_000)), true)
	require.ErrorContains(t, err, "nested")
}
