package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// bench is the server and the agent with its model server.
type bench struct {
	o      options
	dir    string
	listen string // of the server
	proxy  string // where requests go
	page   string // of the agent

	server *subproc.Process
	agent  *subproc.Process
}

const startTimeout = time.Minute

// start runs all of them. The caller calls stop, also after an error.
func start(ctx context.Context, o options, dir string) (*bench, error) {
	b := &bench{o: o, dir: dir}
	var model string
	for _, addr := range []*string{&b.listen, &b.proxy, &b.page, &model} {
		var err error
		if *addr, err = subproc.FreeAddr(); err != nil {
			return b, err
		}
	}
	if err := b.startServer(ctx); err != nil {
		return b, err
	}
	var err error
	b.agent, err = subproc.Start(filepath.Join(dir, "agent.log"), o.agent, "exec",
		"--server", b.url(), "--endpoint", "bench", "--deployment", "blue", "--instance", "a", "--data-dir", b.agentDir(), "--metrics.listen", b.page,
		"--interval", o.interval.String(), "--proxy.listen", b.proxy, "--proxy.target", "http://"+model, "--scrape.targets", "http://"+model+"/metrics",
		"--lifecycle.readiness.http", "http://"+model+"/health", "--lifecycle.liveness.http", "http://"+model+"/health", "--exec.passthrough=false",
		"--", o.self, modelWord, model, fmt.Sprint(o.size), o.page)
	if err != nil {
		return b, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return b, b.agent.Await(ctx, func(ctx context.Context) error {
		_, err := subproc.Get(ctx, "http://"+b.proxy+"/health", nil)
		return err
	})
}

func (b *bench) url() string      { return "http://" + b.listen }
func (b *bench) agentDir() string { return filepath.Join(b.dir, "agent") }

// startServer runs the server on the data that is there, and waits until it takes requests.
func (b *bench) startServer(ctx context.Context) (err error) {
	b.server, err = subproc.Start(filepath.Join(b.dir, "server.log"), b.o.endscope, "serve", "--data-dir", filepath.Join(b.dir, "server"), "--listen", b.listen, "--log.level", "warn")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return b.server.Await(ctx, func(ctx context.Context) error {
		_, err := subproc.Get(ctx, b.url()+"/-/ready", nil)
		return err
	})
}

// stop ends what runs. The model server ends with its agent.
func (b *bench) stop() {
	for _, p := range []*subproc.Process{b.agent, b.server} {
		if p != nil {
			p.Kill()
		}
	}
}
