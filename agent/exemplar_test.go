package agent

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

// storedExemplars returns the exemplars of a metric in a receiver's store, as "series value labels".
func storedExemplars(t *testing.T, rc *receiver, name string) []string {
	t.Helper()
	q, err := rc.db.ExemplarQuerier(t.Context())
	require.NoError(t, err)
	found, err := q.Select(0, time.Now().Add(time.Hour).UnixMilli(), []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name)})
	require.NoError(t, err)
	var out []string
	for _, r := range found {
		le := r.SeriesLabels.Get("le")
		require.Equal(t, "i", r.SeriesLabels.Get("instance"))
		for _, e := range r.Exemplars {
			require.True(t, e.HasTs)
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %v %s", le, e.Value, e.Labels)))
		}
	}
	return out
}

// push sends a request as the sender would, in one version, and returns how many samples and histograms the server says it stored.
func pushTo(t *testing.T, rc *receiver, version string, packed []byte) int {
	t.Helper()
	m, _ := testMetrics(t)
	s := newSender("http://x/", &http.Client{Transport: handlerTransport{rc}}, DefaultConfig().Send, nil, m, quiet)
	content := contentV2
	if version == "0.1.0" {
		content = contentV1
		var err error
		packed, err = downgrade(packed)
		require.NoError(t, err)
	}
	a, err := s.post(t.Context(), packed, content, version)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, a.Status, a.Message())
	n, _ := storedOf(a)
	return n
}

func TestExemplarsReachPrometheusOnce(t *testing.T) {
	for _, version := range []string{"2.0.0", "0.1.0"} {
		t.Run(version, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"})
			classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "classic_seconds", Buckets: []float64{0.5, 2}})
			native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native_seconds", NativeHistogramBucketFactor: 1.1})
			both := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "both_seconds", NativeHistogramBucketFactor: 1.1, Buckets: []float64{1}})
			reg.MustRegister(counter, classic, native, both)
			hostile := "ä\"\\\n" + strings.Repeat("x", 50)
			observe := func(v float64, id string) {
				counter.(prometheus.ExemplarAdder).AddWithExemplar(v, prometheus.Labels{"request_id": id})
				for _, h := range []prometheus.Histogram{classic, native, both} {
					h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"request_id": id})
				}
				time.Sleep(2 * time.Millisecond) // exemplars of one series have times to the millisecond
			}
			rc := newReceiver(t, remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType)
			g := NewGatherer("x", reg)
			e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
			sent := 0
			round := func() {
				r := Round{Time: time.Now()}
				require.NoError(t, g.Collect(t.Context(), &r))
				e.reset()
				tr.encode(e, r.Time, r.Readings)
				packed, n, err := e.finish()
				require.NoError(t, err)
				sent = 0
				for _, ts := range unpack(t, packed).Timeseries {
					sent += len(ts.Exemplars)
				}
				if stored := pushTo(t, rc, version, packed); version == "2.0.0" {
					require.Equal(t, n, stored, "exemplars are not counted as samples")
				}
				time.Sleep(2 * time.Millisecond)
			}
			observe(0.1, "a")
			observe(1, hostile)
			round()
			require.Equal(t, 1+2+2+2, sent)
			round()
			require.Zero(t, sent, "none is sent again")
			observe(3, "c")
			round()
			require.Equal(t, 4, sent)
			round()
			require.Zero(t, sent)

			lab := func(id string) string { return labels.FromStrings("request_id", id).String() }
			require.Equal(t, []string{"1 " + lab(hostile), "3 " + lab("c")}, storedExemplars(t, rc, "c_total"))
			require.ElementsMatch(t, []string{"0.5 0.1 " + lab("a"), "2.0 1 " + lab(hostile), "+Inf 3 " + lab("c")}, storedExemplars(t, rc, "classic_seconds_bucket"))
			for _, name := range []string{"native_seconds", "both_seconds"} {
				require.Equal(t, []string{"0.1 " + lab("a"), "1 " + lab(hostile), "3 " + lab("c")}, storedExemplars(t, rc, name))
			}
		})
	}
}

