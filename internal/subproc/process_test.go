package subproc

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(filepath.Join(t.TempDir(), "log"), "/bin/sh", "-c", script)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return p
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// printed waits until the process has written text.
func printed(t *testing.T, p *Process, text string) {
	t.Helper()
	require.NoError(t, p.Await(deadline(t, 10*time.Second), func(context.Context) error {
		if !strings.Contains(p.Tail(), text) {
			return errors.New("not printed yet")
		}
		return nil
	}))
}

func TestStopReturnsTheExitAndTheOutput(t *testing.T) {
	p := start(t, `trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done`)
	printed(t, p, "up")
	err := p.Stop(deadline(t, 10*time.Second))
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "bye")

	p = start(t, `trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done`)
	printed(t, p, "up")
	require.NoError(t, p.Stop(deadline(t, 10*time.Second)))

	p = start(t, `trap '' TERM; echo up; while :; do sleep 0.01; done`)
	printed(t, p, "up")
	require.ErrorIs(t, p.Stop(deadline(t, 50*time.Millisecond)), context.DeadlineExceeded)
}

func TestKillTakesTheWholeGroup(t *testing.T) {
	p := start(t, `sleep 1000 & echo child $!; wait`)
	printed(t, p, "child ")
	p.Kill()
	p.Kill()
	require.NoError(t, Await(deadline(t, 10*time.Second), func(context.Context) error {
		if err := syscall.Kill(-p.PID(), 0); !errors.Is(err, syscall.ESRCH) {
			return errors.New("the group is still there")
		}
		return nil
	}))
}

func TestAwaitEndsWithTheProcess(t *testing.T) {
	p := start(t, `echo no such flag; exit 2`)
	err := p.Await(deadline(t, 10*time.Second), func(context.Context) error { return errors.New("refused") })
	require.ErrorContains(t, err, "exit status 2")
	require.ErrorContains(t, err, "no such flag")
	require.ErrorContains(t, err, "refused")
	_, err = Start(filepath.Join(t.TempDir(), "log"), "/nonexistent/program")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestMeasuresAProcess(t *testing.T) {
	p := start(t, `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; sleep 1000`)
	printed(t, p, "done")
	cpu, err := p.CPU()
	require.NoError(t, err)
	require.Positive(t, cpu)
	peak, err := p.PeakRSS()
	require.NoError(t, err)
	now, err := p.RSS()
	require.NoError(t, err)
	require.GreaterOrEqual(t, peak, now)
	require.Greater(t, now, int64(100<<10))
	m, err := ReadMachine()
	require.NoError(t, err)
	require.GreaterOrEqual(t, m.Busy, cpu)
	p.Kill()
	_, err = p.CPU()
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestParseStatSkipsAnOddName(t *testing.T) {
	got, err := parseStat([]byte("12 (a) b (c) S 1 1 1 0 -1 4194560 1 0 0 0 70 30 0 0 20 0 1 0 5 1 1"))
	require.NoError(t, err)
	require.Equal(t, time.Second, got)
	_, err = parseStat([]byte("12 (a) S 1"))
	require.Error(t, err)
}

func TestDiskUsageCountsAllocationOnce(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), bytes.Repeat([]byte("x"), 64<<10), 0o644))
	once, err := DiskUsage(dir)
	require.NoError(t, err)
	require.GreaterOrEqual(t, once, int64(64<<10))
	require.NoError(t, os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")))
	twice, err := DiskUsage(dir)
	require.NoError(t, err)
	require.Equal(t, once, twice)
}
