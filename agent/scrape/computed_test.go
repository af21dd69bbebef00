package scrape

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrap2WholeBesideItsParts(t *testing.T) {
	const gpus = `
  - {to: gpu_memory_bytes, from: [{name: x_used}], keep: {uuid: uuid, mig: gpu_instance, slice: profile}, set: {state: used}, leaf: [mig, slice]}
  - {to: gpu_energy_joules_total, from: [{name: x_energy}], keep: {uuid: uuid}, leaf: [mig]}
  - {to: gpu_power_watts, from: [{name: x_power}], keep: {uuid: uuid, mig: gpu_instance}, leaf: [mig], drop: [-1]}
`
	const queues = `  - {to: model_queue_duration_seconds, from: [{name: x_wait}], keep: {m: model, rank: engine}, leaf: [rank]}` + "\n"
	wait := func(labels string, n int) string {
		return fmt.Sprintf("x_wait_bucket{%sle=\"+Inf\"} %d\nx_wait_sum{%s} %d\nx_wait_count{%s} %d\n", labels, n, labels, n, labels, n)
	}
	for name, c := range map[string]struct {
		page string
		want []string
	}{
		"whole alone": {`x_used{uuid="a"} 80` + "\n", []string{`gpu_memory_bytes{state="used",uuid="a"} 80`}},
		"whole and parts": {
			"x_used{uuid=\"a\"} 80\nx_used{uuid=\"a\",mig=\"1\",slice=\"3g\"} 50\nx_used{uuid=\"a\",mig=\"2\",slice=\"3g\"} 20\nx_used{uuid=\"b\"} 7\n",
			[]string{`gpu_memory_bytes{gpu_instance="1",profile="3g",state="used",uuid="a"} 50`, `gpu_memory_bytes{gpu_instance="2",profile="3g",state="used",uuid="a"} 20`, `gpu_memory_bytes{state="used",uuid="b"} 7`},
		},
		"parts before their whole": {
			"x_used{uuid=\"a\",mig=\"1\",slice=\"3g\"} 50\nx_used{uuid=\"a\"} 80\n", []string{`gpu_memory_bytes{gpu_instance="1",profile="3g",state="used",uuid="a"} 50`},
		},
		"an empty label is none": {
			"x_used{uuid=\"a\",mig=\"\"} 80\nx_used{uuid=\"a\",mig=\"1\"} 50\n", []string{`gpu_memory_bytes{gpu_instance="1",state="used",uuid="a"} 50`},
		},
		"parts that say nothing leave the whole": {
			"x_power{uuid=\"a\"} 300\nx_power{uuid=\"a\",mig=\"1\"} -1\nx_power{uuid=\"a\",mig=\"2\"} 9223372036854775794\n", []string{`gpu_power_watts{uuid="a"} 300`},
		},
		"a label that is not kept": {
			"x_energy{uuid=\"a\"} 100\nx_energy{uuid=\"a\",mig=\"1\"} 60\nx_energy{uuid=\"a\",mig=\"2\"} 30\n", []string{`gpu_energy_joules_total{uuid="a"} 90`},
		},
		"histograms": {
			wait(`m="a",`, 9) + wait(`m="a",rank="0",`, 5) + wait(`m="b",`, 4),
			[]string{`model_queue_duration_seconds{engine="0",model="a"} {count:5, sum:5, [-Inf,+Inf]:5}`, `model_queue_duration_seconds{model="b"} {count:4, sum:4, [-Inf,+Inf]:4}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.page)
			lines := canonicalOnly(collect(t, collector(t, rules(gpus+queues), nil, s.URL)))
			for i, l := range lines {
				lines[i], _, _ = strings.Cut(l, " since ")
			}
			require.Equal(t, c.want, lines)
		})
	}
}

// A GPU that is cut into instances while the agent runs, and made whole again.
func TestWholeComesAndGoes(t *testing.T) {
	s := serve(t, "")
	c := collector(t, rules("  - {to: gpu_memory_bytes, from: [{name: x_used}], keep: {uuid: uuid, mig: gpu_instance}, set: {state: used}, leaf: [mig]}\n"), nil, s.URL)
	whole, part := `gpu_memory_bytes{state="used",uuid="a"} 80`, `gpu_memory_bytes{gpu_instance="1",state="used",uuid="a"} 50`
	for range 2 {
		s.set("/metrics", "x_used{uuid=\"a\"} 80\n")
		require.Equal(t, []string{whole}, canonicalOnly(collect(t, c)))
		s.set("/metrics", "x_used{uuid=\"a\"} 80\nx_used{uuid=\"a\",mig=\"1\"} 50\n")
		require.Equal(t, []string{part}, canonicalOnly(collect(t, c)))
	}
}

func TestRatiosAndProducts(t *testing.T) {
	for name, c := range map[string]struct{ rule, page, want string }{
		"ratio":                    {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}]}`, "x_used 30\nx_total 120\n", `gpu_memory_utilization_ratio{} 0.25`},
		"of a sum":                 {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: [x_used, x_free, x_reserved]}]}`, "x_used 30\nx_free 60\nx_reserved 30\n", `gpu_memory_utilization_ratio{} 0.25`},
		"a term is not on it":      {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: [x_used, x_free, x_reserved]}]}`, "x_used 30\nx_free 60\n", ``},
		"a term says nothing":      {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: [x_used, x_free]}]}`, "x_used 30\nx_free NaN\n", ``},
		"a term is blank":          {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: [x_used, x_free]}]}`, "x_used 30\nx_free 9223372036854775794\n", ``},
		"nothing used":             {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}]}`, "x_used 0\nx_total 120\n", `gpu_memory_utilization_ratio{} 0`},
		"of nothing":               {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}]}`, "x_used 0\nx_total 0\n", ``},
		"of nothing, and used":     {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}]}`, "x_used 5\nx_total 0\n", ``},
		"the next source":          {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}, {ratio: x_used, of: [x_used, x_free]}]}`, "x_used 30\nx_free 90\n", `gpu_memory_utilization_ratio{} 0.25`},
		"percent":                  {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_percent, of: x_parts}], factor: 0.01}`, "x_percent 100\nx_parts 4\n", `gpu_memory_utilization_ratio{} 0.25`},
		"equal labels":             {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}], keep: {u: uuid}}`, "x_used{u=\"a\"} 1\nx_used{u=\"b\"} 3\nx_used{u=\"c\"} 9\nx_total{u=\"b\"} 4\nx_total{u=\"a\"} 2\nx_total{u=\"d\"} 1\n", "gpu_memory_utilization_ratio{uuid=\"a\"} 0.5\ngpu_memory_utilization_ratio{uuid=\"b\"} 0.75"},
		"rows of several pods":     {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}], keep: {u: uuid}, combine: max}`, "x_used{u=\"a\",pod=\"p\"} 1\nx_used{u=\"a\",pod=\"q\"} 1\nx_total{u=\"a\",pod=\"p\"} 2\nx_total{u=\"a\",pod=\"q\"} 2\n", `gpu_memory_utilization_ratio{uuid="a"} 0.5`},
		"where":                    {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}], where: {u: a}}`, "x_used{u=\"a\"} 1\nx_used{u=\"b\"} 3\nx_total{u=\"b\"} 4\nx_total{u=\"a\"} 2\n", `gpu_memory_utilization_ratio{} 0.5`},
		"whole and parts":          {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}], keep: {u: uuid, i: gpu_instance}, leaf: [i]}`, "x_used{u=\"a\"} 1\nx_total{u=\"a\"} 4\nx_used{u=\"a\",i=\"1\"} 1\nx_total{u=\"a\",i=\"1\"} 2\n", `gpu_memory_utilization_ratio{gpu_instance="1",uuid="a"} 0.5`},
		"a part without a partner": {`{to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: x_total}], keep: {u: uuid, i: gpu_instance}, leaf: [i]}`, "x_used{u=\"a\"} 1\nx_total{u=\"a\"} 4\nx_used{u=\"a\",i=\"1\"} 1\n", `gpu_memory_utilization_ratio{uuid="a"} 0.25`},
		"product":                  {`{to: model_cache_capacity_tokens, from: [{times: [x_blocks, x_size]}], keep: {m: model}}`, "x_blocks{m=\"a\"} 100\nx_size{m=\"a\"} 16\nx_blocks{m=\"b\"} 100\n", `model_cache_capacity_tokens{model="a"} 1600`},
		"product of one name":      {`{to: model_cache_capacity_tokens, from: [{times: [{name: x, where: {t: max}}, {name: x, where: {t: tokens_per}}]}], keep: {m: model}}`, "x{m=\"a\",t=\"tokens_per\"} 16\nx{m=\"a\",t=\"max\"} 100\nx{m=\"a\",t=\"used\"} 7\nx{m=\"b\",t=\"max\"} 7\n", `model_cache_capacity_tokens{model="a"} 1600`},
		"sum of products":          {`{to: model_cache_capacity_tokens, from: [{times: [x_blocks, x_size]}]}`, "x_blocks{r=\"0\"} 100\nx_size{r=\"0\"} 16\nx_blocks{r=\"1\"} 10\nx_size{r=\"1\"} 32\n", `model_cache_capacity_tokens{} 1920`},
		"product of what is not":   {`{to: model_cache_capacity_tokens, from: [{times: [x_blocks, x_size]}], drop: [0]}`, "x_blocks 0\nx_size 16\n", ``},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.page)
			col := collector(t, rules("  - "+c.rule+"\n"), nil, s.URL)
			for range 2 {
				require.Equal(t, c.want, strings.Join(canonicalOnly(collect(t, col)), "\n"))
			}
		})
	}
}

func TestPartnersComeAndGo(t *testing.T) {
	s := serve(t, "")
	col := collector(t, rules("  - {to: gpu_memory_utilization_ratio, from: [{ratio: x_used, of: [x_used, x_free]}], keep: {u: uuid}}\n"), nil, s.URL)
	for range 2 {
		s.set("/metrics", "x_used{u=\"a\"} 1\nx_free{u=\"b\"} 1\n")
		require.Empty(t, canonicalOnly(collect(t, col)), "the value of the round before is no partner")
		s.set("/metrics", "x_used{u=\"a\"} 1\nx_free{u=\"a\"} 3\nx_free{u=\"b\"} 1\n")
		require.Equal(t, []string{`gpu_memory_utilization_ratio{uuid="a"} 0.25`}, canonicalOnly(collect(t, col)))
	}
}

// A page of each of two kinds, the one around the other: what both give comes from the inner one, and what only one gives is there.
func TestOrderOfKinds(t *testing.T) {
	page := func(files ...string) string {
		var all strings.Builder
		for _, f := range files {
			part, err := os.ReadFile(filepath.Join("testdata", "pages", f))
			require.NoError(t, err)
			all.Write(part)
		}
		return all.String()
	}
	for _, c := range []struct {
		kinds     string
		body      string
		has, lack []string
	}{
		{
			"vllm,dynamo", page("dynamo.txt", "vllm-0.13.0.txt"),
			[]string{`model_request_duration_seconds{engine="0",model="Qwen/Qwen3-8B"}`, `model_requests_running{engine="1",model="Qwen/Qwen3-8B"}`},
			[]string{`model_request_duration_seconds{model=`, `model_requests_running{model=`, `model_tokens_total{direction="input",model=`, `model_time_to_first_token_seconds{model=`},
		},
		{
			"sglang,dynamo", page("dynamo.txt", "sglang-0.5.9.txt"),
			[]string{`model_requests_running{engine="0"`, `model_queue_duration_seconds{`}, []string{`model_requests_running{model=`},
		},
		{
			"vllm,kserve", page("kserve.txt", "vllm-0.13.0.txt"),
			[]string{`model_request_duration_seconds{engine="0",model="Qwen/Qwen3-8B"}`}, []string{`model_request_duration_seconds{model=`},
		},
		{
			"vllm,kserve,knative", page("knative-1.12.txt", "kserve.txt", "vllm-0.13.0.txt"),
			[]string{`model_request_duration_seconds{engine="0"`, `endpoint_request_duration_seconds{status_code="200"}`, `endpoint_requests_in_flight{}`}, nil,
		},
		{
			"vllm,ray-serve", page("ray.txt", "vllm-ray.txt"),
			[]string{`model_requests_running{engine="0"`, `endpoint_requests_in_flight{}`, `endpoint_request_duration_seconds{status_code=`}, []string{`model_requests_running{model=`},
		},
		{
			"vllm,istio,envoy", page("envoy.txt", "istio.txt", "vllm-0.13.0.txt"),
			[]string{`endpoint_request_duration_seconds{status_code="200"}`, `endpoint_connections_active{}`, `endpoint_request_size_bytes{}`, `model_requests_running{engine="0"`},
			[]string{`endpoint_request_duration_seconds{}`},
		},
	} {
		t.Run(c.kinds, func(t *testing.T) {
			s := serve(t, c.body)
			col := collector(t, "", nil, s.URL)
			lines := collect(t, col)
			require.Equal(t, c.kinds, strings.Join(col.Targets()[0].Kinds, ","))
			// Raw series bear the label job, and no canonical one does.
			canonical := strings.Join(canonicalOnly(lines), "\n")
			for _, want := range c.has {
				require.Contains(t, canonical, want)
			}
			for _, not := range c.lack {
				require.NotContains(t, canonical, not)
			}
			seen := map[string]bool{}
			for _, l := range lines {
				series, _, _ := strings.Cut(l, "} ")
				require.False(t, seen[series], "%s is there once", series)
				seen[series] = true
			}
		})
	}
}
