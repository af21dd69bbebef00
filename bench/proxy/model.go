package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/proxy"
	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/scopes"
)

// childWord makes this program a child: the model server, or the proxy.
const childWord = "child"

// child runs `model ADDR SIZE` or `proxy ADDR TARGET FOLDER PROFILE` until ctx ends.
func child(ctx context.Context, args []string) error {
	switch {
	case len(args) == 3 && args[0] == "model":
		size, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return serveModel(ctx, args[1], size)
	case len(args) == 5 && args[0] == "proxy":
		if args[4] != "" {
			f, err := os.Create(args[4])
			if err != nil {
				return err
			}
			defer f.Close()
			if err := pprof.StartCPUProfile(f); err != nil {
				return err
			}
			defer pprof.StopCPUProfile()
		}
		return serveProxy(ctx, args[1], args[2], args[3])
	}
	return fmt.Errorf("no such child: %q", args)
}

// serveModel answers POST /score with size bytes, and GET /stream with events of which each holds the time at which it was written.
func serveModel(ctx context.Context, addr string, size int) error {
	answer := make([]byte, size)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /score", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Length"] = []string{strconv.Itoa(size)}
		_, _ = w.Write(answer)
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		every, _ := time.ParseDuration(r.URL.Query().Get("every"))
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		tick := time.NewTicker(max(every, time.Microsecond))
		defer tick.Stop()
		for range n {
			fmt.Fprintf(w, "data: {\"id\":\"%d\",\"object\":\"chat.completion.chunk\",\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n", time.Now().UnixNano())
			if rc.Flush() != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: mux}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// serveProxy runs the proxy as the agent would: its rows go to a spool on disk, for a server that is not there.
func serveProxy(ctx context.Context, addr, target, dir string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	reg := prometheus.NewRegistry()
	recorder, err := records.New(records.DefaultConfig(), records.Settings{
		DataDir: filepath.Join(dir, "agent"), Server: "http://127.0.0.1:1", HTTPClient: &http.Client{Timeout: time.Second},
		Identity: scopes.Path{Endpoint: "bench", Deployment: "blue", Instance: "a"}, Registerer: reg, Logger: log,
	})
	if err != nil {
		return err
	}
	cfg := proxy.DefaultConfig()
	cfg.Listen, cfg.Target, cfg.DrainTimeout = addr, target, time.Second
	p, err := proxy.New(cfg, proxy.Settings{Logger: log, Registerer: reg, Record: recorder.Traffic})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { _ = recorder.Run(ctx) })
	err = p.Run(ctx)
	all.Wait()
	_ = recorder.Close()
	return err
}
