package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/gpu"
)

func TestBadFlagsAreNamed(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-mib: must be between 64 and 1048576 (got 1)", []string{"-mib", "1"}},
		{"-rounds: must be between 1 and 1000 (got 0)", []string{"-rounds", "0"}},
		{"-interval: must be between 1s and 1m (got 1ms)", []string{"-interval", "1ms"}},
		{`unexpected argument "x"`, []string{"x"}},
	} {
		require.EqualError(t, run(t.Context(), c.args, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}), c.want)
	}
}

// With a GPU the program runs its phases; without, it says so, and so does a child.
func TestItEndsWellWithoutAGPU(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"-rounds", "1", "-interval", "1s", "-mib", "64"}, strings.NewReader(""), &out, &bytes.Buffer{})
	if strings.Contains(out.String(), "no GPU can be read here") {
		require.NoError(t, err)
		out.Reset()
		require.Error(t, run(t.Context(), []string{"-child", "-mib", "64"}, strings.NewReader(""), &out, &bytes.Buffer{}))
		require.Empty(t, out.String(), "it is not ready")
		return
	}
	require.Contains(t, out.String(), "## Phases")
}

func TestWhatIsAbsentPassesNoComparison(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out}
	var m sharedMean
	s := m.shared()
	b.near("utilisation", s.utilization, 0, 0.5)
	b.holds("A", s, 64)
	require.Equal(t, 2, b.failures)
	m.method = gpu.MethodPIDTree
	m.memory.add(100 << 20)
	m.utilization.add(0.2)
	m.utilization.add(0.4)
	s = m.shared()
	b.near("utilisation", s.utilization, 0.3, 0.01)
	b.holds("A", s, 64)
	require.Equal(t, 2, b.failures)
	require.Equal(t, 4, b.made)
	require.Equal(t, "pid_tree 100 MiB 0.300", s.String())
}
