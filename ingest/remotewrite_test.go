package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"
)

// v2Of is the 2.0 form of a 1.0 request.
func v2Of(req *prompb.WriteRequest) *writev2.Request {
	out := &writev2.Request{}
	symbols := writev2.NewSymbolTable()
	for _, s := range req.Timeseries {
		to := writev2.TimeSeries{}
		for _, l := range s.Labels {
			to.LabelsRefs = append(to.LabelsRefs, symbols.Symbolize(l.Name), symbols.Symbolize(l.Value))
		}
		for _, x := range s.Samples {
			to.Samples = append(to.Samples, writev2.Sample{Value: x.Value, Timestamp: x.Timestamp})
		}
		for _, h := range s.Histograms {
			if h.IsFloatHistogram() {
				to.Histograms = append(to.Histograms, writev2.FromFloatHistogram(0, h.Timestamp, h.ToFloatHistogram()))
			} else {
				to.Histograms = append(to.Histograms, writev2.FromIntHistogram(0, h.Timestamp, h.ToIntHistogram()))
			}
		}
		for _, e := range s.Exemplars {
			x := writev2.Exemplar{Value: e.Value, Timestamp: e.Timestamp}
			for _, l := range e.Labels {
				x.LabelsRefs = append(x.LabelsRefs, symbols.Symbolize(l.Name), symbols.Symbolize(l.Value))
			}
			to.Exemplars = append(to.Exemplars, x)
		}
		out.Timeseries = append(out.Timeseries, to)
	}
	out.Symbols = symbols.Symbols()
	return out
}

// both runs a test with a writer of each protocol version.
func both(t *testing.T, f func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result), change ...func(*Config)) {
	t.Run("1.0", func(t *testing.T) {
		h := newHarness(t, change...)
		f(t, h, h.v1)
	})
	t.Run("2.0", func(t *testing.T) {
		h := newHarness(t, change...)
		f(t, h, func(req *prompb.WriteRequest) Result { return h.v2(v2Of(req)) })
	})
}

func TestOneBadSampleCostsOneSample(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		now := h.start
		require.NoError(t, write(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(now-60_000, 1), "__name__", "dup"), s1(at(now, 1), "__name__", "late")}}).Err())
		many := []string{"__name__", "many"}
		for i := range 70 {
			many = append(many, fmt.Sprintf("l%d", i), "v")
		}
		r := write(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
			s1(at(now, 1), "__name__", "good_first"),
			s1(at(now-2*time.Hour.Milliseconds(), 2), "__name__", "late"),
			s1(at(now-60_000, 2), "__name__", "dup"),
			{Labels: []prompb.Label{{Name: "a", Value: "b"}}, Samples: at(now, 1)},
			{Labels: []prompb.Label{{Name: "__name__", Value: "x"}, {Name: "a", Value: "\xff"}}, Samples: at(now, 1)},
			{Labels: []prompb.Label{{Name: "__name__", Value: "x"}, {Name: "a", Value: "1"}, {Name: "a", Value: "2"}}, Samples: at(now, 1)},
			s1(at(now, 1), many...),
			s1(at(now, 1), "__name__", "long", "a", strings.Repeat("x", 5000)),
			s1(at(now, 1), "__name__", "long", strings.Repeat("x", 300), "a"),
			s1(at(now+time.Hour.Milliseconds(), 1), "__name__", "ahead"),
			s1(at(now, 1), "__name__", "id", "endpoint", "no/slash"),
			s1([]prompb.Sample{{Timestamp: now, Value: 1}, {Timestamp: now, Value: 2}, {Timestamp: now + 1, Value: 3}}, "__name__", "twice"),
			s1(at(now, 9), "__name__", "good_last"),
		}})
		require.Equal(t, map[Reason]int{
			ReasonTooOld: 1, ReasonDuplicate: 2, ReasonNoName: 1, ReasonLabel: 1, ReasonDuplicateLabel: 1, ReasonLabelLimit: 3,
			ReasonFuture: 1, ReasonIdentity: 1,
		}, counts(r), "%v", r.Err())
		require.Equal(t, 4, r.Samples)
		require.Equal(t, []float64{1}, h.values(`{__name__="good_first"}`))
		require.Equal(t, []float64{9}, h.values(`{__name__="good_last"}`))
		require.Equal(t, []float64{1, 3}, h.values(`{__name__="twice"}`))
		require.Len(t, h.stored(), 5)
		for _, word := range []string{"no/slash", `metric "many": more than 64 labels, the limit of ingest.max_labels`, "clock"} {
			require.ErrorContains(t, r.Err(), word)
		}
	})
}

