package scrape

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

// rounds runs one round of the collector's only target on each page, and returns the value of the canonical gauge or counter with that name in each.
func rounds(t *testing.T, col *Collector, name string, n int, page func(i int) string) []float64 {
	t.Helper()
	target := col.targets[0]
	var values []float64
	for i := range n {
		target.readings = target.readings[:0]
		require.NoError(t, target.page.read([]byte(page(i)), "text/plain"))
		target.adapt(t.Context())
		target.readings = target.mapper.apply(target.page, time.Unix(1_800_000_000+int64(i)*15, 0), target.readings)
		for _, r := range target.readings {
			if r.Desc.Name == name {
				values = append(values, r.Value)
			}
		}
		target.addRaw(time.Unix(1_800_000_000, 0))
	}
	return values
}

func fewSeries(c *Config, _ *Settings) { c.MaxSeries = 1000 }

const rejected = "  - {to: model_requests_rejected_total, from: [{name: x_rejected_total}]}\n"

// A server may write the labels of a series in another order each time.
func TestMemoryOfAPageInEverOtherOrder(t *testing.T) {
	col := collector(t, rules(rejected), fewSeries, "http://127.0.0.1:1/metrics")
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	random := rand.New(rand.NewPCG(1, 2))
	values := rounds(t, col, "model_requests_rejected_total", 400, func(i int) string {
		var b strings.Builder
		for s := range 50 {
			random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			b.WriteString("x_rejected_total{")
			for _, n := range names {
				fmt.Fprintf(&b, "%s=\"%d\",", n, s)
			}
			fmt.Fprintf(&b, "} %d\n", i+1)
		}
		return b.String()
	})
	for i, v := range values {
		require.InDelta(t, 50*(i+1), v, 0)
	}
	require.Len(t, values, 400)
	require.Less(t, len(col.targets[0].page.byText), 3000)
	require.Len(t, col.targets[0].page.byHash, 50)
}

// Series that come once and never again, such as one for each request or replica, are forgotten; what they counted is not.
func TestMemoryOfSeriesThatComeAndGo(t *testing.T) {
	const histogram = "  - {to: model_queue_duration_seconds, from: [{name: x_wait}]}\n"
	col := collector(t, rules(rejected+histogram), fewSeries, "http://127.0.0.1:1/metrics")
	const each, n = 60, 300
	values := rounds(t, col, "model_requests_rejected_total", n, func(i int) string {
		var b strings.Builder
		fmt.Fprintf(&b, "x_rejected_total{replica=\"steady\"} %d\n", i+1)
		for s := range each {
			fmt.Fprintf(&b, "x_rejected_total{replica=\"%d-%d\",label_%d=\"x\"} 1\n", i, s, i)
		}
		fmt.Fprintf(&b, "x_wait_bucket{le=\"1\",replica=\"steady\"} %d\nx_wait_bucket{le=\"+Inf\",replica=\"steady\"} %d\nx_wait_sum{replica=\"steady\"} %d\n", i+1, i+1, i+1)
		fmt.Fprintf(&b, "x_wait_bucket{le=\"1\",replica=\"%d\"} 1\nx_wait_bucket{le=\"+Inf\",replica=\"%d\"} 1\nx_wait_sum{replica=\"%d\"} 1\n", i, i, i)
		return b.String()
	})
	require.Len(t, values, n)
	for i, v := range values {
		require.InDelta(t, (i+1)+each*(i+1), v, 0, "round %d: nothing is lost or counted twice when series are forgotten", i)
	}
	target := col.targets[0]
	require.Less(t, len(target.page.byText), 4000)
	require.Less(t, len(target.descs), 100)
	var last agent.Reading
	for _, r := range target.readings {
		if r.Desc.Name == "model_queue_duration_seconds" {
			last = r
		}
	}
	require.Equal(t, fmt.Sprintf("{count:%d, sum:%d, [-Inf,1]:%d}", 2*n, 2*n, 2*n), last.Hist.String())
	for _, o := range target.mapper.outputs {
		require.Less(t, len(o.tally.sources), 4000)
		require.Less(t, len(o.spread.sources), 400)
	}
}

// An output whose series has said nothing for long must not be made a second time when others come: only one of the two would be given.
func TestSilentSeriesKeepsItsPlace(t *testing.T) {
	col := collector(t, rules("  - {to: model_requests_running, from: [{name: x_running}]}\n"), fewSeries, "http://127.0.0.1:1/metrics")
	const n = patience + 200
	values := rounds(t, col, "model_requests_running", n, func(i int) string {
		var b strings.Builder
		if i < n-1 {
			b.WriteString("x_running{replica=\"a\"} NaN\n")
			for s := range 100 {
				fmt.Fprintf(&b, "x_other{replica=\"%d-%d\"} 1\n", i, s)
			}
			return b.String()
		}
		return "x_running{replica=\"a\"} 2\nx_running{replica=\"b\"} 3\n"
	})
	require.Equal(t, []float64{5}, values)
}

