package scrape

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a model server whose page the test writes.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string
	typ   string
	seen  http.Header
}

func serve(t *testing.T, page string) *server {
	t.Helper()
	s := &server{pages: map[string]string{"/metrics": page}, typ: "text/plain; version=0.0.4; charset=utf-8"}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		page, ok := s.pages[r.URL.Path]
		s.seen = r.Header.Clone()
		typ := s.typ
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header()["Content-Type"] = nil
		if typ != "" {
			w.Header().Set("Content-Type", typ)
		}
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, page)
			_ = z.Close()
			return
		}
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) set(path, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = page
}

// remove makes the path answer 404.
func (s *server) remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, path)
}

func (s *server) host() string { return strings.TrimPrefix(s.URL, "http://") }

// collector returns a collector of the targets, with the mapping of the kind under test besides the built-in ones.
func collector(t *testing.T, mapping string, change func(*Config, *Settings), targets ...string) *Collector {
	t.Helper()
	cfg, set := DefaultConfig(), Settings{}
	cfg.Targets = targets
	if mapping != "" {
		file := filepath.Join(t.TempDir(), "own.yaml")
		require.NoError(t, os.WriteFile(file, []byte(mapping), 0o600))
		cfg.Mappings = []string{file}
	}
	if change != nil {
		change(&cfg, &set)
	}
	c, err := New(cfg, set)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// rules returns a mapping of kind test, which a page with a name that begins with x is of.
func rules(metrics string) string {
	return "kind: test\ndetect: {prefixes: [x]}\nmetrics:\n" + metrics
}

// collect runs one round and returns its readings, but those of the collector itself, one a line, sorted.
func collect(t *testing.T, c *Collector) []string {
	t.Helper()
	lines, err := round(t, c)
	require.NoError(t, err)
	return others(lines)
}

func round(t *testing.T, c *Collector) ([]string, error) {
	t.Helper()
	r := agent.Round{Time: time.Unix(1_800_000_000, 0)}
	err := c.Collect(t.Context(), &r)
	lines := make([]string, 0, len(r.Readings))
	for _, reading := range r.Readings {
		lines = append(lines, line(reading))
	}
	slices.Sort(lines)
	return lines, err
}

func others(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, "agent_") })
}

// canonicalOnly leaves the canonical series.
func canonicalOnly(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		return !strings.HasPrefix(l, "model_") && !strings.HasPrefix(l, "endpoint_") && !strings.HasPrefix(l, "gpu_")
	})
}

func line(r agent.Reading) string {
	var labels []string
	for i, l := range r.Desc.Labels {
		if r.LabelValues[i] != "" {
			labels = append(labels, fmt.Sprintf("%s=%q", l, r.LabelValues[i]))
		}
	}
	slices.Sort(labels)
	value := fmt.Sprint(r.Value)
	if r.Hist != nil {
		value = r.Hist.String()
	}
	out := fmt.Sprintf("%s{%s} %s", r.Desc.Name, strings.Join(labels, ","), value)
	if !r.Start.IsZero() {
		out += fmt.Sprintf(" since %d", r.Start.Unix())
	}
	if !r.Time.IsZero() {
		out += fmt.Sprintf(" at %d", r.Time.UnixMilli())
	}
	for _, e := range r.Exemplars {
		out += fmt.Sprintf(" # %s %v", e.Labels, e.Value)
	}
	return out
}
