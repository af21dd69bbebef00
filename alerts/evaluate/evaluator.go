package evaluate

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
)

// Settings are what code passes.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nowhere
	Metrics    alerts.MetricsFunc
	Logs       alerts.LogsFunc
	Definition alerts.MetricFunc // nil takes the spelling of dimensions from rules
	// Ingesting returns an error while what rules of a kind ask about takes no data at all. They are then not checked, since everything
	// would look as if it had gone; when it takes data again, what was missed is made up for. Nil is for always well.
	Ingesting func(alerts.RuleKind) error
	Sink      alerts.Sink
	States    alerts.StateStore
	// Active returns the alerts of metric and log rules that are open where Sink keeps them. It is asked once, when Run begins, and what
	// the Sink has wins over the stored states: between the two a crash may fall. Nil trusts the states.
	Active func(context.Context) ([]alerts.Alert, error)
	// PrometheusPreview previews rules of Prometheus; nil has none.
	PrometheusPreview func(ctx context.Context, rule alerts.Rule, start, end time.Time) (*Preview, error)
	// Now is the clock, nil for time.Now. Timers are the runtime's, so that another clock must run at their pace, as in testing/synctest.
	Now func() time.Time
}

// Evaluator checks rules on time. Make one with New.
type Evaluator struct {
	cfg       Config
	set       Settings
	log       *slog.Logger
	m         *metrics
	asker     asker
	saver     *saver
	baselines *baselineCache
	health    health
	intake    intake
	previews  chan struct{} // one for each preview that runs

	mu      sync.Mutex
	entries map[string]*entry
	wanted  map[string]*alerts.Stored // by SetRules, taken by the scheduler; nil if there is nothing new
	changed chan struct{}             // holds one when wanted is set

	sched scheduler // of Run alone
}

// New returns an Evaluator without rules. It returns an error for a Config that is not valid and for Settings without Sink or States.
func New(cfg Config, set Settings) (*Evaluator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Sink == nil || set.States == nil {
		return nil, errors.New("evaluate: Settings need Sink and States")
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	v := &Evaluator{cfg: cfg, set: set, log: set.Logger, entries: map[string]*entry{}, changed: make(chan struct{}, 1), previews: make(chan struct{}, maxPreviews),
		asker: asker{metrics: set.Metrics, logs: set.Logs, maxSeries: cfg.MaxSeries}}
	v.m = newMetrics(set.Registerer, v)
	v.saver = &saver{store: set.States, log: v.log, m: v.m, pending: map[string]*alerts.RuleState{}}
	v.baselines = newBaselineCache(cfg.MaxBaselines, func(error) { v.m.staleBaselines.Inc() })
	return v, nil
}

// SetRules replaces the rules. Until it is called for the first time nothing is evaluated, and no state is forgotten. Rules of Prometheus
// are left out. It does not wait, and may be called before Run.
func (v *Evaluator) SetRules(rules []alerts.Stored) {
	wanted := make(map[string]*alerts.Stored, len(rules))
	for i := range rules {
		if rules[i].Kind != alerts.KindPrometheus {
			wanted[rules[i].Name] = &rules[i]
		}
	}
	v.mu.Lock()
	v.wanted = wanted
	v.mu.Unlock()
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

func (v *Evaluator) all() []*entry {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]*entry, 0, len(v.entries))
	for _, e := range v.entries {
		out = append(out, e)
	}
	return out
}

// Run evaluates until ctx ends, and returns nil when evaluations that were running are over and states are written. It may run once.
func (v *Evaluator) Run(ctx context.Context) error {
	loaded, ok := v.load(ctx)
	if !ok {
		return nil // ctx ended
	}
	v.health.running.Store(true)
	defer v.health.running.Store(false)
	var writer sync.WaitGroup
	writer.Go(func() { v.saver.run(ctx, v.cfg.SaveInterval) })
	v.sched.init(v, loaded)
	v.sched.run(ctx)
	writer.Wait()
	_ = v.saver.flush(ctx) // counted and logged there; the checks would be made again
	return nil
}