func TestIdleServerIsNotTakenForOneThatRestarts(t *testing.T) {
	col := collector(t, rules(rejected), fewSeries, "http://127.0.0.1:1/metrics")
	rounds(t, col, "", 5, func(int) string { return "x_rejected_total 0\n" })
	require.Zero(t, col.targets[0].mapper.resets)
	rounds(t, col, "", 3, func(i int) string { return fmt.Sprintf("x_rejected_total %d\n", []int{5, 9, 1}[i]) })
	require.Equal(t, 1, col.targets[0].mapper.resets)
}

// Labels that would be renamed to one that the page has too.
func TestScrapedIdentityLabels(t *testing.T) {
	s := serve(t, "x_running{instance=\"a\",exported_instance=\"b\",endpoint=\"c\",deployment=\"d\",exported_job=\"e\",job=\"f\"} 3\n")
	require.Equal(t, []string{
		`x_running{exported_deployment="d",exported_endpoint="c",exported_exported_instance="a",exported_exported_job="f",exported_instance="b",exported_job="e",job="test"} 3`,
	}, collect(t, collector(t, rules(rejected), nil, s.URL)))
}

func TestExemplarsOfCounters(t *testing.T) {
	s := serve(t, "# TYPE x_energy counter\nx_energy_total{r=\"a\"} 5000 # {request_id=\"one\"} 1000 1800000000\nx_energy_total{r=\"b\"} 1000 # {request_id=\"two\"} 500\n# EOF\n")
	s.typ = "application/openmetrics-text; version=1.0.0; charset=utf-8"
	lines := canonicalOnly(collect(t, collector(t, rules("  - {to: gpu_energy_joules_total, from: [{name: x_energy_total}], factor: 1e-3}\n"), nil, s.URL)))
	require.Equal(t, []string{`gpu_energy_joules_total{} 6 since 1800000000 # {request_id="one"} 1 # {request_id="two"} 0.5`}, lines)
}

// The agent restarts when one of two sources has gone. Its sum is lower than before, and says since when the agent knows it.
func TestSumAfterTheAgentRestarted(t *testing.T) {
	mapping := rules(rejected + "  - {to: model_queue_duration_seconds, from: [{name: x_wait}]}\n  - {to: model_preemptions_total, from: [{name: x_preempted}], keep: {kind: kind}}\n")
	page := func(replicas string, n int) string {
		var b strings.Builder
		for _, r := range replicas {
			fmt.Fprintf(&b, "x_rejected_total{r=\"%c\"} %d\nx_wait_bucket{r=\"%c\",le=\"+Inf\"} %d\nx_wait_sum{r=\"%c\"} %d\n", r, n, r, n, r, n)
		}
		return b.String() + fmt.Sprintf("x_preempted{kind=\"swap\"} %d\n", n)
	}
	at := func(col *Collector, second int64, body string) map[string]agent.Reading {
		target := col.targets[0]
		target.readings = target.readings[:0]
		require.NoError(t, target.page.read([]byte(body), "text/plain"))
		target.adapt(t.Context())
		all := map[string]agent.Reading{}
		for _, r := range target.mapper.apply(target.page, time.Unix(second, 0), nil) {
			all[r.Desc.Name] = r
		}
		return all
	}
	sum := func(all map[string]agent.Reading, want float64, start time.Time) {
		t.Helper()
		for _, name := range []string{"model_requests_rejected_total", "model_queue_duration_seconds"} {
			v := all[name].Value
			if h := all[name].Hist; h != nil {
				v = float64(h.Count)
			}
			require.InDelta(t, want, v, 0, name)
			require.Equal(t, start.UnixMilli(), all[name].Start.UnixMilli(), name)
		}
		require.True(t, all["model_preemptions_total"].Start.IsZero(), "the value of one series is that of the page, which goes on: no start is made up for it")
	}
	first := collector(t, mapping, nil, "http://127.0.0.1:1/metrics")
	sum(at(first, 1000, page("ab", 100)), 200, time.Unix(1000, 0))
	sum(at(first, 1015, page("ab", 110)), 220, time.Unix(1000, 0))
	sum(at(first, 1030, page("b", 120)), 230, time.Unix(1000, 0)) // a has gone, and what it counted stays

	again := collector(t, mapping, nil, "http://127.0.0.1:1/metrics")
	sum(at(again, 1045, page("bc", 55)), 110, time.Unix(1045, 0)) // lower than 230: a reset, with a start that is new
	sum(at(again, 1060, page("bc", 60)), 120, time.Unix(1045, 0))
	sum(at(again, 1075, page("bc", 3)), 6, time.UnixMilli(1_060_001)) // the server itself restarted, after the round before
	sum(at(again, 1090, page("bc", 4)), 8, time.UnixMilli(1_060_001))
}
