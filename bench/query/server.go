package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

// server is one program that answers questions.
type server struct {
	name    string // as in the report, in -servers and of its folder
	ready   string // answers 200 once it takes requests
	program string
	classic bool // holds classic histograms instead of native ones
	args    func(dir, addr string) []string
	loading []string // more of them while the data are loaded
}

func servers(p kit.Programs) []server {
	return []server{
		{
			// A day comes within minutes, and the loader waits for the roll-ups, which otherwise take little of a CPU.
			name: "endscope", ready: "/-/ready", program: p.Endscope, loading: []string{"--rollup.share", "1"},
			args: func(dir, addr string) []string {
				return []string{"serve", "--data-dir", dir, "--listen", addr, "--log.level", "warn"}
			},
		},
		{
			name: "prometheus", ready: "/-/ready", program: p.Prometheus,
			args: func(dir, addr string) []string { // the feature is for the check of the values; without a file it has no targets
				return []string{
					"--config.file=" + os.DevNull, "--storage.tsdb.path=" + dir, "--web.listen-address=" + addr, "--log.level=warn",
					"--web.enable-remote-write-receiver", "--enable-feature=promql-extended-range-selectors",
				}
			},
		},
		{
			name: "victoria-metrics", ready: "/health", program: p.Victoria, classic: true,
			args: func(dir, addr string) []string { // without latencyOffset the last samples are visible
				return []string{"-storageDataPath=" + dir, "-httpListenAddr=" + addr, "-loggerLevel=WARN", "-search.latencyOffset=0s", "-search.maxUniqueTimeseries=1000000"}
			},
		},
	}
}

// running is a server that takes requests.
type running struct {
	server
	process *subproc.Process
	base    string // http://host:port
	addr    string
}

// start runs the server on its data directory below dir, which may be empty, and waits until it takes requests: as long as it may take
// to read its log back. More arguments can be given.
func (s server) start(ctx context.Context, dir string, more ...string) (*running, error) {
	data := filepath.Join(dir, s.name)
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	addr, err := subproc.FreeAddr()
	if err != nil {
		return nil, err
	}
	p, err := subproc.Start(filepath.Join(dir, s.name+".log"), s.program, append(s.args(data, addr), more...)...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	r := &running{server: s, process: p, base: "http://" + addr, addr: addr}
	err = p.Await(ctx, func(ctx context.Context) error {
		_, err := subproc.Get(ctx, r.base+s.ready, nil)
		return err
	})
	if err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return r, nil
}

// stop ends the server in good order, so that its data can be used again.
func (r *running) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	return r.process.Stop(ctx)
}
