package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/cli"
)

const liveStream = `retry: 2000
event: watch
data: {"scope":"chat"}

event: second
data: {"second":"2026-11-28T08:00:01Z","instances":{"answered":2,"connected":2,"known":3},"total":{"scope":"chat","answered":2,"traffic":{"requests":9,"failures":1,"duration":{"p50":0.0125,"p95":1.5,"p99":0.0004,"max":250},"output_tokens":512},"in_flight":3,"cpu":{"mean":0.456},"memory":null,"gpu":{"utilization":{"mean":0.7}}},"children":[{"scope":"chat/blue","answered":2,"traffic":null,"in_flight":null,"cpu":null,"memory":null,"gpu":null}],"failing":[{"scope":"chat/blue/a","method":"POST","path":"/score\u001b[2J","status":503,"duration_ms":12.5,"reason":"overloaded","request_id":"r-1"}]}

: still here

event: dropped
data: {"seconds":2}

event: second
data: {"second":"2026-11-28T08:00:01Z","again":true,"instances":{"answered":0,"known":3},"total":null,"children":[],"failing":[]}

`

// follows runs the command against a server that sends a text and then waits, or ends where it is told to.
func follows(t *testing.T, text string, waits bool, output string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, text)
		_ = http.NewResponseController(w).Flush()
		if waits {
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	var out, errs bytes.Buffer
	cmd := New(cli.Env{Stdout: &out, Stderr: &errs})
	cmd.SetArgs(append([]string{"live", "--server", server.URL, "-o", output}, args...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetContext(t.Context())
	err = cmd.Execute()
	return out.String(), errs.String(), err
}

func TestLivePrintsALineEachSecond(t *testing.T) {
	t.Setenv("TZ", "UTC")
	at := time.Date(2026, 11, 28, 8, 0, 1, 0, time.UTC).Local().Format(time.TimeOnly)
	table := func(args ...string) []string {
		out, errs, err := follows(t, liveStream, true, "table", append(args, "--for", "300ms")...)
		require.NoError(t, err, "the end of --for is no error")
		require.Contains(t, errs, "2 seconds were left out")
		return strings.Split(strings.TrimSpace(strings.ReplaceAll(out, at, "at")), "\n")
	}
	squeeze := func(line string) string { return strings.Join(strings.Fields(line), " ") }
	lines := table("chat")
	require.Len(t, lines, 3)
	require.Equal(t, "time answered requests failed p50 p95 p99 longest under_way cpu memory gpu output_tokens scope note", squeeze(lines[0]))
	require.Equal(t, "at 2/3 9 1 12.5ms 1.5s 400µs 250s 3 46% - 70% 512 chat", squeeze(lines[1]))
	require.Equal(t, "at 0/3 - - - - - - - - - - - - none of 3 instances answered", squeeze(lines[2]))

	lines = table("chat", "--by", "children", "--failing")
	require.Equal(t, "at 2 - - - - - - - - - - - chat/blue", squeeze(lines[1]), "what nobody told of is no 0")
	require.Equal(t, "failed: 503 POST /score [2J after 12.5ms, overloaded, chat/blue/a, request r-1", squeeze(lines[2]))

	out, _, err := follows(t, liveStream, true, "csv", "--for", "300ms")
	require.NoError(t, err)
	require.Contains(t, out, "2026-11-28T08:00:01Z,2,9,1,0.0125,1.5,0.0004,250,3,0.456,,0.7,512,chat,\n")

	out, _, err = follows(t, liveStream, true, "json", "--for", "300ms")
	require.NoError(t, err)
	require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 2, "one event a line")
	require.True(t, strings.HasPrefix(out, `{"second":"2026-11-28T08:00:01Z"`))
}

func TestLiveTellsWhyItEnds(t *testing.T) {
	fails := func(want, text string, waits bool, args ...string) {
		t.Helper()
		_, _, err := follows(t, text, waits, "table", args...)
		require.ErrorContains(t, err, want)
	}
	fails("ended: the server stops", liveStream+"event: end\ndata: {\"reason\":\"the server stops\"}\n\n", false)
	fails("broke: ", liveStream, false)
	fails("no answer within 50ms (--timeout)", liveStream, true, "--timeout", "50ms")
	fails("--by: must be one of total, children, instances (got all)", "", false, "--by", "all")
	fails("--for: must not be below 0s (got -1s)", "", false, "--for", "-1s")
}

func TestAnInterruptEndsLiveQuietly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "scope=chat", r.URL.RawQuery)
		_, _ = io.WriteString(w, liveStream)
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	c := &connection{env: cli.Env{Stdout: io.Discard, Stderr: io.Discard}, server: server.URL, output: "json", timeout: time.Hour, http: &http.Client{Transport: &http.Transport{}}}
	require.NoError(t, c.follow(ctx, map[string][]string{"scope": {"chat"}}, 0, func([]byte) error { return nil }))
}
