package supervise

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/console"
	"github.com/endscope/endscope/agent/records"
)

// flood counts what becomes of a flood of lines.
type flood struct{ rows, lines, dropped, notes atomic.Int64 }

// run lets command print through a pipeline with that configuration, and returns how long that took and the most memory that was in use meanwhile. What the
// collector has not taken yet is not counted: that depends on what else the machine does, and test/agent bounds the resident memory of the real program.
func (f *flood) run(t *testing.T, cfg console.Config, command string) (took time.Duration, heap uint64) {
	t.Helper()
	p, err := console.NewPipeline(cfg, console.Settings{
		Record: func(r records.Console) bool {
			if strings.HasPrefix(r.Message, "endscope-agent: ") {
				f.notes.Add(1)
				return true
			}
			f.rows.Add(1)
			f.lines.Add(int64(strings.Count(r.Message, "\n") + 1))
			return true
		},
		Dropped: func(_ string, n int) { f.dropped.Add(int64(n)) },
	})
	require.NoError(t, err)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	ended := make(chan uint64)
	stop := make(chan struct{})
	go func() {
		var most uint64
		for {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				ended <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	began := time.Now()
	_, wait := start(t, never(), Settings{
		Command: []string{"sh", "-c", command},
		Output:  func(stream string) io.WriteCloser { return p.Stream(stream) },
		Stdout:  io.Discard,
	})
	require.NoError(t, wait())
	took = time.Since(began)
	close(stop)
	most := <-ended
	return took, most - min(most, before.HeapAlloc)
}

func TestAFloodNeitherHoldsTheServerNorFillsTheMemory(t *testing.T) {
	const lines = 1_000_000
	line := strings.Repeat("flood password: key=token ", 4) // words that redaction must look at more closely
	unlimited := console.DefaultConfig()
	unlimited.RateLimit = 0
	for name, cfg := range map[string]console.Config{"limited": console.DefaultConfig(), "unlimited": unlimited} {
		t.Run(name, func(t *testing.T) {
			var f flood
			took, heap := f.run(t, cfg, fmt.Sprintf("yes '%s' | head -n %d", line, lines))
			t.Logf("%d MB/s, %d MiB of heap, %d rows, %d lines dropped, told in %d rows", int64(lines*(len(line)+1))/1e6*1000/max(took.Milliseconds(), 1), heap>>20, f.rows.Load(), f.dropped.Load(), f.notes.Load())
			require.EqualValues(t, lines, f.lines.Load()+f.dropped.Load(), "every line is a row or counted")
			require.Positive(t, f.rows.Load())
			require.Equal(t, f.dropped.Load() > 0, f.notes.Load() > 0)
			require.Less(t, heap, uint64(48<<20))
		})
	}
}

func TestAFloodWithoutLineEnds(t *testing.T) {
	var f flood
	_, heap := f.run(t, console.DefaultConfig(), `head -c 200000000 /dev/zero | tr '\0' x; echo; echo end`)
	require.EqualValues(t, 2, f.rows.Load())
	require.Less(t, heap, uint64(48<<20))
}
