package agent

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func isStale(v float64) bool { return value.IsStaleNaN(v) }

var testID = scopes.Path{Endpoint: "e", Deployment: "d", Instance: "i"}

func TestARoundBecomesARequest(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	e, tr := newEncoder(identityLabels(testID, map[string]string{"rack": "r1", "device": "of the operator", "gone": ""})), newTracker()
	plain := gaugeDesc("g")
	counter := &Desc{Name: "c_bytes_total", Help: "Bytes.", Unit: "bytes", Type: model.MetricTypeCounter, Labels: []string{"device", "direction"}}
	native := &Desc{Name: "h_seconds", Help: "Seconds.", Unit: "seconds", Type: model.MetricTypeHistogram}
	hostile := gaugeDesc("x", "instance", "__name__")
	claims := gaugeDesc("y", "instance", "endpoint")
	r := Round{Time: at}
	r.Add(plain, 1.5)
	r.AddCounter(counter, 7, at.Add(-time.Hour), "eth0", "receive")
	r.AddCounter(counter, 8, at.Add(time.Hour), "eth0", "")    // an empty value is no label; a start in the future is unknown
	r.AddCounter(counter, 9, time.Time{}, "e\xffth", "\"quot") // bytes that are no text
	r.AddHistogram(native, &histogram.Histogram{Schema: 0, Count: 3, Sum: 4, PositiveSpans: []histogram.Span{{Length: 2}}, PositiveBuckets: []int64{1, 1}}, at.Add(-time.Minute))
	r.Add(hostile, 1, "other", "name")
	r.Add(claims, 1, "other", "their")
	r.Add(plain, 2)             // twice
	r.Add(counter, 1, "a")      // a label short
	r.Add(plain, 1, "too many") // a label more
	duplicate, mislabelled := tr.encode(e, at, r.Readings)
	require.Equal(t, 1, duplicate)
	require.Equal(t, 3, mislabelled)
	packed, n, err := e.finish()
	require.NoError(t, err)
	require.Equal(t, 6, n)
	req := unpack(t, packed)
	got := lines(t, req)
	id := `deployment="d", `
	require.Equal(t, []line{
		{`{__name__="g", ` + id + `device="of the operator", endpoint="e", instance="i", rack="r1"}`, "1.5", at},
		{`{__name__="c_bytes_total", ` + id + `device="eth0", direction="receive", endpoint="e", instance="i", rack="r1"}`, "7", at},
		{`{__name__="c_bytes_total", ` + id + `device="eth0", endpoint="e", instance="i", rack="r1"}`, "8", at},
		{`{__name__="c_bytes_total", ` + id + `device="e�th", direction="\"quot", endpoint="e", instance="i", rack="r1"}`, "9", at},
		{`{__name__="h_seconds", ` + id + `device="of the operator", endpoint="e", instance="i", rack="r1"}`, "{count:3, sum:4, (0.5,1]:1, (1,2]:2}", at},
		{`{__name__="y", ` + id + `device="of the operator", endpoint="e", exported_endpoint="their", exported_instance="other", instance="i", rack="r1"}`, "1", at},
	}, got)
	ts := req.Timeseries
	require.Equal(t, at.Add(-time.Hour).UnixMilli(), ts[1].Samples[0].StartTimestamp)
	require.Zero(t, ts[2].Samples[0].StartTimestamp)
	require.Equal(t, at.Add(-time.Minute).UnixMilli(), ts[4].Histograms[0].StartTimestamp)
	require.Equal(t, writev2.Metadata_METRIC_TYPE_COUNTER, ts[1].Metadata.Type)
	require.Equal(t, "Bytes.", req.Symbols[ts[1].Metadata.HelpRef])
	require.Equal(t, "bytes", req.Symbols[ts[1].Metadata.UnitRef])
	require.Equal(t, writev2.Metadata_METRIC_TYPE_HISTOGRAM, ts[4].Metadata.Type)
}

