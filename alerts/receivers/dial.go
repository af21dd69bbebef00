package receivers

import (
	"context"
	"errors"
	"net"
	"time"

	commoncfg "github.com/prometheus/common/config"
)

// maxAnswer bounds, in bytes, what is read of one connection: some of Alertmanager's notifiers read an answer to its end.
const maxAnswer = 4 << 20

var errAnswerTooLong = errors.New("the answer is longer than 4 MiB")

// boundedConn is a connection that ends by itself: some of Alertmanager's notifiers do not heed their context.
type boundedConn struct {
	net.Conn
	left int
}

// Read is called by one goroutine at a time, as net/http does.
func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errAnswerTooLong
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// httpOptions returns what all HTTP clients have: no connection is kept, and each ends after most.
func httpOptions(most time.Duration) []commoncfg.HTTPClientOption {
	dialer := &net.Dialer{Timeout: most}
	return []commoncfg.HTTPClientOption{
		commoncfg.WithKeepAlivesDisabled(),
		commoncfg.WithHTTP2Disabled(),
		commoncfg.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if err := conn.SetDeadline(time.Now().Add(most)); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			return &boundedConn{Conn: conn, left: maxAnswer}, nil
		}),
	}
}
