package ingest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// seedRequest has every kind of value, good and bad.
func seedRequest() *prompb.WriteRequest {
	const now = 1_700_000_000_000
	e := prompb.Exemplar{Timestamp: now, Value: 1, Labels: []prompb.Label{{Name: "trace_id", Value: "x"}}}
	a := s1([]prompb.Sample{{Timestamp: now, Value: 1}, {Timestamp: now, Value: 2}, {Timestamp: now + 1, Value: math.NaN()}}, "__name__", "a", "endpoint", "e", "instance", "i:1")
	a.Exemplars = []prompb.Exemplar{e}
	return &prompb.WriteRequest{
		Timeseries: []prompb.TimeSeries{
			a, s1(at(now+3600_000, 1), "__name__", "ahead"), s1(at(now, 1), "no", "name"), s1(at(now, 1), "__name__", "x", "endpoint", "a/b"),
			{Labels: prompb.FromLabels(labels.FromStrings("__name__", "h"), nil), Histograms: []prompb.Histogram{
				prompb.FromIntHistogram(now, tsdbutil.GenerateTestHistogram(1)), prompb.FromFloatHistogram(now+1, tsdbutil.GenerateTestFloatHistogram(2)),
				prompb.FromIntHistogram(now+2, tsdbutil.GenerateTestCustomBucketsHistogram(3)),
			}},
		},
		Metadata: []prompb.MetricMetadata{{Type: 1, MetricFamilyName: "a", Help: "Help.", Unit: "s"}},
	}
}

// FuzzRemoteWrite1 compares our decoder with the generated one.
func FuzzRemoteWrite1(f *testing.F) {
	seed, err := seedRequest().Marshal()
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte{})
	for _, s := range seedRequest().Timeseries {
		one, err := (&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s}}).Marshal()
		require.NoError(f, err)
		f.Add(one)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		want, _ := naiveV1(t, msg)
		compare(t, decoded(t, (*Batch).decodeV1, msg), want, allowed(t, msg, 1))
	})
}

// FuzzRemoteWrite2 does the same for version 2.0.
func FuzzRemoteWrite2(f *testing.F) {
	seed, err := v2Of(seedRequest()).Marshal()
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte{})
	for _, s := range seedRequest().Timeseries {
		req := v2Of(&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{s}})
		req.Timeseries[0].Metadata = writev2.Metadata{Type: 2, HelpRef: 1}
		one, err := req.Marshal()
		require.NoError(f, err)
		f.Add(one)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		want, _ := naiveV2(t, msg)
		compare(t, decoded(t, (*Batch).decodeV2, msg), want, allowed(t, msg, 2))
	})
}

// The differences between our decoders and the generated code, each found by fuzzing and kept on purpose.
const (
	// The generated code skips groups, which these messages never had, and drops bits of tags and numbers that do not fit. No encoder
	// writes such bytes.
	oddWire = "groups, or numbers of more than 64 bits"
	// A 1.0 body under a 2.0 content type, or the reverse: its fields are unknown ones to the generated code, which takes the body for
	// an empty request.
	otherVersion = "a message of the other version"
	// created_timestamp of the drafts before 2.0-rc.4 is read as the start time; to the generated code it is an unknown field.
	draftTimestamp = "created_timestamp of a draft"
)

// compare fails where the outcomes differ and may not.
func compare(t *testing.T, got, want outcome, mayDiffer string) {
	t.Helper()
	switch {
	case mayDiffer == draftTimestamp:
	case mayDiffer != "" && (got.err || got.refused[ReasonFormat] > 0): // we refuse what the generated code takes
	case want.err && !got.err && len(got.refused) > 0:
		// A series that is refused, for labels that cannot be read or any other reason, is refused alone, and the rest of it is not looked
		// at; the generated code gives up the whole request for it. The request's frame is sound, so what lies beside that series is what
		// its sender wrote.
	default:
		require.Equal(t, want, got)
	}
}

// allowed lists the messages for which the decoders may disagree, with the reason.
func allowed(t *testing.T, msg []byte, version int) string {
	t.Helper()
	var difference string
	var walk func(msg []byte, path string)
	note := func(text string) {
		if difference == "" {
			difference = text
		}
	}
	walk = func(msg []byte, path string) {
		for len(msg) > 0 {
			f, rest, err := next(msg)
			if err != nil {
				note(oddWire)
				return
			}
			msg = rest
			at := fmt.Sprintf("%s/%d", path, f.num)
			fields := v1Fields
			if version == 2 {
				fields = v2Fields
			}
			known := fields[at]
			switch {
			case !known:
				if version == 1 && path == "" && (f.num == 4 || f.num == 5) || version == 2 && path == "" && f.num <= 3 {
					note(otherVersion)
				}
				if version == 2 && at == "/5/6" {
					note(draftTimestamp)
				}
			case f.typ == wireBytes:
				walk(f.bytes, at)
			}
		}
	}
	walk(msg, "")
	return difference
}

