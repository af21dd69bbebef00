package lifecycle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/process"
)

func TestABrokenFileBeginsAnew(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "not JSON": "{", "null work": `{"process":{"PID":7,"StartTicks":70},"saved":"2000-01-01T00:00:00Z","starting":{"phases":{"compile":null,"weights_load":{}}}}`, "large": strings.Repeat(" ", maxKept+1)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				require.NoError(t, os.WriteFile(filepath.Join(dir, "lifecycle.json"), []byte(text), 0o600))
				w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70}}
				b := newBench(t, DefaultConfig(), Settings{Find: w.find, Dir: dir}, readiness)
				at(3 * time.Second)
				b.Line(time.Now(), "Load weight begin")
				b.Line(time.Now(), "torch.compile takes 1.0 s in total")
				b.probes[readiness].set(nil)
				at(5 * time.Second)
				require.True(t, inState(t, b.reg, Ready))
				b.stop()
				kept, err := os.ReadFile(filepath.Join(dir, "lifecycle.json"))
				require.NoError(t, err)
				require.Contains(t, string(kept), `"ready":true`)
			})
		})
	}
}

func TestTheFileHoldsNoCommandLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := &watched{main: process.Main{PID: 7, Start: time.Now(), StartTicks: 70, Command: "server --api-key s3cret"}}
		b := newBench(t, DefaultConfig(), Settings{Find: w.find, Dir: dir, Foreign: true}, readiness)
		at(3 * time.Second)
		b.stop()
		kept, err := os.ReadFile(filepath.Join(dir, "lifecycle.json"))
		require.NoError(t, err)
		require.NotContains(t, string(kept), "s3cret")
		for _, e := range b.named() {
			require.NotContains(t, e.Message, "s3cret")
		}
	})
}

func TestAFolderThatCannotBeWrittenStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(dir, nil, 0o600))
		b := newBench(t, DefaultConfig(), Settings{Restart: func(string) {}, Dir: dir}, readiness)
		b.Process(ProcessEvent{Kind: Started, Time: time.Now()})
		b.probes[readiness].set(nil)
		at(3 * time.Second)
		require.True(t, inState(t, b.reg, Ready))
		b.stop()
	})
}
