package scoring

import (
	"net"

	"github.com/prometheus/client_golang/prometheus"
)

// countedListener counts the bytes of every connection that it accepts.
type countedListener struct {
	net.Listener
	received, sent prometheus.Counter
}

func (l countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countedConn{c, l.received, l.sent}, nil
}

type countedConn struct {
	net.Conn
	received, sent prometheus.Counter
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(float64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(float64(n))
	return n, err
}