func TestSendingAgainIsAccepted(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		req := &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
			s1([]prompb.Sample{{Timestamp: h.start - 1, Value: 1}, {Timestamp: h.start, Value: 2}}, "__name__", "a"),
		}}
		for range 3 {
			r := write(req)
			require.NoError(t, r.Err())
			require.Equal(t, 2, r.Samples)
		}
		require.Equal(t, []float64{1, 2}, h.values(`{__name__="a"}`))
	})
}

func TestStaleMarkersSurvive(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		stale := math.Float64frombits(value.StaleNaN)
		r := write(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
			s1([]prompb.Sample{{Timestamp: h.start - 1, Value: 1}, {Timestamp: h.start, Value: stale}}, "__name__", "a"),
			{Labels: prompb.FromLabels(labels.FromStrings("__name__", "h"), nil), Histograms: []prompb.Histogram{
				prompb.FromIntHistogram(h.start-1, tsdbutil.GenerateTestHistogram(1)), prompb.FromIntHistogram(h.start, &histogram.Histogram{Sum: stale}),
			}},
		}})
		require.NoError(t, r.Err())
		got := h.values(`{__name__="a"}`)
		require.Equal(t, value.StaleNaN, math.Float64bits(got[1]))
		require.True(t, value.IsStaleNaN(h.stored()[`{__name__="h"}`][1].h.Sum))
	})
}

func TestNativeHistograms(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		ih, fh, nhcb := tsdbutil.GenerateTestHistogram(1), tsdbutil.GenerateTestFloatHistogram(2), tsdbutil.GenerateTestCustomBucketsHistogram(3)
		bad := tsdbutil.GenerateTestHistogram(4)
		bad.Count = 1
		series := func(name string, hs ...prompb.Histogram) prompb.TimeSeries {
			return prompb.TimeSeries{Labels: prompb.FromLabels(labels.FromStrings("__name__", name), nil), Histograms: hs}
		}
		r := write(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
			series("i", prompb.FromIntHistogram(h.start, ih)), series("f", prompb.FromFloatHistogram(h.start, fh)),
			series("c", prompb.FromIntHistogram(h.start, nhcb)), series("bad", prompb.FromIntHistogram(h.start, bad)),
			series("twice", prompb.FromIntHistogram(h.start, ih), prompb.FromIntHistogram(h.start, tsdbutil.GenerateTestHistogram(9))),
		}})
		require.Equal(t, map[Reason]int{ReasonHistogram: 1, ReasonDuplicate: 1}, counts(r), "%v", r.Err())
		require.Equal(t, 4, r.Histograms)
		got := h.stored()
		require.True(t, got[`{__name__="i"}`][0].h.Equals(ih.ToFloat(nil)))
		require.True(t, got[`{__name__="f"}`][0].h.Equals(fh))
		require.True(t, got[`{__name__="c"}`][0].h.Equals(nhcb.ToFloat(nil)))
	})
}

func TestExemplars(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		e := func(t int64, pairs ...string) prompb.Exemplar {
			return prompb.Exemplar{Timestamp: t, Value: 1, Labels: prompb.FromLabels(labels.FromStrings(pairs...), nil)}
		}
		a := s1(at(h.start, 1), "__name__", "a")
		a.Exemplars = []prompb.Exemplar{e(h.start, "trace_id", "1"), e(h.start+1, "trace_id", strings.Repeat("x", 200)), e(h.start+2, "trace_id", "\xff"),
			e(h.start+time.Hour.Milliseconds(), "trace_id", "2"), e(h.start+3, "trace_id", "3")}
		r := write(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{a}})
		require.Equal(t, map[Reason]int{ReasonExemplar: 3}, counts(r), "%v", r.Err())
		require.Equal(t, 1, r.Samples)
		require.Equal(t, 2, r.Exemplars)
		got := h.exemplars(`{__name__="a"}`)
		require.Equal(t, []string{`{trace_id="1"}`, `{trace_id="3"}`}, []string{got[0].Labels.String(), got[1].Labels.String()})
	})
}

