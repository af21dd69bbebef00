package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/internal/config"
)

// ErrStarting is what a Check wraps while its part waits for the server to start: that is no fault, and alerting does not work yet.
var ErrStarting = errors.New("the server is starting")

// WatchdogConfig is what an operator writes.
type WatchdogConfig struct {
	Interval        time.Duration `yaml:"interval" help:"Time between two looks at whether alerting works."`
	Patience        time.Duration `yaml:"patience" help:"How long alerts may wait for routing, and a look for its answer, before alerting counts as broken."`
	DeadManURL      config.Secret `yaml:"dead_man_url" help:"URL that is asked with GET while alerting works, such as that of a check at a service that warns when it is not asked any more. It is a secret; it is never logged."`
	DeadManURLFile  string        `yaml:"dead_man_url_file" help:"File with the dead-man URL, in place of dead_man_url; read each time."`
	DeadManInterval time.Duration `yaml:"dead_man_interval" help:"Time between two calls of the dead-man URL."`
	DeadManTimeout  time.Duration `yaml:"dead_man_timeout" help:"How long one call of the dead-man URL may take."`
}

// DefaultWatchdogConfig returns the defaults.
func DefaultWatchdogConfig() WatchdogConfig {
	return WatchdogConfig{Interval: 10 * time.Second, Patience: 2 * time.Minute, DeadManInterval: time.Minute, DeadManTimeout: 10 * time.Second}
}

// Validate returns a *config.FieldError for each bad key, joined. It never shows the dead-man URL.
func (c WatchdogConfig) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.Interval < time.Second || c.Interval > 5*time.Minute {
		bad("interval", c.Interval, "must be between 1s and 5m")
	}
	if c.Patience < 10*time.Second || c.Patience > time.Hour {
		bad("patience", c.Patience, "must be between 10s and 1h")
	}
	if c.DeadManURL != "" && c.DeadManURLFile != "" {
		bad("dead_man_url_file", c.DeadManURLFile, "must be empty when dead_man_url is set")
	}
	if c.DeadManURL != "" && checkDeadManURL(string(c.DeadManURL)) != nil {
		bad("dead_man_url", "a text that is not shown", "must be an http or https URL with a host")
	}
	if c.DeadManInterval < 5*time.Second || c.DeadManInterval > 24*time.Hour {
		bad("dead_man_interval", c.DeadManInterval, "must be between 5s and 24h")
	}
	if c.DeadManTimeout < time.Second || c.DeadManTimeout > c.DeadManInterval {
		bad("dead_man_timeout", c.DeadManTimeout, fmt.Sprintf("must be between 1s and dead_man_interval, which is %s", c.DeadManInterval))
	}
	return errors.Join(errs...)
}

// Check says whether a part of alerting works.
type Check struct {
	Name string // evaluation, routing, store …
	Func func(context.Context) error
}

// WatchdogSettings is what code passes to NewWatchdog.
type WatchdogSettings struct {
	Checks     []Check
	HTTPClient *http.Client          // for the dead-man URL; nil is a plain one
	Registerer prometheus.Registerer // nil shows no metrics
	Logger     *slog.Logger          // nil discards
	Now        func() time.Time      // nil is the machine's clock
}

// Watchdog says whether alerting works, and calls the dead-man URL only while it does. Make it with NewWatchdog and use Run once.
type Watchdog struct {
	cfg     WatchdogConfig
	set     WatchdogSettings
	log     *slog.Logger
	now     func() time.Time
	metrics *watchdogMetrics
	probes  []*probe

	mu      sync.Mutex
	running bool
	looked  time.Time // last look
	err     error
	waits   error  // why alerting does not work yet, where that is no fault
	deadMan string // the last failure that was logged
}

// probe is a check with what is under way of it.
type probe struct {
	check Check
	mu    sync.Mutex
	since time.Time // of the run under way; zero for none
	err   error     // of the last run that ended; before the first, that there was none
}

type watchdogMetrics struct {
	healthy prometheus.GaugeFunc
	pings   *prometheus.CounterVec
}

