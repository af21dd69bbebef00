package app

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/cmd/internal/cli"
)

func TestSimulatedGPUsSayThatTheyAre(t *testing.T) {
	print := func(args ...string) (code int, out, said string) {
		var stdout, stderr bytes.Buffer
		code = Main(append([]string{"print", "--collectors.host.enabled=false"}, args...), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	code, out, said := print("--collectors.simulated-gpu.devices=2", "--collectors.simulated-gpu.idle=1")
	require.Equal(t, cli.ExitOK, code, said)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "gpu_") {
			require.Contains(t, line, `model="`+gpu.SimulatedModel+`"`)
		}
	}
	require.Equal(t, 2, strings.Count(out, "\ngpu_utilization_ratio{"))
	require.Equal(t, 2, strings.Count(out, "\ninstance_gpu_memory_bytes{"), "the instance holds them")
	require.Contains(t, said, "GPUs are simulated: nothing about them is measured")

	code, _, said = print()
	require.Equal(t, cli.ExitOK, code, said)
	require.NotContains(t, said, "simulated")

	code, _, said = print("--collectors.simulated-gpu.devices=65", "--collectors.simulated-gpu.idle=66")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, said, "collectors.simulated-gpu.devices: must be between 0 and 64 (got 65)")
	require.Contains(t, said, "collectors.simulated-gpu.idle: must be between 0 and devices (got 66)")
}
