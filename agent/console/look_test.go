package console

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLookFindsWhatRunWouldRead(t *testing.T) {
	dir, path := logPath(t)
	write(t, path, "plain\n")
	write(t, filepath.Join(dir, "cri.log"), "2026-01-02T03:04:05Z stdout F x\n")
	write(t, filepath.Join(dir, "new.log"), "begun")
	write(t, filepath.Join(dir, "x.log.gz"), "x")
	cfg := quick(filepath.Join(dir, "*.log*"), filepath.Join(dir, "none"))
	cfg.Journald = []string{"vllm"}
	t.Setenv("PATH", dir)
	got := cfg.Look()
	require.Len(t, got, 5)
	require.Equal(t, []string{FormatCRI, "", FormatPlain}, []string{got[0].Format, got[1].Format, got[2].Format})
	require.NoError(t, got[2].Err)
	require.EqualValues(t, 6, got[2].Size)
	require.EqualError(t, got[3].Err, "no file matches yet")
	require.ErrorContains(t, got[4].Err, "journalctl")
}
