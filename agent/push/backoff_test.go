package push

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBackoffIsRandomGrowsAndIsBounded(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 30 * time.Second}
	for n := range 60 {
		bound := min(time.Second<<min(n, 10), 30*time.Second)
		wait := b.Next(0)
		require.Greater(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, bound)
	}
	longest := time.Duration(0)
	for range 200 {
		longest = max(longest, b.Next(0))
	}
	require.Greater(t, longest, 20*time.Second, "up to the bound")
	wait := b.Next(time.Minute)
	require.True(t, wait >= time.Minute && wait < time.Minute+time.Second)
	b.Reset()
	require.LessOrEqual(t, b.Next(0), time.Second)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f := func(text string, want time.Duration) {
		t.Helper()
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {text}}, now))
	}
	f("", 0)
	f("0", 0)
	f("120", 2*time.Minute)
	f("-5", 0)
	f("soon", 0)
	f("99999999999999", maxRetryAfter)
	f("Mon, 23 Nov 2026 12:00:30 GMT", 30*time.Second)
	f("Mon, 23 Nov 2026 11:00:00 GMT", 0)
	f("Tue, 24 Nov 2026 12:00:00 GMT", maxRetryAfter)
}
