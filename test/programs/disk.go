package programs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Disk is a small file system of a test's own.
type Disk struct {
	Path string
	t    *testing.T
}

// NewDisk runs the calling test again in a user namespace of its own, where it may mount, with more variables of the environment. It returns
// the disk in that inner run, and nil in the outer one, which is over once the inner one has passed.
func NewDisk(t *testing.T, size string, env ...string) *Disk {
	t.Helper()
	const marker = "ENDSCOPE_TEST_NAMESPACE"
	if os.Getenv(marker) == "" {
		self, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), "unshare", "-Urm", self, "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
		cmd.Env = append(append(os.Environ(), marker+"=1"), env...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: "+t.Name())
		return nil
	}
	d := &Disk{t.TempDir(), t}
	require.NoError(t, syscall.Mount("tmpfs", d.Path, "tmpfs", 0, "size="+size))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(d.Path, syscall.MNT_DETACH)) })
	return d
}

func (d *Disk) ballast() string { return filepath.Join(d.Path, "ballast") }

// Fill takes all the room that is left.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(d.t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 64<<10))
	}
	require.NoError(d.t, f.Close())
	require.True(d.t, errors.Is(err, syscall.ENOSPC), "%v", err)
}

// Free gives the room back that Fill took.
func (d *Disk) Free() {
	d.t.Helper()
	require.NoError(d.t, os.Remove(d.ballast()))
}
