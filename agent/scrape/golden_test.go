package scrape

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files and the generated table anew")

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

// The unit of gpu_prefix_cache_* was the block up to 0.8: with the version unknown it cannot be told, and nothing is said.
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
	assert.Empty(t, hits(""))
	assert.Equal(t, []string{"18750", "37500"}, hits("0.9.0"))
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
