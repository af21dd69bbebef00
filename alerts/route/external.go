package route

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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
	series map[model.Fingerprint]map[string]*posted // by labels and id
	labels map[string]model.Fingerprint             // of an id; bounded by max_alerts
}

// posted is an alert as the API v2 takes it. The other side knows alerts by their labels, which are those of a series: of the alerts of one
// series it is told of the one that counts.
type posted struct {
	body  postable
	ended time.Time // when it was put as resolved; zero while active
}

// counts says whether an alert counts rather than another of its series: one that is active, and among these the newest. Otherwise the
// end of an old one would end a series that fires again.
func (p *posted) counts(other *posted) bool {
	if a, b := p.ended.IsZero(), other.ended.IsZero(); a != b {
		return a
	}
	return p.body.StartsAt.After(other.body.StartsAt)
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
	x := &external{cfg: cfg, log: log, now: now, metrics: m, client: client, series: map[model.Fingerprint]map[string]*posted{}, labels: map[string]model.Fingerprint{}}
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
		before, known := x.labels[a.ID]
		if !known && len(x.labels) >= x.cfg.MaxAlerts {
			refused++
			continue
		}
		if known && before != fp { // its labels changed
			if old := x.series[before][a.ID]; old.ended.IsZero() {
				end := now
				old.body.EndsAt, old.ended = &end, now
			}
			changed = append(changed, before)
		}
		p := &posted{body: postable{Labels: texts(labels), Annotations: a.Annotations, StartsAt: a.StartsAt, GeneratorURL: a.GeneratorURL}}
		if !a.EndsAt.IsZero() {
			end := a.EndsAt
			p.body.EndsAt, p.ended = &end, now
		}
		if x.series[fp] == nil {
			x.series[fp] = map[string]*posted{}
		}
		x.series[fp][a.ID], x.labels[a.ID] = p, fp
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
	all := make([]model.Fingerprint, 0, len(x.series))
	for fp, series := range x.series {
		for id, p := range series {
			if !p.ended.IsZero() && now.Sub(p.ended) > resendEnded {
				delete(series, id)
				if x.labels[id] == fp {
					delete(x.labels, id)
				}
			}
		}
		if len(series) == 0 {
			delete(x.series, fp)
			continue
		}
		all = append(all, fp)
	}
	return all
}

// current returns the alert of a series that counts; nil for none. The caller holds the lock.
func (x *external) current(fp model.Fingerprint) (best *posted) {
	for _, p := range x.series[fp] {
		if best == nil || p.counts(best) {
			best = p
		}
	}
	return best
}
