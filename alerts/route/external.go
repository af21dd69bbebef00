package route

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/internal/config"
)

const (
	resendEvery  = time.Minute      // so that the other side's resolve_timeout does not end what is active
	resendEnded  = 15 * time.Minute // a resolved alert is sent for this long, as by Prometheus
	retryAfter   = 5 * time.Second
	postedAtOnce = 64
)

// external hands alerts to Alertmanagers elsewhere. Each gets all of them, and again every minute while they are active.
type external struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	client  *http.Client
	peers   []*receiver

	mu     sync.Mutex
	active map[model.Fingerprint]*posted // bounded by max_alerts
}

// posted is an alert as the API v2 takes it.
type posted struct {
	body  postable
	id    string
	ended time.Time // when it was put as resolved; zero while active
}

type postable struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       *time.Time        `json:"endsAt,omitempty"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// receiver is one of the Alertmanagers.
type receiver struct {
	url  string // of its API
	name string // as shown
	wake chan struct{}

	mu      sync.Mutex
	waiting map[model.Fingerprint]bool
	failing time.Time // since when requests fail; zero while they do not
	lastErr error
}

func newExternal(cfg Config, log *slog.Logger, now func() time.Time, m *metrics) (*external, error) {
	settings := commoncfg.DefaultHTTPClientConfig
	if file := cfg.External.HTTPConfigFile; file != "" {
		read, _, err := commoncfg.LoadHTTPConfigFile(file)
		if err == nil {
			err = read.Validate()
		}
		if err != nil {
			return nil, config.Prefix("external", config.Invalid("http_config_file", file, "must be an http_config of Prometheus: "+err.Error()))
		}
		settings = *read
	}
	client, err := commoncfg.NewClientFromConfig(settings, "alertmanager")
	if err != nil {
		return nil, fmt.Errorf("external: %w", err)
	}
	x := &external{cfg: cfg, log: log, now: now, metrics: m, client: client, active: map[model.Fingerprint]*posted{}}
	for _, u := range cfg.External.URLs {
		x.peers = append(x.peers, &receiver{url: strings.TrimRight(u, "/") + "/api/v2/alerts", name: u, wake: make(chan struct{}, 1), waiting: map[model.Fingerprint]bool{}})
		m.sent.WithLabelValues(u)
		m.sendErrors.WithLabelValues(u)
	}
	return x, nil
}

func (x *external) put(all []Alert) error {
	now := x.now()
	var errs []error
	refused := 0
	x.mu.Lock()
	changed := make([]model.Fingerprint, 0, len(all))
	for _, a := range all {
		labels, _ := labelSets(a.Labels)
		if a.ID == "" || len(labels) == 0 || a.StartsAt.IsZero() {
			errs = append(errs, fmt.Errorf("alert %q needs an id, labels and a start", name(a)))
			continue
		}
		fp := labels.Fingerprint()
		if x.active[fp] == nil && len(x.active) >= x.cfg.MaxAlerts {
			refused++
			continue
		}
		p := &posted{id: a.ID, body: postable{Labels: texts(labels), Annotations: a.Annotations, StartsAt: a.StartsAt, GeneratorURL: a.GeneratorURL}}
		if !a.EndsAt.IsZero() {
			end := a.EndsAt
			p.body.EndsAt, p.ended = &end, now
		}
		x.active[fp] = p
		changed = append(changed, fp)
	}
	x.mu.Unlock()
	x.metrics.put.Add(float64(len(changed)))
	if refused > 0 {
		x.metrics.refused.Add(float64(refused))
		errs = append(errs, &LimitError{Limit: x.cfg.MaxAlerts, Refused: refused})
	}
	for _, r := range x.peers {
		r.add(changed)
	}
	return errors.Join(errs...)
}

func (r *receiver) add(changed []model.Fingerprint) {
	r.mu.Lock()
	for _, fp := range changed {
		r.waiting[fp] = true
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (x *external) run(ctx context.Context) error {
	defer x.client.CloseIdleConnections()
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, r := range x.peers {
		wg.Go(func() { x.feed(ctx, r) })
	}
	tick := time.NewTicker(resendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			all := x.sweep()
			for _, r := range x.peers {
				r.add(all)
			}
		}
	}
}

// sweep forgets alerts that resolved long ago and returns the others.
func (x *external) sweep() []model.Fingerprint {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	all := make([]model.Fingerprint, 0, len(x.active))
	for fp, p := range x.active {
		if !p.ended.IsZero() && now.Sub(p.ended) > resendEnded {
			delete(x.active, fp)
			continue
		}
		all = append(all, fp)
	}
	return all
}

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
			if p := x.active[fp]; p != nil {
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
