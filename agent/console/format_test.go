package console

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFormats(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
	for _, c := range []struct {
		line   string
		format string
		want   entry
	}{
		{`{"log":"hello \"you\"\n","stream":"stderr","time":"2026-01-02T03:04:05.678901234Z"}`, FormatDocker, entry{at, "stderr", []byte(`hello "you"`), false}},
		{`{"log":"a part","stream":"stdout","attrs":{"tag":"x"},"time":"2026-01-02T03:04:05.678901234Z"}`, FormatDocker, entry{at, "stdout", []byte("a part"), true}},
		{`{"log":"\n","stream":"odd","time":"2026-01-02T03:04:05.678901234Z"}`, FormatDocker, entry{at, "", []byte{}, false}},
		{`2026-01-02T03:04:05.678901234Z stdout F hello  you`, FormatCRI, entry{at, "stdout", []byte("hello  you"), false}},
		{`2026-01-02T04:04:05.678901234+01:00 stderr P:x part`, FormatCRI, entry{at, "stderr", []byte("part"), true}},
		{`2026-01-02T03:04:05.678901234Z stdout F `, FormatCRI, entry{at, "stdout", []byte{}, false}},
		{`2026-01-02T03:04:05.678901234Z stdout F`, FormatCRI, entry{at, "stdout", nil, false}},
		{`{"log":"an application's own JSON"}`, FormatPlain, entry{text: []byte(`{"log":"an application's own JSON"}`)}},
		{`2026-01-02T03:04:05Z stdout is not what this is`, FormatPlain, entry{text: []byte(`2026-01-02T03:04:05Z stdout is not what this is`)}},
		{`INFO plain`, FormatPlain, entry{text: []byte("INFO plain")}},
	} {
		require.Equal(t, c.format, formatOf([]byte(c.line)), c.line)
		got, ok := parse(c.format, []byte(c.line))
		require.True(t, ok)
		require.True(t, c.want.at.Equal(got.at))
		got.at = c.want.at
		require.Equal(t, string(c.want.text), string(got.text))
		got.text = c.want.text
		require.Equal(t, c.want, got)
	}
}

func docker(t *testing.T, log, stream string, second int) string {
	b, err := json.Marshal(map[string]any{"log": log, "stream": stream, "time": time.Date(2026, 1, 1, 0, 0, second, 0, time.UTC)})
	require.NoError(t, err)
	return string(b) + "\n"
}

func TestFilesOfDocker(t *testing.T) {
	dir, path := logPath(t)
	long := strings.Repeat("é", 8<<10)
	write(t, path, docker(t, "one\n", "stdout", 0), docker(t, "Traceback (most recent call last):\n", "stderr", 1), docker(t, "between\n", "stdout", 2),
		docker(t, "  File\n", "stderr", 3), docker(t, long, "stdout", 4), docker(t, "E: x\n", "stderr", 5), docker(t, " rest\n", "stdout", 6), "torn {\n", docker(t, "\r1%\r2%\n", "stdout", 7))
	r := follow(t, dir, &sink{}, quick(path))
	r.wait(t, "one", "between", long+" rest", "Traceback (most recent call last):\n  File\nE: x", "torn {", "2%")
	for _, row := range r.rows {
		if strings.HasPrefix(row.Message, "Trace") {
			require.Equal(t, "stderr", row.Stream)
			require.Equal(t, time.Date(2026, 1, 1, 0, 0, 1, 0, time.UTC), row.Time)
		}
		if strings.HasPrefix(row.Message, "é") {
			require.Equal(t, time.Date(2026, 1, 1, 0, 0, 4, 0, time.UTC), row.Time)
		}
	}
	require.InDelta(t, 1, r.metric(t, "agent_console_malformed_lines_total"), 0)
}

func TestFilesOfKubernetes(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "2026-01-01T00:00:00Z stdout P a \n2026-01-01T00:00:01Z stderr F other\n2026-01-01T00:00:02Z stdout P b \n2026-01-01T00:00:03Z stdout F c\n")
	r := follow(t, dir, &sink{}, quick(path))
	r.wait(t, "a b c", "other")
	require.Equal(t, "stdout", r.rows[0].Stream)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), r.rows[0].Time)
}

func TestContainersOfKubernetesPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/var/log/pods/default_blue-abc_0f1e/kserve-container/0.log":        "kserve-container",
		"/var/log/containers/blue-abc_default_kserve-container-0123abc.log": "kserve-container",
		"/var/log/server.log": DefaultContainer,
		"server.log":          DefaultContainer,
	} {
		require.Equal(t, want, containerOf(path), path)
	}
}

func FuzzFormats(f *testing.F) {
	f.Add([]byte(`{"log":"x\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}`))
	f.Add([]byte(`2026-01-02T03:04:05.678901234Z stdout F hello`))
	f.Fuzz(func(t *testing.T, line []byte) {
		format := formatOf(line)
		e, ok := parse(format, line)
		require.True(t, ok, "a line that tells a format is in it")
		require.Contains(t, []string{"", "stdout", "stderr"}, e.stream)
		require.LessOrEqual(t, len(e.text), 3*len(line), "U+FFFD has three bytes")
		for _, other := range []string{FormatDocker, FormatCRI, FormatPlain} {
			_, _ = parse(other, line)
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1700000000000000","MESSAGE":[104,105],"_PID":"7"}`))
	f.Add([]byte(`{"__CURSOR":"s=1","MESSAGE":["a",[98]],"_STREAM_ID":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, ok := parseJournal(line)
		require.Equal(t, ok, e.cursor != "")
		require.LessOrEqual(t, len(e.text), 3*len(line))
	})
}