func TestASeriesThatVanishesIsMarkedStaleOnce(t *testing.T) {
	e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
	g, h := gaugeDesc("g", "x"), gaugeDesc("h")
	at := time.UnixMilli(1_700_000_000_000)
	round := func(fill func(r *Round)) []line {
		at = at.Add(time.Second)
		e.reset()
		r := Round{Time: at}
		fill(&r)
		tr.encode(e, at, r.Readings)
		packed, _, err := e.finish()
		require.NoError(t, err)
		return lines(t, unpack(t, packed))
	}
	series := func(x string) string {
		return `{__name__="g", deployment="d", endpoint="e", instance="i", x="` + x + `"}`
	}
	hist := `{__name__="h", deployment="d", endpoint="e", instance="i"}`
	require.Len(t, round(func(r *Round) {
		r.Add(g, 1, "a")
		r.Add(g, 2, "b")
		r.AddHistogram(h, &histogram.Histogram{Count: 1, ZeroCount: 1}, time.Time{})
	}), 3)
	require.ElementsMatch(t, []line{{series("a"), "1", at.Add(time.Second)}, {series("b"), "stale", at.Add(time.Second)}, {hist, "stale", at.Add(time.Second)}}, round(func(r *Round) { r.Add(g, 1, "a") }))
	require.Equal(t, []line{{series("a"), "3", at.Add(time.Second)}}, round(func(r *Round) { r.Add(g, 3, "a") }))
	// A reading with a time of its own later than the round: the mark must not fall on it.
	round(func(r *Round) {
		r.Readings = append(r.Readings, Reading{Desc: g, LabelValues: []string{"a"}, Value: 4, Time: r.Time.Add(time.Second)})
	})
	require.Equal(t, []line{{series("a"), "stale", at.Add(time.Second + time.Millisecond)}}, round(func(*Round) {}))
	require.Empty(t, round(func(*Round) {}))
	require.Len(t, round(func(r *Round) { r.Add(g, 1, "a") }), 1, "it may come back")
	e.reset()
	tr.end(e, at.Add(time.Second))
	packed, n, err := e.finish()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []line{{series("a"), "stale", at.Add(time.Second)}}, lines(t, unpack(t, packed)))
}

func TestARequestIsTakenByPrometheusInBothVersions(t *testing.T) {
	e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
	at := time.Now().Truncate(time.Millisecond)
	r := Round{Time: at}
	r.Add(gaugeDesc("g", "x"), math.Inf(1), "a")
	r.Add(gaugeDesc("g", "x"), 2, "b")
	r.AddHistogram(&Desc{Name: "h", Type: model.MetricTypeHistogram}, &histogram.Histogram{Schema: 1, Count: 2, Sum: 3, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{2}}, at.Add(-time.Minute))
	tr.encode(e, at, r.Readings)
	packed, n, err := e.finish()
	require.NoError(t, err)
	require.Equal(t, 3, n)
	old, err := downgrade(packed)
	require.NoError(t, err)

	plain, err := snappy.Decode(nil, old)
	require.NoError(t, err)
	var req prompb.WriteRequest
	require.NoError(t, req.Unmarshal(plain))
	require.Len(t, req.Metadata, 2, "one per metric and not per series")
	require.Equal(t, "Help of g.", req.Metadata[0].Help)

	m, _ := testMetrics(t)
	for _, version := range []struct {
		body            []byte
		content, number string
	}{{packed, contentV2, "2.0.0"}, {old, contentV1, "0.1.0"}} {
		rc := newReceiver(t)
		s := newSender("http://x/", &http.Client{Transport: handlerTransport{rc}}, DefaultConfig().Send, nil, m, quiet)
		a, err := s.post(t.Context(), version.body, version.content, version.number)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, a.Status, a.Message())
		require.Equal(t, []line{
			{`{__name__="g", deployment="d", endpoint="e", instance="i", x="a"}`, "+Inf", at},
			{`{__name__="g", deployment="d", endpoint="e", instance="i", x="b"}`, "2", at},
		}, samples(t, rc.db, "g"))
		require.Equal(t, []line{{`{__name__="h", deployment="d", endpoint="e", instance="i"}`, "2", at}}, samples(t, rc.db, "h"))
	}
}

func TestADamagedRequestIsNotConverted(t *testing.T) {
	for name, b := range map[string][]byte{
		"no snappy":      []byte("\xff\xff\xff"),
		"a bomb":         append([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, 0),
		"no protobuf":    snappy.Encode(nil, []byte("hello")),
		"symbol too far": mustPack(t, &writev2.Request{Symbols: []string{""}, Timeseries: []writev2.TimeSeries{{LabelsRefs: []uint32{1, 2}}}}),
	} {
		_, err := downgrade(b)
		require.ErrorContains(t, err, "stored request", name)
	}
}

func mustPack(t testing.TB, r *writev2.Request) []byte {
	b, err := r.OptimizedMarshal(nil)
	require.NoError(t, err)
	return snappy.Encode(nil, b)
}

func BenchmarkRound(b *testing.B) {
	e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
	d := gaugeDesc("gauge_with_labels", "gpu", "uuid")
	r := Round{Time: time.Now()}
	for i := range 200 {
		r.Add(d, float64(i), string(rune('a'+i%26))+string(rune('a'+i/26)), "GPU-0000")
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Time = r.Time.Add(time.Second)
		e.reset()
		tr.encode(e, r.Time, r.Readings)
		if _, _, err := e.finish(); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzDowngrade(f *testing.F) {
	e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
	r := Round{Time: time.UnixMilli(1)}
	r.Add(gaugeDesc("g", "x"), 1, "a")
	tr.encode(e, r.Time, r.Readings)
	packed, _, _ := e.finish()
	f.Add(packed)
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = downgrade(b) })
}
