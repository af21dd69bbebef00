package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const commonPath = "/common"

// notice is one notification as it came.
type notice struct {
	rule, target, condition string
	instant                 time.Time // when it fired or resolved, as it says
	at                      time.Time // when it came
}

// listener takes notifications: the common alert schema from Endscope, and what Prometheus sends to Alertmanager.
type listener struct {
	addr   string
	server http.Server
	ended  chan error

	mu   sync.Mutex
	seen []notice
}

func listen() (*listener, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &listener{addr: socket.Addr().String(), ended: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+commonPath, l.common)
	mux.HandleFunc("POST /api/v2/alerts", l.alertmanager)
	l.server.Handler = mux
	go func() { l.ended <- l.server.Serve(socket) }()
	return l, nil
}

func (l *listener) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if served := <-l.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (l *listener) add(n notice) {
	n.at = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, n)
}

// notices returns what came so far.
func (l *listener) notices() []notice {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.seen)
}

func (l *listener) common(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Data struct {
			Essentials struct {
				AlertRule, MonitorCondition, FiredDateTime, ResolvedDateTime string
				AlertTargetIDs                                               []string
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e := body.Data.Essentials
	n := notice{rule: e.AlertRule, condition: e.MonitorCondition, target: strings.Join(e.AlertTargetIDs, ",")}
	text := e.FiredDateTime
	if e.ResolvedDateTime != "" {
		text = e.ResolvedDateTime
	}
	var err error
	if n.instant, err = time.Parse(time.RFC3339Nano, text); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.add(n)
}

func (l *listener) alertmanager(w http.ResponseWriter, r *http.Request) {
	var list []struct {
		Labels   map[string]string
		StartsAt time.Time
	}
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, a := range list {
		l.add(notice{rule: a.Labels["alertname"], condition: "Fired", instant: a.StartsAt})
	}
}

// first returns when the first notification of a rule came, the zero time for none.
func (l *listener) first(rule string) time.Time {
	for _, n := range l.notices() {
		if n.rule == rule {
			return n.at
		}
	}
	return time.Time{}
}
