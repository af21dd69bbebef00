package route

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/api"
	"github.com/prometheus/alertmanager/cluster"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
)

const (
	retention        = 120 * time.Hour  // of expired silences and of the log of notifications, as in Alertmanager
	collectEvery     = 30 * time.Minute // resolved alerts leave the store
	maintainEvery    = 15 * time.Minute // expired silences and entries of the log go
	dispatchMaintain = 30 * time.Second // empty groups go
	flushEvery       = time.Second      // what another server gossiped is journalled
	// notifyTimeout is the least time that one notification may take with all its retries.
	notifyTimeout = 2 * time.Minute
)

// Engine routes alerts to action groups. It is made by New, runs in Run, and is given alerts by Put.
type Engine struct {
	cfg     Config
	set     Settings
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	memory  *memory
	journal *journal
	health  health
	ext     *external // the Alertmanagers elsewhere; nil where alerts are routed here, and all below is nil where they are not

	alerts   *mem.Alerts
	store    func(...*alert.Alert) error // puts into alerts
	waiting  func(*running)              // notes for whom the alerts that are over wait
	silences *silence.Silences
	silencer *silence.Silencer
	notified *notificationLog
	groups   marker.GroupMarker
	sending  *notify.Metrics
	dispatch *dispatch.DispatcherMetrics
	api      *api.API
	handler  http.Handler
	peer     *cluster.Peer

	unreachable map[string]*unreachable // receivers of which an alert of our own tells; only Run looks at it

	putting sync.Mutex // alerts reach the store in the order in which they are remembered

	mu      sync.Mutex // held while the plan changes
	phase   phase
	newest  atomic.Pointer[plan]
	current atomic.Pointer[running]
	// dispatching is true from when the dispatcher first starts: alerts that come then are new.
	dispatching atomic.Bool
	status      atomic.Pointer[string] // the configuration that /api/v2/status shows

	unknownMu sync.Mutex
	unknown   map[string]bool // names of groups that were logged already; bounded
	closed    sync.Once
	closeErr  error
}

// phase is where in its life an engine is.
type phase int

const (
	made phase = iota
	started
	stopped
)

// New makes an engine and loads what was journalled: silences and who was notified. In a cluster it listens for the other servers. It
// notifies nobody before Run. Until the first Reload it has DefaultPolicy and no groups. The caller closes it.
//
// Values of ctx are used for what happens later; that ctx ends does not matter.
func New(ctx context.Context, cfg Config, set Settings) (_ *Engine, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, set: set, log: set.Logger, now: set.Now, memory: newMemory(cfg.MaxAlerts), journal: newJournal(set.Journal), unknown: map[string]bool{}, unreachable: map[string]*unreachable{}}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	reg := set.Registerer
	if reg == nil {
		reg = prometheus.NewRegistry()
	}
	e.metrics = newMetrics(reg, func() float64 { return float64(e.memory.count(e.now())) }, func() float64 {
		if since := e.journal.failingSince(); !since.IsZero() {
			return e.now().Sub(since).Seconds()
		}
		return 0
	})
	if len(cfg.External.URLs) > 0 {
		e.ext, err = newExternal(cfg, e.log, e.now, e.metrics)
		e.handler = http.HandlerFunc(elsewhere)
		return e, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	if err := reg.Register(&e.health); err != nil {
		return nil, fmt.Errorf("register metrics of receivers: %w", err)
	}
	kept := context.WithoutCancel(ctx)
	flags := featurecontrol.NoopFlags{}
	var recorder eventrecorder.Recorder // records nothing
	log, err := nflog.New(nflog.Options{Retention: retention, Logger: e.log.With("component", "nflog"), Metrics: reg})
	if err != nil {
		return nil, fmt.Errorf("make the log of notifications: %w", err)
	}
	e.notified = &notificationLog{
		log: log, flush: func() error { return e.flush(kept) }, now: e.now, tell: map[string]map[uint64]time.Time{},
		active: func(hash uint64) bool { return e.memory.activeHash(hash, e.now()) },
	}
	e.silences, err = silence.New(silence.Options{
		Retention: retention,
		Limits: silence.Limits{
			MaxSilences:         func() int { return cfg.MaxSilences },
			MaxSilenceSizeBytes: func() int { return int(cfg.MaxSilenceSize) },
		},
		Logger: e.log.With("component", "silences"), Metrics: reg, EventRecorder: recorder,
	})
	if err != nil {
		return nil, fmt.Errorf("make silences: %w", err)
	}
	if set.Journal != nil {
		for kind, into := range map[string]merger{kindNotified: e.notified, kindSilence: e.silences} {
			damaged, err := load(ctx, set.Journal, kind, into)
			if err != nil {
				return nil, err
			}
			if damaged > 0 {
				e.metrics.damaged.Add(float64(damaged))
				e.log.Error("entries of the journal are damaged and were left out", "kind", kind, "entries", damaged)
			}
		}
	}
	if err := e.join(reg, log); err != nil {
		return nil, err
	}
	e.silencer = silence.NewSilencer(e.silences, e.log, recorder)
	if e.alerts, err = mem.NewAlerts(kept, collectEvery, 0, e.silencer, e.log, recorder, reg, flags); err != nil {
		return nil, fmt.Errorf("make the store of alerts: %w", err)
	}
	e.store = func(all ...*alert.Alert) error { return e.alerts.Put(kept, all...) }
	e.waiting = func(r *running) { e.owe(kept, r) }
	e.groups = marker.NewGroupMarker()
	e.sending = notify.NewMetrics(reg, flags)
	e.dispatch = dispatch.NewDispatcherMetrics(false, reg, flags)
	if err := e.serve(reg); err != nil {
		return nil, err
	}
	return e, e.Reload(DefaultPolicy(), nil)
}

