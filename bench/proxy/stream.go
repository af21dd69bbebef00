package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// stream reads one token stream with each of a number of clients, which begin spread over the time between two tokens, and returns how long each
// token was under way from the model to its client.
func stream(ctx context.Context, addr string, clients, tokens int, interval time.Duration) timing {
	var (
		mu  sync.Mutex
		out timing
		all sync.WaitGroup
	)
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	url := fmt.Sprintf("http://%s/stream?n=%d&every=%s", addr, tokens, interval)
	for i := range clients {
		all.Go(func() {
			time.Sleep(interval * time.Duration(i) / time.Duration(clients))
			taken, err := readStream(ctx, transport, url, tokens)
			mu.Lock()
			defer mu.Unlock()
			out.taken = append(out.taken, taken...)
			if err != nil {
				out.failed++
				out.err = err
			}
		})
	}
	all.Wait()
	slices.Sort(out.taken)
	return out
}

func readStream(ctx context.Context, transport *http.Transport, url string, tokens int) ([]time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	taken := make([]time.Duration, 0, tokens)
	const before = `data: {"id":"`
	for lines := bufio.NewReader(res.Body); ; {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return taken, fmt.Errorf("after %d of %d tokens: %w", len(taken), tokens, err)
		}
		now := time.Now().UnixNano()
		if rest, ok := bytes.CutPrefix(line, []byte(before)); ok {
			digits, _, _ := bytes.Cut(rest, []byte(`"`))
			sent, err := strconv.ParseInt(string(digits), 10, 64)
			if err != nil {
				return taken, err
			}
			taken = append(taken, time.Duration(now-sent))
		} else if bytes.HasPrefix(line, []byte("data: [DONE]")) {
			if len(taken) != tokens {
				return taken, fmt.Errorf("%d of %d tokens", len(taken), tokens)
			}
			return taken, nil
		}
	}
}