// v1Fields and v2Fields are the messages within messages.
var (
	v1Fields = map[string]bool{"/1": true, "/3": true, "/1/1": true, "/1/2": true, "/1/3": true, "/1/4": true, "/1/3/1": true}
	v2Fields = map[string]bool{"/5": true, "/5/2": true, "/5/3": true, "/5/4": true, "/5/5": true}
)

// FuzzText reads anything as an exposition. Nothing may be lost without a word: what is no comment is stored or refused.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"a 1\nb{x=\"1\"} 2 1700000000000\n", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nbad\nh_bucket{le=\"2\"} 2\n", "{\"a b\", x=\"1\"} 1\n", "a{x=\"1\n2\"} 1\n\x00",
		"# HELP c H\n# TYPE c counter\n# UNIT c \nc_total 1 # {trace_id=\"x\"} 1 1\nc_created 1\n# EOF\n", "a 1\n# EOF", "a 1", "\n\n", "#\n",
	} {
		for format := range uint8(3) {
			f.Add(seed, format)
		}
	}
	in, r, _ := fuzzIngester(f)
	f.Fuzz(func(t *testing.T, body string, format uint8) {
		contentType := []string{"", "application/openmetrics-text", "application/vnd.google.protobuf"}[format%3]
		r.got = outcome{}
		result, err := in.WriteText(context.Background(), contentType, testScope, []byte(body))
		require.NoError(t, err)
		require.Equal(t, len(r.got.values), result.Samples+result.Histograms+result.Exemplars)
		lines := strings.Count(body, "\n") + 1
		for _, l := range result.Lines {
			require.Positive(t, l.Line)
			require.LessOrEqual(t, l.Line, lines)
			require.True(t, utf8.ValidString(l.Message), "%q", l.Message)
		}
		for _, v := range r.got.values {
			require.Contains(t, v, `deployment="d"`)
		}
		if format%3 == 0 && !strings.ContainsAny(body, "\"\r\t\x00") {
			// Without quotes a line is a sample, a comment, blank, or refused.
			want := 0
			for line := range strings.Lines(body) {
				if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
					want++
				}
			}
			require.GreaterOrEqual(t, result.Samples+result.Refused(), want)
		}
	})
}

// FuzzOTLP reads anything as OTLP metrics, in both encodings, and stores it.
func FuzzOTLP(f *testing.F) {
	h := newHarness(f)
	md, ms := resource(shop)
	h.gauge(ms, "g", 1).SetTimestamp(1_700_000_000_000_000_000)
	h.sum(ms, "s", delta, 0, 0, 1).SetTimestamp(1_700_000_000_000_000_000)
	hp := ms.AppendEmpty().SetEmptyHistogram()
	hp.SetAggregationTemporality(delta)
	dp := hp.DataPoints().AppendEmpty()
	dp.SetCount(3)
	dp.ExplicitBounds().FromRaw([]float64{1})
	dp.BucketCounts().FromRaw([]uint64{1, 2})
	dp.Exemplars().AppendEmpty().SetDoubleValue(1)
	ep := ms.AppendEmpty().SetEmptyExponentialHistogram()
	ep.SetAggregationTemporality(cumulative)
	ex := ep.DataPoints().AppendEmpty()
	ex.SetCount(3)
	ex.Positive().BucketCounts().FromRaw([]uint64{1, 2})
	ms.AppendEmpty().SetEmptySummary().DataPoints().AppendEmpty().QuantileValues().AppendEmpty()
	for i := range ms.Len() {
		ms.At(i).SetName(fmt.Sprintf("m%d", i))
	}
	req := pmetricotlp.NewExportRequestFromMetrics(md)
	body, err := req.MarshalProto()
	require.NoError(f, err)
	f.Add(body, false)
	body, err = req.MarshalJSON()
	require.NoError(f, err)
	f.Add(body, true)
	for i := range ms.Len() { // each metric alone
		one, to := resource(map[string]string{"service.name": "s", "a": "b"})
		ms.At(i).CopyTo(to.AppendEmpty())
		body, err := pmetricotlp.NewExportRequestFromMetrics(one).MarshalProto()
		require.NoError(f, err)
		f.Add(body, false)
	}
	in, r, _ := fuzzIngester(f)
	f.Fuzz(func(t *testing.T, body []byte, json bool) {
		md, err := DecodeOTLP(body, json)
		if err != nil {
			return
		}
		points, resources := md.DataPointCount(), md.ResourceMetrics().Len()
		r.got = outcome{}
		result, err := in.WriteOTLP(context.Background(), md)
		require.NoError(t, err)
		require.Equal(t, len(r.got.values), result.Samples+result.Histograms+result.Exemplars)
		if points > 0 {
			require.GreaterOrEqual(t, result.Samples+result.Histograms+result.Refused(), points)
		}
		// target_info must stay small whatever the clocks say.
		info := 0
		for _, v := range r.got.values {
			if strings.Contains(v, `__name__="target_info"`) {
				info++
			}
		}
		require.LessOrEqual(t, info, resources*60)
	})
}
