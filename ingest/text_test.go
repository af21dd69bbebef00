package ingest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

var testScope = scopes.Path{Endpoint: "e", Deployment: "d", Instance: "i"}

func (h *harness) text(contentType, body string) Result {
	h.t.Helper()
	r, err := h.in.WriteText(context.Background(), contentType, testScope, []byte(body))
	require.NoError(h.t, err)
	return r
}

// in puts the scope's labels into a series' text.
func scoped(name string, more ...string) string {
	return fmt.Sprintf(`{__name__="%s", deployment="d", endpoint="e", instance="i"%s}`, name, strings.Join(more, ""))
}

func TestTextGoesOnBehindABadLine(t *testing.T) {
	for name, c := range map[string]struct {
		contentType string
		body        string
		stored      []string // metric names
		refused     []string // "line reason"
	}{
		"all good":                  {"", "a 1\nb 2\n", []string{"a", "b"}, nil},
		"no line break at the end":  {"", "a 1\nb 2", []string{"a", "b"}, nil},
		"curl's content type":       {"application/x-www-form-urlencoded", "a 1\n", []string{"a"}, nil},
		"an odd content type":       {"text/html", "a 1\n", []string{"a"}, nil},
		"empty":                     {"", "", nil, nil},
		"blank lines and comments":  {"", "\n# a comment\n\n  \na 1\n#\n# HELP\nb 2\n", []string{"a", "b"}, nil},
		"first line bad":            {"", "a b c\nb 2\n", []string{"b"}, []string{"1 format"}},
		"middle line bad":           {"", "a 1\nb\nc 3\n", []string{"a", "c"}, []string{"2 format"}},
		"last line bad":             {"", "a 1\nb{x=\"1\n", []string{"a"}, []string{"2 format"}},
		"two bad lines together":    {"", "a 1\n}\n{\nb 1\n", []string{"a", "b"}, []string{"2 format", "3 format"}},
		"a value over two lines":    {"", "a{x=\"1\n2\"} 1\nb 1 1 1\nc 1\n", []string{"a", "c"}, []string{"3 format"}},
		"type line bad":             {"", "# TYPE a nonsense\na 1\n", []string{"a"}, []string{"1 format"}},
		"no name":                   {"", "{x=\"1\"} 1\na 1\n", []string{"a"}, []string{"1 format"}},
		"invalid UTF-8":             {"", "a{x=\"\xff\"} 1\nb 1\n", []string{"b"}, []string{"1 format"}},
		"a series twice":            {"", "a 1\nb 1\na 2\n", []string{"a", "b"}, []string{"3 duplicate_sample"}},
		"label outside the scope":   {"", "a{endpoint=\"other\"} 1\nb 1\n", []string{"b"}, []string{"1 outside_scope"}},
		"label twice":               {"", "a{x=\"1\",x=\"2\"} 1\nb 1\n", []string{"b"}, []string{"1 duplicate_label"}},
		"a long line":               {"", "a 1\nb{x=\"" + strings.Repeat("y", 300_000) + "\"} 1\nc 1\nbad\n", []string{"a", "c"}, []string{"2 format", "4 format"}},
		"a long first line":         {"", "b{x=\"" + strings.Repeat("y", 300_000) + "\"} 1\nc 1\n", []string{"c"}, []string{"1 format"}},
		"a long label":              {"", "a 1\nb{x=\"" + strings.Repeat("y", 5000) + "\"} 1\nc 1\n", []string{"a", "c"}, []string{"2 label_limit"}},
		"OpenMetrics":               {"application/openmetrics-text; version=1.0.0", "a 1\n# EOF\n", []string{"a"}, nil},
		"OpenMetrics, no break":     {"application/openmetrics-text", "a 1\n# EOF", []string{"a"}, nil},
		"OpenMetrics cut":           {"application/openmetrics-text", "a 1\nb 1", []string{"a"}, []string{"1 format"}},
		"OpenMetrics without EOF":   {"application/openmetrics-text", "a 1\nb 1\n", []string{"a", "b"}, []string{"2 format"}},
		"OpenMetrics, a bad line":   {"application/openmetrics-text", "a 1\nb x\nc 1\n# EOF\n", []string{"a", "c"}, []string{"2 format"}},
		"OpenMetrics, a blank line": {"application/openmetrics-text", "a 1\n\nc 1\n# EOF\n", []string{"a", "c"}, nil},
		"OpenMetrics, empty":        {"application/openmetrics-text", "", nil, []string{"1 format"}},
		"OpenMetrics, concatenated": {"application/openmetrics-text", "a 1\n# EOF\nb 1\n# EOF\n", []string{"a", "b"}, []string{"2 format"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			r := h.text(c.contentType, c.body)
			var refused []string
			for _, l := range r.Lines {
				refused = append(refused, fmt.Sprintf("%d %s", l.Line, l.Reason))
				require.Less(t, len(l.Message), 1000)
			}
			require.Equal(t, c.refused, refused, "%v", r.Err())
			require.Equal(t, len(c.refused), r.Refused())
			var stored []string
			for series := range h.stored() {
				name, _, _ := strings.Cut(strings.TrimPrefix(series, `{__name__="`), `"`)
				stored = append(stored, name)
			}
			require.ElementsMatch(t, c.stored, stored, "%v", r.Err())
			require.Equal(t, len(c.stored), r.Samples)
		})
	}
}

