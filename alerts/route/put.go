package route

import (
	"context"
	"errors"
	"strings"

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

// checkGroups tells of names of action groups that tell nobody.
func (e *Engine) checkGroups(a Alert) {
	names := groupNames(a.Labels[alerts.LabelActionGroups])
	p := e.newest.Load()
	var missing []string
	told := false
	for _, name := range names {
		if tells := name == alerts.PolicyGroup || len(p.integrations[name])+len(p.integrations[name+eachSuffix]) > 0; tells {
			told = true
		} else {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return
	}
	e.metrics.unknown.Add(float64(len(missing)))
	for _, name := range missing {
		if e.firstTime(name) {
			e.log.Warn("an alert names an action group that is not there, not enabled or without receivers", "group", name, "alert", a.Labels[alerts.LabelAlertName])
		}
	}
	if !e.dispatching.Load() {
		return // what is put before the start was there before it
	}
	text := "It names action groups that are not there, not enabled or without receivers: " + strings.Join(missing, ", ") + "."
	if !told {
		text += " The notification policy says who is told."
	}
	e.note(known{alert: a}, NoteGroups, text, noteData{Groups: missing})
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
