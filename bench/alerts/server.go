package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// kind is a program that evaluates alert rules.
type kind struct {
	name, program, write string
	// args returns the arguments for a folder that has the data and a file prometheus.yml.
	args func(dir, addr string) []string
	// files writes what the program reads besides, for a listener; nil for nothing.
	files func(dir, listener string) error
	// rules makes the rules be evaluated.
	rules func(ctx context.Context, s *server, listener string) error
	// pages are the addresses of metrics that say how evaluation goes.
	read func(page metrics) readings
}

func endscopeKind(o options) *kind {
	return &kind{
		name: "Endscope", program: o.endscope, write: "/api/v1/write",
		args: func(dir, addr string) []string {
			return []string{"serve", "--data-dir", filepath.Join(dir, "data"), "--listen", addr, "--log.level", "warn",
				"--alerts.evaluation.grace", o.grace.String(), "--alerts.evaluation.spread", o.spread.String(), "--alerts.evaluation.startup-delay", o.startup.String()}
		},
		rules: func(ctx context.Context, s *server, listener string) error {
			return s.provision(ctx, append([]any{pager(listener)}, loadRules(o)...))
		},
		read: readEndscope,
	}
}

func prometheusKind(o options) *kind {
	return &kind{
		name: "Prometheus", program: o.prometheus, write: "/api/v1/write",
		args: func(dir, addr string) []string {
			return []string{"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + addr,
				"--log.level=warn", "--web.enable-remote-write-receiver", "--enable-feature=native-histograms", "--web.enable-lifecycle"}
		},
		files: func(dir, listener string) error {
			return writePrometheus(dir, listener, nil)
		},
		rules: func(ctx context.Context, s *server, listener string) error {
			if err := writePrometheus(s.dir, listener, prometheusGroups(o)); err != nil {
				return err
			}
			_, err := s.post(ctx, "/-/reload", nil)
			return err
		},
		read: readPrometheus,
	}
}

// writePrometheus writes the configuration and the rules as JSON, which is YAML.
func writePrometheus(dir, listener string, groups []any) error {
	cfg := map[string]any{
		"global":     map[string]any{"evaluation_interval": "1m"},
		"rule_files": []string{"rules.json"},
		"alerting":   map[string]any{"alertmanagers": []any{map[string]any{"static_configs": []any{map[string]any{"targets": []string{listener}}}}}},
		"storage":    map[string]any{"tsdb": map[string]any{"out_of_order_time_window": "30m"}},
	}
	for file, v := range map[string]any{"prometheus.yml": cfg, "rules.json": map[string]any{"groups": append([]any{}, groups...)}} {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// server is a program that runs.
type server struct {
	*kind
	dir, addr string
	process   *subproc.Process
}

// newServer prepares the folder of a server, which start runs.
func newServer(k *kind, dir, listener string) (*server, error) {
	s := &server{kind: k, dir: filepath.Join(dir, k.name)}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	if k.files != nil {
		if err := k.files(s.dir, listener); err != nil {
			return nil, err
		}
	}
	var err error
	s.addr, err = subproc.FreeAddr()
	return s, err
}

// start runs the program on what its folder holds, and returns when it takes requests.
func (s *server) start(ctx context.Context) (err error) {
	if s.process, err = subproc.Start(s.dir+".log", s.program, s.args(s.dir, s.addr)...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = s.process.Await(ctx, func(ctx context.Context) error {
		_, err := subproc.Get(ctx, s.url("/-/ready"), nil)
		return err
	})
	if err != nil {
		s.process.Kill()
	}
	return err
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

// post sends a body as JSON, and takes any answer below 300 for done.
func (s *server) post(ctx context.Context, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url(path), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("POST %s: %s: %.500s", path, resp.Status, text)
	}
	return text, err
}

// provision stores documents, a thousand at a time.
func (s *server) provision(ctx context.Context, documents []any) error {
	for len(documents) > 0 {
		n := min(1000, len(documents))
		body, err := json.Marshal(documents[:n])
		if err != nil {
			return err
		}
		if _, err := s.post(ctx, "/api/v1/provisioning/bench", body); err != nil {
			return err
		}
		documents = documents[n:]
	}
	return nil
}
