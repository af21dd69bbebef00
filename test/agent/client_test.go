package agent

import (
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// answer is what a client saw of a request.
type answer struct {
	requestID string // as the answer named it; empty when there was none
	clientID  string // as the client named it
	status    int    // 0 when there was no answer
	bytes     int    // of the answer's body
	err       error  // why there was no answer, or not all of it
}

// client sends requests and remembers what became of each. Safe for concurrent use.
type client struct {
	http *http.Client
	base string

	mu  sync.Mutex
	all []answer
}

// newClient returns a client of the server at base that speaks HTTP/1.1, or with h2 HTTP/2 without TLS.
func newClient(t *testing.T, base string, h2 bool) *client {
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	if h2 {
		tr.Protocols = new(http.Protocols)
		tr.Protocols.SetUnencryptedHTTP2(true)
	}
	c := &client{base: base, http: &http.Client{Transport: tr, Timeout: patience()}}
	t.Cleanup(tr.CloseIdleConnections)
	return c
}

// send sends one request with an id of the client's own, and reads the answer to its end.
func (c *client) send(ctx context.Context, method, path string, body int) answer {
	a := answer{clientID: rand.Text()}
	a.err = c.exchange(ctx, method, path, body, &a)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, a)
	return a
}

func (c *client) exchange(ctx context.Context, method, path string, body int, a *answer) error {
	var payload io.Reader
	if body > 0 {
		payload = strings.NewReader(strings.Repeat("b", body))
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return err
	}
	req.Header.Set("X-Ms-Client-Request-Id", a.clientID)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.requestID, a.status = resp.Header.Get("X-Request-Id"), resp.StatusCode
	n, err := io.Copy(io.Discard, resp.Body)
	a.bytes = int(n)
	return err
}

// sent returns what became of the requests so far.
func (c *client) sent() []answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]answer(nil), c.all...)
}

// count returns how many requests were sent so far.
func (c *client) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// load sends requests from several goroutines until stop is called, which waits for those under way. Every goroutine pauses after each request.
func (c *client) load(t *testing.T, goroutines int, pause time.Duration, method, path string, body int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for {
				c.send(t.Context(), method, path, body)
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	stop = sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// statuses counts answers by their status, in digits.
func statuses(all []answer) map[string]int {
	m := map[string]int{}
	for _, a := range all {
		if a.status > 0 {
			m[strconv.Itoa(a.status)]++
		}
	}
	return m
}

// byID returns the rows of a traffic log by the id that the answers named, and the ids that several rows have.
func byID(rows []row) (one map[string]row, twice []string) {
	one = map[string]row{}
	again := map[string]bool{}
	for _, r := range rows {
		id := r.text("XRequestId")
		if _, ok := one[id]; ok {
			again[id] = true
		}
		one[id] = r
	}
	for id := range maps.Keys(again) {
		twice = append(twice, id)
	}
	return one, twice
}
