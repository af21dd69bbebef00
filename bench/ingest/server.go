package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/bench/kit"
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

// servers returns every server that can be measured, in the order of the report.
func servers(p kit.Programs) []server {
	endscope := func(sync, note string) server {
		return server{
			name: "endscope-" + sync, protos: []proto{proto1, proto2}, path: "/api/v1/write", ready: "/-/ready", program: p.Endscope, note: note,
			args: func(dir, addr string) ([]string, error) {
				return []string{"serve", "--data-dir", dir, "--listen", addr, "--storage.sync", sync}, nil
			},
		}
	}
	return []server{
		endscope("commit", "acknowledged = fsynced"),
		endscope("interval", "acknowledged = written to the WAL, fsynced soon after"),
		{
			name: "prometheus", protos: []proto{proto1, proto2}, path: "/api/v1/write", ready: "/-/ready", program: p.Prometheus,
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
			name: "victoria-metrics", protos: []proto{proto1}, path: "/api/v1/write", ready: "/health", program: p.Victoria,
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
		_, err := subproc.Get(ctx, "http://"+addr+s.ready, nil)
		return err
	})
	if err != nil {
		p.Kill()
		return nil, "", "", err
	}
	return p, addr, dir, nil
}
