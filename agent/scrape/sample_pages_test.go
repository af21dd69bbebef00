package scrape

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

// samplePage is one page of testdata/pages. What must come out of it stands in two places: testdata/expected was computed by hand from the page and is never
// written by a program; testdata/golden is the whole outcome, written by -update.
type samplePage struct {
	file    string
	kinds   string // that the page is of, as the agent says
	version string // that the server answers, "" for a server that does not
}

func samplePages() []samplePage {
	return []samplePage{
		{"vllm-0.8.5.txt", "vllm", "0.8.5"},
		{"vllm-0.11.0.txt", "vllm", "0.11.0"},
		{"vllm-0.13.0.txt", "vllm", "0.13.0"},
		{"vllm-0.13.0.om", "vllm", "0.13.0"},
		{"vllm-kserve.txt", "vllm", ""},
		{"vllm-ray.txt", "vllm", ""},
		{"sglang-0.4.6.txt", "sglang", ""},
		{"sglang-0.5.9.txt", "sglang", ""},
		{"sglang-0.5.9.om", "sglang", ""},
		{"triton.txt", "triton", ""},
		{"triton-trtllm.txt", "triton", ""},
		{"trtllm.txt", "trtllm", ""},
		{"trtllm-colon.txt", "trtllm", ""},
		{"dynamo.txt", "dynamo", ""},
		{"tgi.txt", "tgi", ""},
		{"llamacpp.txt", "llama.cpp", ""},
		{"llamacpp-old.txt", "llama.cpp", ""},
		{"tfserving.txt", "tensorflow-serving", ""},
		{"torchserve.txt", "torchserve", ""},
		{"ray.txt", "ray-serve", ""},
		{"kserve.txt", "kserve", ""},
		{"kserve.om", "kserve", ""},
		{"knative-1.12.txt", "knative", ""},
		{"knative-1.20.txt", "knative", ""},
		{"envoy.txt", "envoy", ""},
		{"istio.txt", "istio", ""},
		{"dcgm.txt", "dcgm-exporter", ""},
		{"dcgm-mig.txt", "dcgm-exporter", ""},
		{"dcgm-mig-whole.txt", "dcgm-exporter", ""},
	}
}

// scrapePage serves a page as its kind of server does, scrapes it once and returns what came of it.
func scrapePage(t *testing.T, p samplePage) *agent.Round {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "pages", p.file))
	require.NoError(t, err)
	return scrapeBody(t, p, body)
}

func scrapeBody(t *testing.T, p samplePage, body []byte) *agent.Round {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/metrics" && strings.HasSuffix(p.file, ".om"):
			w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
			_, _ = w.Write(body)
		case r.URL.Path == "/metrics" && strings.HasPrefix(p.file, "tfserving"):
			w.Header().Set("Content-Type", "") // as TensorFlow Serving does
			_, _ = w.Write(body)
		case r.URL.Path == "/metrics":
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			_, _ = w.Write(body)
		case r.URL.Path == "/version" && p.version != "":
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"version":%q}`, p.version)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	config := DefaultConfig()
	config.Targets = []string{server.URL + "/metrics"}
	collector, err := New(config, Settings{})
	require.NoError(t, err)
	defer func() { require.NoError(t, collector.Close()) }()
	var round agent.Round
	require.Eventually(t, func() bool { // the version is asked for beside the page
		round = agent.Round{}
		require.NoError(t, collector.Collect(t.Context(), &round))
		known := collector.Targets()[0].Version == p.version
		if known && p.version != "" {
			round = agent.Round{}
			require.NoError(t, collector.Collect(t.Context(), &round))
		}
		return known
	}, 30*time.Second, 5*time.Millisecond)
	if p.kinds != "" {
		require.Len(t, collector.Targets(), 1)
		assert.Equal(t, p.kinds, strings.Join(collector.Targets()[0].Kinds, ","))
	}
	return &round
}

// split tells the canonical readings from the raw ones, and leaves out what the agent says of itself.
func split(round *agent.Round) (canonical, raw []agent.Reading) {
	metrics := canonicalMetrics()
	for _, r := range round.Readings {
		switch {
		case strings.HasPrefix(r.Desc.Name, "agent_"):
		case metrics[r.Desc.Name] != nil && !slices.Contains(r.Desc.Labels, "job"):
			canonical = append(canonical, r)
		default:
			raw = append(raw, r)
		}
	}
	return canonical, raw
}

// rawSamples counts the samples of a page.
func rawSamples(t *testing.T, file string) int {
	n := 0
	for _, line := range readLines(t, filepath.Join("testdata", "pages", file)) {
		if line != "" && !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}

func seriesOf(r agent.Reading) string {
	b := labels.NewScratchBuilder(len(r.LabelValues))
	for i, name := range r.Desc.Labels {
		if r.LabelValues[i] != "" {
			b.Add(name, r.LabelValues[i])
		}
	}
	b.Sort()
	text := b.Labels().String()
	if text == "{}" {
		text = ""
	}
	return r.Desc.Name + strings.ReplaceAll(text, `", `, `",`)
}

// sortedSeries returns a series of a hand-written table with its labels in order. Values there hold no quotes and commas.
func sortedSeries(t *testing.T, text string) string {
	name, rest, found := strings.Cut(text, "{")
	if !found {
		return name
	}
	all := strings.Split(strings.TrimSuffix(rest, "}"), ",")
	for _, l := range all {
		require.Equal(t, 2, strings.Count(l, `"`), "label %s of %s", l, text)
	}
	slices.Sort(all)
	return name + "{" + strings.Join(all, ",") + "}"
}

// valueOf renders a number, or a histogram as its count, its sum and the observations of each bucket that has any, under the bucket's upper bound.
func valueOf(r agent.Reading) string {
	number := func(v float64) string {
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return strconv.FormatFloat(v, 'g', 12, 64)
	}
	if r.Hist == nil {
		return number(r.Value)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "count %d sum %s le", r.Hist.Count, number(r.Hist.Sum))
	for it := r.Hist.PositiveBucketIterator(); it.Next(); {
		if bucket := it.At(); bucket.Count > 0 {
			fmt.Fprintf(&b, " %s:%d", number(bucket.Upper), bucket.Count)
		}
	}
	return b.String()
}

func goldenText(p samplePage, canonical, raw []agent.Reading) string {
	var lines []string
	for _, r := range canonical {
		line := fmt.Sprintf("%s %s %s", r.Desc.Type, seriesOf(r), valueOf(r))
		if r.Hist != nil {
			kind := "native"
			if r.Hist.Schema == histogram.CustomBucketsSchema {
				kind = fmt.Sprintf("bounds %d", len(r.Hist.CustomValues))
			}
			line += " (" + kind + ")"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	names := map[string]int{}
	for _, r := range raw {
		names[r.Desc.Name]++
	}
	return fmt.Sprintf("kinds: %s\nversion: %s\nraw series: %d of %d names\ncanonical series: %d\n\n%s\n", p.kinds, p.version, len(raw), len(names), len(canonical), strings.Join(lines, "\n"))
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "golden file %s; look at the difference and run with -update", file)
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}
