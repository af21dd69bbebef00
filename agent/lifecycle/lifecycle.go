package lifecycle

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/agent/process"
)

// Lifecycle follows one server. Make it with New and use Run once.
type Lifecycle struct {
	cfg     Config
	set     Settings
	metrics *metrics
	lines   *recogniser
	checks  map[probe]checker
	keeper  keeper

	reading atomic.Bool // lines matter: a start goes on, or may begin

	mu        sync.Mutex
	run       context.Context // of Run; nil when it does not run
	probers   sync.WaitGroup
	epoch     int // of the process that runs; the results of probers of an earlier one are late and do not count
	endEpoch  context.CancelFunc
	state     State // "" until known
	up        bool  // a process runs, as far as we know
	main      process.Main
	pid       int       // of the agent's own server; 0 when it is not known
	began     time.Time // the last start; zero when it is not known
	ready     bool
	told      bool // readiness is known
	count     int  // number of the last attempt
	attempt   *attempt
	undecided bool      // an agent that came later does not know yet whether a start goes on
	announced bool      // the row Started of the attempt is written
	before    string    // why the process before ended, for the next start; "" when there was none
	reason    string    // why the process is being ended; "" when it is not
	readyAt   time.Time // when the last start ended well, until its first request is told
	first     time.Time // of that start's first request that is not told yet
	notAt     time.Time // since when the server is not ready any more; zero when it is or never was
	floods    map[probe]*flood
	leftAt    time.Time // when the end that no agent saw was counted as a restart that others may tell of, too; zero for none
	cause     string    // how the process before ended, for people
	foreign   foreign
	dirty     bool
}

// New returns a Lifecycle and registers its series. It starts nothing. Errors: those of Config.Validate, and of settings that are missing.
func New(cfg Config, set Settings) (*Lifecycle, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("lifecycle: %w", err)
	}
	if err := set.complete(); err != nil {
		return nil, err
	}
	if !cfg.Readiness.set() {
		cfg.Readiness.TCP = set.Target
	}
	l := &Lifecycle{cfg: cfg, set: set, lines: newRecogniser(), checks: map[probe]checker{}, floods: map[probe]*flood{}, keeper: keeper{dir: set.Dir}}
	for p, c := range map[probe]ProbeConfig{liveness: cfg.Liveness, readiness: cfg.Readiness, startup: cfg.Startup} {
		check, err := c.checker()
		if err != nil {
			return nil, fmt.Errorf("lifecycle: %s: %w", p, err)
		}
		if check != nil {
			l.checks[p] = check
			l.floods[p] = &flood{}
		}
	}
	var err error
	if l.metrics, err = newMetrics(set.Registerer); err != nil {
		return nil, err
	}
	l.metrics.setInfo(set.Container, set.Image, set.Command)
	l.reading.Store(true)
	l.restore()
	return l, nil
}

// State returns where the instance is in its life, and "" until that is known.
func (l *Lifecycle) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// watches says that the process is not the agent's own and can be watched.
func (l *Lifecycle) watches() bool { return l.set.Find != nil && l.set.Restart == nil }

// runs says that the process is the agent's own.
func (l *Lifecycle) runs() bool { return l.set.Restart != nil }

// Run probes and watches until ctx ends, and returns nil. Call it once.
func (l *Lifecycle) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.mu.Lock()
	l.run = ctx
	switch {
	case l.up: // it was started before Run
		l.probe(time.Now())
	case !l.watches() && l.set.Restart == nil: // nobody tells of processes: the probes alone do
		l.undecided = true
		l.probe(time.Now())
	}
	l.mu.Unlock()
	var watching sync.WaitGroup
	if l.watches() {
		watching.Go(func() { l.watch(ctx) })
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case now := <-tick.C:
			l.tick(now)
		}
	}
	watching.Wait()
	l.mu.Lock()
	l.run = nil
	l.stopProbes()
	l.mu.Unlock()
	l.probers.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tellMore(time.Now(), true)
	l.tellForeign(time.Now(), true)
	l.settle(time.Now(), true)
	l.save()
	for _, c := range l.checks {
		c.close()
	}
	return nil
}

// tick does what is due.
func (l *Lifecycle) tick(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tellMore(now, false)
	l.tellForeign(now, false)
	l.settle(now, false)
	if l.dirty || l.keeper.old(now) && l.attempt != nil {
		l.save()
	}
}

// Line takes one console line, or the lines of one traceback. It is cheap once the server is ready.
func (l *Lifecycle) Line(at time.Time, text string) {
	if !l.reading.Load() {
		return
	}
	l.lines.find(text, func(m found) { l.recognised(at, m) })
}

func (l *Lifecycle) recognised(at time.Time, m found) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.attempt
	if a == nil {
		return
	}
	l.dirty = true
	says := a.saw(at, m)
	if l.undecided && m.phase != "" && l.checks[readiness] == nil {
		l.decide(at)
	}
	if !a.ended.IsZero() || l.undecided {
		return
	}
	switch {
	case says && l.checks[readiness] == nil:
		l.becomeReady(at)
	case m.phase == Compile, m.phase == GraphCapture, m.phase == WarmUp:
		l.setState(Warming)
	case (m.phase == ModelDownload || m.phase == WeightsLoad) && l.state != Warming:
		l.setState(Loading)
	}
}

func (l *Lifecycle) setState(s State) {
	if l.state == s {
		return
	}
	l.set.Logger.Debug("instance state", "state", string(s), "before", string(l.state))
	l.state = s
	l.metrics.setState(s)
	l.reading.Store(s != Ready || l.attempt != nil)
}
