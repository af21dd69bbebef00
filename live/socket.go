package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// StatusReplaced is the status by which a stream is closed because an agent of the same name has opened another.
const StatusReplaced websocket.StatusCode = 4001

const (
	// writeTimeout is how long an agent may take to take one message.
	writeTimeout = 10 * time.Second
	// frameRate and frameBurst are how many frames a second an agent may send; more close its stream.
	frameRate  = 3
	frameBurst = 15
)

// UpgradeError says that a request is none for a WebSocket.
type UpgradeError struct{ Path string }

func (e *UpgradeError) Error() string {
	return e.Path + " is a WebSocket, by which agents send frames; to watch, ask /api/v1/live"
}

// Serve answers the request by which an agent opens its stream, and speaks with it until it leaves, ctx ends or the hub stops. An error comes before
// anything was answered: *UpgradeError, and those of Attach. Nobody has to leave for a request that is no valid handshake, or of a foreign page.
func (h *Hub) Serve(ctx context.Context, path scopes.Path, w http.ResponseWriter, r *http.Request) error {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return &UpgradeError{r.URL.Path}
	}
	h.mu.Lock()
	err := h.room(path)
	h.mu.Unlock()
	if err != nil {
		return err
	}
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		h.log.Debug("stream of an agent could not be opened", "scope", path.String(), "err", err) // the answer says why
		return nil
	}
	defer func() { _ = c.CloseNow() }()
	a, err := h.Attach(path)
	if err != nil { // others came in the meantime, or the server stops
		h.log.Debug("agent that had opened a stream is refused", "scope", path.String(), "err", err)
		status, why := websocket.StatusTryAgainLater, err.Error()
		if errors.Is(err, ErrStopped) {
			status, why = websocket.StatusGoingAway, leftStopping
		}
		_ = c.Close(status, why)
		return nil
	}
	defer a.Detach()
	h.log.Debug("agent opens its live stream", "scope", path.String())
	c.SetReadLimit(int64(h.cfg.MaxFrameBytes))
	s := &socket{hub: h, agent: a, conn: c}
	within, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // which says nothing any more about a connection that was taken over
	defer cancel()
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		defer cancel()
		s.write(within, ctx)
	}()
	err = s.read(within)
	cancel()
	<-wrote
	h.log.Debug("agent's live stream has ended", "scope", path.String(), "why", err)
	return nil
}

// socket is the connection of one agent.
type socket struct {
	hub   *Hub
	agent *Agent
	conn  *websocket.Conn
}

// read takes frames until the stream ends, and says why it did.
func (s *socket) read(ctx context.Context) error {
	limit := rate.NewLimiter(frameRate, frameBurst)
	refuse := func(status websocket.StatusCode, reason string, err error) error {
		s.hub.metrics.dropped.WithLabelValues(reason).Inc()
		text := err.Error()
		_ = s.conn.Close(status, strings.ToValidUTF8(text[:min(len(text), 120)], ""))
		return err
	}
	for {
		kind, data, err := s.conn.Read(ctx)
		switch {
		case errors.Is(err, websocket.ErrMessageTooBig):
			s.hub.metrics.dropped.WithLabelValues(reasonTooLarge).Inc()
			return fmt.Errorf("frame is larger than live.max_frame_bytes, %s: %w", s.hub.cfg.MaxFrameBytes, err)
		case err != nil:
			return err
		case !limit.Allow():
			return refuse(websocket.StatusPolicyViolation, reasonRate, fmt.Errorf("more than %d frames a second", frameRate))
		case kind != websocket.MessageText:
			return refuse(websocket.StatusUnsupportedData, reasonMalformed, errors.New("a frame must be a text message"))
		}
		f, err := liveframe.DecodeFrame(data)
		if err != nil {
			return refuse(websocket.StatusInvalidFramePayloadData, reasonMalformed, err)
		}
		s.agent.Deliver(f)
	}
}

// write tells the agent what is asked, and looks whether it is still there, until ctx or stopping ends or the agent has to go.
func (s *socket) write(ctx, stopping context.Context) {
	period := s.hub.cfg.Ping
	ping := time.NewTimer(rand.N(period)) // agents that came together need not be asked together
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stopping.Done():
			_ = s.conn.Close(websocket.StatusGoingAway, leftStopping)
			return
		case <-s.agent.Gone():
			status := websocket.StatusGoingAway
			if s.agent.Why() == leftReplaced {
				status = StatusReplaced
			}
			_ = s.conn.Close(status, s.agent.Why())
			return
		case ask := <-s.agent.Asks():
			ask.TimeMS = s.hub.set.Now().UnixMilli()
			data, err := json.Marshal(liveframe.Message{Frames: &ask})
			if err != nil {
				s.hub.log.Error("request for frames could not be written", "err", err)
				return
			}
			if !s.within(ctx, writeTimeout, func(ctx context.Context) error { return s.conn.Write(ctx, websocket.MessageText, data) }) {
				return
			}
		case <-ping.C:
			if !s.within(ctx, max(period, writeTimeout), s.conn.Ping) {
				return
			}
			ping.Reset(period)
		}
	}
}

func (s *socket) within(ctx context.Context, d time.Duration, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx) == nil
}
