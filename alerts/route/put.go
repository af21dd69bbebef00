package route

import (
	"context"
	"errors"

	"github.com/prometheus/alertmanager/alert"

	"github.com/endscope/endscope/alerts"
)

// Put routes alerts of ours: those that are active, and those that have resolved, each time something of them changed, and after a restart
// all that are active and those that resolved within the last hour, before Run. Putting an alert again that has not changed notifies
// nobody, whether it is active or resolved. An alert stays active until it is put with EndsAt.
//
// Alerts are independent: an error tells of those that were not taken, a LimitError where there are too many; the others were.
func (e *Engine) Put(ctx context.Context, all []Alert) error {
	if e.ext != nil {
		return e.ext.put(all)
	}
	e.putting.Lock()
	defer e.putting.Unlock()
	now := e.now()
	var errs []error
	refused := 0
	stored := make([]*alert.Alert, 0, len(all))
	for _, a := range all {
		if a.ID == "" {
			errs = append(errs, errors.New("an alert without id cannot be routed"))
			continue
		}
		s, isNew, err := e.memory.put(a, now, e.dispatching.Load())
		var limit *LimitError
		switch {
		case errors.As(err, &limit):
			refused++
			continue
		case err != nil:
			errs = append(errs, err)
			continue
		}
		stored = append(stored, s...)
		if isNew {
			e.checkGroups(a)
		}
	}
	e.metrics.put.Add(float64(len(stored)))
	if refused > 0 {
		e.metrics.refused.Add(float64(refused))
		errs = append(errs, &LimitError{Limit: e.cfg.MaxAlerts, Refused: refused})
	}
	if err := e.alerts.Put(ctx, stored...); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkGroups tells of names of action groups that there are not.
func (e *Engine) checkGroups(a Alert) {
	names := groupNames(a.Labels[alerts.LabelActionGroups])
	if len(names) == 0 {
		return
	}
	there := e.newest.Load().names
	var missing []string
	for _, name := range names {
		if !there[name] && name != alerts.PolicyGroup {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return
	}
	e.metrics.unknown.Add(float64(len(missing)))
	for _, name := range missing {
		if e.firstTime(name) {
			e.log.Warn("an alert names an action group that there is not: nobody is told by it", "group", name, "alert", a.Labels[alerts.LabelAlertName])
		}
	}
	if e.set.Unknown != nil {
		e.set.Unknown(a, missing)
	}
}

// firstTime returns true the first time that it is asked for a name.
func (e *Engine) firstTime(name string) bool {
	e.unknownMu.Lock()
	defer e.unknownMu.Unlock()
	if e.unknown[name] || len(e.unknown) >= 1000 {
		return false
	}
	e.unknown[name] = true
	return true
}
