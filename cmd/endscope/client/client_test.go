package client

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/cli"
)

func TestParseTime(t *testing.T) {
	good := func(text string, want time.Time) {
		t.Helper()
		got, err := parseTime("time", text)
		require.NoError(t, err)
		require.WithinDuration(t, want, got, time.Second)
	}
	good("now", time.Now())
	good("-1h30m", time.Now().Add(-90*time.Minute))
	good("-1d", time.Now().Add(-24*time.Hour))
	good("1700000000", time.Unix(1700000000, 0))
	good("1700000000.5", time.UnixMilli(1700000000500))
	good("2026-01-02T03:04:05Z", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	for _, text := range []string{"", "yesterday", "-", "-1", "1h", "2026-01-02"} {
		_, err := parseTime("time", text)
		require.ErrorContains(t, err, "--time: must be RFC 3339", text)
	}
}

// A wait that the caller ends is told in the caller's words, before an answer begins and in the middle of one.
func TestAnswersThatDoNotCome(t *testing.T) {
	ask := func(output string, timeout time.Duration, begin string) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if begin != "" {
				_, _ = io.WriteString(w, begin)
				_ = http.NewResponseController(w).Flush()
			}
			_, _ = io.ReadAll(r.Body)
			if timeout > time.Second {
				cancel()
			}
			<-r.Context().Done()
		}))
		defer server.Close()
		c := &connection{env: cli.Env{Stdout: io.Discard, Stderr: io.Discard}, server: server.URL, output: output, timeout: timeout, http: &http.Client{Transport: &http.Transport{}}}
		return c.askKQL(ctx, map[string]any{"query": "print 1"})
	}
	const short, long = 20 * time.Millisecond, time.Hour
	require.ErrorContains(t, ask("json", short, ""), ": no answer within 20ms (--timeout)")
	require.ErrorContains(t, ask("csv", short, "a\r\n"), " is not whole: it did not end within 20ms (--timeout)")
	require.EqualError(t, ask("table", long, ""), "interrupted")
}
