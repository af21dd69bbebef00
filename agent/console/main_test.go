package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent/records"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killEnv); dir != "" {
		tailForEver(dir)
	}
	goleak.VerifyTestMain(m)
}

// sink keeps what a pipeline gives out.
type sink struct {
	mu      sync.Mutex
	rows    []records.Console
	lines   []string
	dropped map[string]int
	fail    error // what Append answers, once set
	appends int
	full    int // how many more rows Record has no room for
	reg     *prometheus.Registry
}

func (s *sink) settings(dir string) Settings {
	s.reg, s.dropped = prometheus.NewRegistry(), map[string]int{}
	return Settings{
		Registerer: s.reg, Dir: dir,
		Record: func(r records.Console) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.full > 0 {
				s.full--
				return false
			}
			s.rows = append(s.rows, r)
			return true
		},
		Append: func(ctx context.Context, rows []records.Console) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.fail != nil {
				return s.fail
			}
			s.appends++
			s.rows = append(s.rows, rows...)
			return ctx.Err()
		},
		Dropped: func(reason string, n int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.dropped[reason] += n
		},
		Line: func(_ time.Time, _, text string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lines = append(s.lines, text)
		},
	}
}

func (s *sink) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *sink) messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m []string
	for _, r := range s.rows {
		m = append(m, r.Message)
	}
	return m
}

func (s *sink) last() string {
	m := s.messages()
	if len(m) == 0 {
		return ""
	}
	return m[len(m)-1]
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// metric returns the sum of a metric's series whose labels contain all of want ("kind=renamed").
func (s *sink) metric(t *testing.T, name string, want ...string) float64 {
	t.Helper()
	families, err := s.reg.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	series:
		for _, m := range f.Metric {
			for _, w := range want {
				found := false
				for _, l := range m.Label {
					found = found || l.GetName()+"="+l.GetValue() == w
				}
				if !found {
					continue series
				}
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// running is a pipeline whose Run is going.
type running struct {
	*sink
	stop func()
}

// follow runs a pipeline over cfg with its data in dir.
func follow(t *testing.T, dir string, s *sink, cfg Config) *running {
	t.Helper()
	p, err := NewPipeline(cfg, s.settings(dir))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	var once sync.Once
	r := &running{sink: s, stop: func() {
		once.Do(func() {
			cancel()
			require.NoError(t, <-done)
		})
	}}
	t.Cleanup(r.stop)
	return r
}

// quick is a configuration that reads from the beginning and waits for little.
func quick(files ...string) Config {
	c := DefaultConfig()
	c.Files, c.From = files, FromBeginning
	c.PollInterval, c.PartialWait, c.Multiline.Wait = 10*time.Millisecond, 150*time.Millisecond, 30*time.Millisecond
	return c
}

func write(t *testing.T, path string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	_, err = f.WriteString(strings.Join(lines, ""))
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func (s *sink) wait(t *testing.T, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && !slices.Equal(want, s.messages()); {
		time.Sleep(5 * time.Millisecond)
	}
	require.Equal(t, want, s.messages())
}

func numbered(from, to int) (lines []string) {
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprintf("line %d", i))
	}
	return lines
}

func text(lines []string) string { return strings.Join(lines, "\n") + "\n" }

var errDisk = errors.New("no space left on device")

func logPath(t *testing.T) (dir, path string) {
	dir = t.TempDir()
	return dir, filepath.Join(dir, "server.log")
}
