package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"time"

	"github.com/coder/websocket"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/internal/liveframe"
)

const (
	dialTimeout  = 30 * time.Second
	writeTimeout = 5 * time.Second
	// stable is how long a stream must have lasted so that the next failure is a first one.
	stable = 30 * time.Second
	// statusReplaced is how the server says that an agent of the same name has connected.
	statusReplaced websocket.StatusCode = 4001
)

// errRefused says that the server does not take the stream, so that there is no hurry to ask again.
type errRefused struct {
	status int
	after  time.Duration
}

func (e *errRefused) Error() string {
	if e.status == http.StatusNotFound {
		return "the server knows no live stream: it is too old"
	}
	return fmt.Sprintf("server answered %d %s", e.status, http.StatusText(e.status))
}

// Run keeps the stream open until ctx ends. It returns nil.
func (l *Live) Run(ctx context.Context) error {
	defer l.set.HTTPClient.CloseIdleConnections()
	defer l.tap.Store(nil)
	backoff := push.Backoff{Min: l.cfg.BackoffMin, Max: l.cfg.BackoffMax}
	say, failing := push.OnceAMinute(), false
	for ctx.Err() == nil {
		began := time.Now()
		err := l.stream(ctx, func() {
			if failing {
				l.log.Info("live stream to the server is open again")
				say, failing = push.OnceAMinute(), false
			}
		})
		l.connected.Store(false)
		l.tap.Store(nil)
		if ctx.Err() != nil {
			return nil
		}
		l.metrics.failures.Inc()
		if time.Since(began) > stable {
			backoff.Reset()
		}
		var floor time.Duration
		var refused *errRefused
		closed := websocket.CloseStatus(err)
		switch {
		case errors.As(err, &refused):
			if floor = refused.after; refused.status == http.StatusNotFound || refused.status == http.StatusForbidden {
				floor = max(floor, l.cfg.BackoffMax)
			}
		case closed == statusReplaced, closed == websocket.StatusPolicyViolation, closed == websocket.StatusTryAgainLater:
			floor = l.cfg.BackoffMax
		}
		wait := backoff.Next(floor)
		failing = true
		say.Do(func() {
			l.log.Warn("live stream to the server is not open; nobody can watch this instance until it is", "url", l.url, "err", err, "retry_in", wait.Round(time.Millisecond))
		})
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// stream opens the stream, and sends what is asked for until it ends. It says why it did.
func (l *Live) stream(ctx context.Context, opened func()) error {
	within, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, res, err := websocket.Dial(within, l.url, &websocket.DialOptions{HTTPClient: l.set.HTTPClient, HTTPHeader: http.Header{"User-Agent": {push.UserAgent()}}})
	if err != nil {
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			return &errRefused{res.StatusCode, push.RetryAfter(res.Header, time.Now())}
		}
		return err
	}
	defer func() { _ = c.CloseNow() }()
	c.SetReadLimit(liveframe.MaxAsk)
	l.connected.Store(true)
	opened()

	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx)) // also while the stream is closed
	defer stopReading()
	asks, read := make(chan *liveframe.Ask, 1), make(chan error, 1)
	go func() { read <- readAsks(reading, c, asks) }()
	err = l.answer(ctx, c, asks, read)
	if ctx.Err() != nil {
		_ = c.Close(websocket.StatusNormalClosure, "the agent stops")
	}
	stopReading()
	_ = c.CloseNow()
	if why := <-read; err == nil {
		err = why
	}
	return err
}

// readAsks hands over what the server asks for, until the stream breaks.
func readAsks(ctx context.Context, c *websocket.Conn, asks chan<- *liveframe.Ask) error {
	for {
		kind, data, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageText {
			continue // of a server of a later version
		}
		a, err := liveframe.DecodeMessage(data)
		if err != nil {
			return err
		}
		if a == nil {
			continue
		}
		select {
		case asks <- a:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// answer sends frames while the server wants them. It returns nil when read has to say why the stream ended; read's error is then put back.
func (l *Live) answer(ctx context.Context, c *websocket.Conn, asks <-chan *liveframe.Ask, read chan error) error {
	var want lease
	second := time.NewTimer(time.Hour)
	second.Stop()
	defer second.Stop()
	ping := time.NewTimer(rand.N(l.cfg.Ping))
	defer ping.Stop()
	running, most := false, int64(0)
	end := func() {
		second.Stop()
		running, want.begun = false, false
		l.tap.Store(nil)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-read:
			read <- err
			return nil
		case a := <-asks:
			now := l.set.Now()
			most = a.MaxBytes
			if !want.take(a, now) {
				end()
				continue
			}
			if !running {
				running = true
				second.Reset(want.untilNext(now))
			}
		case <-second.C:
			now := l.set.Now()
			if now.After(want.until) {
				end()
				continue
			}
			// A frame is of a whole second: what was not yet watched begins with the next one.
			s, over, whole := want.ended(now)
			if !over {
				second.Reset(want.untilNext(l.set.Now()))
				continue
			}
			if !whole && l.set.Host != nil {
				l.set.Host(ctx, true)
			}
			f := (*liveframe.Frame)(nil)
			if whole {
				f = l.frame(ctx, s)
			}
			l.follow(want.views, whole)
			second.Reset(want.untilNext(l.set.Now()))
			if f != nil {
				if err := l.send(ctx, c, f, most); err != nil {
					return err
				}
			}
		case <-ping.C:
			if err := bounded(ctx, max(l.cfg.Ping, writeTimeout), c.Ping); err != nil {
				return fmt.Errorf("the server does not answer a ping: %w", err)
			}
			ping.Reset(l.cfg.Ping)
		}
	}
}

// follow counts by these views from now on. Where nothing changed, counting goes on; what was counted of a second that is not told is forgotten.
func (l *Live) follow(views []liveframe.View, told bool) {
	t := l.tap.Load()
	if t != nil && reflect.DeepEqual(t.asked, views) {
		if !told {
			_, dropped := t.take()
			l.metrics.uncounted.Add(float64(dropped))
		}
		return
	}
	l.tap.Store(newTap(views))
}

// send sends a frame in at most so many bytes. One that is too large is left out, since the server would end the stream for it.
func (l *Live) send(ctx context.Context, c *websocket.Conn, f *liveframe.Frame, most int64) error {
	data, leftOut, err := f.Encode(most)
	l.metrics.leftOut.Add(float64(leftOut))
	if err != nil {
		l.log.Warn("live frame could not be sent", "err", err)
		return nil
	}
	if err := bounded(ctx, writeTimeout, func(ctx context.Context) error { return c.Write(ctx, websocket.MessageText, data) }); err != nil {
		return fmt.Errorf("send frame: %w", err)
	}
	l.metrics.frames.Inc()
	return nil
}

func bounded(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}
