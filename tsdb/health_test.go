package tsdb

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// inNamespace runs the calling test again in a user namespace of its own, where it may mount or where root's right to write anything
// is gone, and returns true in that inner run.
func inNamespace(t *testing.T, flags ...string) bool {
	t.Helper()
	const marker = "ENDSCOPE_TEST_NAMESPACE"
	if os.Getenv(marker) != "" {
		return true
	}
	args := append(flags, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd := exec.Command("unshare", args...)
	cmd.Env = append(os.Environ(), marker+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return false
}

// smallDisk mounts a file system of the given size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill leaves about free bytes on dir's file system and returns the file that takes the rest.
func fill(t *testing.T, dir string, free int64) string {
	t.Helper()
	var st syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &st))
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, int64(st.Bavail)*st.Bsize-free), 0o666))
	return ballast
}

func TestAFullDiskRefusesPushesUntilThereIsSpace(t *testing.T) {
	if !inNamespace(t, "-Urm") {
		return
	}
	dir := smallDisk(t, "64m")
	s := openStore(t, dir, func(c *Config) { c.MinFree = 4 << 20 })
	now := time.Now().UnixMilli()
	require.NoError(t, put(s, now, 1, "__name__", "m"))
	ballast := fill(t, dir, 3<<20)
	var unwritable *UnwritableError
	require.ErrorAs(t, put(s, now+1, 2, "__name__", "m"), &unwritable)
	require.ErrorIs(t, unwritable, syscall.ENOSPC)
	require.Contains(t, unwritable.Reason, "storage.min_free")
	require.ErrorAs(t, s.Writable(), &unwritable)
	require.Equal(t, map[string]map[int64]float64{`{__name__="m"}`: {now: 1}}, read(t, s), "reads go on")
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, put(s, now+1, 2, "__name__", "m"), "writing resumes by itself")
	require.Zero(t, testutilValue(t, s.metrics.failures), "the log was never touched while the disk was full")
}

// One commit larger than the reserve runs into the full disk in the middle of a record.
func TestATornLogIsMendedAndNothingAcknowledgedIsLost(t *testing.T) {
	if !inNamespace(t, "-Urm") {
		return
	}
	dir := smallDisk(t, "64m")
	s := openStore(t, dir, func(c *Config) { c.MinFree = 1 << 20; c.WALCompression = "none" })
	now := time.Now().UnixMilli()
	want := map[int64]float64{}
	for i := range int64(100) {
		require.NoError(t, put(s, now+i, float64(i), "__name__", "kept"))
		want[now+i] = float64(i)
	}
	ballast := fill(t, dir, 2<<20)
	err := s.Write(context.Background(), func(app storage.AppenderV2) {
		for i := range int64(1_000_000) {
			_, err := app.Append(0, labels.FromStrings("__name__", "refused"), 0, now+i, rand.Float64(), nil, nil, storage.AOptions{})
			require.NoError(t, err)
		}
	})
	var unwritable *UnwritableError
	require.ErrorAs(t, err, &unwritable)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorAs(t, put(s, now+200, 1, "__name__", "kept"), &unwritable, "no write is accepted behind a torn record")
	require.Equal(t, want, read(t, s)[`{__name__="kept"}`], "reads go on")
	require.NoError(t, os.Remove(ballast))
	require.Eventually(t, func() bool { return put(s, now+200, 200, "__name__", "kept") == nil }, 10*time.Second, 10*time.Millisecond)
	want[now+200] = 200
	require.Equal(t, want, read(t, s)[`{__name__="kept"}`])
	require.Equal(t, 1.0, testutilValue(t, s.metrics.reopens))

	again := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(again, walDir), os.DirFS(filepath.Join(dir, walDir))))
	require.Equal(t, want, read(t, openStore(t, again, nil))[`{__name__="kept"}`], "also after a crash now")
}

func TestAReadOnlyDirectoryRefusesPushesUntilItIsWritable(t *testing.T) {
	if !inNamespace(t, "-U") {
		return
	}
	dir := t.TempDir()
	s := openStore(t, dir, nil)
	now := time.Now().UnixMilli()
	require.NoError(t, put(s, now, 1, "__name__", "m"))
	wal := filepath.Join(dir, walDir)
	require.NoError(t, os.Chmod(wal, 0o555))
	var unwritable *UnwritableError
	require.ErrorAs(t, put(s, now+1, 2, "__name__", "m"), &unwritable)
	require.ErrorIs(t, unwritable, syscall.EACCES)
	require.Contains(t, unwritable.Reason, wal)
	require.Len(t, read(t, s)[`{__name__="m"}`], 1, "reads go on")
	require.NoError(t, os.Chmod(wal, 0o777))
	require.NoError(t, put(s, now+1, 2, "__name__", "m"))
}
