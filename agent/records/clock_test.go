package records

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The wall clock is set back and forth while rows are recorded. Each row arrives, in the order in which it was recorded and with the time that its
// producer told; rows of one moment stay apart.
func TestRowsWhileTheClockIsSet(t *testing.T) {
	srv := newLogServer(t)
	r := start(t, testConfig(), srv.url, t.TempDir())
	begin := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	var at []time.Time
	for _, step := range []time.Duration{0, -time.Hour, 2 * time.Hour, -20 * 365 * 24 * time.Hour, time.Minute, 0} { // of the clock, as a whole
		for i := range 50 {
			at = append(at, begin.Add(step+time.Duration(i)*10*time.Millisecond))
		}
	}
	for i, now := range at {
		name := fmt.Sprintf("%04d", i)
		r.Traffic(Traffic{Time: now, RequestID: name})
		require.True(t, r.Console(Console{Time: now, Container: "c", Message: name}))
		r.Event(Event{Time: now, Name: name})
	}
	column := map[string]string{"AmlOnlineEndpointTrafficLog": "XRequestId", "AmlOnlineEndpointConsoleLog": "Message", "AmlOnlineEndpointEventLog": "Name"}
	for table, name := range column {
		require.Eventually(t, func() bool { return len(srv.column(table, name)) == len(at) }, time.Minute, 5*time.Millisecond, table)
		var last time.Time
		for i, got := range srv.column(table, name) {
			require.Equal(t, fmt.Sprintf("%04d", i), got, table)
			stamp, err := time.Parse(time.RFC3339Nano, srv.column(table, "TimeGenerated")[i])
			require.NoError(t, err)
			require.WithinDuration(t, at[i], stamp, time.Millisecond, "%s: row %d", table, i)
			if i > 0 && !at[i].Before(at[i-1]) {
				require.True(t, stamp.After(last), "%s: row %d comes after the one before", table, i)
			}
			last = stamp
		}
	}
	for _, kind := range []Kind{KindTraffic, KindConsole, KindEvent} {
		require.Zero(t, r.lost(kind, ReasonQueueFull))
	}
	r.stop()
	for _, s := range r.Stats() {
		require.Zero(t, s.QueuedRows+s.SpoolRows, s.Kind)
	}
}
