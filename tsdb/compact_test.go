package tsdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// Twelve hours of samples make the TSDB write blocks, checkpoint and drop segments of the log while writes go on. What was
// acknowledged must be there after a power cut all the same.
func TestAcknowledgedSamplesSurviveCompactionAndAPowerCut(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, nil)
	start := time.Now().Add(-12 * time.Hour).UnixMilli()
	const series, steps = 40, 12 * 60
	write := func(step int64) {
		err := s.Write(context.Background(), func(app storage.AppenderV2) {
			for i := range series {
				_, err := app.Append(0, labels.FromStrings("__name__", "m", "i", fmt.Sprint(i)), 0, start+step*60_000, float64(step), nil, nil, storage.AOptions{})
				require.NoError(t, err)
			}
		})
		require.NoError(t, err)
	}
	for step := range int64(steps) {
		write(step)
	}
	require.Eventually(t, func() bool {
		metas, err := s.BlockMetas()
		require.NoError(t, err)
		segments, err := listSegments(filepath.Join(dir, walDir))
		require.NoError(t, err)
		return len(metas) >= 3 && segments[0] > 0
	}, 30*time.Second, 10*time.Millisecond, "blocks are written and the log is truncated")
	sess := s.acquire()
	sess.db.DisableCompactions() // waits for one that runs: the copy below takes longer than a power cut, and must not see half of one's work
	write(steps)
	sess.syncMu.Lock()
	wal, wbl := sess.wal.synced, sess.wbl.synced
	sess.syncMu.Unlock()
	sess.release()
	cut := t.TempDir()
	require.NoError(t, os.CopyFS(cut, os.DirFS(dir)))
	require.NoError(t, os.Remove(filepath.Join(cut, "lock")))
	require.NoError(t, os.RemoveAll(filepath.Join(cut, "chunks_head")))
	require.NoError(t, truncateTo(filepath.Join(cut, walDir), wal))
	require.NoError(t, truncateTo(filepath.Join(cut, wblDir), wbl))
	after := read(t, openStore(t, cut, nil))
	require.Len(t, after, series)
	for name, samples := range after {
		require.Len(t, samples, steps+1, name)
	}
}
