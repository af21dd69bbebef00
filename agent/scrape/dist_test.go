package scrape

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const waits = "  - {to: model_queue_duration_seconds, from: [{name: x}]}\n"

func TestClassicBucketsBecomeCustomOnes(t *testing.T) {
	for name, c := range map[string]struct{ page, want string }{
		"unsorted":         {"x_bucket{le=\"+Inf\"} 5\nx_bucket{le=\"2\"} 3\nx_bucket{le=\"1\"} 1\nx_sum 7\nx_count 5\n", "{count:5, sum:7, [-Inf,1]:1, (1,2]:2, (2,+Inf]:2}"},
		"bound twice":      {"x_bucket{le=\"1\"} 1\nx_bucket{le=\"1e0\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 7\nx_count 2\n", "{count:2, sum:7, [-Inf,1]:1, (1,+Inf]:1}"},
		"no +Inf":          {"x_bucket{le=\"1\"} 1\nx_sum 7\nx_count 4\n", "{count:4, sum:7, [-Inf,1]:1, (1,+Inf]:3}"},
		"no count":         {"x_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 4\nx_sum 7\n", "{count:4, sum:7, [-Inf,1]:1, (1,+Inf]:3}"},
		"no sum":           {"x_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 4\n", "{count:4, sum:NaN, [-Inf,1]:1, (1,+Inf]:3}"},
		"count of another": {"x_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 4\nx_sum 7\nx_count 5\n", "{count:4, sum:7, [-Inf,1]:1, (1,+Inf]:3}"},
		"empty":            {"x_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} 0\nx_sum 0\nx_count 0\n", "{count:0, sum:0}"},
		"gaps":             {"x_bucket{le=\"1\"} 1\nx_bucket{le=\"2\"} 1\nx_bucket{le=\"3\"} 1\nx_bucket{le=\"4\"} 3\nx_bucket{le=\"+Inf\"} 3\nx_sum 7\n", "{count:3, sum:7, [-Inf,1]:1, (3,4]:2}"},
		"float counts":     {"x_bucket{le=\"1\"} 1.4\nx_bucket{le=\"2\"} 2.6\nx_bucket{le=\"+Inf\"} 4.5\nx_sum 7\n", "{count:5, sum:7, [-Inf,1]:1, (1,2]:2, (2,+Inf]:2}"},
		"−Inf":             {"x_bucket{le=\"-Inf\"} 0\nx_bucket{le=\"-1\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 7\n", "{count:2, sum:7, [-Inf,-1]:1, (-1,+Inf]:1}"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.page)
			require.Equal(t, []string{"model_queue_duration_seconds{} " + c.want}, canonicalOnly(collect(t, collector(t, rules(waits), nil, s.URL))))
		})
	}
	for name, page := range map[string]string{
		"fewer below a greater bound": "x_bucket{le=\"1\"} 3\nx_bucket{le=\"2\"} 1\nx_bucket{le=\"+Inf\"} 4\nx_sum 7\nx_count 4\n",
		"more than in all":            "x_bucket{le=\"1\"} 3\nx_bucket{le=\"+Inf\"} 2\nx_sum 7\nx_count 2\n",
		"neither +Inf nor count":      "x_bucket{le=\"1\"} 3\nx_sum 7\n",
		"NaN":                         "x_bucket{le=\"1\"} NaN\nx_bucket{le=\"+Inf\"} 2\nx_sum 7\n",
		"negative":                    "x_bucket{le=\"1\"} -1\nx_bucket{le=\"+Inf\"} 2\nx_sum 7\n",
		"no bound":                    "x_bucket{le=\"one\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 7\n",
		"too many":                    "x_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 1e300\nx_sum 7\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, page)
			lines, err := round(t, collector(t, rules(waits), nil, s.URL))
			require.ErrorContains(t, err, `buckets of histogram "x" contradict each other`)
			require.Empty(t, canonicalOnly(lines), "no histogram rather than a wrong one")
			require.Contains(t, lines, fmt.Sprintf(`agent_scrape_dropped_samples_total{reason="histogram",target=%q} 1 since %d`, s.host(), sinceOf(t, lines)))
		})
	}
}

