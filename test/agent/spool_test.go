package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// damage turns over bytes in the middle of the largest file of a spool's entries.
func damage(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "spool-*.log"))
	require.NoError(t, err)
	require.NotEmpty(t, files, dir)
	slices.SortFunc(files, func(a, b string) int {
		x, err := os.Stat(a)
		require.NoError(t, err)
		y, err := os.Stat(b)
		require.NoError(t, err)
		return int(y.Size() - x.Size())
	})
	b, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Greater(t, len(b), 1000)
	for i := len(b) / 2; i < len(b)/2+64; i++ {
		b[i] ^= 0xff
	}
	require.NoError(t, os.WriteFile(files[0], b, 0o600))
}

// TestADamagedSpoolLosesWhatWasHitAndCountsIt turns over bytes on disk while the agent is down. The rest arrives, and what does not is counted exactly.
func TestADamagedSpoolLosesWhatWasHitAndCountsIt(t *testing.T) {
	t.Parallel()
	s := newServer(t) // not running yet
	a := newAgent(t, s, "--send.shutdown-timeout", "0s", "--logs.send.shutdown-timeout", "0s", "--exec.restart", "never")
	a.start(a.modelCommand()...)
	a.serves("/health")
	c := newClient(t, a.url(), false)
	stop := c.load(t, 4, 5*time.Millisecond, "POST", "/score", 512)
	for range 5 { // so that there are many writes
		sends(t, a, c, 100)
		time.Sleep(150 * time.Millisecond)
	}
	stop()
	a.await(t, func(ctx context.Context) error {
		n, err := a.metric(ctx, "agent_spool_entries")
		if err == nil && n < 8 {
			err = fmt.Errorf("%g rounds wait", n)
		}
		return err
	})
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
	damage(t, a.dir)
	damage(t, filepath.Join(a.dir, "logs", "traffic"))
	damage(t, filepath.Join(a.dir, "logs", "console"))

	s.start()
	a.start(a.modelCommand()...)
	a.serves("/health")
	for _, log := range []string{"traffic", "console"} {
		a.await(t, func(ctx context.Context) error {
			n, err := a.metric(ctx, "agent_log_spool_rows", fmt.Sprintf("type=%q", log))
			if err == nil && n > 0 {
				err = fmt.Errorf("%g rows of the %s log wait", n, log)
			}
			return err
		})
	}
	lost := a.count("endpoint_data_collection_errors_total", `type="traffic"`, `reason="spool_corrupt"`)
	require.Positive(t, lost)
	require.Less(t, lost, c.count()/2, "one hit does not cost everything")
	a.await(t, s.holds(trafficLog, `XMSClientRequestId != ""`, c.count()-lost))
	rows, err := s.rows(t.Context(), trafficLog)
	require.NoError(t, err)
	one, twice := byID(rows)
	require.Empty(t, twice)
	missing := 0
	for _, sent := range c.sent() {
		if _, ok := one[sent.requestID]; !ok {
			missing++
		}
	}
	require.Equal(t, lost, missing, "rows that are lost, as counted and as they are")

	lines := a.count("endpoint_data_collection_errors_total", `type="console"`, `reason="spool_corrupt"`)
	require.Positive(t, lines)
	// Three lines of the first life beside those of its requests, and two of the second.
	a.await(t, s.holds(consoleLog, `Message has "POST /score" or Message has "model" or Message has "weights" or Message == "bye"`, c.count()+3+2-lines))

	require.Positive(t, a.count("agent_dropped_samples_total", `reason="corrupt"`))
	// The loss is told to the server as well, and rounds go on.
	a.await(t, s.is(`endpoint_data_collection_errors_total{type="traffic",reason="spool_corrupt"}`, float64(lost)))
	a.await(t, s.is(`agent_dropped_samples_total{reason="corrupt"}`, float64(a.count("agent_dropped_samples_total", `reason="corrupt"`))))
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
}

// TestAFullDiskCostsCountedRowsAndNoRequest fills the file system under the agent's folder. Clients notice nothing; rows wait in memory up to the bound,
// what goes beyond it is counted, and everything else arrives once there is space.
func TestAFullDiskCostsCountedRowsAndNoRequest(t *testing.T) {
	t.Parallel()
	disk := programs.NewDisk(t, "16m", programs.FoundVariable+"="+bin)
	if disk == nil {
		return
	}
	s := newServer(t)
	s.start()
	a := newAgent(t, s, "--logs.max-queue", "300")
	a.flags = append(a.flags, "--data-dir", filepath.Join(disk.Path, "agent"))
	a.start(a.modelCommand()...)
	a.serves("/health")
	c := newClient(t, a.url(), false)
	stop := c.load(t, 4, 10*time.Millisecond, "POST", "/score", 512)
	sends(t, a, c, 100)

	disk.Fill()
	a.await(t, func(ctx context.Context) error {
		n, err := a.metric(ctx, "endpoint_data_collection_errors_total", `type="traffic"`, `reason="queue_full"`)
		m, err2 := a.metric(ctx, "agent_dropped_samples_total", `reason="spool_error"`)
		if err == nil && (n < 50 || m == 0) {
			err = fmt.Errorf("%g rows and %g samples are counted as lost", n, m)
		}
		return errors.Join(err, err2)
	})
	disk.Free()
	a.await(t, func(ctx context.Context) error {
		n, err := a.metric(ctx, "agent_log_queue_rows", `type="traffic"`)
		if err == nil && n > 200 {
			err = fmt.Errorf("%g rows wait in memory", n)
		}
		return err
	})
	sends(t, a, c, 100)
	stop()

	all := c.sent()
	require.Equal(t, map[string]int{"200": len(all)}, statuses(all), "clients notice nothing")
	lost := a.count("endpoint_data_collection_errors_total", `type="traffic"`)
	require.Equal(t, lost, a.count("endpoint_data_collection_errors_total", `type="traffic"`, `reason="queue_full"`))
	a.await(t, s.holds(trafficLog, `XMSClientRequestId != ""`, len(all)-lost))
	rows, err := s.rows(t.Context(), trafficLog)
	require.NoError(t, err)
	_, twice := byID(rows)
	require.Empty(t, twice)
	// What was counted is told, and new rounds arrive.
	a.await(t, s.is(`endpoint_data_collection_errors_total{type="traffic",reason="queue_full"}`, float64(lost)))
	a.await(t, s.is(`endpoint_data_collection_events_total{type="traffic"}`, float64(a.count("endpoint_data_collection_events_total", `type="traffic"`))))
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
}
