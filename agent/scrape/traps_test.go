package scrape

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

// Each test is one of the traps that mappings must get past; the golden pages of the kinds show them in full.

func TestTrap1NamesAndUnits(t *testing.T) {
	for name, c := range map[string]struct{ rule, page, want string }{
		"colon":                     {`{to: model_requests_running, from: [{name: "x:running"}]}`, "x:running 2\n", `model_requests_running{} 2`},
		"leading colon":             {`{to: model_requests_running, from: [{name: ":x:serving:running"}]}`, ":x:serving:running 2\nx 1\n", `model_requests_running{} 2`},
		"trailing comma":            {`{to: model_requests_running, from: [{name: x}], keep: {m: model}}`, `x{m="a",} 2` + "\n", `model_requests_running{model="a"} 2`},
		"another spelling":          {`{to: model_requests_running, from: [{name: "y:running"}]}`, "x_y_running 2\n", `model_requests_running{} 2`},
		"counter without _total":    {`{to: model_requests_rejected_total, from: [{name: x_rejected}]}`, "# TYPE x_rejected counter\nx_rejected 2\n", `model_requests_rejected_total{} 2`},
		"histogram named _total":    {`{to: model_queue_duration_seconds, from: [{name: x_total}]}`, "# TYPE x_total histogram\nx_total_bucket{le=\"1\"} 1\nx_total_bucket{le=\"+Inf\"} 2\nx_total_sum 3\nx_total_count 2\n", `model_queue_duration_seconds{} {count:2, sum:3, [-Inf,1]:1, (1,+Inf]:1}`},
		"percent":                   {`{to: model_cache_utilization_ratio, from: [{name: x_percent}], factor: 0.01}`, "x_percent 35\n", `model_cache_utilization_ratio{} 0.35`},
		"ratio called percent":      {`{to: model_cache_utilization_ratio, from: [{name: x_perc}]}`, "x_perc 0.35\n", `model_cache_utilization_ratio{} 0.35`},
		"MiB":                       {`{to: gpu_memory_bytes, from: [{name: x}], factor: 1048576, set: {state: used}}`, "x 3\n", `gpu_memory_bytes{state="used"} 3.145728e+06`},
		"MB":                        {`{to: gpu_memory_bytes, from: [{name: x}], factor: 1e6, set: {state: used}}`, "x 3\n", `gpu_memory_bytes{state="used"} 3e+06`},
		"GB":                        {`{to: gpu_memory_bytes, from: [{name: x}], factor: 1e9, set: {state: used}}`, "x 3\n", `gpu_memory_bytes{state="used"} 3e+09`},
		"nanoseconds":               {`{to: gpu_throttle_seconds_total, from: [{name: x}], factor: 1e-9, set: {reason: sw_thermal}}`, "x 3000000000\n", `gpu_throttle_seconds_total{reason="sw_thermal"} 3`},
		"millijoules":               {`{to: gpu_energy_joules_total, from: [{name: x}], factor: 1e-3}`, "x 1234567\n", `gpu_energy_joules_total{} 1234.567`},
		"milliseconds":              {`{to: model_queue_duration_seconds, from: [{name: x}], factor: 1e-3}`, "x_bucket{le=\"3\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 300\nx_count 2\n", `model_queue_duration_seconds{} {count:2, sum:0.3, [-Inf,0.003]:1, (0.003,+Inf]:1}`},
		"microseconds":              {`{to: model_queue_duration_seconds, from: [{name: x}], factor: 1e-6}`, "x_bucket{le=\"3\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 300\nx_count 2\n", `model_queue_duration_seconds{} {count:2, sum:0.0003, [-Inf,3e-06]:1, (3e-06,+Inf]:1}`},
		"cumulative microseconds":   {`{to: model_queue_duration_seconds, from: [{sum: x_us, count: x_n}], factor: 1e-6}`, "x_us 5000000\nx_n 4\n", `model_queue_duration_seconds{} {count:4, sum:5, [-Inf,+Inf]:4}`},
		"gauge whose value is time": {`{to: model_requests_max, from: [{name: x_info, product: [a]}]}`, `x_info{a="7"} 1.8e9` + "\n", `model_requests_max{} 7`},
		"number out of labels":      {`{to: model_cache_capacity_tokens, from: [{name: x_info, product: [blocks, size]}]}`, `x_info{blocks="100",size="16"} 1` + "\n", `model_cache_capacity_tokens{} 1600`},
		"no number in labels":       {`{to: model_cache_capacity_tokens, from: [{name: x_info, product: [blocks, size]}]}`, `x_info{blocks="None",size="16"} 1` + "\n", ``},
		"sum of a histogram":        {`{to: model_tokens_total, from: [{name: x, part: sum}], set: {direction: input}}`, "x_bucket{le=\"+Inf\"} 2\nx_sum 300\nx_count 2\n", `model_tokens_total{direction="input"} 300`},
		"count of a summary":        {`{to: model_requests_rejected_total, from: [{name: x, part: count}]}`, "# TYPE x summary\nx{quantile=\"0.5\"} 9\nx_sum 300\nx_count 2\n", `model_requests_rejected_total{} 2`},
		"bytes that are a rate":     {`{to: gpu_pcie_bytes_total, from: [{name: another}], set: {direction: receive}}`, "x_pcie_bytes 300\n", ``},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.page)
			mapping := strings.Replace(rules("  - "+c.rule+"\n"), "prefixes: [x]", `prefixes: [x, "y:", ":x"]`, 1) + "aliases: [{match: \"x_y_(.+)\", replace: \"y:$1\"}]\n"
			got := canonicalOnly(collect(t, collector(t, mapping, nil, s.URL)))
			require.Equal(t, c.want, strings.Join(got, "\n"))
		})
	}
}

