package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// server is one program with one configuration that takes the load.
type server struct {
	name    string // as in the report and in -servers
	protos  []proto
	path    string // where it takes remote write
	ready   string // answers 200 once it takes writes
	program string
	note    string // what its acknowledgement means

	// args returns the command line for a fresh data directory and an address; it may write files into dir's parent.
	args func(dir, addr string) ([]string, error)
}

// programs are the paths of the three binaries.
type programs struct{ endscope, prometheus, victoria string }

// servers returns every server that can be measured, in the order of the report.
func servers(p programs) []server {
	endscope := func(sync, note string) server {
		return server{
			name: "endscope-" + sync, protos: []proto{proto1, proto2}, path: "/api/v1/write", ready: "/-/ready", program: p.endscope, note: note,
			args: func(dir, addr string) ([]string, error) {
				return []string{"serve", "--data-dir", dir, "--listen", addr, "--storage.sync", sync}, nil
			},
		}
	}
	return []server{
		endscope("commit", "acknowledged = fsynced"),
		endscope("interval", "acknowledged = written to the WAL, fsynced soon after"),
		{
			name: "prometheus", protos: []proto{proto1, proto2}, path: "/api/v1/write", ready: "/-/ready", program: p.prometheus,
			note: "acknowledged = written to the WAL, fsynced when a segment is full",
			args: func(dir, addr string) ([]string, error) {
				config := dir + ".yml"
				if err := os.WriteFile(config, []byte("storage: {tsdb: {out_of_order_time_window: 24h}}\n"), 0o644); err != nil {
					return nil, err
				}
				return []string{"--config.file=" + config, "--storage.tsdb.path=" + dir, "--web.listen-address=" + addr, "--web.enable-remote-write-receiver", "--log.level=warn"}, nil
			},
		},
		{
			name: "victoria-metrics", protos: []proto{proto1}, path: "/api/v1/write", ready: "/health", program: p.victoria,
			note: "acknowledged = in memory, written within seconds",
			args: func(dir, addr string) ([]string, error) { // the search flags let the check see every sample at once
				return []string{"-storageDataPath=" + dir, "-httpListenAddr=" + addr, "-loggerLevel=WARN", "-search.latencyOffset=0s", "-search.maxUniqueTimeseries=1000000"}, nil
			},
		},
	}
}

// start runs the server on an empty data directory below work and waits until it takes writes.
func (s server) start(ctx context.Context, work string) (p *subproc.Process, addr, dir string, err error) {
	dir = filepath.Join(work, "data")
	if err := os.RemoveAll(dir); err != nil {
		return nil, "", "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", "", err
	}
	if addr, err = subproc.FreeAddr(); err != nil {
		return nil, "", "", err
	}
	args, err := s.args(dir, addr)
	if err != nil {
		return nil, "", "", err
	}
	if p, err = subproc.Start(filepath.Join(work, s.name+".log"), s.program, args...); err != nil {
		return nil, "", "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err = p.Await(ctx, func(ctx context.Context) error {
		_, err := get(ctx, "http://"+addr+s.ready)
		return err
	})
	if err != nil {
		p.Kill()
		return nil, "", "", err
	}
	return p, addr, dir, nil
}

// get returns the body of a 200 answer; every other answer is an error with its text.
func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", resp.Status, body[:min(len(body), 500)])
	}
	return body, nil
}

// findRoot returns the nearest folder upwards that holds our go.mod and bench/peers.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "bench", "peers", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("run this inside the repository: no folder upwards holds bench/peers")
		}
		dir = parent
	}
}

// buildPeers builds Prometheus from bench/peers into .cache/peers and returns its path. The first time takes minutes.
func buildPeers(ctx context.Context, root string, progress io.Writer) (string, error) {
	out := filepath.Join(root, ".cache", "peers")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintln(progress, "building Prometheus from bench/peers (minutes the first time)")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "remove_all_sd", "-o", out+string(filepath.Separator), "tool")
	cmd.Dir = filepath.Join(root, "bench", "peers")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build Prometheus: %w\n%s", err, text)
	}
	return filepath.Join(out, "prometheus"), nil
}
