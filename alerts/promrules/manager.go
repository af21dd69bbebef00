package promrules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"

	"github.com/endscope/endscope/alerts"
)

// Settings are what a Manager works with. All fields are needed unless they say otherwise.
type Settings struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Query evaluates an expression. Range does over a time range, for previews.
	Query rules.QueryFunc
	Range RangeFunc
	// Write stores what rules record, and Queryable reads it back when the state of for is restored.
	Write     WriteFunc
	Queryable storage.Queryable
	Parser    parser.Parser
	// Context prepares the context of everything that is evaluated, such as with grants.
	Context     func(context.Context) context.Context
	ExternalURL *url.URL
	Sink        alerts.Sink
	// Active returns the alerts of rules of Prometheus that have fired and not resolved.
	Active func(context.Context) ([]alerts.Alert, error)
	// Ready returns nil once the store answers and takes samples.
	Ready func() error
	Now   func() time.Time
}

// EngineQuery returns a function for Settings.Query that evaluates by an engine over a store.
func EngineQuery(engine promql.QueryEngine, q storage.Queryable) rules.QueryFunc {
	return rules.EngineQueryFunc(engine, q)
}

// Manager evaluates groups of Prometheus rules. Make it with New, give it rules, and Run it.
type Manager struct {
	cfg     Config
	set     Settings
	log     *slog.Logger
	failed  prometheus.Counter
	handOff sync.Mutex // held while transitions are applied, so that they keep their order
	known   map[string]alerts.Alert

	unstored map[string]alerts.Alert // that fired and could not be applied yet; guarded by handOff, as known is

	loaded atomic.Pointer[set] // what is in force; never changed

	mu      sync.Mutex // guards what follows; held while groups stop, so nothing that groups call may take it
	loader  *loader
	inner   *rules.Manager // nil while it does not run
	started time.Time
	since   map[*rules.Group]time.Time // when each group came into force; another map takes its place
}

// New reads the rule files. It returns what is wrong with them, all at once.
func New(cfg Config, s Settings) (*Manager, error) {
	m := &Manager{cfg: cfg, set: s, log: s.Logger, loader: &loader{&set{}, s.Parser}, known: map[string]alerts.Alert{}, unstored: map[string]alerts.Alert{}}
	m.failed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "alerts_prometheus_hand_off_failures_total",
		Help: "Times that alerts of Prometheus rules could not be stored; they are tried again when the rule is evaluated next.",
	})
	if err := s.Registerer.Register(m.failed); err != nil {
		return nil, fmt.Errorf("register metrics of Prometheus rules: %w", err)
	}
	files, err := readFiles(cfg.RuleFiles, s.Parser)
	if err != nil {
		return nil, err
	}
	m.loaded.Store(newSet(files, nil))
	return m, nil
}

// Run evaluates until ctx ends. It waits for the store first.
func (m *Manager) Run(ctx context.Context) error {
	for m.set.Ready() != nil {
		if !pause(ctx, 100*time.Millisecond) {
			return nil
		}
	}
	ctx = m.set.Context(ctx)
	for {
		err := m.learnActive(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		m.log.Error("the alerts that fire could not be read; rules wait for them", "err", err)
		if !pause(ctx, 5*time.Second) {
			return nil
		}
	}
	inner := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme:   model.UTF8Validation,
		ExternalURL:            m.set.ExternalURL,
		QueryFunc:              m.set.Query,
		NotifyFunc:             m.notify,
		Context:                ctx,
		Appendable:             appendable{m.set.Write},
		Queryable:              m.set.Queryable,
		Logger:                 m.log,
		Registerer:             m.set.Registerer,
		OutageTolerance:        m.cfg.OutageTolerance,
		ForGracePeriod:         m.cfg.ForGracePeriod,
		ResendDelay:            m.cfg.ResendDelay,
		GroupLoader:            m.loader,
		DefaultRuleQueryOffset: func() time.Duration { return m.cfg.QueryOffset },
		MaxConcurrentEvals:     int64(m.cfg.MaxConcurrent),
		ConcurrentEvalsEnabled: m.cfg.MaxConcurrent > 1,
		RestoreNewRuleGroups:   true,
		Parser:                 m.set.Parser,
	})
	m.mu.Lock()
	m.inner, m.started = inner, m.set.Now()
	err := m.update(m.loaded.Load())
	m.mu.Unlock()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		inner.Run()
	}()
	for pause(ctx, m.cfg.ResendDelay) {
		m.reconcile(ctx)
	}
	inner.Stop()
	<-done
	return nil
}