func TestWhichExemplarsAreFresh(t *testing.T) {
	at := time.UnixMilli(1000)
	timed := func(ts int64, v float64, id string) exemplar.Exemplar {
		return exemplar.Exemplar{Labels: labels.FromStrings("id", id), Value: v, Ts: ts, HasTs: true}
	}
	untimed := func(v float64, id string) exemplar.Exemplar {
		return exemplar.Exemplar{Labels: labels.FromStrings("id", id), Value: v}
	}
	var x exemplars
	f := func(want []string, all ...exemplar.Exemplar) {
		t.Helper()
		at = at.Add(time.Second)
		var got []string
		for _, e := range x.fresh(all, at) {
			require.True(t, e.HasTs)
			got = append(got, e.Labels.Get("id"))
		}
		require.Equal(t, want, got)
	}
	f(nil)
	f([]string{"a", "b", "c"}, timed(7, 1, "c"), timed(5, 2, "a"), timed(6, 1, "b"))
	f(nil, timed(7, 1, "c"), timed(5, 2, "a"), timed(6, 1, "b"))
	f([]string{"e"}, timed(7, 0.5, "too old by its value"), timed(7, 2, "e"), timed(7, 2, "the same time and value"))
	f([]string{"f"}, timed(8, math.NaN(), "nan"), timed(8, 1, strings.Repeat("x", 127)), timed(8, 1, "f"))
	x = exemplars{}
	f([]string{"u"}, untimed(1, "u"))
	f(nil, untimed(1, "u"))
	f([]string{"u"}, untimed(2, "u"))
	f([]string{"w"}, untimed(2, "w"))
}

// A histogram with bounds of its own goes through both versions of the protocol.
func TestHistogramsWithCustomBucketsReachPrometheus(t *testing.T) {
	h := &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: []float64{0.1, 0.5, 2.5}, Count: 10, Sum: 12.5,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}, {Offset: 1, Length: 1}}, PositiveBuckets: []int64{3, 1, -1},
	}
	require.NoError(t, h.Validate())
	mean := &histogram.Histogram{ // the honest mean: one bucket, up to infinity
		Schema: histogram.CustomBucketsSchema, Count: 4, Sum: 2, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{4},
	}
	require.NoError(t, mean.Validate())
	for _, version := range []string{"2.0.0", "0.1.0"} {
		rc := newReceiver(t)
		e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
		at := time.Now().Truncate(time.Millisecond)
		r := Round{Time: at}
		r.AddHistogram(&Desc{Name: "custom", Type: model.MetricTypeHistogram}, h.Copy(), at.Add(-time.Minute))
		r.AddHistogram(&Desc{Name: "mean", Type: model.MetricTypeHistogram}, mean.Copy(), time.Time{})
		tr.encode(e, at, r.Readings)
		packed, n, err := e.finish()
		require.NoError(t, err)
		require.Equal(t, 2, n)
		pushTo(t, rc, version, packed)
		e.reset()
		tr.end(e, at.Add(time.Second))
		packed, _, err = e.finish()
		require.NoError(t, err)
		pushTo(t, rc, version, packed)

		q, err := rc.db.Querier(0, at.Add(time.Hour).UnixMilli())
		require.NoError(t, err)
		for name, want := range map[string]*histogram.Histogram{"custom": h, "mean": mean} {
			set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name))
			require.True(t, set.Next(), set.Err())
			it := set.At().Iterator(nil)
			require.Equal(t, chunkenc.ValHistogram, it.Next())
			_, got := it.AtHistogram(nil)
			got.CounterResetHint = histogram.UnknownCounterReset
			require.Equal(t, want.String(), got.String())
			require.Equal(t, want.CustomValues, got.CustomValues)
			require.Equal(t, chunkenc.ValHistogram, it.Next(), "its end")
			_, got = it.AtHistogram(nil)
			require.True(t, isStale(got.Sum))
		}
		require.NoError(t, q.Close())
	}
}

func TestARefusedExemplarIsNoLostSample(t *testing.T) {
	m, reg := testMetrics(t)
	s := newSender("http://x/", &http.Client{Transport: handlerTransport{&scripted{answers: []func(http.ResponseWriter){written(400, 2)}}}}, DefaultConfig().Send, queueOf(t, 1), m, quiet)
	sent, wait := s.Step(t.Context())
	require.True(t, sent)
	require.Zero(t, wait)
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "agent_dropped_samples_total" {
			for _, metric := range f.GetMetric() {
				require.Zero(t, metric.GetCounter().GetValue())
			}
		}
	}
}
