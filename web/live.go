package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/live"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// Live shows what happens now. *live.Hub is one.
type Live interface {
	// Watch begins to watch, as far as the grants in the context go.
	Watch(ctx context.Context, q live.Question) (*live.Watch, error)
	// Serve speaks with an agent over the connection of its request until it leaves or ctx ends.
	Serve(ctx context.Context, path scopes.Path, w http.ResponseWriter, r *http.Request) error
}

// liveRetry is after how many milliseconds a browser connects again.
const liveRetry = 2000

// handleLiveAgent answers GET /api/v1/live/agent/{endpoint}/{deployment}/{instance}: the stream that an agent keeps open.
func (s *Server) handleLiveAgent(w http.ResponseWriter, r *http.Request) error {
	path, err := scopeOf(r)
	if err != nil {
		return err
	}
	grants, err := scopes.GrantsFrom(r.Context())
	if err != nil {
		return err
	}
	if !grants.Allows(path) {
		return &ForbiddenError{fmt.Sprintf("the caller may not speak for %q", path)}
	}
	return s.set.Live.Serve(s.stopping, path, w, r)
}

// handleLive answers GET /api/v1/live: each second of a scope, as server-sent events.
func (s *Server) handleLive(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "scope", "filter", "min_duration", "histograms")
	scope, text, least := p.one("scope"), p.one("filter"), p.one("min_duration")
	var q live.Question
	if scope == "" {
		p.fail("scope", "", "must be given, as endpoint[/deployment[/instance]], in which * stands for any name")
	} else if pattern, err := scopes.ParsePattern(scope); err != nil {
		p.note(err)
	} else {
		q.Scope = pattern
	}
	if filter, err := query.ParseFilter(text); err != nil {
		p.note(err)
	} else {
		q.Filter = liveFilter(filter)
	}
	if least != "" {
		d, err := time.ParseDuration(least)
		if err != nil || d < time.Millisecond || d > time.Hour {
			p.fail("min_duration", least, "must be a duration between 1ms and 1h, such as 500ms")
		}
		q.Filter.MinDurationMS = d.Milliseconds()
	}
	switch histograms := p.one("histograms"); histograms {
	case "", "total":
	case "rows":
		q.Histograms = true
	default:
		p.fail("histograms", histograms, "must be total or rows")
	}
	if err := p.err(); err != nil {
		return err
	}
	watch, err := s.set.Live.Watch(r.Context(), q)
	if err != nil {
		return err
	}
	defer watch.Close()
	return s.showLive(w, r, q, text, watch)
}

// liveFilter is a filter in the words of the stream.
func liveFilter(f query.Filter) (out liveframe.Filter) {
	for _, g := range f.Groups {
		group := liveframe.Group{Dimension: g.Dimension}
		for _, t := range g.Terms {
			group.Terms = append(group.Terms, liveframe.Term{Op: string(t.Op), Values: t.Values})
		}
		out.Groups = append(out.Groups, group)
	}
	return out
}

// showLive writes events until the client leaves or the server stops.
func (s *Server) showLive(w http.ResponseWriter, r *http.Request, q live.Question, filter string, watch *live.Watch) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // or nginx would collect it
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Time{}); err != nil { // the request is read, and web.read_timeout must not end its answer
		return fmt.Errorf("keep the stream: %w", err)
	}
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	out := &events{w: w, control: control}
	head, err := json.Marshal(map[string]any{
		"scope": q.Scope.String(), "filter": filter, "min_duration_ms": q.Filter.MinDurationMS, "interval_seconds": 1, "histogram_factor": liveframe.Factor,
		"server_time": time.Now().UTC(),
	})
	if err != nil {
		return err
	}
	if err := out.write(fmt.Appendf(nil, "retry: %d\n", liveRetry)); err != nil {
		return err
	}
	if err := out.send("watch", head); err != nil {
		return err
	}
	beat := time.NewTicker(time.Duration(s.tailBeat.Load()))
	defer beat.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-s.stopping.Done():
			return out.send("end", []byte(`{"reason":"the server stops"}`))
		case <-beat.C:
			if err := out.comment("still here"); err != nil {
				return err
			}
		case event, open := <-watch.Events():
			if !open {
				return out.send("end", []byte(`{"reason":"the server stops"}`))
			}
			if n := watch.Lost(); n > 0 {
				if err := out.send("dropped", fmt.Appendf(nil, `{"seconds":%d}`, n)); err != nil {
					return err
				}
			}
			if err := out.send("second", event); err != nil {
				return err
			}
		}
	}
}
