package supervise

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const dieEnv = "ENDSCOPE_SUPERVISE_DIE"

func TestMain(m *testing.M) {
	if os.Getenv(dieEnv) != "" {
		superviseForEver()
	}
	goleak.VerifyTestMain(m)
}

// superviseForEver is an agent that is killed.
func superviseForEver() {
	s, err := New(DefaultConfig(), Settings{Command: []string{"sh", "-c", "echo server $$; sleep 600"}, Stdout: os.Stdout})
	if err != nil {
		panic(err)
	}
	panic(s.Run(context.Background()))
}

// watcher keeps what a supervisor tells.
type watcher struct {
	mu     sync.Mutex
	events []ProcessEvent
	out    map[string]*bytes.Buffer
	closed map[string]int
}

func (w *watcher) event(e ProcessEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *watcher) kinds() (kinds []EventKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (w *watcher) of(kind EventKind) (events []ProcessEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

func (w *watcher) text(stream string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.out[stream]; b != nil {
		return b.String()
	}
	return ""
}

type output struct {
	w      *watcher
	stream string
}

func (o output) Write(p []byte) (int, error) {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	return o.w.out[o.stream].Write(p)
}

func (o output) Close() error {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	o.w.closed[o.stream]++
	return nil
}

func (w *watcher) settings(command ...string) Settings {
	w.out, w.closed = map[string]*bytes.Buffer{"stdout": {}, "stderr": {}}, map[string]int{}
	return Settings{Command: command, Event: w.event, Output: func(stream string) io.WriteCloser { return output{w, stream} }}
}

// start runs a supervisor; the function returned waits for it.
func start(t *testing.T, cfg Config, set Settings) (*Supervisor, func() error) {
	t.Helper()
	s, err := New(cfg, set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	var result error
	wait := func() error {
		once.Do(func() { result = <-done })
		return result
	}
	t.Cleanup(func() {
		cancel()
		_ = wait()
	})
	return s, wait
}

func never() Config {
	c := DefaultConfig()
	c.Restart = RestartNever
	return c
}

func eventually(t *testing.T, f func() bool) {
	t.Helper()
	require.Eventually(t, f, 30*time.Second, 5*time.Millisecond)
}

func counterValue(t *testing.T, s *Supervisor) int {
	t.Helper()
	return int(testutil.ToFloat64(s.lost))
}
