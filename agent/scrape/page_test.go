package scrape

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

func newTestPage() *page {
	cfg := DefaultConfig()
	p := newPage(limits{cfg.MaxSeries, cfg.MaxLabels, int(cfg.MaxLabelName), int(cfg.MaxLabelValue)})
	p.wanted = func(*family) bool { return false }
	return p
}

// names are the series of the last round, in their order.
func (p *page) texts() []string {
	out := []string{}
	for _, s := range p.order {
		out = append(out, fmt.Sprintf("%s %v", s.lset, s.value))
	}
	return out
}

func TestPagesAreReadAsServersWriteThem(t *testing.T) {
	const text, om = "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0"
	a, b := `{__name__="a"} 1`, `{__name__="b"} 2`
	for name, c := range map[string]struct {
		typ, body string
		want      []string
		dropped   map[string]int
	}{
		"empty":                          {text, "", []string{}, nil},
		"only comments":                  {text, "# nothing here\n", []string{}, nil},
		"no Content-Type":                {"", "a 1\nb 2\n", []string{a, b}, nil},
		"unknown Content-Type":           {"application/octet-stream", "a 1\n", []string{a}, nil},
		"no line break at the end":       {text, "a 1\nb 2", []string{a, b}, nil},
		"blank lines":                    {text, "\n\na 1\n\n\nb 2\n\n", []string{a, b}, nil},
		"bad line in the middle":         {text, "a 1\nthis is bad\nb 2\n", []string{a, b}, map[string]int{dropBadLine: 1}},
		"bad line first":                 {text, "{\na 1\nb 2\n", []string{a, b}, map[string]int{dropBadLine: 1}},
		"bad line last":                  {text, "a 1\nb 2\nc", []string{a, b}, map[string]int{dropBadLine: 1}},
		"several bad lines":              {text, "x y\na 1\nx y\n\nx y\nb 2\nx y\n", []string{a, b}, map[string]int{dropBadLine: 4}},
		"bad value":                      {text, "a 1\nc one\nb 2\n", []string{a, b}, map[string]int{dropBadLine: 1}},
		"bad line after a broken label":  {text, "a{l=\"x\ny\"} 1\nbad bad\nb 2\n", []string{`{__name__="a", l="x\ny"} 1`, b}, map[string]int{dropBadLine: 1}},
		"bad UTF-8":                      {text, "a 1\nc{l=\"\xff\"} 1\nb 2\n", []string{a, b}, map[string]int{dropBadLine: 1}},
		"bad TYPE":                       {text, "# TYPE a counters\na 1\n# TYPE b\nb 2\n", []string{a, b}, nil},
		"series twice":                   {text, "a 1\na 3\nb 2\n", []string{a, b}, map[string]int{dropDuplicate: 1}},
		"series twice, other order":      {text, `a{x="1",y="2"} 1` + "\n" + `a{y="2", x="1"} 2` + "\n", []string{`{__name__="a", x="1", y="2"} 1`}, map[string]int{dropDuplicate: 1}},
		"series twice, empty label":      {text, `a{x=""} 1` + "\na 2\n", []string{a}, map[string]int{dropDuplicate: 1}},
		"label twice":                    {text, `a{x="1",x="2"} 1` + "\nb 2\n", []string{b}, map[string]int{dropLabels: 1}},
		"trailing comma":                 {text, `a{x="1",} 1` + "\n", []string{`{__name__="a", x="1"} 1`}, nil},
		"leading colon":                  {text, ":a 1\n", []string{`{__name__=":a"} 1`}, nil},
		"timestamp":                      {text, "a 1 1700000000000\n", []string{a}, nil},
		"bounds as numbers":              {text, "a_bucket{le=\"1\"} 1\n", []string{`{__name__="a_bucket", le="1.0"} 1`}, nil},
		"OpenMetrics":                    {om, "# TYPE a gauge\n# UNIT a \na 1\nb 2\n# EOF\n", []string{a, b}, nil},
		"OpenMetrics without # EOF":      {om, "a 1\nb 2\n", []string{a, b}, nil},
		"OpenMetrics with a bad line":    {om, "a 1\nbad bad\nb 2\n# EOF\n", []string{a, b}, map[string]int{dropBadLine: 1}},
		"OpenMetrics, more after # EOF":  {om, "a 1\n# EOF\nb 2\n", []string{a, b}, nil},
		"OpenMetrics with trailing text": {om, "a 1\nb 2 # {x=\"1\"} 3\n# EOF\n", []string{a, b}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTestPage()
			for range 2 { // the second time from memory
				require.NoError(t, p.read([]byte(c.body), c.typ))
				require.Equal(t, c.want, p.texts())
				if c.dropped == nil {
					c.dropped = map[string]int{}
				}
				require.Equal(t, c.dropped, p.dropped)
				require.Equal(t, p.dropped[dropBadLine]+p.dropped[dropLabels] > 0, p.first != nil, "what a page lost is said; that a series is there twice costs nothing")
			}
		})
	}
}

func TestWhatIsNoPageIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ typ, body string }{
		"JSON":     {"application/json", `[{"iter": 1}]`},
		"HTML":     {"text/html", "<!doctype html>\n<html><body>\n<p>Hello.</p></body></html>\n"},
		"protobuf": {"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "no protobuf at all"},
		"garbage":  {"text/plain", strings.Repeat("}{ }{\n", 5000)},
	} {
		require.ErrorIs(t, newTestPage().read([]byte(c.body), c.typ), errNotMetrics, name)
	}
	p := newTestPage()
	require.ErrorContains(t, p.read([]byte("a 1\n"+strings.Repeat("}{ }{\n", 5000)), "text/plain"), "page has at least 1000 lines that cannot be read")
	require.Len(t, p.order, 1)

	require.ErrorContains(t, p.read([]byte("a 1\n"+strings.Repeat("a{b=\"\n", 500_000)), "text/plain"), "the rest is given up", "quotes that are never closed must not make every line cost the whole page")
}

func TestSeriesThatLeaveAreForgottenInTime(t *testing.T) {
	p := newTestPage()
	p.series = 1000
	for i := range 200 {
		var b strings.Builder
		for j := range 500 {
			fmt.Fprintf(&b, "a_bucket{id=\"%d-%d\",le=\"1\"} 1\n", i, j)
		}
		require.NoError(t, p.read([]byte(b.String()), "text/plain"))
		require.LessOrEqual(t, len(p.byText), 2*p.series+1024+500)
		require.LessOrEqual(t, len(p.byHash), 2*p.series+1024+500)
	}
	require.LessOrEqual(t, len(p.bases["a"].list), 2*p.series+1024+500)
	require.Len(t, p.bases["a"].points, len(p.bases["a"].list))
	require.Len(t, p.families["a_bucket"].series, len(p.bases["a"].list))
}

func FuzzPage(f *testing.F) {
	for _, typ := range []string{"text/plain", "application/openmetrics-text; version=1.0.0", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "application/json"} {
		f.Add([]byte("# HELP x_a help\n# TYPE x_a counter\nx_a_total{l=\"v\"} 1 # {t=\"1\"} 2\nx_a_created 1.7e9\n# TYPE x_h histogram\nx_h_bucket{le=\"1\"} 1\nx_h_bucket{le=\"+Inf\"} 2\nx_h_sum 3\nx_h_count 2\n# EOF\n"), []byte("x_a_total 2\nbad\nx_h_count 1\n"), typ)
	}
	m, err := parseMapping("m.yaml", []byte(rules(`
  - {to: model_requests_rejected_total, from: [{name: x_a_total}], keep: {l: reason}}
  - {to: model_cache_utilization_ratio, from: [{name: x_a_total}], factor: 1e300, keep: {l: model}, combine: avg}
  - {to: model_requests_running, from: [{name: x_h, part: sum}], keep: {l: model}}
  - {to: model_queue_duration_seconds, from: [{name: x_h}], factor: 1e-3}
  - {to: model_request_duration_seconds, from: [{sum: x_a_total, count: x_h_count}]}
  - {to: model_prefix_cache_tokens_total, from: [{name: x_h_count, minus: x_a_total}], set: {result: miss}}
  - {to: model_cache_capacity_tokens, from: [{name: x_a_total, product: [l, m]}]}
`)), canonicalMetrics())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second []byte, typ string) {
		e := newEngine([]*Mapping{m})
		p := newTestPage()
		p.series, p.wanted = 50, e.wanted
		mp := &mapper{engine: e, silent: func(string) bool { return false }, max: 50, outputs: map[outputKey]*output{}, feeds: map[feedKey]map[any]*feed{}, claimed: map[string]uint64{}}
		for _, body := range [][]byte{first, second, first} {
			body = append([]byte(nil), body...)
			_ = p.read(body, typ)
			require.LessOrEqual(t, len(p.order), 100)
			mp.replan(e.plan(p, []int{0}, nil))
			var readings []agent.Reading
			for _, r := range mp.apply(p, time.Unix(1_800_000_000, 0), readings) {
				require.Len(t, r.LabelValues, len(r.Desc.Labels))
				if r.Hist != nil {
					require.NoError(t, r.Hist.Validate())
					continue
				}
				require.False(t, math.IsNaN(r.Value) || math.IsInf(r.Value, 0), "%v", r)
			}
		}
	})
}
