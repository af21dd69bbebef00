package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