func TestTextKeepsTypesOverBadLines(t *testing.T) {
	// The type decides how le is written: 1 and 1.0 would be two series.
	h := newHarness(t)
	r := h.text("", "# TYPE h histogram\n# HELP h Help.\nbad\nbad\nh_bucket{le=\"1\"} 1\nbad\nh_bucket{le=\"2\"} 2\nh_sum 3\n")
	require.Equal(t, map[Reason]int{ReasonFormat: 3}, r.ByReason())
	require.Equal(t, []string{scoped("h_bucket", `, le="1.0"`), scoped("h_bucket", `, le="2.0"`), scoped("h_sum")}, sorted(h.stored()))
	m, ok := h.in.Metadata().GetMetadata("h")
	require.True(t, ok)
	require.Equal(t, "Help.", m.Help)
	require.Equal(t, "histogram", string(m.Type))
}

func TestTextTimesAndValues(t *testing.T) {
	h := newHarness(t)
	r := h.text("text/plain", fmt.Sprintf("a NaN\nb +Inf\nc 3 %d\nd 1 %d\n", h.start-5000, h.start+time.Hour.Milliseconds()))
	require.Equal(t, map[Reason]int{ReasonFuture: 1}, r.ByReason())
	require.Equal(t, 4, r.Lines[0].Line)
	got := h.stored()
	require.True(t, math.IsNaN(got[scoped("a")][0].v))
	require.Equal(t, h.start, got[scoped("a")][0].t)
	require.True(t, math.IsInf(got[scoped("b")][0].v, 1))
	require.Equal(t, []point{{t: h.start - 5000, v: 3}}, got[scoped("c")])

	// A line that the store refuses is named too.
	r = h.text("text/plain", fmt.Sprintf("x 1\nc 4 %d\nc 3 %d\n", h.start-5000, h.start-2*time.Hour.Milliseconds()))
	require.Equal(t, map[Reason]int{ReasonDuplicate: 1, ReasonTooOld: 1}, r.ByReason())
	require.Equal(t, []int{2, 3}, []int{r.Lines[0].Line, r.Lines[1].Line})
}

