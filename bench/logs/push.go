package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// load is what is pushed into one table.
type load struct {
	table  string
	rows   int
	batch  int
	append func(m *maker, i int)
}

// loaded is what a load took.
type loaded struct {
	rows  int
	bytes int64
	took  time.Duration
}

// body is one batch on its way.
type body struct {
	rows  int
	bytes []byte
}

// push makes the rows in one goroutine and sends them over several connections. Every row must be stored.
func push(ctx context.Context, base string, m *maker, l load, connections int) (loaded, error) {
	g, ctx := errgroup.WithContext(ctx)
	bodies := make(chan body, connections)
	free := make(chan []byte, 3*connections)
	out := loaded{rows: l.rows}
	started := time.Now()
	g.Go(func() error {
		defer close(bodies)
		for at := 0; at < l.rows; {
			select {
			case m.buf = <-free:
				m.buf = m.buf[:0]
			default:
				m.buf = make([]byte, 0, 1<<20)
			}
			n := min(l.batch, l.rows-at)
			for i := range n {
				l.append(m, at+i)
			}
			at += n
			out.bytes += int64(len(m.buf))
			select {
			case bodies <- body{n, m.buf}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range connections {
		g.Go(func() error {
			for b := range bodies {
				if err := send(ctx, base+"/api/v1/logs/"+l.table, b.bytes); err != nil {
					return err
				}
				select {
				case free <- b.bytes:
				default:
				}
			}
			return nil
		})
	}
	err := g.Wait()
	out.took = time.Since(started)
	return out, err
}

func send(ctx context.Context, url string, rows []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(rows))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: %s: %s", url, resp.Status, text)
	}
	return nil
}
