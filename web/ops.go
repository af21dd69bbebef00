package web

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"runtime"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/endscope/endscope/tsdb"
)

//go:embed openapi.yaml
var openAPI []byte

// handleOpenAPI shows the description of all routes.
func (s *Server) handleOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, err := w.Write(openAPI)
	return err
}

// handleHealthy says that the process serves requests and that alerting works: where it does not, nobody else would tell.
func (s *Server) handleHealthy(w http.ResponseWriter, _ *http.Request) error {
	if a := s.set.Alerts; a != nil && a.Healthy != nil {
		if err := a.Healthy(); err != nil {
			return &unhealthyError{err}
		}
	}
	return writeText(w, "Endscope is healthy.\n")
}

// unhealthyError says that alerting does not work. It answers 503.
type unhealthyError struct{ err error }

func (e *unhealthyError) Error() string { return "alerting does not work: " + e.err.Error() }
func (e *unhealthyError) Unwrap() error { return e.err }

// handleReady says whether queries are answered. While they are not, the answer is a problem with the progress of the replay.
func (s *Server) handleReady(w http.ResponseWriter, _ *http.Request) error {
	if s.set.Prometheus == nil {
		return writeText(w, "Endscope is ready.\n")
	}
	err := s.set.Prometheus.Store.Ready()
	if err == nil && s.set.Logs != nil {
		err = s.set.Logs.Store.Ready()
	}
	if err == nil {
		return writeText(w, "Endscope is ready.\n")
	}
	var replay *tsdb.NotReadyError
	if !errors.As(err, &replay) {
		return err
	}
	p, _ := problemOf(err)
	type progress struct {
		First   int `json:"first"` // segments of the write-ahead log
		Current int `json:"current"`
		Last    int `json:"last"`
	}
	body, err := json.Marshal(struct {
		Problem
		State  string   `json:"state"`
		Replay progress `json:"replay"`
	}{p, replay.Reason, progress{replay.First, replay.Current, replay.Last}})
	if err != nil {
		return fmt.Errorf("encode progress: %w", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// handleReload reads the configuration again.
func (s *Server) handleReload(w http.ResponseWriter, _ *http.Request) error {
	if !s.cfg.EnableLifecycle {
		return &ForbiddenError{"reloading over HTTP is off; set web.enable_lifecycle to true to allow it, or send SIGHUP"}
	}
	if s.set.Reload == nil {
		return &ForbiddenError{"this server has no configuration that it could read again"}
	}
	if err := s.set.Reload(); err != nil {
		return &reloadError{err}
	}
	return writeText(w, "Configuration reloaded.\n")
}

// reloadError is a configuration that was not taken over. Whoever may reload may know what is wrong with it.
type reloadError struct{ err error }

func (e *reloadError) Error() string { return "the configuration was not reloaded: " + e.err.Error() }
func (e *reloadError) Unwrap() error { return e.err }

// handleOwnMetrics shows the server's own metrics.
func (s *Server) handleOwnMetrics(w http.ResponseWriter, r *http.Request) error {
	promhttp.HandlerFor(s.set.Gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, r)
	return nil
}

// handleVersion says which program this is, and where its pages link to.
func (s *Server) handleVersion(w http.ResponseWriter, _ *http.Request) error {
	v := struct {
		Version    string `json:"version"`
		Revision   string `json:"revision"`
		GoVersion  string `json:"goVersion"`
		Prometheus string `json:"prometheusVersion"` // of the API
		GrafanaURL string `json:"grafanaUrl,omitempty"`
		Datasource string `json:"grafanaDatasource,omitempty"`
	}{GoVersion: runtime.Version(), Prometheus: PrometheusVersion, GrafanaURL: s.cfg.GrafanaURL}
	if v.GrafanaURL != "" {
		v.Datasource = s.cfg.GrafanaDatasource
	}
	if p := s.set.Prometheus; p != nil {
		v.Version, v.Revision = p.Version, p.Revision
	}
	return writeJSON(w, v)
}

// handlePprof serves profiles of the process, to this machine only: they show what is in memory.
func (s *Server) handlePprof(w http.ResponseWriter, r *http.Request) error {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip, parseErr := netip.ParseAddr(host)
	forwarded := r.Header.Get("Forwarded") + r.Header.Get("X-Forwarded-For")
	if err != nil || parseErr != nil || !ip.Unmap().IsLoopback() || forwarded != "" {
		return &ForbiddenError{"profiles are served to clients on this machine only"}
	}
	switch name := mux.Vars(r)["profile"]; name {
	case "":
		pprof.Index(w, r)
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Handler(name).ServeHTTP(w, r)
	}
	return nil
}

func writeText(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, text)
	return err
}
