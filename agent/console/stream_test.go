package console

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
)

// printed gives what a process prints to a stream, and returns the rows.
func printed(t *testing.T, change func(*Config), writes ...string) *sink {
	t.Helper()
	s := &sink{}
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	p, err := NewPipeline(cfg, s.settings(""))
	require.NoError(t, err)
	st := p.Stream("stderr")
	for _, w := range writes {
		n, err := st.Write([]byte(w))
		require.NoError(t, err)
		require.Equal(t, len(w), n)
	}
	require.NoError(t, st.Close())
	require.NoError(t, st.Close())
	n, err := st.Write([]byte("after the end\n"))
	require.NoError(t, err)
	require.Equal(t, 14, n)
	return s
}

func TestLinesOfAStream(t *testing.T) {
	for _, c := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"lines", []string{"one\ntwo\n", "thr", "ee\n", "four"}, []string{"one", "two", "three", "four"}},
		{"blank lines are no rows", []string{"one\n\n  \n\ntwo\n"}, []string{"one", "two"}},
		{"line ends of Windows", []string{"one\r\ntwo\r", "\nthree\r\r\n"}, []string{"one", "two", "three"}},
		{"colours", []string{"\x1b[1;31mERROR\x1b[0m bad \x1b]0;title\x07thing\x1b(B\x1b[K\n"}, []string{"ERROR bad thing"}},
		{"progress", []string{"\r  0%|   |", "\r 50%|#  |\r", "100%|###| 3/3\n", "next\n"}, []string{"100%|###| 3/3", "next"}},
		{"progress that is wiped", []string{"\r 10%\r 90%\r      \rdone\n"}, []string{"done"}},
		{"progress that is wiped and ends", []string{"a\r 90%\r      \n"}, []string{" 90%"}},
		{"bytes that are no text", []string{"a\x00b\x01c\xff\xfe d \xc3", "\xa9\tend\n"}, []string{"abc\ufffd d é\tend"}},
		{"an escape that never ends", []string{"x \x1b", "[31", "\n", "y\x1b]0;no end here\n"}, []string{"x", "y0;no end here"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := printed(t, nil, c.writes...)
			require.Equal(t, c.want, s.messages())
			for _, r := range s.rows {
				require.Equal(t, records.Console{Time: r.Time, Container: "inference-server", Stream: "stderr", Message: r.Message}, r)
			}
		})
	}
}

func TestLongLinesAreCutAndMarked(t *testing.T) {
	s := printed(t, func(c *Config) { c.MaxLine = 1 << 10 }, strings.Repeat("x", 1023), "é", strings.Repeat("y", 100_000), "\nnext\n")
	require.Equal(t, []string{strings.Repeat("x", 1023) + "… [100002 bytes more]", "next"}, s.messages())
	require.InDelta(t, 1, s.metric(t, "agent_console_cut_lines_total"), 0)

	// A secret at the cut is not half shown.
	key := "hf_" + strings.Repeat("Ab1", 12)
	s = printed(t, func(c *Config) { c.MaxLine = 1 << 10 }, strings.Repeat("x", 1010)+" "+key+strings.Repeat(" tail", 100)+"\n")
	require.Equal(t, strings.Repeat("x", 1010)+" [REDACTED] ta… [497 bytes more]", s.messages()[0])
}

func TestLineGetsEachLineAndTheFirstStateOfABar(t *testing.T) {
	s := printed(t, nil, "INFO load password=hunter22\n\rLoading:   0%\rLoading:  50%\rLoading: 100%\nTraceback (most recent call last):\n  File\nE: x\n")
	require.Equal(t, []string{"INFO load password=[REDACTED]", "Loading:   0%", "Loading: 100%", "Traceback (most recent call last):", "  File", "E: x"}, s.lines)
	require.Equal(t, []string{"INFO load password=[REDACTED]", "Loading: 100%", "Traceback (most recent call last):\n  File\nE: x"}, s.messages())
}

func TestAStreamWaitsForLinesThatBelongTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		p, err := NewPipeline(DefaultConfig(), s.settings(""))
		require.NoError(t, err)
		st := p.Stream("stdout")
		defer st.Close()
		put := func(text string) { _, _ = st.Write([]byte(text)) }
		put("alone\n")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		require.Empty(t, s.messages())
		time.Sleep(1900 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, []string{"alone"}, s.messages())
		put("ValueError: x\n") // not of a traceback
		time.Sleep(500 * time.Millisecond)
		put("  continued\n")
		put("a prompt without an end> ")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"alone", "ValueError: x\n  continued"}, s.messages())
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"alone", "ValueError: x\n  continued", "a prompt without an end>"}, s.messages())
	})
}

func TestLinesAboveTheRateAreDroppedCountedAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		cfg := DefaultConfig()
		cfg.RateLimit, cfg.RateBurst = 100<<10, 64<<10
		p, err := NewPipeline(cfg, s.settings(""))
		require.NoError(t, err)
		st := p.Stream("stdout")
		line := strings.Repeat("x", 1023) + "\n"
		for range 1000 {
			_, _ = st.Write([]byte(line))
		}
		require.InDelta(t, 1000-68, s.dropped[ReasonRateLimit], 0)
		time.Sleep(time.Second)
		for range 100 {
			_, _ = st.Write([]byte(line))
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		messages := s.messages()
		require.Len(t, messages, 68+68+1)
		require.Contains(t, messages[len(messages)-1], "endscope-agent: 964 lines (987136 bytes) of stdout from 2000-01-01T00:00:00.000Z to 2000-01-01T00:00:01.000Z were dropped: they were more than console.rate_limit, 100KiB a second")
		require.NoError(t, st.Close())
		require.Len(t, s.messages(), 68+68+1, "said once")
		require.InDelta(t, 1100, s.metric(t, "agent_console_lines_total", "source=exec"), 0)
	})
}