// sinceOf returns the start of the collector's own counters.
func sinceOf(t *testing.T, lines []string) (since int64) {
	t.Helper()
	for _, l := range lines {
		if strings.HasPrefix(l, "agent_scrape_dropped_samples_total{") {
			_, err := fmt.Sscanf(l[strings.Index(l, " since "):], " since %d", &since)
			require.NoError(t, err)
			return since
		}
	}
	require.Fail(t, "no counter")
	return 0
}

func TestHistogramsOfSeveralSourcesAdd(t *testing.T) {
	s := serve(t, "")
	col := collector(t, rules(waits), nil, s.URL)
	h := func(replica string, counts ...int) string {
		page := ""
		for i, le := range []string{"1", "2", "+Inf"} {
			page += fmt.Sprintf("x_bucket{replica=%q,le=%q} %d\n", replica, le, counts[i])
		}
		return page + fmt.Sprintf("x_sum{replica=%q} %d\nx_count{replica=%q} %d\n", replica, 2*counts[2], replica, counts[2])
	}
	at := func(page string) string {
		s.set("/metrics", page)
		text := strings.TrimPrefix(strings.Join(canonicalOnly(collect(t, col)), "\n"), "model_queue_duration_seconds{} ")
		h, found := strings.CutSuffix(text, " since 1800000000")
		require.True(t, found, "a sum tells since when the agent knows it")
		return h
	}
	require.Equal(t, "{count:30, sum:60, [-Inf,1]:3, (1,2]:12, (2,+Inf]:15}", at(h("a", 1, 5, 10)+h("b", 2, 10, 20)))
	require.Equal(t, "{count:31, sum:62, [-Inf,1]:3, (1,2]:12, (2,+Inf]:16}", at(h("a", 1, 5, 11)), "b has left: what it counted stays")
	require.Equal(t, "{count:34, sum:68, [-Inf,1]:6, (1,2]:12, (2,+Inf]:16}", at(h("a", 1, 5, 11)+h("b", 3, 3, 3)), "b has restarted: it goes on from there")
	require.Equal(t, "{count:3, sum:6, [-Inf,1]:2, (1,2]:1}", at(h("a", 1, 1, 1)+h("b", 1, 2, 2)), "the server has restarted")
	other := "x_bucket{replica=\"c\",le=\"2\"} 1\nx_bucket{replica=\"c\",le=\"3\"} 1\nx_bucket{replica=\"c\",le=\"+Inf\"} 1\nx_sum{replica=\"c\"} 1\n"
	require.Equal(t, "{count:4, sum:7, [-Inf,2]:4}", at(h("a", 1, 1, 1)+h("b", 1, 2, 2)+other), "other bounds: those in common remain")
}

// Another version of the server, with other bounds.
func TestBoundsChange(t *testing.T) {
	s := serve(t, "")
	col := collector(t, rules(waits), nil, s.URL)
	at := func(page string) string {
		s.set("/metrics", page)
		return strings.TrimPrefix(strings.Join(canonicalOnly(collect(t, col)), "\n"), "model_queue_duration_seconds{} ")
	}
	require.Equal(t, "{count:100, sum:90, [-Inf,1]:80, (1,2]:20}", at("x_bucket{le=\"1\"} 80\nx_bucket{le=\"2\"} 100\nx_bucket{le=\"+Inf\"} 100\nx_sum 90\nx_count 100\n"))
	require.Equal(t, "{count:5, sum:9, [-Inf,1]:1, (1,4]:4}", at("x_bucket{le=\"1\"} 1\nx_bucket{le=\"4\"} 5\nx_bucket{le=\"+Inf\"} 5\nx_sum 9\nx_count 5\n"), "it began anew: nothing of the old is carried over")
	require.Equal(t, "{count:7, sum:12, [-Inf,1]:2, (1,4]:5}", at("x_bucket{le=\"1\"} 2\nx_bucket{le=\"4\"} 7\nx_bucket{le=\"+Inf\"} 7\nx_sum 12\nx_count 7\n"))
	require.Equal(t, "{count:150, sum:300, [-Inf,1]:50, (1,2]:50, (2,+Inf]:50}", at("x_bucket{le=\"1\"} 50\nx_bucket{le=\"2\"} 100\nx_bucket{le=\"+Inf\"} 150\nx_sum 300\nx_count 150\n"), "bounds that change while the count rises are those of the page too")
}

