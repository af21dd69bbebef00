package console

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFollowsAFile(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "one\ntwo\n")
	r := follow(t, dir, &sink{}, quick(path))
	r.wait(t, "one", "two")
	write(t, path, "three\npart")
	r.wait(t, "one", "two", "three", "part") // a line without an end comes after a while
	write(t, path, "ial\n")
	r.wait(t, "one", "two", "three", "part", "ial")
	require.Equal(t, "inference-server", r.rows[0].Container)
	require.WithinDuration(t, time.Now(), r.rows[0].Time, time.Minute)
	require.InDelta(t, 5, r.metric(t, "agent_console_lines_total", "source=file"), 0)
}

func TestBeginsAtTheEndWhereToldTo(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "old\nbegun ")
	cfg := quick(filepath.Join(dir, "*.log"))
	cfg.From = FromEnd
	cfg.PartialWait = time.Minute
	r := follow(t, dir, &sink{}, cfg)
	require.Eventually(t, func() bool { return r.metric(t, "agent_console_files", "state=followed") == 1 }, 20*time.Second, 5*time.Millisecond)
	write(t, path, "before\n")
	r.wait(t, "begun before") // the line in hand is whole
	write(t, filepath.Join(dir, "later.log"), "all of it\nis new\n")
	r.wait(t, "begun before", "all of it", "is new")
}

func TestRotationByRenaming(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "a1\n")
	r := follow(t, dir, &sink{}, quick(path+"*")) // the pattern finds the old generations too
	r.wait(t, "a1")
	w, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer w.Close()
	_, err = w.WriteString("a2\n")
	require.NoError(t, err)
	require.NoError(t, os.Rename(path, path+".1"))
	write(t, path, "b1\n")
	r.wait(t, "a1", "a2", "b1")
	_, err = w.WriteString("a3 late\n") // the writer has not been told yet
	require.NoError(t, err)
	r.wait(t, "a1", "a2", "b1", "a3 late")
	require.Zero(t, r.metric(t, "agent_console_lost_bytes_total"))
	require.InDelta(t, 1, r.metric(t, "agent_console_file_changes_total", "kind=renamed"), 0)
}

// What is remembered of paths that cannot be read ends with them: names of pods come and go for ever.
func TestPathsThatAreGoneAreForgotten(t *testing.T) {
	dir, path := logPath(t)
	cfg := quick(filepath.Join(dir, "*.log"))
	cfg.From = FromEnd
	p, err := NewPipeline(cfg, (&sink{}).settings(dir))
	require.NoError(t, err)
	tail := newTailer(p, &positions{})
	defer tail.close()
	other := filepath.Join(dir, "other.log")
	for _, name := range []string{path, other} {
		require.NoError(t, os.Symlink(name, name)) // a link to itself cannot be read, not even by root
	}
	tail.scan(time.Now())
	require.Len(t, tail.told, 2)
	require.Len(t, tail.existed, 2)
	require.NoError(t, os.Remove(other))
	tail.scan(time.Now())
	require.Len(t, tail.told, 1)
	require.Equal(t, map[string]bool{path: true}, tail.existed)
	require.NoError(t, os.Remove(path))
	write(t, path, "old\n")
	tail.scan(time.Now())
	require.Empty(t, tail.told)
	require.Empty(t, tail.existed)
	require.Len(t, tail.files, 1)
	require.EqualValues(t, 4, tail.files[0].split.pos, "it was there before: it begins at its end")
}

func TestSeveralRotationsBetweenTwoLooks(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "a1\n")
	cfg := quick(path)
	cfg.PollInterval = 300 * time.Millisecond
	r := follow(t, dir, &sink{}, cfg)
	r.wait(t, "a1")
	write(t, path, "a2\n")
	want := []string{"a1", "a2"}
	for _, name := range []string{"b", "c", "d"} {
		_ = os.Rename(path+".2", path+".3")
		_ = os.Rename(path+".1", path+".2")
		require.NoError(t, os.Rename(path, path+".1"))
		write(t, path, name+"1\n"+name+"2\n")
		want = append(want, name+"1", name+"2")
	}
	r.wait(t, want...)
}

func TestCopyTruncate(t *testing.T) {
	dir, path := logPath(t)
	first := text(numbered(0, 100))
	write(t, path, first)
	cfg := quick(path + "*")
	cfg.PollInterval = 200 * time.Millisecond
	r := follow(t, dir, &sink{}, cfg)
	require.Eventually(t, func() bool { return r.count() == 100 }, 20*time.Second, 5*time.Millisecond)
	second := text(numbered(100, 150)) // written and truncated before it is read
	write(t, path, second)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".1", b, 0o644))
	require.NoError(t, os.Truncate(path, 0))
	write(t, path, text(numbered(150, 400))) // longer than before, so that its size does not tell
	want := numbered(0, 400)
	r.wait(t, want...)
	require.InDelta(t, 1, r.metric(t, "agent_console_file_changes_total", "kind=truncated"), 0)
	require.Zero(t, r.metric(t, "agent_console_lost_bytes_total"))
}