// Prometheus sends exemplars in series of their own with 1.0.
func TestExemplarsAloneInASeries(t *testing.T) {
	h := newHarness(t)
	alone := prompb.TimeSeries{Labels: prompb.FromLabels(labels.FromStrings("__name__", "a"), nil),
		Exemplars: []prompb.Exemplar{{Timestamp: h.start, Value: 1, Labels: []prompb.Label{{Name: "trace_id", Value: "x"}}}}}
	unknown := alone
	unknown.Labels = prompb.FromLabels(labels.FromStrings("__name__", "unknown"), nil)
	r := h.v1(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{alone, s1(at(h.start, 1), "__name__", "a"), unknown}})
	require.Equal(t, map[Reason]int{ReasonExemplar: 1}, counts(r))
	require.Equal(t, 1, r.Exemplars)
	require.Len(t, h.exemplars(`{__name__="a"}`), 1)

	// With 2.0 a series must have samples.
	r = h.v2(v2Of(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{alone, s1(nil, "__name__", "b")}}))
	require.Equal(t, map[Reason]int{ReasonNoValue: 2}, counts(r))
}

func TestMetadata(t *testing.T) {
	h := newHarness(t)
	r := h.v1(&prompb.WriteRequest{Metadata: []prompb.MetricMetadata{
		{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "a_total", Help: "Help.", Unit: "seconds"}, {Type: 99, MetricFamilyName: "odd"}, {Help: "nameless"},
	}})
	require.NoError(t, r.Err())
	m, ok := h.in.Metadata().GetMetadata("a_total")
	require.True(t, ok)
	require.Equal(t, metadata.Metadata{Type: model.MetricTypeCounter, Help: "Help.", Unit: "seconds"}, metadata.Metadata{Type: m.Type, Help: m.Help, Unit: m.Unit})
	require.Equal(t, 2, h.in.Metadata().LengthMetadata())

	symbols := writev2.NewSymbolTable()
	req := &writev2.Request{}
	for _, name := range []string{"h_bucket", "h_sum", "g"} {
		s := writev2.TimeSeries{LabelsRefs: symbols.SymbolizeLabels(labels.FromStrings("__name__", name), nil), Samples: []writev2.Sample{{Value: 1, Timestamp: h.start, StartTimestamp: h.start - 1000}}}
		s.Metadata = writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_HISTOGRAM, HelpRef: symbols.Symbolize("Help."), UnitRef: symbols.Symbolize("s")}
		if name == "g" {
			s.Metadata.Type = writev2.Metadata_METRIC_TYPE_GAUGE
		}
		req.Timeseries = append(req.Timeseries, s)
	}
	req.Symbols = symbols.Symbols()
	require.NoError(t, h.v2(req).Err())
	m, ok = h.in.Metadata().GetMetadata("h")
	require.True(t, ok)
	require.Equal(t, "Help.", m.Help)
	// A start time is a zero of a counter, but no reading of a gauge.
	require.Equal(t, []point{{t: h.start - 1000}, {t: h.start, v: 1}}, h.stored()[`{__name__="h_sum"}`])
	require.Equal(t, []point{{t: h.start, v: 1}}, h.stored()[`{__name__="g"}`])
	// Changed help is taken over.
	req.Symbols[slices.Index(req.Symbols, "Help.")] = "Else."
	require.NoError(t, h.v2(req).Err())
	for _, m := range h.in.Metadata().ListMetadata() {
		if m.MetricFamily == "h" {
			require.NotEqual(t, "Help.", m.Help)
		}
	}
}

