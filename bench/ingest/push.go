package main

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/bench/kit"
)

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
			s := kit.NewSender(addr, path, proto.header())
			defer s.Close()
			for _, req := range requests {
				if err := ctx.Err(); err != nil {
					return err
				}
				at := time.Now()
				if err := s.Send(req.body); err != nil {
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
