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
	"time"

	"golang.org/x/sync/errgroup"
)

// requestTimeout bounds one request, so that a server that hangs is a failure and not a hang.
const requestTimeout = 60 * time.Second

// pushed is what the senders saw.
type pushed struct {
	wall      time.Duration   // from the first byte sent to the last acknowledgement
	acks      []time.Duration // sorted
	laterAcks []time.Duration // sorted; without the requests that created series
	laterRate float64         // requests/s after those: the sum over the connections, each from its own last such request on
	failed    int
	failure   error // the first one
}

// push sends every connection's requests in order, each as soon as the one before is answered, and times the answers. The client
// speaks HTTP/1.1 by hand, because it shares the machine with the server that it measures. A request that is refused, or whose
// connection breaks, is counted as failed and not tried again. It returns an error only when ctx ends.
func push(ctx context.Context, addr, path string, proto proto, l *load) (*pushed, error) {
	type result struct {
		acks    []time.Duration
		firsts  int           // leading requests that created series
		since   time.Time     // the end of those
		later   time.Duration // spent on the rest
		failed  int
		failure error
	}
	results := make([]result, len(l.conns))
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for c, requests := range l.conns {
		g.Go(func() error {
			r := &results[c]
			r.acks = make([]time.Duration, 0, len(requests))
			s := &sender{addr: addr, head: "POST " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n" + proto.header()}
			defer s.close()
			for _, req := range requests {
				if err := ctx.Err(); err != nil {
					return err
				}
				at := time.Now()
				if err := s.send(req.body); err != nil {
					r.failed++
					if r.failure == nil {
						r.failure = err
					}
					continue
				}
				r.acks = append(r.acks, time.Since(at))
				if req.first {
					r.firsts = len(r.acks)
					r.since = time.Now()
				}
			}
			r.later = time.Since(r.since)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := &pushed{wall: time.Since(began)}
	for _, r := range results {
		later := r.acks[min(r.firsts, len(r.acks)):]
		out.acks = append(out.acks, r.acks...)
		out.laterAcks = append(out.laterAcks, later...)
		if len(later) > 0 {
			out.laterRate += float64(len(later)) / r.later.Seconds()
		}
		out.failed += r.failed
		if out.failure == nil {
			out.failure = r.failure
		}
	}
	slices.Sort(out.acks)
	slices.Sort(out.laterAcks)
	return out, nil
}

// quantile returns the q-quantile of sorted durations by nearest rank, or 0 when there are none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// sender is one keep-alive connection. Not safe for concurrent use.
type sender struct {
	addr string
	head string // request line and headers, without the length
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func (s *sender) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// send posts body and waits for the answer; any status but 2xx is an error that holds the answer's text.
func (s *sender) send(body []byte) (err error) {
	if s.conn == nil {
		if s.conn, err = net.DialTimeout("tcp", s.addr, requestTimeout); err != nil {
			return err
		}
		s.in = bufio.NewReader(s.conn)
	}
	keep := false
	defer func() {
		if !keep {
			s.close()
		}
	}()
	if err := s.conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	s.out = fmt.Appendf(s.out[:0], "%sContent-Length: %d\r\n\r\n", s.head, len(body))
	buffers := net.Buffers{s.out, body}
	if _, err := buffers.WriteTo(s.conn); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	keep = !resp.Close
	if resp.StatusCode/100 != 2 {
		return errors.New(resp.Status + ": " + strings.TrimSpace(string(text[:min(len(text), 500)])))
	}
	return nil
}