func TestRelabelling(t *testing.T) {
	rule := func(c relabel.Config) *relabel.Config {
		if c.Separator == "" {
			c.Separator = ";"
		}
		if c.Regex.Regexp == nil {
			c.Regex = relabel.MustNewRegexp("(.*)")
		}
		if c.Replacement == "" {
			c.Replacement = "$1"
		}
		return &c // as the file has it: without a scheme of names
	}
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		for range 2 { // the second time from the cache
			r := write(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
				s1(at(h.start, 1), "__name__", "a", "job", "shop", "pod", "shop-1"),
				s1(at(h.start, 1), "__name__", "go_info", "job", "shop"),
				s1(at(h.start, 1), "__name__", "a", "job", "bad/name"),
			}})
			require.Equal(t, map[Reason]int{ReasonIdentity: 1}, counts(r), "%v", r.Err())
			require.Equal(t, 1, r.Samples)
		}
		require.Equal(t, []string{`{__name__="a", deployment="blue", endpoint="shop", instance="shop-1", job="shop", pod="shop-1"}`}, sorted(h.stored()))
	}, func(c *Config) {
		c.RelabelConfigs = []*relabel.Config{
			rule(relabel.Config{SourceLabels: model.LabelNames{"job"}, TargetLabel: "endpoint", Action: relabel.Replace}),
			rule(relabel.Config{SourceLabels: model.LabelNames{"pod"}, TargetLabel: "instance", Action: relabel.Replace}),
			rule(relabel.Config{TargetLabel: "deployment", Replacement: "blue", Action: relabel.Replace}),
			rule(relabel.Config{SourceLabels: model.LabelNames{"__name__"}, Regex: relabel.MustNewRegexp("go_.*"), Action: relabel.Drop}),
		}
	})
}

func TestSeriesLimits(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		send := func(at int64, names ...string) Result {
			req := &prompb.WriteRequest{}
			for _, n := range names {
				endpoint, name, _ := strings.Cut(n, "/")
				req.Timeseries = append(req.Timeseries, s1([]prompb.Sample{{Timestamp: at, Value: 1}}, "__name__", name, "endpoint", endpoint))
			}
			return write(req)
		}
		// The limit for e is reached, others go on; known series too.
		r := send(h.start, "e/a", "e/b", "e/c", "f/a")
		require.Equal(t, map[Reason]int{ReasonSeriesLimit: 1}, counts(r))
		require.Equal(t, 3, r.Samples)
		require.ErrorContains(t, r.Err(), `endpoint "e" has 2 active series, the limit of ingest.max_series_per_endpoint`)
		r = send(h.start+1, "e/a", "e/c", "f/b", "g/a")
		require.Equal(t, map[Reason]int{ReasonSeriesLimit: 2}, counts(r))
		require.Equal(t, 2, r.Samples)
		require.Equal(t, 4, h.in.Series().Active())

		// Series that left memory make room.
		require.NoError(t, h.db.Head().Truncate(h.start+1))
		require.Less(t, h.in.Series().Active(), 4)
		r = send(h.start+2, "e/d", "g/a")
		require.NoError(t, r.Err())
	}, func(c *Config) { c.MaxSeries, c.MaxSeriesPerEndpoint = 4, 2 })
}

func TestReplayIsNotLimited(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.MaxSeries = 3 })
	req := func(at int64, names ...string) *prompb.WriteRequest {
		out := &prompb.WriteRequest{}
		for _, n := range names {
			out.Timeseries = append(out.Timeseries, s1([]prompb.Sample{{Timestamp: at, Value: 1}}, "__name__", n))
		}
		return out
	}
	require.NoError(t, h.v1(req(h.start, "a", "b", "c")).Err())
	dir := h.db.Dir()
	require.NoError(t, h.db.Close())
	h.in.limiter.max = 2
	h.open(dir)
	require.Equal(t, 3, h.in.Series().Active())
	require.Equal(t, map[Reason]int{ReasonSeriesLimit: 1}, counts(h.v1(req(h.start+1, "a", "b", "c", "d"))))
}