func TestTrap2OverlappingSeries(t *testing.T) {
	s := serve(t, `x_running{priority=""} 5
x_running{priority="1"} 2
x_running{priority="2"} 3
x_requests_total{reporter="source",code="200"} 10
x_requests_total{reporter="destination",code="200"} 7
x_requests_total{reporter="destination",code="500"} 1
x_memory{uuid="a"} 80
x_memory{uuid="a",mig="1"} 20
x_power{uuid="a",pod="p"} 300
x_power{uuid="a",pod="q"} 300
x_load{rank="0"} 0.25
x_load{rank="1"} 0.75
`)
	c := collector(t, rules(`
  - {to: model_requests_running, from: [{name: x_running}], where: {priority: ""}}
  - {to: model_requests_finished_total, from: [{name: x_requests_total}], where: {reporter: destination}, keep: {code: reason}, values: {reason: {"200": stop, "*": error}}}
  - {to: gpu_memory_bytes, from: [{name: x_memory}], where: {mig: ".+"}, keep: {uuid: uuid, mig: gpu_instance}, set: {state: used}}
  - {to: gpu_power_watts, from: [{name: x_power}], keep: {uuid: uuid}, combine: max}
  - {to: model_cache_utilization_ratio, from: [{name: x_load}], combine: avg}
`), nil, s.URL)
	require.Equal(t, []string{
		`gpu_memory_bytes{gpu_instance="1",state="used",uuid="a"} 20`,
		`gpu_power_watts{uuid="a"} 300`,
		`model_cache_utilization_ratio{} 0.5`,
		`model_requests_finished_total{reason="error"} 1`,
		`model_requests_finished_total{reason="stop"} 7`,
		`model_requests_running{} 5`,
	}, canonicalOnly(collect(t, c)))
}

