package supervise

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slowWriter keeps what is written, and gives others time to put more while it does.
type slowWriter struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (w *slowWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range p { // so that bytes which change meanwhile are seen
		w.kept.WriteByte(b)
		if b == '7' {
			time.Sleep(10 * time.Microsecond)
		}
	}
	return len(p), nil
}

func TestThePassthroughCopiesByteForByte(t *testing.T) {
	var w slowWriter
	p := newPassthrough(&w, func(n int) { t.Errorf("%d bytes are lost", n) })
	var want bytes.Buffer
	for i := range 20_000 {
		line := fmt.Appendf(nil, "line=%07d\n", i)
		want.Write(line)
		p.put(line)
		if i%50 == 0 {
			time.Sleep(3 * time.Millisecond) // the writer catches up and waits
		}
	}
	p.close()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Equal(t, want.String(), w.kept.String())
}

func TestAServerThatClosesItsOutputLivesOn(t *testing.T) {
	w := &watcher{}
	s, _ := start(t, DefaultConfig(), w.settings("sh", "-c", "echo last; exec >&- 2>&-; sleep 600"))
	eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.closed["stdout"] == 1 && w.closed["stderr"] == 1
	})
	eventually(t, func() bool { return s.PID() != 0 }) // the child may be faster than the note of its number
	require.Empty(t, w.of(Exited))
}

func TestOutputIsPassedThrough(t *testing.T) {
	for _, on := range []bool{true, false} {
		w := &watcher{}
		cfg := never()
		cfg.Passthrough = on
		set := w.settings("sh", "-c", "echo out; echo err >&2")
		var out, errs bytes.Buffer
		set.Stdout, set.Stderr = &out, &errs
		_, wait := start(t, cfg, set)
		require.NoError(t, wait())
		require.Equal(t, on, out.String() == "out\n")
		require.Equal(t, on, errs.String() == "err\n")
	}
}

// stuck is an output that nobody reads for a while.
type stuck struct {
	release chan struct{}
	mu      sync.Mutex
	got     bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.release
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

func TestAnOutputThatIsStuckDoesNotHoldTheServer(t *testing.T) {
	w := &watcher{}
	set := w.settings("sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x; echo; echo end")
	out := &stuck{release: make(chan struct{})}
	set.Stdout = out
	s, wait := start(t, never(), set)
	eventually(t, func() bool { return len(w.of(Exited)) == 1 })
	close(out.release)
	require.NoError(t, wait())
	require.Len(t, w.text("stdout"), 8_000_005)
	out.mu.Lock()
	defer out.mu.Unlock()
	require.Contains(t, out.got.String(), "bytes of output are left out here")
	lost := counterValue(t, s)
	require.Positive(t, lost)
	notes := 0
	for line := range strings.Lines(out.got.String()) {
		if strings.HasPrefix(line, "[endscope-agent: ") {
			notes += len(line) + 1
		}
	}
	require.Equal(t, 8_000_005, out.got.Len()-notes+lost)
}