func TestAStreamNeverWaitsForItsReader(t *testing.T) {
	s := &sink{}
	set := s.settings("")
	release := make(chan struct{})
	take := set.Record
	set.Record = func(r records.Console) bool {
		<-release // a consumer that breaks its promise
		return take(r)
	}
	cfg := DefaultConfig()
	cfg.RateLimit = 0
	p, err := NewPipeline(cfg, set)
	require.NoError(t, err)
	st := p.Stream("stdout")
	const lines = 200_000
	for i := range lines {
		_, _ = fmt.Fprintf(st, "line %d of a flood that is longer than all that may wait\n", i)
	}
	close(release)
	require.NoError(t, st.Close())
	dropped := s.dropped[ReasonBacklog]
	require.Positive(t, dropped)
	kept, last := 0, -1
	for _, m := range s.messages() {
		if strings.HasPrefix(m, "endscope-agent: ") {
			require.Contains(t, m, fmt.Sprintf("%d lines", dropped))
			continue
		}
		var n int
		_, err := fmt.Sscanf(m, "line %d", &n)
		require.NoError(t, err)
		require.Greater(t, n, last, "in order")
		last = n
		kept++
	}
	require.Equal(t, lines, kept+dropped)
}

func TestConfigNamesKeyValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	c := DefaultConfig()
	c.Files = []string{"relative.log", "/var/log/[a"}
	c.Format, c.From, c.Container = "json", "middle", ""
	c.Journald = []string{"vllm", "-x", "no good=1"}
	c.MaxLine, c.RateBurst, c.PollInterval, c.MaxFiles = 1, 0, time.Hour, 0
	c.Multiline.Start, c.Multiline.MaxLines = "(", 1
	c.Redact = []string{"(unclosed", "x*"}
	err := c.Validate()
	for _, want := range []string{
		`files[0]: must be an absolute path (got "relative.log")`, `files[1]: must be a path or a pattern`, `format: must be auto, plain, docker or cri (got "json")`,
		`from: must be beginning or end (got "middle")`, `container: must have 1 to 253 characters (got "")`, `journald[1]: must be a unit's name`, `journald[2]: must be a unit's name`,
		`max_line: must be between 1KiB and 256KiB (got 1B)`, `poll_interval: must be between 10ms and 1m (got 1h0m0s)`, `max_files: must be between 1 and 1000 (got 0)`,
		`multiline.start: must be an RE2 pattern: missing closing ) (got "(")`, `multiline.max_lines: must be between 2 and 10000 (got 1)`,
		`redact[0]: must be an RE2 pattern: missing closing ) (got "(unclosed")`, `redact[1]: must not match the empty text (got "x*")`,
	} {
		require.ErrorContains(t, err, want)
	}
	c = DefaultConfig()
	c.Files = []string{"/x"}
	_, err = NewPipeline(c, Settings{})
	require.ErrorContains(t, err, "needs Append and Dir")
}

// Whatever the pieces in which bytes come, the lines are the same, and those of plain text are all there.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("one\ntwo\r\nthree"), uint64(1), uint16(10))
	f.Add([]byte("\r 1%\r 2%\n\x00\x00x\n"), uint64(2), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, limit uint16) {
		lines := func(pieces bool, bars bool) (all []string) {
			limit := 1 + int(limit)
			var end int64
			s := splitter{max: limit, bars: bars, emit: func(l rawLine) {
				require.LessOrEqual(t, len(l.text), limit)
				require.Equal(t, end, l.start)
				end = l.end
				all = append(all, fmt.Sprintf("%s+%d", l.text, l.cut))
			}}
			r := rand.New(rand.NewPCG(seed, 0))
			for rest := data; len(rest) > 0; {
				n := len(rest)
				if pieces {
					n = 1 + r.IntN(len(rest))
				}
				s.feed(rest[:n])
				rest = rest[n:]
			}
			s.flush()
			require.Equal(t, int64(len(data)), end)
			return all
		}
		for _, bars := range []bool{false, true} {
			require.Equal(t, lines(false, bars), lines(true, bars))
		}
		if len(data) > 0 && !strings.ContainsAny(string(data), "\x00") && int(limit) >= len(data) {
			want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
			got := lines(false, false)
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i]+"+0", got[i])
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("\x1b[31mred\x1b[0m \xff \x1b]0;t\x07 é \u0085 a\rb"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := string(clean(data, nil))
		require.True(t, isClean([]byte(got)), "%q", got)
		require.Equal(t, got, string(clean([]byte(got), nil)), "a second time changes nothing")
		require.LessOrEqual(t, len(got), 3*len(data))
	})
}

// Lines that found no room behind the pipeline are told of too, and the note waits until there is room for it.
func TestLinesWithoutRoomAreToldOf(t *testing.T) {
	s := &sink{full: 12}
	p, err := NewPipeline(DefaultConfig(), s.settings(""))
	require.NoError(t, err)
	st := p.Stream("stdout")
	for i := range 10 {
		_, _ = fmt.Fprintf(st, "line %d\n", i)
	}
	require.NoError(t, st.Close())
	messages := s.messages()
	require.Len(t, messages, 1)
	require.Contains(t, messages[0], "endscope-agent: 10 lines (70 bytes) of stdout from ")
	require.Contains(t, messages[0], "they came faster than they could be written to the disk")
	require.Empty(t, s.dropped, "whoever had no room has counted them")
}