func TestTrap2TwoKindsGiveOneSeries(t *testing.T) {
	s := serve(t, "vllm:num_requests_running{model_name=\"m\",engine=\"0\"} 4\nx_running 5\nx_waiting 6\n")
	c := collector(t, rules(`
  - {to: model_requests_running, from: [{name: x_running}]}
  - {to: model_requests_waiting, from: [{name: x_waiting}]}
  - {to: model_requests_waiting, from: [{name: x_running}]}
`)+"title: A kind of the operator's own comes before the built-in ones.\n", nil, s.URL)
	lines, err := round(t, c)
	require.NoError(t, err)
	require.Equal(t, []string{`model_requests_running{} 5`, `model_requests_waiting{} 6`}, running(lines))
	require.Contains(t, lines, fmt.Sprintf(`agent_scrape_success{kind="test,vllm",target=%q} 1`, s.host()))
	require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf(`agent_scrape_dropped_samples_total{reason="overlap",target=%q} `, s.host()))
	require.NotContains(t, strings.Join(lines, "\n"), fmt.Sprintf(`agent_scrape_dropped_samples_total{reason="overlap",target=%q} 0`, s.host()), "what is left out is counted")
}

func running(lines []string) []string {
	var out []string
	for _, l := range lines {
		if strings.HasPrefix(l, "model_requests_running") || strings.HasPrefix(l, "model_requests_waiting") {
			out = append(out, l)
		}
	}
	return out
}

// Triton and dcgm-exporter read the same GPUs.
func TestTrap2TwoTargetsReadOneGPU(t *testing.T) {
	exporter := serve(t, "DCGM_FI_DEV_POWER_USAGE{gpu=\"0\",UUID=\"a\"} 300\nDCGM_FI_DEV_POWER_USAGE{gpu=\"1\",UUID=\"b\"} 100\n")
	triton := serve(t, "nv_inference_request_success{model=\"m\",version=\"1\"} 4\nnv_gpu_power_usage{gpu_uuid=\"a\"} 301\nnv_gpu_power_usage{gpu_uuid=\"c\"} 7\nnv_gpu_utilization{gpu_uuid=\"a\"} 0.5\n")
	c := collector(t, "", nil, exporter.URL, triton.URL)
	for range 2 {
		require.Equal(t, []string{
			fmt.Sprintf(`gpu_power_watts{gpu="0",target=%q,uuid="a"} 300`, exporter.host()),
			fmt.Sprintf(`gpu_power_watts{gpu="1",target=%q,uuid="b"} 100`, exporter.host()),
			fmt.Sprintf(`gpu_power_watts{target=%q,uuid="c"} 7`, triton.host()),
			fmt.Sprintf(`gpu_utilization_ratio{target=%q,uuid="a"} 0.5`, triton.host()),
			fmt.Sprintf(`model_requests_finished_total{model="m",model_version="1",reason="other",target=%q} 4`, triton.host()),
		}, canonicalOnly(collect(t, c)))
	}
	lines, err := round(t, c)
	require.NoError(t, err)
	require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf(`agent_scrape_dropped_samples_total{reason="overlap",target=%q} 2`, triton.host()))
	require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf(`nv_gpu_power_usage{gpu_uuid="a",job="triton",target=%q} 301`, triton.host()), "the raw series stays")
}