// pause waits, and returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// SetRules replaces the groups that are resources. Those that did not change keep their state; disabled ones and other kinds of rules
// are left out. An error names the rule and leaves everything as it was.
func (m *Manager) SetRules(list []alerts.Stored) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	files, byName := m.Files().groups, map[string]alerts.Rule{}
	for _, r := range list {
		if r.Kind != alerts.KindPrometheus || !r.Enabled {
			continue
		}
		groups, err := ParseGroup(r.Group, m.set.Parser)
		if err != nil {
			return fmt.Errorf("alert rule %s: %w", r.Name, err)
		}
		files[resourcePrefix+r.Name], byName[r.Name] = groups, r.Rule
	}
	return m.update(newSet(files, byName))
}

// update puts a set into force. The caller holds mu.
func (m *Manager) update(next *set) error {
	before := m.loaded.Swap(next) // first, since groups that start look at it
	if m.inner == nil {
		return nil
	}
	m.loader.set = next // the manager asks for files only while it is updated
	err := m.inner.Update(m.cfg.EvaluationInterval, next.names(), labels.FromMap(m.cfg.ExternalLabels), m.set.ExternalURL.String(), m.iterate)
	if err != nil {
		m.loaded.Store(before)
		return err
	}
	since := map[*rules.Group]time.Time{}
	for _, g := range m.inner.RuleGroups() {
		at, ok := m.since[g]
		if !ok {
			at = m.set.Now()
		}
		since[g] = at
	}
	m.since = since
	return nil
}

type groupKey struct{}

// iterate evaluates a group in a context that knows it, for notify, which is told nothing but labels.
func (m *Manager) iterate(ctx context.Context, g *rules.Group, at time.Time) {
	rules.DefaultEvalIterationFunc(context.WithValue(ctx, groupKey{}, g), g, at)
}

// RuleGroups returns the groups that are evaluated, for Prometheus's API.
func (m *Manager) RuleGroups() []*rules.Group {
	if inner := m.running(); inner != nil {
		return inner.RuleGroups()
	}
	return nil
}

// AlertingRules returns the alerting rules that are evaluated, for Prometheus's API.
func (m *Manager) AlertingRules() []*rules.AlertingRule {
	if inner := m.running(); inner != nil {
		return inner.AlertingRules()
	}
	return nil
}

func (m *Manager) running() *rules.Manager {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inner
}

// Healthy returns nil while the groups are evaluated: none may be late by more than three of its intervals and a minute, and no more than
// half of the rules may have failed when they were evaluated last. Before Run evaluates it returns an error, too.
func (m *Manager) Healthy(now time.Time) error {
	m.mu.Lock()
	inner, since := m.inner, m.since
	m.mu.Unlock()
	if inner == nil {
		return errors.New("groups of rules are not evaluated yet")
	}
	good, bad := 0, 0
	var last error
	for _, g := range inner.RuleGroups() {
		for _, r := range g.Rules() {
			switch r.Health() {
			case rules.HealthGood:
				good++
			case rules.HealthBad:
				bad++
				last = fmt.Errorf("%s of group %q: %w", r.Name(), g.Name(), r.LastError())
			}
		}
		evaluated := g.GetLastEvaluation()
		if at, ok := since[g]; !ok {
			continue // it comes into force this moment
		} else if evaluated.Before(at) {
			evaluated = at
		}
		if late := now.Sub(evaluated); late > 3*g.Interval()+time.Minute {
			return fmt.Errorf("group %q of %s was evaluated %s ago, and should be every %s", g.Name(), g.File(), late.Round(time.Second), g.Interval())
		}
	}
	if bad > good {
		return fmt.Errorf("%d of %d rules failed when they were evaluated last, such as %w", bad, good+bad, last)
	}
	return nil
}
