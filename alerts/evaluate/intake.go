package evaluate

import (
	"fmt"
	"sync"

	"github.com/endscope/endscope/alerts"
)

// intakeAgain is how often it is looked whether a store takes data again.
const intakeAgain = heartbeat

// intake remembers which kinds of rules wait for data, so that it is logged once.
type intake struct {
	mu      sync.Mutex
	stopped map[alerts.RuleKind]bool
}

// awaited says whether a rule must wait, since there are no data to judge by. While nothing takes data, and then for as long as after a
// start, in which senders deliver what they kept.
func (v *Evaluator) awaited(e *entry, p *plan) bool {
	if v.set.Ingesting == nil {
		return false
	}
	err, now := v.set.Ingesting(p.rule.Kind), v.set.Now()
	v.toldOf(p.rule.Kind, err)
	if err == nil {
		if e.blind.IsZero() || e.delivered {
			return false
		}
		e.delivered, e.retryAt = true, now.Add(v.cfg.StartupDelay)
		return true
	}
	e.blind, e.delivered, e.retryAt = now.Round(0), false, now.Add(intakeAgain)
	e.mu.Lock()
	e.status.err = fmt.Errorf("not evaluated while no data are taken: %w", err)
	e.mu.Unlock()
	return true
}

func (v *Evaluator) toldOf(kind alerts.RuleKind, err error) {
	v.intake.mu.Lock()
	defer v.intake.mu.Unlock()
	if v.intake.stopped == nil {
		v.intake.stopped = map[alerts.RuleKind]bool{}
	}
	switch {
	case err != nil && !v.intake.stopped[kind]:
		v.log.Error("no data are taken, and alert rules wait until they are", "kind", kind, "err", err)
	case err == nil && v.intake.stopped[kind]:
		v.log.Info("data are taken again; alert rules make up for what they missed", "kind", kind, "after", v.cfg.StartupDelay)
	}
	v.intake.stopped[kind] = err != nil
}
