package agent

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

func TestARegistryBecomesReadings(t *testing.T) {
	reg := prometheus.NewRegistry()
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_bytes_total", Help: "Bytes."}, []string{"direction", "a"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"})
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "classic_seconds", Buckets: []float64{0.5, 2}})
	native := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "native_seconds", NativeHistogramBucketFactor: 1.1, Buckets: []float64{1}}, []string{"code"})
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.1}})
	untyped := prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "u"}, func() float64 { return 9 })
	reg.MustRegister(counter, gauge, classic, native, summary, untyped)
	counter.WithLabelValues("receive", "x").Add(5)
	gauge.Set(-1)
	for _, v := range []float64{0.1, 1, 3} {
		classic.Observe(v)
		native.WithLabelValues("200").Observe(v)
		summary.Observe(v)
	}
	native.WithLabelValues("500") // has seen nothing

	g := NewGatherer("scoring", reg)
	var r Round
	require.NoError(t, g.Collect(t.Context(), &r))
	e, tr := newEncoder(identityLabels(testID, nil)), newTracker()
	at := time.Now().Truncate(time.Millisecond).Add(time.Second)
	duplicate, mislabelled := tr.encode(e, at, r.Readings)
	require.Zero(t, duplicate+mislabelled)
	packed, _, err := e.finish()
	require.NoError(t, err)
	req := unpack(t, packed)
	id := `deployment="d", `
	tail := `endpoint="e", instance="i"`
	require.Equal(t, []line{
		{`{__name__="c_bytes_total", a="x", ` + id + `direction="receive", ` + tail + `}`, "5", at},
		{`{__name__="classic_seconds_bucket", ` + id + tail + `, le="0.5"}`, "1", at},
		{`{__name__="classic_seconds_bucket", ` + id + tail + `, le="2.0"}`, "2", at},
		{`{__name__="classic_seconds_bucket", ` + id + tail + `, le="+Inf"}`, "3", at},
		{`{__name__="classic_seconds_sum", ` + id + tail + `}`, "4.1", at},
		{`{__name__="classic_seconds_count", ` + id + tail + `}`, "3", at},
		{`{__name__="g", ` + id + tail + `}`, "-1", at},
		{`{__name__="s", ` + id + tail + `, quantile="0.5"}`, "1", at},
		{`{__name__="s_sum", ` + id + tail + `}`, "4.1", at},
		{`{__name__="s_count", ` + id + tail + `}`, "3", at},
		{`{__name__="u", ` + id + tail + `}`, "9", at},
	}, func() (floats []line) {
		for _, l := range lines(t, req) {
			if l.value[0] != '{' {
				floats = append(floats, l)
			}
		}
		return floats
	}())
	hists := map[string]uint64{}
	for _, ts := range req.Timeseries {
		if len(ts.Samples) == 1 && ts.Samples[0].StartTimestamp > 0 {
			require.WithinDuration(t, time.Now(), time.UnixMilli(ts.Samples[0].StartTimestamp), time.Minute)
		}
		for _, h := range ts.Histograms {
			native := h.ToIntHistogram()
			require.NoError(t, native.Validate())
			require.Positive(t, h.StartTimestamp)
			for i := 0; i < len(ts.LabelsRefs); i += 2 {
				if req.Symbols[ts.LabelsRefs[i]] == "code" {
					hists[req.Symbols[ts.LabelsRefs[i+1]]] = native.Count
				}
			}
		}
	}
	require.Equal(t, map[string]uint64{"200": 3, "500": 0}, hists)

	byName := map[string]*Desc{}
	for _, d := range g.Describe() {
		byName[d.Name] = d
	}
	require.Equal(t, &Desc{Name: "c_bytes_total", Help: "Bytes.", Unit: "bytes", Type: model.MetricTypeCounter, Labels: []string{"a", "direction"}}, byName["c_bytes_total"])
	require.Equal(t, "seconds", byName["native_seconds"].Unit)

	var again Round
	require.NoError(t, g.Collect(t.Context(), &again))
	for i := range r.Readings {
		require.Same(t, r.Readings[i].Desc, again.Readings[i].Desc, "made once")
	}
}

func TestARegistrysErrorKeepsWhatCouldBeGathered(t *testing.T) {
	name, value := "g", 1.0
	broken := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return []*dto.MetricFamily{{Name: &name, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}}}}, errors.New("one collector failed")
	})
	var r Round
	require.ErrorContains(t, NewGatherer("x", broken).Collect(t.Context(), &r), "one collector failed")
	require.Len(t, r.Readings, 1)
}
