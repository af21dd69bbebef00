package logs

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

// TestASnapshotIsAStore takes backups while writers write: each holds what was acknowledged before it, and nothing twice.
func TestASnapshotIsAStore(t *testing.T) {
	s := openStore(t, t.TempDir(), func(o *setup) { o.cfg.ApplyInterval = 10 * time.Millisecond })
	stop := make(chan struct{})
	var writers sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for w := range 3 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("%d/%d", w, n)
				at := time.Now().Add(-time.Duration(n%3) * 24 * time.Hour)
				if _, err := s.Append(context.Background(), batch(t, events, row{"TimeGenerated": at, "Name": name})); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged[name] = true
				mu.Unlock()
			}
		})
	}
	backups := t.TempDir()
	var before []map[string]bool
	for i := range 3 {
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		known := map[string]bool{}
		for name := range acknowledged {
			known[name] = true
		}
		mu.Unlock()
		before = append(before, known)
		require.NoError(t, s.Snapshot(context.Background(), filepath.Join(backups, fmt.Sprint(i))))
	}
	close(stop)
	writers.Wait()
	require.ErrorContains(t, s.Snapshot(context.Background(), filepath.Join(backups, "0")), "not empty")
	for i, known := range before {
		restored := openStore(t, filepath.Join(backups, fmt.Sprint(i)), nil)
		rows := ask(t, restored, SQL{Table: events, Text: `SELECT "Name", count(*) FROM {rows} GROUP BY 1`, Columns: result(logrows.String, logrows.Long)})
		require.NotEmpty(t, known)
		for _, r := range rows {
			require.Equal(t, int64(1), r[1], r[0])
			require.True(t, acknowledged[r[0].(string)], r[0])
			delete(known, r[0].(string))
		}
		require.Empty(t, known, "acknowledged before the backup and not in it")
		works(t, restored)
	}
}
