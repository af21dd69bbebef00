package scrape

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// increase is what rate and increase see of a counter: falls are restarts from 0.
func increase(values []float64) float64 {
	total := 0.0
	for i := 1; i < len(values); i++ {
		if values[i] >= values[i-1] {
			total += values[i] - values[i-1]
		} else {
			total += values[i]
		}
	}
	return total
}

func TestSumOfCountersOverRestartsAndDepartures(t *testing.T) {
	type step map[string]float64 // by replica; one that is absent is not on the page
	for name, c := range map[string]struct {
		combine string
		steps   []step
		values  []float64
		grown   float64 // what really happened after the first round
	}{
		"all goes well":             {"sum", []step{{"a": 100, "b": 200}, {"a": 110, "b": 205}}, []float64{300, 315}, 15},
		"one leaves":                {"sum", []step{{"a": 100, "b": 1e6}, {"a": 110}, {"a": 120}}, []float64{1000100, 1000110, 1000120}, 20},
		"one leaves and comes back": {"sum", []step{{"a": 100, "b": 1e6}, {"a": 110}, {"a": 120, "b": 1e6 + 5}}, []float64{1000100, 1000110, 1000125}, 25},
		"one restarts":              {"sum", []step{{"a": 100, "b": 1e6}, {"a": 110, "b": 3}, {"a": 110, "b": 4}}, []float64{1000100, 1000113, 1000114}, 14},
		"one restarts twice":        {"sum", []step{{"a": 100, "b": 50}, {"a": 110, "b": 3}, {"a": 110, "b": 1}}, []float64{150, 163, 164}, 14},
		"a new one comes":           {"sum", []step{{"a": 100}, {"a": 110, "b": 7}}, []float64{100, 117}, 17},
		"the server restarts":       {"sum", []step{{"a": 100, "b": 200}, {"a": 1, "b": 2}, {"a": 2, "b": 2}}, []float64{300, 3, 4}, 4},
		"the server restarts, idle": {"sum", []step{{"a": 100, "b": 0}, {"a": 0, "b": 0}}, []float64{100, 0}, 0},
		"all are replaced":          {"sum", []step{{"a": 100, "b": 200}, {"c": 10, "d": 20}}, []float64{300, 30}, 30},
		"one replaced by one":       {"sum", []step{{"a": 100, "b": 200}, {"a": 101, "c": 2}}, []float64{300, 303}, 3},
		"restart after a departure": {"sum", []step{{"a": 100, "b": 200}, {"a": 101}, {"a": 1, "b": 1}}, []float64{300, 301, 2}, 3},
		"max of ranks":              {"max", []step{{"a": 100, "b": 101}, {"a": 110, "b": 109}, {"b": 112}}, []float64{101, 110, 112}, 11},
		"max after a restart":       {"max", []step{{"a": 100, "b": 101}, {"a": 2, "b": 1}}, []float64{101, 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "")
			col := collector(t, rules("  - {to: model_requests_rejected_total, from: [{name: x_rejected_total}], combine: "+c.combine+"}\n"), nil, s.URL)
			var got []float64
			for _, st := range c.steps {
				page := ""
				for _, replica := range sorted(st) {
					page += fmt.Sprintf("x_rejected_total{replica=%q} %v\n", replica, st[replica])
				}
				s.set("/metrics", page)
				lines := canonicalOnly(collect(t, col))
				require.Len(t, lines, 1)
				var v float64
				_, err := fmt.Sscanf(lines[0], "model_requests_rejected_total{} %g", &v)
				require.NoError(t, err)
				got = append(got, v)
			}
			require.Equal(t, c.values, got)
			require.InDelta(t, c.grown, increase(got), 0)
		})
	}
}

