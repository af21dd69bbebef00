package proxy

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// spareConnections is how many connections above max_connections get a 503; further ones are closed.
const spareConnections = 64

// listener counts the connections that it accepts, and what goes over them.
type listener struct {
	net.Listener
	p      *Proxy
	active atomic.Int64
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.p.metrics.opened.Inc()
		limit, active := int64(l.p.cfg.MaxConnections), l.active.Add(1)
		if limit > 0 && active > limit+spareConnections {
			l.active.Add(-1)
			l.p.metrics.refused.Inc()
			_ = c.Close()
			continue
		}
		l.p.metrics.connections.Inc()
		return &conn{Conn: c, l: l, over: limit > 0 && active > limit}, nil
	}
}

// conn is a client's connection.
type conn struct {
	net.Conn
	l     *listener
	over  bool // it is above max_connections
	close sync.Once

	firstRead atomic.Int64 // when the first byte of a request came, in nanoseconds since the proxy's epoch; 0 when none did
	handling  atomic.Bool  // a request of it has reached the handler and is not answered
	stalled   atomic.Bool  // the client took nothing for client_timeout, so the connection is lost
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.l.p.metrics.received.Add(float64(n))
		if c.firstRead.Load() == 0 {
			c.firstRead.Store(int64(time.Since(c.l.p.epoch)))
		}
	}
	return n, err
}

// Write gives the client client_timeout to take b.
func (c *conn) Write(b []byte) (int, error) {
	if d := c.l.p.cfg.ClientTimeout; d > 0 {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(d)) // an error shows in Write
	}
	n, err := c.Conn.Write(b)
	if isDeadline(err) {
		c.stalled.Store(true)
	}
	c.l.p.metrics.sent.Add(float64(n))
	if !c.handling.Load() && bytes.HasPrefix(b, []byte("HTTP/1.1 ")) {
		c.refused(b)
	}
	return n, err
}

// refused records a request that net/http answered itself because it was malformed or its header too large.
func (c *conn) refused(answer []byte) {
	line, _, _ := bytes.Cut(answer[9:min(len(answer), 100)], []byte("\r\n"))
	number, reason, _ := bytes.Cut(line, []byte(" "))
	status, err := strconv.Atoi(string(number))
	if err != nil || status < 400 {
		return
	}
	now := time.Now()
	took := time.Duration(0)
	if first := c.firstRead.Load(); first > 0 {
		took = now.Sub(c.l.p.epoch) - time.Duration(first)
	}
	c.l.p.metrics.of(outcome{status: status}).total.observe(took.Seconds(), nil)
	c.l.p.set.Record(records.Traffic{
		Time: now.Add(-took), Protocol: "HTTP/1.1", Code: status, Reason: string(reason), RequestID: newRequestID(), Answered: -1, Total: took,
		InputTokens: -1, OutputTokens: -1,
	})
}

func (c *conn) Close() error {
	c.close.Do(func() {
		c.l.active.Add(-1)
		c.l.p.metrics.connections.Dec()
	})
	return c.Conn.Close()
}

// CloseWrite tells the client that nothing more comes.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// begin returns when the first byte of the request that has just been read came. It is now where that cannot be told.
func (c *conn) begin(r *http.Request, now time.Time) time.Time {
	if r.ProtoMajor != 1 || r.TLS != nil {
		return now
	}
	c.handling.Store(true)
	if first := c.firstRead.Load(); first > 0 {
		return now.Add(time.Duration(first) - now.Sub(c.l.p.epoch)) // not from the epoch on, whose wall clock may have been set since
	}
	return now
}

// changed is told by net/http what a connection does.
func changed(nc net.Conn, state http.ConnState) {
	if state != http.StateIdle {
		return
	}
	if c := plainConn(nc); c != nil {
		c.firstRead.Store(0)
		c.handling.Store(false)
	}
}

// plainConn returns our connection below nc.
func plainConn(nc net.Conn) *conn {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	c, _ := nc.(*conn)
	return c
}
