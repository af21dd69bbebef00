package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

const (
	// maxInFlight bounds requests that wait for an answer. Those that would be more are not sent.
	maxInFlight = 256
	// freshEvery is how many requests go by between two that use a connection of their own, as new clients do.
	freshEvery = 20
	// explainEvery is how many requests go by between two that ask for an explanation.
	explainEvery = 8
	// leaveEvery is how many explanations go by between two whose client does not wait for the end.
	leaveEvery = 40
	// batchEvery is how many requests go by between two that ask about a batch of applicants.
	batchEvery = 150
)

// load sends requests at a steady rate, whether or not those before are answered.
type load struct {
	rate float64 // per second
	log  *slog.Logger
}

// run sends until ctx ends, and then waits for what is under way.
func (l *load) run(ctx context.Context, targets []*target) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 10 * time.Second, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	slots := make(chan struct{}, maxInFlight)
	applicants := scoring.NewGenerator(rand.Uint64())
	began, skipped := time.Now(), 0
	for n := 0; ; n++ {
		// By the clock, so that a late tick does not lower the rate.
		timer := time.NewTimer(time.Until(began.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		t := choose(targets, rand.Float64())
		if t == nil {
			continue // nobody is left
		}
		select {
		case slots <- struct{}{}:
		default:
			if skipped++; skipped == 1 {
				l.log.Warn("requests are not sent, as too many wait for an answer; lower --rate", "waiting", maxInFlight)
			}
			continue
		}
		c := call{caller: anyone(), path: "/score", fresh: n%freshEvery == 0}
		switch {
		case n%explainEvery == 0:
			c.fresh = false
			c.path, c.body, c.leaves = "/explain", request(applicants, 1), n%(explainEvery*leaveEvery) == 0
		case n%batchEvery == 7: // and not one of the others
			c.caller, c.body = reviewer(), request(applicants, rowsPerBatch)
		default:
			c.body = request(applicants, rowsPerRequest(rand.Float64()))
		}
		underWay.Go(func() {
			defer func() { <-slots }()
			send(context.WithoutCancel(ctx), client, t, c) // bounded by the client's timeout
		})
	}
}

// choose returns the target that x in [0, 1) falls on by their shares, of those that run; nil when none does.
func choose(targets []*target, x float64) *target {
	total := 0.0
	var running []*target
	for _, t := range targets {
		select {
		case <-t.gone:
		default:
			running = append(running, t)
			total += t.share
		}
	}
	for _, t := range running {
		if x -= t.share / total; x < 0 {
			return t
		}
	}
	if len(running) == 0 {
		return nil
	}
	return running[len(running)-1]
}

// anyone returns one of the callers, by their shares.
func anyone() caller {
	all := callers()
	x := rand.Float64()
	for _, c := range all {
		if x -= c.share; x < 0 {
			return c
		}
	}
	return all[0]
}

// call is one request.
type call struct {
	caller
	path   string
	body   []byte
	fresh  bool // on a connection of its own
	leaves bool // the client leaves when the answer has begun
}

// request returns a body about so many applicants; now and then a value is missing.
func request(g *scoring.Generator, rows int) []byte {
	var r scoring.Request
	for range rows {
		a, _ := g.Next()
		r.Data = append(r.Data, a[:])
	}
	if rand.Float64() < badInput {
		r.Data[0] = r.Data[0][:scoring.Features-1]
	}
	body, _ := json.Marshal(r) // numbers always can be
	return body
}

// send asks once. What goes wrong is measured by the instance, or shows as an instance that is missing.
func send(ctx context.Context, client *http.Client, t *target, c call) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+c.path, bytes.NewReader(c.body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Authorization", c.token)
	if c.ids {
		req.Header.Set("X-Ms-Client-Request-Id", fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()))
	}
	req.Close = c.fresh || c.leaves
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	if !c.leaves {
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	_ = resp.Body.Close()
}
