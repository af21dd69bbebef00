package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

// modelWord makes this program a model server.
const modelWord = "model-server"

// serveModel runs `ADDR SIZE PAGE` until ctx ends: it answers POST /score with JSON of that size, prints a line for each request as web servers do, and
// shows a page of metrics. It needs little, as it shares the machine with what is measured.
func serveModel(ctx context.Context, args []string, console io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("a model server needs an address, a size and a page (got %q)", args)
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	page, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	answer := []byte(`{"score":"` + strings.Repeat("x", max(0, size-len(`{"score":""}`))) + `"}`)
	lines := &lineWriter{out: bufio.NewWriterSize(console, 4<<10)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /score", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(answer))}
		_, _ = w.Write(answer)
		lines.print("INFO:     ", r.RemoteAddr, ` - "POST /score HTTP/1.1" 200 OK `, r.Header.Get("X-Request-Id"), "\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	s := &http.Server{Handler: mux}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// lineWriter prints lines, each in one write.
type lineWriter struct {
	mu  sync.Mutex
	out *bufio.Writer
}

func (l *lineWriter) print(parts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range parts {
		_, _ = l.out.WriteString(p)
	}
	_ = l.out.Flush()
}
