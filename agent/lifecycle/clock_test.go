package lifecycle

import (
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// stepped returns the reading of clocks at t, had the wall clock been set by so many seconds. The monotonic one, which cannot be set, stays. Package time has
// no such thing: the upper bits of its first word are a flag and 33 bits of seconds, in front of 30 bits of nanoseconds.
func stepped(t *testing.T, at time.Time, seconds int64) time.Time {
	t.Helper()
	before := at
	*(*uint64)(unsafe.Pointer(&at)) += uint64(seconds << 30)
	require.Equal(t, time.Duration(seconds)*time.Second, at.Round(0).Sub(before.Round(0)), "the wall clock was set")
	require.Zero(t, at.Sub(before), "no time has passed")
	return at
}

func TestDurationsAreNotTheWallClocks(t *testing.T) {
	for _, step := range []int64{-3600, 3600, -20 * 365 * 24 * 3600} {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			rows, reg := &log{}, prometheus.NewRegistry()
			l, err := New(DefaultConfig(), Settings{Record: rows.record, Registerer: reg, Restart: func(string) {}})
			require.NoError(t, err)
			begin := time.Now()
			after := func(d time.Duration, step int64) time.Time { return stepped(t, begin.Add(d), step) }

			// Set while a server starts, and back before its first request.
			l.Process(ProcessEvent{Kind: Started, Time: begin, PID: 3})
			l.Line(after(2*time.Second, 0), "INFO Starting to load model m...")
			l.Line(after(6*time.Second, step), "INFO Loading weights took 4.00 seconds")
			l.Line(after(7*time.Second, step), "The server is fired up and ready to roll!")
			l.FirstRequest(after(9*time.Second, 0))
			// And set before it crashes, while it starts again and fails.
			l.Process(ProcessEvent{Kind: Exited, Time: after(20*time.Second, step), PID: 3, ExitCode: 1})
			l.Process(ProcessEvent{Kind: Started, Time: after(21*time.Second, step), PID: 4})
			l.Process(ProcessEvent{Kind: Exited, Time: after(24*time.Second, 0), PID: 4, ExitCode: 1})
			l.tick(after(30*time.Second, 0))

			ready, exited := rows.named(rowReady), rows.named(rowExited)
			require.Len(t, ready, 1)
			require.Equal(t, "Container inference-server is ready after 7s", ready[0].Message)
			require.Len(t, exited, 2)
			require.Contains(t, exited[0].Message, "exited with code 1 after 20s")
			require.Contains(t, exited[1].Message, "exited with code 1 after 3s, before it was ready")
			for phase, want := range map[Phase]float64{Total: 7, WeightsLoad: 4, FirstRequest: 2} {
				n, sum := started(t, reg, phase, success)
				require.EqualValues(t, 1, n, phase)
				require.InDelta(t, want, sum, 1e-6, phase)
			}
			_, sum := started(t, reg, Total, failure)
			require.InDelta(t, 3, sum, 1e-6)
			require.Equal(t, 1.0, counter(t, reg, "instance_restarts_total", "crash"))
			require.WithinDuration(t, after(20*time.Second, step).Round(0), exited[0].Time.Round(0), 0, "rows have the wall clock's time")
		})
	}
}
