package lifecycle

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden timelines")

// follow feeds a console log, whose lines begin with seconds since the start of the process, and returns the timeline as text.
func follow(t *testing.T, text string) string {
	t.Helper()
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a, r := newAttempt(1, begin), newRecogniser()
	for line := range strings.Lines(text) {
		seconds, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		require.True(t, ok, line)
		s, err := strconv.ParseFloat(seconds, 64)
		require.NoError(t, err, line)
		now := begin.Add(time.Duration(s * float64(time.Second)))
		if rest == "!exit" {
			a.ended, a.failed = now, true
			break
		}
		r.find(rest, func(m found) { a.saw(now, m) })
	}
	if a.ended.IsZero() {
		require.False(t, a.told.IsZero(), "no line says that the server is ready")
		a.ended = a.told
	}
	var b strings.Builder
	fmt.Fprintf(&b, "server %s\n", a.server)
	for _, p := range a.timeline() {
		outcome := success
		if p.failed {
			outcome = failure
		}
		fmt.Fprintf(&b, "%-15s %s %7.2f s, from %.2f to %.2f\n", p.phase, outcome, p.took.Seconds(), p.start.Sub(begin).Seconds(), p.end.Sub(begin).Seconds())
	}
	return b.String()
}

func TestTimelinesOfKnownServers(t *testing.T) {
	names, err := filepath.Glob("testdata/console/*.log")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			got, golden := follow(t, string(text)), strings.TrimSuffix(name, ".log")+".timeline"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func TestEveryRuleIsInSomeLog(t *testing.T) {
	names, err := filepath.Glob("testdata/console/*.log")
	require.NoError(t, err)
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	// What no sample has is listed here with a line as the server prints it.
	all.WriteString(`0 INFO 02-13 [backends.py:300] Directly load the compiled graph(s) for dynamic shape from the cache, took 2.100 s
0 INFO 02-13 [gpu_model_runner.py:1] Capturing cudagraphs for decoding and mixed prefill-decode
0 I1026 12:48:02.942492 1806 model_repository_manager.cc:787] loading: reward_model:1
`)
	matched := map[rule]bool{}
	r := newRecogniser()
	for line := range strings.Lines(all.String()) {
		r.find(line, func(m found) { matched[m.rule] = true })
	}
	for _, rule := range rules() {
		require.True(t, matched[rule], "%+v", rule)
	}
}

func TestSecondsThatLinesTell(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"3.22 seconds": 3220 * time.Millisecond, "8 secs, took 0.31 GiB": 8 * time.Second, "1 secs.": time.Second, "22.5s rank=0": 22500 * time.Millisecond,
		"850.5ms": 850500 * time.Microsecond, "67.80 s (compilation: 8.08 s)": 67800 * time.Millisecond, "12.30 s": 12300 * time.Millisecond, "3µs": 3 * time.Microsecond,
	} {
		require.Equal(t, want, seconds(text), text)
	}
	for _, text := range []string{"", "took", "14.9595 GB", "0.31 GiB", "1e9 s", "-3 s", "99999999999999999999 s", "700000 s", "..5 s", "0:00:10.", "NaN s", "3"} {
		require.Negative(t, seconds(text), text)
	}
}

func TestOneTextMayHoldManyLines(t *testing.T) {
	var phases []Phase
	newRecogniser().find("Loading safetensors: 0%\rLoading safetensors: 100%\nLoading weights took 3.22 seconds\r\nGraph capturing finished in 2 secs, took 0 GiB", func(m found) { phases = append(phases, m.phase) })
	require.Equal(t, []Phase{WeightsLoad, GraphCapture}, phases)
}

func TestALineOfAnotherStartDoesNotCount(t *testing.T) {
	begin := time.Now()
	a := newAttempt(1, begin)
	m := found{rule: rule{server: vllm, phase: WeightsLoad, mark: ends}, took: 500 * time.Second}
	a.saw(begin.Add(-time.Minute), m)
	require.Empty(t, a.phases)
	a.saw(begin.Add(10*time.Second), m)
	a.ended = begin.Add(20 * time.Second)
	line := a.timeline()
	require.Equal(t, 10*time.Second, line[1].took, "no phase began before the process")
	a.saw(begin.Add(time.Minute), m)
	require.Equal(t, line, a.timeline())
}

func TestTheTableFitsItsIndex(t *testing.T) {
	r := newRecogniser()
	require.LessOrEqual(t, len(r.needles.texts), maxNeedles)
	for _, text := range r.needles.texts {
		require.GreaterOrEqual(t, len(text), 4)
	}
}

func TestSpans(t *testing.T) {
	begin := time.Now()
	s := func(from, to int) span {
		return span{begin.Add(time.Duration(from) * time.Second), begin.Add(time.Duration(to) * time.Second)}
	}
	require.Equal(t, []span{s(1, 5), s(7, 8)}, union([]span{s(7, 8), s(3, 5), s(1, 4), s(2, 3), s(6, 6)}))
	require.Equal(t, []span{s(0, 2), s(4, 6), s(8, 9)}, minus([]span{s(0, 9)}, []span{s(2, 4), s(6, 8)}))
	require.Empty(t, minus([]span{s(2, 4)}, []span{s(1, 5)}))
	require.Equal(t, 5*time.Second, length([]span{s(1, 5), s(7, 8)}))
}

// Whatever is printed, the phases of a start lie within it and do not overlap.
func FuzzConsole(f *testing.F) {
	names, err := filepath.Glob("testdata/console/*.log")
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(string(text), true)
	}
	f.Add("Load weight begin\nLoad weight end. elapsed=9999 s\ntorch.compile takes 5 s\nrank=1 Starting shard", false)
	f.Fuzz(func(t *testing.T, text string, failed bool) {
		begin := time.Now()
		now := begin
		a, r := newAttempt(1, begin), newRecogniser()
		for line := range strings.Lines(text) {
			now = now.Add(700 * time.Millisecond)
			r.find(line, func(m found) { a.saw(now, m) })
			for i, text := range r.needles.texts { // two ways to find a text
				require.Equal(t, strings.Contains(line, text), r.needles.in(line).has(i))
			}
		}
		a.ended, a.failed = now.Add(time.Second), failed
		var sum time.Duration
		line := a.timeline()
		for _, p := range line {
			require.GreaterOrEqual(t, p.took, time.Duration(0))
			require.False(t, p.start.Before(begin), p.phase)
			require.False(t, p.end.After(a.ended), p.phase)
			if p.phase != Total {
				sum += p.took
			}
		}
		total := line[len(line)-1]
		require.Equal(t, Total, total.phase)
		require.LessOrEqual(t, sum, total.took)
	})
}

func BenchmarkLine(b *testing.B) {
	r := newRecogniser()
	line := "INFO 10-06 12:01:20 [loggers.py:123] Engine 000: Avg prompt throughput: 12.3 tokens/s, Avg generation throughput: 45.6 tokens/s, Running: 3 reqs, Waiting: 0 reqs, GPU KV cache usage: 1.2%"
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		r.find(line, func(found) {})
	}
}