func TestReferencesOutliveHeadGarbageCollection(t *testing.T) {
	both(t, func(t *testing.T, h *harness, write func(*prompb.WriteRequest) Result) {
		send := func(at int64, v float64, names ...string) {
			req := &prompb.WriteRequest{}
			for i, n := range names {
				req.Timeseries = append(req.Timeseries, s1([]prompb.Sample{{Timestamp: at, Value: v + float64(i)}}, "__name__", n))
			}
			require.NoError(t, write(req).Err())
		}
		send(h.start, 10, "a", "b", "c")
		entries, _ := h.in.cache.size()
		require.Equal(t, 3, entries)
		require.NoError(t, h.db.Head().Truncate(h.start+1))
		entries, _ = h.in.cache.size()
		require.Zero(t, entries, "series that ended leave the cache")
		send(h.start+1, 20, "x", "c", "b", "a")
		send(h.start+2, 30, "a", "b", "c", "x")
		got := h.stored()
		last := func(name string) float64 { p := got[`{__name__="`+name+`"}`]; return p[len(p)-1].v }
		require.Equal(t, []float64{30, 31, 32, 33}, []float64{last("a"), last("b"), last("c"), last("x")})
	})
}

// After the store was opened again, a reference may belong to another series than before.
func TestReferencesOfAnEarlierOpeningAreNotUsed(t *testing.T) {
	h := newHarness(t)
	h.v1(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 1), "__name__", "a"), s1(at(h.start, 2), "__name__", "b")}})
	require.NoError(t, h.db.Close())
	h.open(t.TempDir()) // a log that lost what was not synced
	h.v1(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 3), "__name__", "c")}})
	r := h.v1(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 1), "__name__", "a"), s1(at(h.start, 7), "__name__", "b")}})
	require.NoError(t, r.Err())
	require.Equal(t, map[string][]point{
		`{__name__="a"}`: {{t: h.start, v: 1}}, `{__name__="b"}`: {{t: h.start, v: 7}}, `{__name__="c"}`: {{t: h.start, v: 3}},
	}, h.stored())
}

func TestCacheIsBounded(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.SeriesCache = 1 << 20 })
	for round := range 3 {
		req := &prompb.WriteRequest{}
		for i := range 20_000 {
			req.Timeseries = append(req.Timeseries, s1([]prompb.Sample{{Timestamp: h.start + int64(round), Value: float64(i)}}, "__name__", "a", "i", fmt.Sprint(i)))
		}
		r := h.v1(req)
		require.NoError(t, r.Err())
		require.Equal(t, 20_000, r.Samples)
		_, cost := h.in.cache.size()
		require.LessOrEqual(t, cost, int64(1<<20))
	}
	require.Positive(t, h.in.cache.evicted.Load())
	for i := range 20_000 {
		if i%1000 == 0 {
			require.Equal(t, []float64{float64(i), float64(i), float64(i)}, h.values(fmt.Sprintf(`{__name__="a", i="%d"}`, i)))
		}
	}
}

func TestBrokenBodiesAreRefusedWhole(t *testing.T) {
	h := newHarness(t)
	ctx := context.Background()
	good := encodeV1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 1), "__name__", "a")}})
	good2 := encodeV2(t, v2Of(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 1), "__name__", "a")}}))
	for name, c := range map[string]struct {
		write func(context.Context, []byte) (Result, error)
		body  []byte
		kind  ErrorKind
		text  string
	}{
		"no snappy":        {h.in.WriteV1, []byte("hello, world"), Malformed, "snappy"},
		"empty":            {h.in.WriteV1, nil, Malformed, "snappy"},
		"cut":              {h.in.WriteV1, good[:len(good)-2], Malformed, "snappy"},
		"no protobuf":      {h.in.WriteV1, snappy.Encode(nil, []byte("hello, world")), Malformed, "remote write 1.0"},
		"2.0 called 1.0":   {h.in.WriteV1, good2, Malformed, "Content-Type says 1.0"},
		"1.0 called 2.0":   {h.in.WriteV2, good, Malformed, "Content-Type says 2.0"},
		"symbols":          {h.in.WriteV2, encodeV2(t, &writev2.Request{Symbols: []string{"a"}}), Malformed, "empty string"},
		"a claim too high": {h.in.WriteV1, []byte{0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0}, TooLarge, "ingest.max_decoded"},
		"a snappy bomb":    {h.in.WriteV1, append([]byte{0x80, 0x80, 0x80, 0x20}, make([]byte, 100)...), Malformed, "no snappy block can"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.write(ctx, c.body)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.kind, e.Kind)
			require.Contains(t, e.Msg, c.text)
		})
	}
	require.Empty(t, h.stored())
	require.Zero(t, h.in.inFlight.Load())
}