func TestOpenMetricsExemplarsAndStartTimes(t *testing.T) {
	h := newHarness(t)
	now := float64(h.start) / 1000
	body := fmt.Sprintf(`# HELP c_seconds Help.
# TYPE c_seconds counter
# UNIT c_seconds seconds
c_seconds_total{a="1"} 5 # {trace_id="abc"} 0.5
c_seconds_created{a="1"} %[1]f
c_seconds_total{a="2"} 6
bad line
c_seconds_created{a="2"} %[1]f
# TYPE s summary
s{quantile="0.5"} 7
s_sum 8
s_count 9
s_created %[1]f
# TYPE g gauge
g_created 1
# EOF
`, now-10)
	r := h.text("application/openmetrics-text; version=1.0.0; charset=utf-8", body)
	require.Equal(t, map[Reason]int{ReasonFormat: 1}, r.ByReason(), "%v", r.Err())
	require.Equal(t, 6, r.Samples)
	require.Equal(t, 1, r.Exemplars)
	started := h.start - 10_000
	require.Equal(t, map[string][]point{
		`{__name__="c_seconds_total", a="1", deployment="d", endpoint="e", instance="i"}`: {{t: started}, {t: h.start, v: 5}},
		`{__name__="c_seconds_total", a="2", deployment="d", endpoint="e", instance="i"}`: {{t: started}, {t: h.start, v: 6}},
		scoped("s", `, quantile="0.5"`): {{t: h.start, v: 7}},
		scoped("s_sum"):                 {{t: started}, {t: h.start, v: 8}},
		scoped("s_count"):               {{t: started}, {t: h.start, v: 9}},
		scoped("g_created"):             {{t: h.start, v: 1}},
	}, h.stored())
	e := h.exemplars(`{__name__="c_seconds_total", a="1", deployment="d", endpoint="e", instance="i"}`)
	require.Len(t, e, 1)
	require.Equal(t, `{trace_id="abc"}`, e[0].Labels.String())
	require.Equal(t, h.start, e[0].Ts)
	m, ok := h.in.Metadata().GetMetadata("c_seconds_total")
	require.True(t, ok)
	require.Equal(t, "seconds", m.Unit)
}

func TestProtobufExpositionWithNativeHistogram(t *testing.T) {
	reg := prometheus.NewRegistry()
	hist := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "Help.", NativeHistogramBucketFactor: 1.1})
	hist.(prometheus.ExemplarObserver).ObserveWithExemplar(3, prometheus.Labels{"trace_id": "t"})
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "Help."})
	c.Add(2)
	reg.MustRegister(hist, c)
	families, err := reg.Gather()
	require.NoError(t, err)
	var b strings.Builder
	enc := expfmt.NewEncoder(&b, expfmt.NewFormat(expfmt.TypeProtoDelim))
	for _, f := range families {
		require.NoError(t, enc.Encode(f))
	}
	h := newHarness(t)
	contentType := string(expfmt.NewFormat(expfmt.TypeProtoDelim))
	r := h.text(contentType, b.String())
	require.NoError(t, r.Err())
	require.Equal(t, 1, r.Histograms)
	require.Equal(t, 1, r.Samples)
	got := h.stored()
	last := got[scoped("h")][len(got[scoped("h")])-1]
	require.Equal(t, 3.0, last.h.Sum)
	require.Equal(t, 2.0, got[scoped("c_total")][len(got[scoped("c_total")])-1].v)

	// Broken in the middle: the first family is kept.
	h = newHarness(t)
	r = h.text(contentType, b.String()[:b.Len()-3])
	require.Equal(t, map[Reason]int{ReasonFormat: 1}, r.ByReason())
	require.Equal(t, 1, r.Samples)
	require.Equal(t, dto.MetricType_HISTOGRAM, families[1].GetType())
}

func TestTextRefusesOtherMediaAndHintsAtCurl(t *testing.T) {
	h := newHarness(t)
	for _, contentType := range []string{"application/json", "multipart/form-data; boundary=x", "application/openmetrics-text; version=2.0.0"} {
		_, err := h.in.WriteText(context.Background(), contentType, testScope, []byte("a 1\n"))
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, Unsupported, e.Kind)
	}
	r := h.text("application/x-www-form-urlencoded", "# TYPE a counter a 1 b 2")
	require.ErrorContains(t, r.Err(), "--data-binary")
}

// A push of bad lines must not cost more than its size.
func TestManyBadLinesAreReadOnce(t *testing.T) {
	h := newHarness(t)
	body := "# TYPE h histogram\n" + strings.Repeat("bad line here\n", 100_000) + "a 1\n"
	began := time.Now()
	r := h.text("", body)
	require.Equal(t, 100_000, r.Refused())
	require.Equal(t, 1, r.Samples)
	require.Len(t, r.Lines, maxRefusedLines)
	require.Less(t, time.Since(began), time.Minute, "a cost that grows with the square takes many minutes")
}
