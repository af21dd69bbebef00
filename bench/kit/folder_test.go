package kit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const sweepVariable = "ENDSCOPE_TEST_SWEEP"

func TestMain(m *testing.M) {
	if parent := os.Getenv(sweepVariable); parent != "" { // a benchmark that is killed
		dir, err := sweptFolder(parent, "killed-")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "data"), []byte("x"), 0o600)
		}
		if err != nil {
			panic(err)
		}
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	}
	os.Exit(m.Run())
}

func TestFoldersOfKilledBenchmarksAreRemoved(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "bench")
	self, err := os.Executable()
	require.NoError(t, err)
	mine, err := sweptFolder(parent, "mine-")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), sweepVariable+"="+parent)
	require.ErrorContains(t, cmd.Run(), "killed")
	left, err := filepath.Glob(filepath.Join(parent, "killed-*", "data"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	next, err := sweptFolder(parent, "next-")
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Dir(left[0]))
	require.DirExists(t, mine, "its benchmark runs")
	require.DirExists(t, next)
	require.NotEqual(t, mine, next)
}

func TestAFolderOfTheOperatorsIsNotSwept(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "keep")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	dir, err := WorkFolder(parent, "x-")
	require.NoError(t, err)
	require.DirExists(t, dir)
	require.FileExists(t, file)
}
