package hub

import (
	"context"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/scopes"
)

// Posted is an alert that another program posted to /api/v2/alerts.
type Posted struct {
	Labels, Annotations map[string]string
	StartsAt            time.Time
	EndsAt              time.Time // never zero: from when it counts as resolved unless it is posted again
	GeneratorURL        string
}

// Posted notes alerts of others in the history. Routing has them already, so they are not handed on, and no processing rule is asked. An
// alert is the same as long as one with its labels has not resolved. An alert that is not posted again resolves at its EndsAt.
func (h *Hub) Posted(ctx context.Context, all []Posted) error {
	now := h.now()
	transitions := make([]alerts.Transition, len(all))
	for i, p := range all {
		name := p.Labels[alerts.LabelAlertName]
		a := alerts.Alert{
			ID: alerts.AlertID("posted/"+name, alerts.SeriesKey(scopes.Path{}, p.Labels), now), Rule: name, Severity: alerts.SeverityOf(p.Labels[alerts.LabelSeverity]),
			Labels: p.Labels, Annotations: p.Annotations, Condition: alerts.Fired, FiredAt: p.StartsAt, ExpiresAt: p.EndsAt, GeneratorURL: p.GeneratorURL,
			Description: p.Annotations["description"], Target: targetOf(p.Labels),
		}
		if a.FiredAt.IsZero() {
			a.FiredAt = now
		}
		if !p.EndsAt.After(now) {
			a.Condition, a.ResolvedAt = alerts.Resolved, p.EndsAt
		}
		transitions[i].Alert = a
	}
	return h.Apply(ctx, transitions)
}

// targetOf returns the scope that labels name, as deep as the names are allowed ones.
func targetOf(labels map[string]string) scopes.Path {
	names := [3]string{labels[scopes.LabelEndpoint], labels[scopes.LabelDeployment], labels[scopes.LabelInstance]}
	for depth := 3; depth > 0; depth-- {
		if names[depth-1] != "" {
			if p, err := scopes.NewPath(names[0], names[1], names[2]); err == nil {
				return p
			}
		}
		names[depth-1] = ""
	}
	return scopes.Path{}
}

// expirePage is how many alerts are resolved together for lack of a new post.
const expirePage = 500

// expire resolves the alerts of others that were not posted again.
func (h *Hub) expire(ctx context.Context) error {
	for {
		now := h.now()
		old, err := h.set.Store.Expired(ctx, now, expirePage)
		if err != nil || len(old) == 0 {
			return err
		}
		changes := make([]state.Change, len(old))
		for i, r := range old {
			a := r.Alert
			a.Condition, a.ResolvedAt, a.ResolveReason = alerts.Resolved, a.ExpiresAt, "it was not posted again"
			changes[i] = state.Change{Alert: a, At: now, IfExpired: true, Timeline: []alerts.TimelineEntry{{At: now, Kind: "resolved", Text: h.resolvedSentence(&a)}}}
		}
		made, err := h.set.Store.Apply(ctx, changes)
		if err != nil {
			return err
		}
		for _, one := range made {
			if one {
				h.metrics.transitions.WithLabelValues(string(alerts.Resolved)).Inc()
			}
		}
	}
}