func TestTruncationWithoutACopyIsCountedAndSaid(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, text(numbered(0, 100)))
	s := &sink{}
	r := follow(t, dir, s, quick(path))
	require.Eventually(t, func() bool { return r.count() == 100 }, 20*time.Second, 5*time.Millisecond)
	s.setFail(errDisk) // nothing is read any more
	write(t, path, "in hand\n")
	require.Eventually(t, func() bool { return s.metric(t, "agent_console_read_bytes_total", "source=file") >= 798 }, 20*time.Second, 5*time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	write(t, path, "gone\n")
	require.NoError(t, os.Truncate(path, 0))
	write(t, path, "new\n")
	s.setFail(nil)
	require.Eventually(t, func() bool {
		return r.last() == "new"
	}, 20*time.Second, 5*time.Millisecond)
	require.Contains(t, r.messages(), "in hand")
	require.InDelta(t, 1, r.metric(t, "agent_console_file_changes_total", "kind=truncated"), 0)
}

func TestDeletedAndMadeAgain(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "one\n")
	r := follow(t, dir, &sink{}, quick(path))
	r.wait(t, "one")
	write(t, path, "two\n")
	require.NoError(t, os.Remove(path))
	write(t, path, "three\n")
	r.wait(t, "one", "two", "three")
}

func TestASymbolicLinkThatMoves(t *testing.T) {
	dir, path := logPath(t)
	write(t, filepath.Join(dir, "0.log"), "zero\n")
	require.NoError(t, os.Symlink("0.log", path))
	r := follow(t, dir, &sink{}, quick(path, filepath.Join(dir, "0.log")))
	r.wait(t, "zero") // once, though two names lead to it
	write(t, filepath.Join(dir, "1.log"), "one\n")
	require.NoError(t, os.Symlink("1.log", path+".new"))
	require.NoError(t, os.Rename(path+".new", path))
	r.wait(t, "zero", "one")
}

func TestARestartGoesOnWhereItWas(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, text(numbered(0, 50)))
	s := &sink{}
	r := follow(t, dir, s, quick(path))
	require.Eventually(t, func() bool { return r.count() == 50 }, 20*time.Second, 5*time.Millisecond)
	r.stop()
	write(t, path, text(numbered(50, 60)))
	r = follow(t, dir, s, quick(path))
	r.wait(t, numbered(0, 60)...)
	r.stop()

	// Twice rotated while no agent ran, once by renaming and once by copying.
	write(t, path, text(numbered(60, 70)))
	require.NoError(t, os.Rename(path, path+".2"))
	write(t, path, text(numbered(70, 80)))
	require.NoError(t, os.Rename(path, path+".1"))
	write(t, path, text(numbered(80, 90)))
	r = follow(t, dir, s, quick(path))
	r.wait(t, numbered(0, 90)...)
	r.stop()
	write(t, path, text(numbered(90, 95)))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".1", b, 0o644))
	require.NoError(t, os.Truncate(path, 0))
	write(t, path, text(numbered(95, 200)))
	r = follow(t, dir, s, quick(path))
	r.wait(t, numbered(0, 200)...)
	require.Zero(t, r.metric(t, "agent_console_lost_bytes_total"))
	r.stop()

	// Rotated away for good.
	write(t, path, "never seen by the last run\n")
	r = follow(t, dir, s, quick(path))
	require.Eventually(t, func() bool { return r.count() == 201 }, 20*time.Second, 5*time.Millisecond)
	s.setFail(errDisk)
	write(t, path, "read and not kept\n")
	r.stop()
	require.NoError(t, os.Remove(path))
	write(t, path, "another\n")
	s.setFail(nil)
	r = follow(t, dir, s, quick(path))
	require.Eventually(t, func() bool { return r.last() == "another" }, 20*time.Second, 5*time.Millisecond)
	require.Regexp(t, `^endscope-agent: a part of .*server.log \(at least \d+ bytes\) was gone before it was read: it was rotated away while no agent ran$`, r.messages()[201])
}