func TestBusyAndFailedStore(t *testing.T) {
	h := newHarness(t)
	body := encodeV1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 1), "__name__", "a")}})
	release, err := h.in.Reserve(int64(h.in.cfg.MaxInFlight))
	require.NoError(t, err)
	_, err = h.in.WriteV1(context.Background(), body)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, Busy, e.Kind)
	release()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = h.in.WriteV1(ctx, body)
	require.ErrorIs(t, err, context.Canceled)
	r, err := h.in.WriteV1(context.Background(), body)
	require.NoError(t, err)
	require.Equal(t, 1, r.Samples)
}

// A symbol reference that leads nowhere costs its series.
func TestBadReferenceCostsItsSeries(t *testing.T) {
	h := newHarness(t)
	req := v2Of(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 1), "__name__", "a"), s1(at(h.start, 1), "__name__", "b"), s1(at(h.start, 1), "__name__", "c")}})
	req.Timeseries[1].LabelsRefs[1] = 99
	req.Timeseries[2].LabelsRefs = req.Timeseries[2].LabelsRefs[:1]
	r := h.v2(req)
	require.Equal(t, map[Reason]int{ReasonFormat: 2}, counts(r))
	require.Equal(t, []string{`{__name__="a"}`}, sorted(h.stored()))
}

func TestUnsortedAndSplitLabels(t *testing.T) {
	h := newHarness(t)
	r := h.v1(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
		{Labels: []prompb.Label{{Name: "b", Value: "2"}, {Name: "__name__", Value: "a"}, {Name: "empty"}}, Samples: at(h.start, 1)},
		s1(at(h.start+1, 2), "__name__", "a", "b", "2"),
	}})
	require.NoError(t, r.Err())
	require.Equal(t, map[string][]point{`{__name__="a", b="2"}`: {{t: h.start, v: 1}, {t: h.start + 1, v: 2}}}, h.stored())
}

// refusing is a store whose appender refuses chosen values.
type refusing struct {
	*dbStore
	err error
}

type refusingAppender struct {
	storage.AppenderV2
	err error
}

func (a refusingAppender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	if v == 13 {
		return 0, a.err
	}
	return a.AppenderV2.Append(ref, ls, st, t, v, h, fh, o)
}

func (s refusing) Write(ctx context.Context, f func(storage.AppenderV2)) error {
	return s.dbStore.Write(ctx, func(app storage.AppenderV2) { f(refusingAppender{app, s.err}) })
}

func TestStoreRefusalsHaveReasons(t *testing.T) {
	for err, reason := range map[error]Reason{
		storage.ErrOutOfOrderSample: ReasonOutOfOrder, storage.ErrOutOfBounds: ReasonTooOld, errors.New("odd"): ReasonStorage,
		fmt.Errorf("wrapped: %w", storage.ErrDuplicateSampleForTimestamp): ReasonDuplicate,
	} {
		h := newHarness(t)
		h.in.UseStore(refusing{h.db, err})
		e := s1(at(h.start, 1), "__name__", "b")
		e.Exemplars = []prompb.Exemplar{{Value: 1, Timestamp: h.start}}
		r := h.v1(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s1(at(h.start, 13), "__name__", "a"), e}})
		require.Equal(t, map[Reason]int{reason: 1, ReasonExemplar: 1}, counts(r), "this appender takes no exemplars")
		require.Equal(t, 1, r.Samples)
	}
}