func TestBucketsThatWereReadInTheMiddleDoNotFall(t *testing.T) {
	s := serve(t, "")
	col := collector(t, rules(waits), nil, s.URL)
	at := func(a, b, c int) string {
		s.set("/metrics", fmt.Sprintf("x_bucket{le=\"1\"} %d\nx_bucket{le=\"2\"} %d\nx_bucket{le=\"+Inf\"} %d\nx_sum %d\nx_count %d\n", a, b, c, c, c))
		return strings.TrimPrefix(strings.Join(canonicalOnly(collect(t, col)), "\n"), "model_queue_duration_seconds{} ")
	}
	require.Equal(t, "{count:100, sum:100, [-Inf,1]:10, (1,2]:50, (2,+Inf]:40}", at(10, 60, 100), "one below 1 was counted when le=1 had been read")
	require.Equal(t, "{count:100, sum:100, [-Inf,1]:10, (1,2]:50, (2,+Inf]:40}", at(11, 60, 100), "a bucket that falls would pass for a restart")
	require.Equal(t, "{count:103, sum:103, [-Inf,1]:11, (1,2]:50, (2,+Inf]:42}", at(11, 61, 103), "and it mends itself")
	require.Equal(t, "{count:60, sum:60, [-Inf,1]:10, (1,2]:30, (2,+Inf]:20}", at(10, 40, 60), "a restart")
}

func TestSumAndCountGiveAMean(t *testing.T) {
	s := serve(t, "x_us{m=\"a\"} 5e6\nx_n{m=\"a\"} 4\nx_us{m=\"b\"} 1e6\n")
	col := collector(t, rules("  - {to: model_queue_duration_seconds, from: [{sum: x_us, count: x_n}], factor: 1e-6, keep: {m: model}}\n"), nil, s.URL)
	require.Equal(t, []string{`model_queue_duration_seconds{model="a"} {count:4, sum:5, [-Inf,+Inf]:4}`}, canonicalOnly(collect(t, col)), "b has no count")
}

func FuzzDist(f *testing.F) {
	f.Add(int64(1), int64(2), int64(3), int64(1), int64(3), int64(3))
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g int64) {
		count := func(v int64) float64 { return float64(uint64(v) % (1 << 30)) }
		last := &dist{bounds: []float64{1, 2}, counts: []float64{count(a), count(b), count(c)}, sum: 1}
		now := &dist{bounds: []float64{1, 2}, counts: []float64{count(d), count(e), count(g)}, sum: 2}
		total := now.total()
		if now.mend(last) {
			for i, n := range now.counts {
				require.GreaterOrEqual(t, n, last.counts[i])
			}
		}
		require.InDelta(t, total, now.total(), 0, "what is mended keeps its total")
		h := now.native()
		require.NotNil(t, h)
		require.Equal(t, uint64(total), h.Count)
	})
}

func TestScaledBoundsAreThoseThatWouldBeWritten(t *testing.T) {
	for ms := 1.0; ms <= 1000; ms++ {
		var want float64
		_, err := fmt.Sscan(fmt.Sprintf("%ge-3", ms), &want)
		require.NoError(t, err)
		require.Equal(t, math.Float64bits(want), math.Float64bits(scaled(ms, 1e-3)), "%v ms", ms)
	}
	require.InDelta(t, 3<<20, scaled(3, 1<<20), 0)
}