func TestBytesThatATruncationTookAreCounted(t *testing.T) {
	dir, path := logPath(t)
	cfg := quick(path)
	cfg.RateLimit, cfg.RateBurst = 1<<10, 64<<10 // as slow as if it stood still
	for i := range 300 {
		write(t, path, numbered(i, i+1)[0]+strings.Repeat("x", 1000)+"\n")
	}
	r := follow(t, dir, &sink{}, cfg)
	require.Eventually(t, func() bool { return r.count() > 100 }, 20*time.Second, 5*time.Millisecond)
	require.Positive(t, r.metric(t, "agent_console_lag_bytes"))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 0))
	write(t, path, "new\n")
	require.Eventually(t, func() bool { return r.last() == "new" }, 20*time.Second, 5*time.Millisecond)
	read := r.metric(t, "agent_console_read_bytes_total", "source=file") - float64(len("new\n"))
	require.InDelta(t, float64(info.Size())-read, r.metric(t, "agent_console_lost_bytes_total"), 0)
	require.Contains(t, strings.Join(r.messages(), "\n"), "was gone before it was read: it was truncated")
}

func TestDamagedPositionsAreNoEnd(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "one\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, positionsName), []byte(`{"files":[{"dev":1`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, positionsName+".new"), []byte(`torn`), 0o600))
	r := follow(t, dir, &sink{}, quick(path))
	r.wait(t, "one")
}

func TestWhatCannotBeKeptWaitsInItsFile(t *testing.T) {
	dir, path := logPath(t)
	s := &sink{fail: errDisk}
	r := follow(t, dir, s, quick(path))
	write(t, path, text(numbered(0, 30_000))) // more than a batch
	require.Eventually(t, func() bool { return s.metric(t, "agent_console_read_bytes_total") > 0 }, 20*time.Second, 5*time.Millisecond)
	s.setFail(nil)
	require.Eventually(t, func() bool { return r.count() == 30_000 }, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, numbered(0, 30_000), r.messages())
}

func TestFilesThatCannotBeReadOrNeedNot(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "plain\n")
	z, err := os.Create(path + ".2")
	require.NoError(t, err)
	w := gzip.NewWriter(z)
	_, err = w.Write([]byte("packed\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	write(t, path+".3.gz", "also packed\n")
	require.NoError(t, os.Mkdir(path+".d", 0o755))
	require.NoError(t, os.Symlink(path+".l", path+".l")) // leads to itself
	r := follow(t, dir, &sink{}, quick(path+"*"))
	r.wait(t, "plain")
	require.InDelta(t, 1, r.metric(t, "agent_console_files", "state=unreadable"), 0)
	write(t, path, "more\n")
	r.wait(t, "plain", "more")
	require.NoError(t, os.Remove(path+".l"))
	write(t, path+".l", "readable now\n")
	r.wait(t, "plain", "more", "readable now")
	require.Eventually(t, func() bool { return r.metric(t, "agent_console_files", "state=unreadable") == 0 }, 20*time.Second, 5*time.Millisecond)
}

func TestTooManyFilesLeaveOutThoseThatRest(t *testing.T) {
	dir, path := logPath(t)
	old := time.Now().Add(-time.Hour)
	for _, n := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, n+".log"), n+"\n")
		require.NoError(t, os.Chtimes(filepath.Join(dir, n+".log"), old, old))
	}
	write(t, path, "busy\n")
	cfg := quick(filepath.Join(dir, "*.log"))
	cfg.MaxFiles = 1
	r := follow(t, dir, &sink{}, cfg)
	r.wait(t, "busy")
	require.InDelta(t, 3, r.metric(t, "agent_console_files", "state=left_out"), 0)
}

func TestAHoleOfZerosIsNotText(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "before\n")
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // without O_APPEND, as a shell's > opens it
	require.NoError(t, err)
	defer w.Close()
	r := follow(t, dir, &sink{}, quick(path))
	r.wait(t, "before")
	require.NoError(t, os.Truncate(path, 0))
	_, err = w.WriteAt([]byte("after\n"), 3<<20)
	require.NoError(t, err)
	r.wait(t, "before", "after")
}

func TestASlowReaderIsNotOvertaken(t *testing.T) {
	dir, path := logPath(t)
	cfg := quick(path)
	cfg.RateLimit, cfg.RateBurst = 512<<10, 64<<10
	long := strings.Repeat("x", 1000)
	for range 300 {
		write(t, path, long+"\n")
	}
	began := time.Now()
	r := follow(t, dir, &sink{}, cfg)
	require.Eventually(t, func() bool { return r.count() == 300 }, 30*time.Second, 5*time.Millisecond)
	require.Greater(t, time.Since(began), 100*time.Millisecond, "300 KB, of which 192 KB at once")
}