// An ensemble of Triton counts a request under its own name and under each member's, and the page does not say which model is one. The series stay apart
// by model, so that a question can name the one that clients call; a sum over all models counts such a request once for each. docs/agent/model-servers.md
// says so.
func TestTrap2AnEnsembleAndItsMembersStayApart(t *testing.T) {
	s := serve(t, `nv_inference_request_success{model="pipeline",version="1"} 100
nv_inference_request_success{model="tokenizer",version="1"} 100
nv_inference_request_success{model="llm",version="1"} 100
nv_inference_request_success{model="alone",version="1"} 7
nv_inference_request_duration_us{model="pipeline",version="1"} 9000000
nv_inference_request_duration_us{model="tokenizer",version="1"} 1000000
nv_inference_request_duration_us{model="llm",version="1"} 8000000
`)
	c := collector(t, "", nil, s.URL)
	require.Equal(t, []string{
		`model_request_duration_seconds{model="llm",model_version="1"} {count:100, sum:8, [-Inf,+Inf]:100}`,
		`model_request_duration_seconds{model="pipeline",model_version="1"} {count:100, sum:9, [-Inf,+Inf]:100}`,
		`model_request_duration_seconds{model="tokenizer",model_version="1"} {count:100, sum:1, [-Inf,+Inf]:100}`,
		`model_requests_finished_total{model="alone",model_version="1",reason="other"} 7`,
		`model_requests_finished_total{model="llm",model_version="1",reason="other"} 100`,
		`model_requests_finished_total{model="pipeline",model_version="1",reason="other"} 100`,
		`model_requests_finished_total{model="tokenizer",model_version="1",reason="other"} 100`,
	}, canonicalOnly(collect(t, c)))
	requests := func(models ...string) (sum float64) {
		r := agent.Round{Time: time.Unix(1_800_000_000, 0)}
		require.NoError(t, c.Collect(t.Context(), &r))
		for _, reading := range r.Readings {
			model := slices.Index(reading.Desc.Labels, "model")
			if reading.Desc.Name == "model_requests_finished_total" && (len(models) == 0 || slices.Contains(models, reading.LabelValues[model])) {
				sum += reading.Value
			}
		}
		return sum
	}
	require.Equal(t, 307.0, requests(), "of 107 requests: the three of the pipeline count thrice")
	require.Equal(t, 107.0, requests("pipeline", "alone"), "of the models that clients call")
	text, err := os.ReadFile("../../docs/agent/model-servers.md")
	require.NoError(t, err)
	require.Contains(t, string(text), `sum(rate(model_requests_finished_total{model=~"pipeline|alone"}[5m]))`)
}

func TestTrap3TypesAndResets(t *testing.T) {
	mapping := rules(`
  - {to: model_requests_finished_total, from: [{name: x_requests}], set: {reason: other}}
  - {to: model_requests_running, from: [{name: x_running}]}
`)
	for _, typ := range []string{"# TYPE x_requests gauge\n# TYPE x_running counter\n", "# TYPE x_requests untyped\n# TYPE x_running untyped\n", "", "# TYPE x_requests counter\n# TYPE x_running gauge\n"} {
		s := serve(t, typ+"x_requests{replica=\"a\"} 10\nx_running 3\n")
		c := collector(t, mapping, nil, s.URL)
		for _, m := range c.Describe() {
			switch m.Name {
			case "model_requests_finished_total":
				require.Equal(t, "counter", string(m.Type))
			case "model_requests_running":
				require.Equal(t, "gauge", string(m.Type))
			}
		}
		require.Equal(t, []string{`model_requests_finished_total{reason="other"} 10`, `model_requests_running{} 3`}, canonicalOnly(collect(t, c)))
		s.set("/metrics", typ+"x_requests{replica=\"a\"} 4\nx_running 1\n")
		require.Equal(t, []string{`model_requests_finished_total{reason="other"} 4`, `model_requests_running{} 1`}, canonicalOnly(collect(t, c)), "a restart is passed on as one")
	}
}

func TestTrap4ValuesThatSayNothing(t *testing.T) {
	mapping := rules(`
  - {to: model_cache_utilization_ratio, from: [{name: x}], keep: {m: model}, drop: [-1]}
  - {to: gpu_power_watts, from: [{name: x_power}], keep: {m: gpu}}
  - {to: model_requests_rejected_total, from: [{name: x_rejected}], keep: {m: model}}
`)
	s := serve(t, `x{m="idle"} -1
x{m="nan"} NaN
x{m="inf"} +Inf
x{m="neginf"} -Inf
x{m="zero"} 0
x_power{m="blank"} 9223372036854775794
x_power{m="not supported"} 9223372036854775793
x_power{m="blank, rounded"} 9.223372036854776e+18
x_power{m="real"} 300
x_rejected{m="below nothing"} -3
x_rejected{m="none"} 0
`)
	require.Equal(t, []string{
		`gpu_power_watts{gpu="real"} 300`, `model_cache_utilization_ratio{model="zero"} 0`, `model_requests_rejected_total{model="none"} 0`,
	}, canonicalOnly(collect(t, collector(t, mapping, nil, s.URL))))
}