// NewWatchdog returns a watchdog. Errors: those of WatchdogConfig.Validate, metrics that are there already.
func NewWatchdog(cfg WatchdogConfig, set WatchdogSettings) (*Watchdog, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	if set.HTTPClient == nil {
		set.HTTPClient = &http.Client{}
	}
	w := &Watchdog{cfg: cfg, set: set, log: set.Logger, now: set.Now}
	for _, c := range set.Checks {
		w.probes = append(w.probes, &probe{check: c, err: fmt.Errorf("it has not been looked at: %w", ErrStarting)})
	}
	w.metrics = &watchdogMetrics{
		healthy: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "alerts_watchdog_healthy", Help: "1 while evaluation, routing and storage of alerts work, 0 while one does not or the server is still starting."}, func() float64 {
			if w.works() != nil {
				return 0
			}
			return 1
		}),
		pings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alerts_dead_man_pings_total", Help: "Calls of the dead-man URL, by result: ok, failed, or withheld because alerting does not work."}, []string{"result"}),
	}
	for _, r := range []string{"ok", "failed", "withheld"} {
		w.metrics.pings.WithLabelValues(r)
	}
	if set.Registerer != nil {
		for _, c := range []prometheus.Collector{w.metrics.healthy, w.metrics.pings} {
			if err := set.Registerer.Register(c); err != nil {
				return nil, fmt.Errorf("register metrics of the watchdog: %w", err)
			}
		}
	}
	return w, nil
}

// Healthy returns nil while nothing is wrong with alerting, or what is. It answers at once, by the last look. A server that is starting or
// stopping is healthy; when the watchdog itself has stopped looking, it says that.
func (w *Watchdog) Healthy() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault()
}

// works returns nil only while alerting works: also what is no fault keeps alerts from people.
func (w *Watchdog) works() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running {
		return errors.New("the watchdog does not run")
	}
	return errors.Join(w.fault(), w.waits)
}

// fault is Healthy for who holds mu.
func (w *Watchdog) fault() error {
	if !w.running {
		return nil
	}
	if late := w.now().Sub(w.looked); !w.looked.IsZero() && late > w.cfg.Interval+w.cfg.Patience {
		return fmt.Errorf("alerts: the watchdog has not looked for %s", late.Round(time.Second))
	}
	return w.err
}

// Run looks at every interval, and calls the dead-man URL, until ctx ends. It returns nil.
func (w *Watchdog) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	if w.cfg.DeadManURL != "" || w.cfg.DeadManURLFile != "" {
		wg.Go(func() { w.pingAll(ctx) })
	}
	tick := time.NewTicker(w.cfg.Interval)
	defer tick.Stop()
	for {
		w.look(ctx, &wg)
		select {
		case <-ctx.Done():
			w.mu.Lock()
			w.running = false
			w.mu.Unlock()
			return nil
		case <-tick.C:
		}
	}
}

// look starts every check that is not under way, gives them a moment, and takes what they say.
func (w *Watchdog) look(ctx context.Context, wg *sync.WaitGroup) {
	moment := make(chan struct{})
	var started sync.WaitGroup
	for _, p := range w.probes {
		if !p.begin(w.now()) {
			continue
		}
		started.Add(1)
		wg.Go(func() {
			defer started.Done()
			checking, cancel := context.WithTimeout(ctx, w.cfg.Patience)
			defer cancel()
			p.end(p.check.Func(checking))
		})
	}
	wg.Go(func() {
		started.Wait()
		close(moment)
	})
	timer := time.NewTimer(w.cfg.Interval / 2)
	defer timer.Stop()
	select {
	case <-moment:
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	var errs, waits []error
	for _, p := range w.probes {
		err := p.result(w.now(), w.cfg.Patience)
		if err == nil {
			continue
		}
		if err = fmt.Errorf("alerts: %s: %w", p.check.Name, err); errors.Is(err, ErrStarting) {
			waits = append(waits, err)
		} else {
			errs = append(errs, err)
		}
	}
	w.conclude(errors.Join(errs...), errors.Join(waits...))
}

func (w *Watchdog) conclude(err, waits error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil && w.err == nil:
		w.log.Error("alerting does not work", "err", err)
	case err == nil && w.err != nil:
		w.log.Info("alerting works again")
	}
	w.running, w.looked, w.err, w.waits = true, w.now(), err, waits
}

func (p *probe) begin(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.since.IsZero() {
		return false
	}
	p.since = now
	return true
}

func (p *probe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.err = time.Time{}, err
}

func (p *probe) result(now time.Time, patience time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if late := now.Sub(p.since); !p.since.IsZero() && late >= patience {
		return fmt.Errorf("no answer for %s", late.Round(time.Second))
	}
	return p.err
}
