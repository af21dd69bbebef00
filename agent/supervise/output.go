package supervise

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	readBytes        = 64 << 10
	passthroughBytes = 1 << 20 // that may wait for the agent's own stdout
	drainWait        = 2 * time.Second
)

// reader reads one of the child's streams to its end, without ever waiting for those who get it.
type reader struct {
	pipe *os.File
	done chan struct{}
}

func startReader(pipe *os.File, out io.WriteCloser, pass *passthrough) *reader {
	r := &reader{pipe: pipe, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		buf := make([]byte, readBytes)
		for {
			n, err := pipe.Read(buf)
			if n > 0 {
				if out != nil {
					_, _ = out.Write(buf[:n])
				}
				pass.put(buf[:n])
			}
			if err != nil {
				break
			}
		}
		_ = pipe.Close()
		if out != nil {
			_ = out.Close()
		}
	}()
	return r
}

// finish waits for the end of the stream; if somebody keeps it open after the child has ended, not for long.
func (r *reader) finish() {
	timer := time.NewTimer(drainWait)
	defer timer.Stop()
	select {
	case <-r.done:
	case <-timer.C:
		_ = r.pipe.Close()
		<-r.done
	}
}

// passthrough writes the child's output to the agent's own. If that is slower than the child, what does not fit is left out, and a line says so.
// A nil *passthrough writes nothing.
type passthrough struct {
	to     io.Writer
	lost   func(bytes int)
	filled chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	waiting []byte
	dropped int
	closed  bool
}

func newPassthrough(to io.Writer, lost func(int)) *passthrough {
	p := &passthrough{to: to, lost: lost, filled: make(chan struct{}, 1), done: make(chan struct{})}
	go p.run()
	return p
}

func (p *passthrough) put(b []byte) {
	if p == nil {
		return
	}
	p.mu.Lock()
	if len(p.waiting)+len(b) > passthroughBytes {
		p.dropped += len(b)
		p.lost(len(b))
	} else {
		p.waiting = append(p.waiting, b...)
	}
	p.mu.Unlock()
	p.signal()
}

func (p *passthrough) signal() {
	select {
	case p.filled <- struct{}{}:
	default:
	}
}

func (p *passthrough) run() {
	defer close(p.done)
	var spare []byte
	for range p.filled {
		for {
			p.mu.Lock()
			b, dropped, closed := p.waiting, p.dropped, p.closed
			p.waiting, p.dropped = spare[:0], 0
			spare = nil // it is theirs who put now
			p.mu.Unlock()
			if len(b) == 0 && dropped == 0 {
				if closed {
					return
				}
				break
			}
			_, _ = p.to.Write(b) // an output that is gone takes nothing, and nothing is to be done about it
			if dropped > 0 {
				_, _ = fmt.Fprintf(p.to, "\n[endscope-agent: %d bytes of output are left out here: they came faster than they could be written]\n", dropped)
			}
			if cap(b) <= 256<<10 {
				spare = b
			}
		}
	}
}

// close writes what waits. It gives up after a while: an output that nobody reads must not keep the agent from ending.
func (p *passthrough) close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.signal()
	timer := time.NewTimer(drainWait)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
}
