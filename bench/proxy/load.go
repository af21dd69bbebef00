package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// timing is what a load saw.
type timing struct {
	taken  []time.Duration // of the requests that were answered
	failed int
	err    error // one of the failures
}

// percentile returns the value below which a share of the times lies, and 0 when there are none. The times must be sorted.
func percentile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// load sends requests at a constant rate over a number of connections, whether or not the ones before have been answered: what waits for a free
// connection waits as a client would, and that counts. What the load's own timer is late does not. Requests of the first tenth warm up.
func load(ctx context.Context, addr string, rate, connections, size int, length time.Duration) timing {
	var (
		mu     sync.Mutex
		out    timing
		all    sync.WaitGroup
		total  = int(float64(rate) * length.Seconds())
		due    = make(chan time.Time, total)
		body   = make([]byte, size)
		warmUp = time.Now().Add(length / 10)
	)
	request := fmt.Appendf(nil, "POST /score HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", addr, size)
	request = append(request, body...)
	for range connections {
		all.Go(func() {
			c := &connection{addr: addr}
			defer c.close()
			var taken []time.Duration
			failed, free := 0, time.Time{}
			var last error
			for at := range due {
				began := time.Now()
				if free.After(at) { // it had to wait for this connection
					began = at
				}
				err := c.ask(request)
				free = time.Now()
				switch {
				case err != nil:
					failed++
					last = err
				case began.After(warmUp):
					taken = append(taken, free.Sub(began))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out.taken = append(out.taken, taken...)
			out.failed += failed
			if last != nil {
				out.err = last
			}
		})
	}
	start := time.Now()
	for i := range total {
		at := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			break
		}
		due <- at
	}
	close(due)
	all.Wait()
	slices.Sort(out.taken)
	return out
}

// connection is one that is kept from request to request.
type connection struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
}

const answerTimeout = 20 * time.Second

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// ask sends a request and reads its answer; any but a 200 is an error.
func (c *connection) ask(request []byte) (err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.addr, answerTimeout); err != nil {
			return err
		}
		c.in = bufio.NewReader(c.conn)
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}
