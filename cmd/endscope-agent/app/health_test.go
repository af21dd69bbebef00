package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/records"
)

func TestAnXIDIsARowOfTheEventLogAndALineOfTheConsole(t *testing.T) {
	i := everythingOn(t)
	rows := func() map[records.Kind]int {
		out := map[records.Kind]int{}
		for _, s := range i.recorder.Stats() {
			out[s.Kind] = s.QueuedRows
		}
		return out
	}
	before := rows()
	e := gpu.HealthEvent{Time: time.Now(), Kind: "xid", Severity: "critical", UUID: "GPU-1", GPU: 3, GPUInstance: -1, XID: 79, Name: "fallen off the bus", Count: 1,
		Meaning: "The driver no longer reaches the GPU.", NextStep: "Restart the machine.", PID: 42, Process: "python3", Owner: gpu.OwnerInstance}
	i.gpuHealth(e)
	require.Equal(t, before[records.KindEvent]+1, rows()[records.KindEvent])
	require.Equal(t, before[records.KindConsole]+1, rows()[records.KindConsole])
	e.Past = true
	i.gpuHealth(e)
	require.Equal(t, before[records.KindEvent]+2, rows()[records.KindEvent])
	require.Equal(t, before[records.KindConsole]+1, rows()[records.KindConsole], "what happened before the agent came stands between no lines of now")
}

func TestTextsOfHealthEvents(t *testing.T) {
	for want, e := range map[string]gpu.HealthEvent{
		"GPU 3: XID 79 (fallen off the bus), critical. The driver no longer reaches the GPU. Restart the machine. Process 42 (python3), of this instance.": {
			Kind: "xid", Severity: "critical", GPU: 3, GPUInstance: -1, XID: 79, Name: "fallen off the bus", Count: 1, Meaning: "The driver no longer reaches the GPU.",
			NextStep: "Restart the machine.", PID: 42, Process: "python3", Owner: gpu.OwnerInstance},
		"GPU 0: XID 31, info, 7 times. Process 9 (train), not of this instance.": {Kind: "xid", Severity: "info", XID: 31, GPUInstance: -1, Count: 7, PID: 9, Process: "train", Owner: gpu.OwnerOther},
		"GPU GPU-2: thermal, warning.":                                           {Kind: "thermal", Severity: "warning", UUID: "GPU-2", GPU: -1, GPUInstance: -1, Name: "thermal", Count: 1},
	} {
		require.Equal(t, want, healthText(e))
	}
	p := healthProperties(gpu.HealthEvent{Kind: "ecc", Severity: "warning", UUID: "GPU-2", GPU: -1, GPUInstance: 4, Count: 2, Past: true})
	require.Equal(t, map[string]any{"kind": "ecc", "severity": "warning", "uuid": "GPU-2", "gpuInstance": 4, "count": 2, "past": true}, p, "what is not known is left out")
}
