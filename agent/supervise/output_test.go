package supervise

import (
	"bytes"
	"fmt"
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
