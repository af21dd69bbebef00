package agent

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// page serves the agent's own /metrics and /-/healthy. A nil page is one that is off.
type page struct {
	listener net.Listener
	server   *http.Server
	log      *slog.Logger
	serving  sync.WaitGroup
}

// listen binds the address and returns nil when there is none, or when it cannot be had: watching the instance matters more than the page.
func listen(addr string, own prometheus.Gatherer, healthy func() error, log *slog.Logger) *page {
	if addr == "" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		log.Warn("agent goes on without its own page; give metrics.listen another address, or an empty one", "address", addr, "err", err)
		return nil
	}
	process := prometheus.NewRegistry() // for those who scrape the agent itself; not pushed
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{own, process}, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := healthy(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, err)
			return
		}
		_, _ = io.WriteString(w, "Endscope agent is healthy.\n")
	})
	return &page{listener: l, log: log, server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}}
}

func (p *page) url() string {
	if p == nil {
		return ""
	}
	return "http://" + p.listener.Addr().String()
}

func (p *page) serve() {
	if p == nil {
		return
	}
	p.serving.Go(func() {
		if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			p.log.Warn("agent's own page stopped", "err", err)
		}
	})
}

func (p *page) close() error {
	if p == nil {
		return nil
	}
	err := p.server.Close()
	_ = p.listener.Close() // the server has closed it if it ever served
	p.serving.Wait()
	return err
}
