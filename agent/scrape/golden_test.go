package scrape

import (
	"flag"
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

var update = flag.Bool("update", false, "write the golden files and the generated table anew")

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
	}
}

// Every page has a hand-computed table, and a page that nobody lists is an error.
func TestEveryPageIsListed(t *testing.T) {
	for _, folder := range []string{"pages", "expected", "golden"} {
		files, err := os.ReadDir(filepath.Join("testdata", folder))
		require.NoError(t, err)
		var names, want []string
		for _, f := range files {
			names = append(names, f.Name())
		}
		for _, p := range samplePages() {
			want = append(want, p.file)
		}
		slices.Sort(want)
		assert.Equal(t, want, names, folder)
	}
}

func TestPages(t *testing.T) {
	for _, p := range samplePages() {
		t.Run(p.file, func(t *testing.T) {
			round := scrapePage(t, p)
			canonical, raw := split(round)

			want := readLines(t, filepath.Join("testdata", "expected", p.file))
			for i, line := range want {
				series, value, _ := strings.Cut(line, " ")
				if at := strings.LastIndexByte(line, '}'); at >= 0 {
					series, value = line[:at+1], line[at+2:]
				}
				want[i] = sortedSeries(t, series) + " " + value
			}
			slices.Sort(want)
			var got []string
			for _, r := range canonical {
				got = append(got, seriesOf(r)+" "+valueOf(r))
			}
			slices.Sort(got)
			assert.Equal(t, want, got, "the canonical series, against those computed by hand")
			assert.Equal(t, rawSamples(t, p.file), len(raw), "every sample of the page is kept raw")

			golden(t, filepath.Join("testdata", "golden", p.file), goldenText(p, canonical, raw))
		})
	}
}

// A fleet in the middle of an update has several versions at once, and one series: what one page calls by its old name and another by its new one comes out the same.
// The three pages of vLLM and both of SGLang show the same engine.
func TestRenamesDoNotBreakSeries(t *testing.T) {
	read := func(file, version string) map[string]string {
		canonical, _ := split(scrapePage(t, samplePage{file: file, version: version}))
		all := map[string]string{}
		for _, r := range canonical {
			all[seriesOf(r)] = valueOf(r)
		}
		return all
	}
	for _, pair := range [][4]string{
		{"vllm-0.8.5.txt", "0.8.5", "vllm-0.11.0.txt", "0.11.0"},
		{"vllm-0.11.0.txt", "0.11.0", "vllm-0.13.0.txt", "0.13.0"},
		{"vllm-0.13.0.txt", "0.13.0", "vllm-0.13.0.om", "0.13.0"},
		{"vllm-0.11.0.txt", "", "vllm-0.13.0.txt", ""}, // where /version does not answer
	} {
		older, newer := read(pair[0], pair[1]), read(pair[2], pair[3])
		require.NotEmpty(t, older)
		for series, value := range older {
			assert.Equal(t, value, newer[series], "%s: %s then %s", series, pair[0], pair[2])
		}
	}
	older, newer := read("sglang-0.4.6.txt", ""), read("sglang-0.5.9.txt", "")
	for _, series := range []string{"model_inter_token_latency_seconds", "model_time_to_first_token_seconds", "model_request_duration_seconds"} {
		series += `{model="deepseek-ai/DeepSeek-V3"}`
		require.Contains(t, older, series)
		assert.Equal(t, older[series], newer[series], series)
	}
}

// The unit of gpu_prefix_cache_* was the block up to 0.8: with the version unknown it cannot be told, and the ratio of hits to misses is all that holds.
func TestBlocksAreNotTokens(t *testing.T) {
	hits := func(version string) (all []string) {
		canonical, _ := split(scrapePage(t, samplePage{file: "vllm-0.8.5.txt", version: version}))
		for _, r := range canonical {
			if r.Desc.Name == "model_prefix_cache_tokens_total" && strings.Contains(seriesOf(r), `engine="0"`) {
				all = append(all, valueOf(r))
			}
		}
		slices.Sort(all)
		return all
	}
	assert.Empty(t, hits("0.8.5"))
	assert.Equal(t, []string{"18750", "37500"}, hits(""))
}

// Raw series that a mapping leaves out on purpose must not come back under a canonical name.
func TestWhatMustNotBeMapped(t *testing.T) {
	for _, c := range []struct{ file, canonical string }{
		{"dcgm.txt", "gpu_xid_errors_total"},      // the last code, no count
		{"dcgm.txt", "gpu_health_events_total"},   //
		{"dcgm.txt", "gpu_pcie_bytes_total"},      // a rate
		{"dcgm.txt", "gpu_nvlink_bytes_total"},    // of no certain unit
		{"dcgm-mig.txt", "gpu_utilization_ratio"}, // a sentinel
		{"llamacpp-old.txt", "model_cache_utilization_ratio"},
		{"llamacpp.txt", "model_prefill_duration_seconds"}, // seconds without the number of requests
		{"tgi.txt", "model_time_to_first_token_seconds"},
		{"tgi.txt", "model_inter_token_latency_seconds"},
		{"trtllm.txt", "model_inter_token_latency_seconds"},
		{"sglang-0.4.6.txt", "model_time_per_output_token_seconds"},
	} {
		canonical, _ := split(scrapePage(t, samplePage{file: c.file}))
		for _, r := range canonical {
			assert.NotEqual(t, c.canonical, r.Desc.Name, c.file)
		}
	}
}

// A server that runs another one gives both pages as one. The engine's own reading wins, and nothing is counted twice.
func TestPagesOfTwoKindsCountOnce(t *testing.T) {
	for _, c := range []struct {
		files   []string
		kinds   string
		once    string // canonical name that both kinds give
		want    []string
		another string // canonical name that only the second kind gives
	}{
		{
			[]string{"kserve.txt", "vllm-0.13.0.txt"}, "vllm,kserve", "model_request_duration_seconds",
			[]string{`{engine="0",model="Qwen/Qwen3-8B"}`, `{engine="1",model="Qwen/Qwen3-8B"}`}, "",
		},
		{
			[]string{"ray.txt", "vllm-ray.txt"}, "vllm,ray-serve", "model_requests_running",
			[]string{`{engine="0",model="Qwen/Qwen3-8B"}`}, "endpoint_requests_in_flight",
		},
		{
			[]string{"triton.txt", "dcgm.txt"}, "triton,dcgm-exporter", "gpu_power_watts",
			[]string{`{uuid="GPU-8d3f6f1a-0f0a-4f27-9d35-6a1a2e4b9c01"}`}, "gpu_clock_hertz",
		},
	} {
		t.Run(c.kinds, func(t *testing.T) {
			var body []byte
			for _, f := range c.files {
				part, err := os.ReadFile(filepath.Join("testdata", "pages", f))
				require.NoError(t, err)
				body = append(body, part...)
			}
			round := scrapeBody(t, samplePage{file: c.files[0], kinds: c.kinds}, body)
			canonical, _ := split(round)
			var got, names []string
			for _, r := range canonical {
				names = append(names, r.Desc.Name)
				if r.Desc.Name == c.once {
					got = append(got, strings.TrimPrefix(seriesOf(r), c.once))
				}
			}
			assert.ElementsMatch(t, c.want, got)
			if c.another != "" {
				assert.Contains(t, names, c.another)
			}
		})
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
