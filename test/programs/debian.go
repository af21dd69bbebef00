package programs

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Debian returns the folder with the programs of a package of Debian, which is unpacked when it is not there yet. It is called by tests
// two folders below the root.
func Debian(t *testing.T, pack string) string {
	t.Helper()
	tools := exec.CommandContext(t.Context(), "../../scripts/debian-tools", pack)
	var problems strings.Builder
	tools.Stderr = &problems
	out, err := tools.Output()
	require.NoError(t, err, "%s", &problems)
	first, _, _ := strings.Cut(string(out), "\n")
	dir, err := filepath.Abs(filepath.Dir(first))
	require.NoError(t, err)
	return dir
}
