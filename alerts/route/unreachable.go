package route

import (
	"context"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

// UnreachableAlert is the name of the alert of routing's own that tells of a receiver that cannot be reached.
const UnreachableAlert = "ReceiverUnreachable"

const (
	postUnreachable = time.Minute // how often it is posted
	keepUnreachable = 5 * time.Minute
)

// unreachable is an alert of our own.
type unreachable struct {
	body   model.Alert
	posted time.Time
}

// tellUnreachable tells the other receivers of a group of one that cannot be reached, or those of the policy's routes where the group has no
// other that can be, as if somebody had posted an alert: it is in the history, and can be inhibited and silenced.
func (e *Engine) tellUnreachable(ctx context.Context) {
	now := e.now()
	still := map[string]bool{}
	var all []*alert.Alert
	post := func(u *unreachable, end time.Time) {
		a := &alert.Alert{Alert: u.body, UpdatedAt: now, Timeout: end.After(now)}
		a.EndsAt = end
		all = append(all, a)
	}
	dead, reached := e.health.deadOnes(now, e.cfg.UnhealthyAfter, e.apart())
	for _, t := range dead {
		key := t.who.String()
		still[key] = true
		u := e.unreachable[key]
		if u == nil {
			u = &unreachable{body: model.Alert{StartsAt: now, Labels: model.LabelSet{
				model.AlertNameLabel: UnreachableAlert, alerts.LabelSeverity: "error",
				"action_group": model.LabelValue(t.who.group), "receiver": model.LabelValue(t.who.receiver), "type": model.LabelValue(t.who.kind),
			}, Annotations: model.LabelSet{
				"summary":     model.LabelValue("Alerts do not reach " + key + "."),
				"description": model.LabelValue("Every attempt has failed since " + t.failingSince.UTC().Format(time.RFC3339) + ": " + t.err),
			}}}
			if reached[t.who.group] {
				u.body.Labels[alerts.LabelActionGroups] = model.LabelValue("," + t.who.group + ",")
			}
			e.unreachable[key] = u
		}
		if now.Sub(u.posted) >= postUnreachable {
			u.posted = now
			post(u, now.Add(keepUnreachable))
		}
	}
	for key, u := range e.unreachable {
		if !still[key] {
			delete(e.unreachable, key)
			post(u, now)
		}
	}
	if len(all) == 0 {
		return
	}
	if err := (view{e.alerts, e}).Put(ctx, all...); err != nil {
		e.log.Error("could not tell of receivers that cannot be reached", "err", err)
	}
}
