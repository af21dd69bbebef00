package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

// joined returns the rows that lines become.
func joined(cfg MultilineConfig, start string, lines []string) (rows []string) {
	c := DefaultConfig()
	c.Multiline = cfg
	c.Multiline.Start = start
	c.RedactSecrets = false
	p, err := NewPipeline(c, Settings{})
	if err != nil {
		panic(err)
	}
	j := joiner{cfg: c.Multiline, start: p.start, emit: func(_ time.Time, m string) { rows = append(rows, m) }}
	for i, l := range lines {
		j.add(time.Time{}, time.Time{}, l, int64(i))
	}
	j.flush()
	return rows
}

// Each file holds rows as they should be, each after a line "=== row". The lines are given one by one.
func TestTracebacksBecomeOneRow(t *testing.T) {
	files, err := filepath.Glob("testdata/multiline/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			var want, lines []string
			for _, row := range strings.Split(string(text), "=== row\n")[1:] {
				lines = append(lines, strings.Split(strings.TrimSuffix(row, "\n"), "\n")...)
				want = append(want, strings.TrimRight(row, "\n"))
			}
			require.Equal(t, want, joined(DefaultConfig().Multiline, "", lines))
		})
	}
}

func TestRowsBeginWhereTheOperatorSays(t *testing.T) {
	rows := joined(DefaultConfig().Multiline, `^\d{4}-`, []string{"before", "2026-01-01 a", "more", "", "and more", "2026-01-02 b", "", ""})
	require.Equal(t, []string{"before", "2026-01-01 a\nmore\n\nand more", "2026-01-02 b"}, rows)
}

func TestLongRowsGoOnInAnother(t *testing.T) {
	cfg := DefaultConfig().Multiline
	cfg.MaxLines = 3
	rows := joined(cfg, "", []string{"Traceback (most recent call last):", "  1", "  2", "  3", "  4", "  5", "E: x", "next"})
	require.Equal(t, []string{"Traceback (most recent call last):\n  1\n  2", "  3\n  4\n  5", "E: x", "next"}, rows)
	cfg = DefaultConfig().Multiline
	cfg.MaxBytes = 1 << 10
	rows = joined(cfg, "", []string{"head", " " + strings.Repeat("x", 600), " " + strings.Repeat("y", 600)})
	require.Len(t, rows, 2)
	cfg.Enabled = false
	require.Equal(t, []string{"a", " b"}, joined(cfg, "", []string{"a", " b", ""}))
}

// No line is lost, changed or moved, whatever comes.
func FuzzJoiner(f *testing.F) {
	files, _ := filepath.Glob("testdata/multiline/*.txt")
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(string(text), uint8(10), uint16(4000), false)
	}
	f.Add("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:1\n", uint8(0), uint16(0), true)
	f.Fuzz(func(t *testing.T, text string, maxLines uint8, maxBytes uint16, start bool) {
		cfg := DefaultConfig().Multiline
		cfg.MaxLines, cfg.MaxBytes = 2+int(maxLines), config.Bytes(1024+int(maxBytes))
		pattern := ""
		if start {
			pattern = `^[a-z]`
		}
		lines := strings.Split(text, "\n")
		rows := joined(cfg, pattern, lines)
		filled := func(all []string) (out []string) {
			for _, l := range all {
				if strings.TrimSpace(l) != "" {
					out = append(out, l)
				}
			}
			return out
		}
		for _, r := range rows {
			n := strings.Count(r, "\n") + 1
			require.LessOrEqual(t, n, cfg.MaxLines)
			require.True(t, n == 1 || len(r) <= int(cfg.MaxBytes))
		}
		require.Equal(t, filled(lines), filled(strings.Split(strings.Join(rows, "\n"), "\n")))
	})
}