func TestTrap5RenameInsideAFleet(t *testing.T) {
	mapping := rules(`
  - to: model_cache_utilization_ratio
    from: [{name: x_kv_cache_perc}, {name: x_gpu_cache_perc, until: "0.13"}]
    keep: {m: model}
  - to: model_tokens_total
    from: [{name: x_tokens_total}, {name: x_old_tokens_total}]
    set: {direction: output}
`)
	s := serve(t, "x_gpu_cache_perc{m=\"a\"} 0.25\nx_old_tokens_total 1000\n")
	c := collector(t, mapping, nil, s.URL)
	require.Equal(t, []string{`model_cache_utilization_ratio{model="a"} 0.25`, `model_tokens_total{direction="output"} 1000`}, canonicalOnly(collect(t, c)))
	s.set("/metrics", "x_gpu_cache_perc{m=\"a\"} 0.5\nx_kv_cache_perc{m=\"a\"} 0.5\nx_old_tokens_total 1100\nx_tokens_total 1100\n")
	require.Equal(t, []string{`model_cache_utilization_ratio{model="a"} 0.5`, `model_tokens_total{direction="output"} 1100`}, canonicalOnly(collect(t, c)), "with both names on the page it counts once")
	s.set("/metrics", "x_kv_cache_perc{m=\"a\"} 0.75\nx_tokens_total 1200\n")
	require.Equal(t, []string{`model_cache_utilization_ratio{model="a"} 0.75`, `model_tokens_total{direction="output"} 1200`}, canonicalOnly(collect(t, c)), "the series goes on under one name")
}

// A name that was kept while its unit changed says nothing where the version is not known; elsewhere an unknown version is no hindrance.
func TestTrap5AChangeOfUnitNeedsTheVersion(t *testing.T) {
	mapping := rules(`
  - {to: model_tokens_total, from: [{name: x_tokens_total, since: "0.9", strict: true}], set: {direction: output}}
  - {to: model_requests_running, from: [{name: x_running, since: "0.9"}]}
`) + "version: {metric: x_build_info, label: version}\n"
	const page = "x_tokens_total 7\nx_running 2\n"
	for version, want := range map[string][]string{
		"":                                    {`model_requests_running{} 2`},
		"x_build_info{version=\"dev\"} 1\n":   {`model_requests_running{} 2`},
		"x_build_info{version=\"0.8.5\"} 1\n": {},
		"x_build_info{version=\"0.9.0\"} 1\n": {`model_requests_running{} 2`, `model_tokens_total{direction="output"} 7`},
	} {
		c := collector(t, mapping, nil, serve(t, page+version).URL)
		var got []string
		for range 2 { // once to learn the version
			got = canonicalOnly(collect(t, c))
		}
		require.Equal(t, want, got, version)
	}
}

func TestTrap6ServerOfSeveralProcesses(t *testing.T) {
	mapping := rules("  - {to: model_requests_rejected_total, from: [{name: x_rejected_total}]}\n")
	s := serve(t, "x_rejected_total 1000\n")
	c := collector(t, mapping, nil, s.URL)
	var lines []string
	for i := range 6 {
		s.set("/metrics", fmt.Sprintf("x_rejected_total %d\n", []int{1000, 10}[i%2]+i))
		var err error
		lines, err = round(t, c)
		require.NoError(t, err)
	}
	require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf("agent_scrape_inconsistent_total{target=%q} 2", s.host()), "it fell three times and came back twice")

	s.set("/metrics", "x_rejected_total 5\n")
	other := collector(t, mapping, nil, s.URL)
	for i := range 6 {
		s.set("/metrics", fmt.Sprintf("x_rejected_total %d\n", []int{100, 3, 5, 7, 1, 4}[i]))
		lines, _ = round(t, other)
	}
	require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf("agent_scrape_inconsistent_total{target=%q} 0", s.host()), "a server that restarts comes back lower")
}
