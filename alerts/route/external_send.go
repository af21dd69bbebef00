package route

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// feed sends to one receiver what waits for it, until ctx ends.
func (x *external) feed(ctx context.Context, r *receiver) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		for x.sendWaiting(ctx, r) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(retryAfter):
			}
		}
	}
}

// sendWaiting sends all that waits and returns true if some of it must be sent again.
func (x *external) sendWaiting(ctx context.Context, r *receiver) (again bool) {
	r.mu.Lock()
	waiting := r.waiting
	r.waiting = map[model.Fingerprint]bool{}
	r.mu.Unlock()
	fps := make([]model.Fingerprint, 0, len(waiting))
	for fp := range waiting {
		fps = append(fps, fp)
	}
	slices.Sort(fps)
	for batch := range slices.Chunk(fps, postedAtOnce) {
		bodies := make([]postable, 0, len(batch))
		x.mu.Lock()
		for _, fp := range batch {
			if p := x.current(fp); p != nil {
				bodies = append(bodies, p.body)
			}
		}
		x.mu.Unlock()
		if len(bodies) == 0 {
			continue
		}
		retry, err := x.post(ctx, r, bodies)
		x.outcome(r, len(bodies), err)
		if err != nil && retry {
			r.mu.Lock()
			for _, fp := range batch {
				r.waiting[fp] = true
			}
			r.mu.Unlock()
			again = true
		}
	}
	return again
}

func (x *external) post(ctx context.Context, r *receiver, bodies []postable) (retry bool, err error) {
	text, err := json.Marshal(bodies)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, x.cfg.External.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(text))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := x.client.Do(req)
	if err != nil {
		return true, err
	}
	defer func() { _ = resp.Body.Close() }() // nothing is left to read of it
	message, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	// What is refused for what it says is refused again; the next minute's repeat shows whether that has changed.
	retry = resp.StatusCode/100 == 5 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout
	return retry, fmt.Errorf("answered %s: %s", resp.Status, bytes.TrimSpace(message))
}

func (x *external) outcome(r *receiver, n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		x.metrics.sent.WithLabelValues(r.name).Add(float64(n))
		if !r.failing.IsZero() {
			x.log.Info("the Alertmanager takes alerts again", "alertmanager", r.name)
		}
		r.failing, r.lastErr = time.Time{}, nil
		return
	}
	x.metrics.sendErrors.WithLabelValues(r.name).Inc()
	if r.failing.IsZero() {
		r.failing = x.now()
		x.log.Error("the Alertmanager does not take alerts", "alertmanager", r.name, "err", redact(err.Error()))
	}
	r.lastErr = err
}

// healthy returns an error if none of the Alertmanagers has taken alerts for the configured time.
func (x *external) healthy(now time.Time) error {
	var worst error
	for _, r := range x.peers {
		r.mu.Lock()
		failing, err := r.failing, r.lastErr
		r.mu.Unlock()
		d := now.Sub(failing)
		if failing.IsZero() || d < x.cfg.UnhealthyAfter {
			return nil
		}
		worst = fmt.Errorf("no Alertmanager has taken alerts for %s: %s: %s", d.Round(time.Second), r.name, redact(err.Error()))
	}
	return worst
}