func TestDifferenceOfCountersDoesNotFallWhileBothRise(t *testing.T) {
	s := serve(t, "")
	col := collector(t, rules(`
  - to: model_prefix_cache_tokens_total
    from: [{name: x_queries, minus: x_hits}]
    set: {result: miss}
`), nil, s.URL)
	at := func(page string) string {
		s.set("/metrics", page)
		return strings.Join(canonicalOnly(collect(t, col)), "\n")
	}
	misses := func(v string) string { return `model_prefix_cache_tokens_total{result="miss"} ` + v }
	require.Equal(t, misses("600"), at("x_queries 1000\nx_hits 400\n"))
	require.Equal(t, misses("600"), at("x_queries 1000\nx_hits 410\n"), "hits were read later than queries")
	require.Equal(t, misses("620"), at("x_queries 1040\nx_hits 420\n"))
	require.Empty(t, at("x_queries 1050\n"), "without hits, misses are not known")
	require.Equal(t, misses("650"), at("x_queries 1080\nx_hits 430\n"))
	require.Equal(t, misses("3"), at("x_queries 5\nx_hits 2\n"), "after a restart")
	require.Equal(t, misses("3"), at("x_queries 5\nx_hits 7\n"), "never below 0")
}

func TestCountersKeepGoingWhenThePageGetsMoreNames(t *testing.T) {
	s := serve(t, "x_rejected_total{replica=\"a\"} 10\nx_rejected_total{replica=\"b\"} 20\n")
	col := collector(t, rules("  - {to: model_requests_rejected_total, from: [{name: x_rejected_total}]}\n"), nil, s.URL)
	require.Equal(t, []string{"model_requests_rejected_total{} 30 since 1800000000"}, canonicalOnly(collect(t, col)))
	s.set("/metrics", "x_rejected_total{replica=\"a\"} 11\n")
	require.Equal(t, []string{"model_requests_rejected_total{} 31 since 1800000000"}, canonicalOnly(collect(t, col)))
	s.set("/metrics", "x_rejected_total{replica=\"a\"} 12\nanother 1\n")
	require.Equal(t, []string{"model_requests_rejected_total{} 32 since 1800000000"}, canonicalOnly(collect(t, col)), "what b counted is not forgotten")
}

func TestStartTimes(t *testing.T) {
	s := serve(t, `# TYPE x_rejected counter
x_rejected_total{replica="a"} 10
# TYPE x_rejected_created gauge
x_rejected_created{replica="a"} 1.79e9
# TYPE x_wait histogram
x_wait_bucket{le="+Inf"} 1
x_wait_count 1
x_wait_sum 2
# TYPE x_wait_created gauge
x_wait_created 1.7900001e9
`)
	col := collector(t, rules(`
  - {to: model_requests_rejected_total, from: [{name: x_rejected_total}]}
  - {to: model_queue_duration_seconds, from: [{name: x_wait}]}
`), nil, s.URL)
	require.Equal(t, []string{
		`model_queue_duration_seconds{} {count:1, sum:2, [-Inf,+Inf]:1} since 1790000100`,
		`model_requests_rejected_total{} 10 since 1790000000`,
		`x_rejected_created{job="test",replica="a"} 1.79e+09`,
		`x_rejected_total{job="test",replica="a"} 10 since 1790000000`,
		`x_wait_bucket{job="test",le="+Inf"} 1 since 1790000100`,
		`x_wait_count{job="test"} 1 since 1790000100`,
		`x_wait_created{job="test"} 1.7900001e+09`,
		`x_wait_sum{job="test"} 2 since 1790000100`,
	}, collect(t, col))
	s.set("/metrics", `# TYPE x_rejected counter
x_rejected_total{replica="a"} 50
x_rejected_created{replica="a"} 1.7901e9
x_rejected_total{replica="b"} 1
x_rejected_created{replica="b"} 1.7902e9
`)
	require.Equal(t, []string{`model_requests_rejected_total{} 51 since 1790100000`}, canonicalOnly(collect(t, col)), "a restart is seen by its time even where the value grew")
}
