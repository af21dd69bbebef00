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
	"strings"
	"sync"
	"time"
)

const answerTimeout = 20 * time.Second

// answers is what a load saw.
type answers struct {
	ids    []string        // of the requests that were answered, as the proxy named them; in no order
	taken  []time.Duration // sorted
	failed int
	err    error // one of the failures
}

func (a answers) percentile(share float64) time.Duration {
	if len(a.taken) == 0 {
		return 0
	}
	return a.taken[min(len(a.taken)-1, int(share*float64(len(a.taken))))]
}

// load sends requests at a constant rate over connections that are kept, until the context ends.
func load(ctx context.Context, addr string, rate, connections, size int) answers {
	var (
		mu  sync.Mutex
		out answers
		all sync.WaitGroup
		due = make(chan struct{}, rate)
	)
	if rate == 0 {
		<-ctx.Done()
		return out
	}
	request := fmt.Appendf(nil, "POST /score HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, size, strings.Repeat("b", size))
	for range connections {
		all.Go(func() {
			c := &connection{addr: addr}
			defer c.close()
			var mine answers
			for range due {
				began := time.Now()
				id, err := c.ask(request)
				if err != nil {
					mine.failed++
					mine.err = err
					continue
				}
				mine.ids = append(mine.ids, id)
				mine.taken = append(mine.taken, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			out.ids = append(out.ids, mine.ids...)
			out.taken = append(out.taken, mine.taken...)
			out.failed += mine.failed
			if mine.err != nil {
				out.err = mine.err
			}
		})
	}
	start := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		if wait := time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))); wait > 0 {
			time.Sleep(wait)
		}
		due <- struct{}{}
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

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// ask sends a request, reads its answer, and returns the id that it names; any but a 200 is an error.
func (c *connection) ask(request []byte) (id string, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.addr, answerTimeout); err != nil {
			return "", err
		}
		c.in = bufio.NewReader(c.conn)
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return "", err
	}
	if _, err := c.conn.Write(request); err != nil {
		return "", err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return "", err
	}
	if id = res.Header.Get("X-Request-Id"); res.StatusCode != http.StatusOK || id == "" {
		return "", errors.New(res.Status)
	}
	return id, nil
}