// Run routes and notifies until ctx ends, and then waits for attempts under way, at most Config.StopGrace. It runs once. Put the alerts
// that are active before Run, so that they are notified together.
func (e *Engine) Run(ctx context.Context) error {
	if e.ext != nil {
		return e.ext.run(ctx)
	}
	e.mu.Lock()
	if e.phase != made {
		e.mu.Unlock()
		return errors.New("notification routing runs once")
	}
	e.phase = started
	var wg sync.WaitGroup
	defer wg.Wait()
	e.settle(ctx, &wg)
	e.health.start(e.now())
	e.probe(ctx)
	e.start(e.newest.Load())
	e.dispatching.Store(true)
	e.mu.Unlock()

	probe, flush, maintain := time.NewTicker(probeEvery), time.NewTicker(flushEvery), time.NewTicker(maintainEvery)
	defer probe.Stop()
	defer flush.Stop()
	defer maintain.Stop()
	for {
		select {
		case <-ctx.Done():
			e.mu.Lock()
			e.phase = stopped
			e.stop()
			e.mu.Unlock()
			e.health.stop()
			return e.flush(context.WithoutCancel(ctx))
		case <-probe.C:
			e.probe(ctx)
			e.tellUnreachable(ctx)
			e.sweep()
		case <-flush.C:
			_ = e.flush(ctx) // counted and logged there; tried again in a second
		case <-maintain.C:
			e.notified.forget()
			if _, err := e.notified.log.GC(); err != nil {
				e.log.Error("could not collect the log of notifications", "err", err)
			}
			if _, err := e.silences.GC(); err != nil {
				e.log.Error("could not collect silences", "err", err)
			}
		}
	}
}

// Close releases what New took. It is called after Run has returned, or without Run; a second call does nothing.
func (e *Engine) Close() error {
	e.closed.Do(func() {
		e.mu.Lock()
		e.phase = stopped
		e.stop()
		e.mu.Unlock()
		if e.alerts != nil {
			e.alerts.Close()
		}
		if e.peer != nil {
			e.closeErr = e.leave()
		}
	})
	return e.closeErr
}

// flush makes everything durable that was journalled.
func (e *Engine) flush(ctx context.Context) error {
	err := e.journal.flush(ctx, e.now())
	if err != nil {
		e.metrics.journalErrors.Inc()
		e.log.Error("could not save who was notified: after a crash, notifications may be repeated", "err", err)
	}
	return err
}

// sweep forgets old alerts and tells of those of others that ended.
func (e *Engine) sweep() {
	if ended := e.memory.sweep(e.now()); len(ended) > 0 && e.set.External != nil {
		e.set.External(ended)
	}
}

// Healthy returns nil while notification works: the dispatcher lives, each action group can be told by one of its receivers at least, and
// what was notified can be remembered. Its error says what does not work and for how long.
func (e *Engine) Healthy(now time.Time) error {
	if e.ext != nil {
		return e.ext.healthy(now)
	}
	if since := e.journal.failingSince(); !since.IsZero() && now.Sub(since) > time.Minute {
		return fmt.Errorf("who was notified cannot be saved for %s", now.Sub(since).Round(time.Second))
	}
	return e.health.check(now, e.cfg.UnhealthyAfter, e.apart())
}

// Lookup finds the whole alert behind what an integration is given. It is a Lookup.
func (e *Engine) Lookup(a *alert.Alert) (*alerts.Alert, bool) {
	if a == nil {
		return nil, false
	}
	if e.ext != nil {
		return nil, false
	}
	k, ok := e.memory.findShown(a)
	if source := k.alert.Source; a.Resolved() || k.fired == nil || k.fired.Source == nil {
		return source, ok && source != nil
	}
	return k.fired.Source, ok // it may have resolved meanwhile, and its values be those of the check that saw that
}
