package hub

import (
	"context"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

// SetUserState sets what people say of alerts; see state.Store.SetUserState. It changes neither the condition nor what is notified.
func (h *Hub) SetUserState(ctx context.Context, ids []string, to alerts.UserState, by, comment string) (changed int, err error) {
	return h.set.Store.SetUserState(ctx, ids, to, by, comment)
}

// Comment adds to the timeline of alerts what somebody has to say.
func (h *Hub) Comment(ctx context.Context, ids []string, by, text string) error {
	return h.set.Store.Comment(ctx, ids, by, text)
}

// Active returns the alerts of rules of these kinds that have fired and not resolved, for evaluators that start.
func (h *Hub) Active(ctx context.Context, kinds ...alerts.RuleKind) ([]alerts.Alert, error) {
	open, err := h.set.Store.Open(ctx, "", kinds...)
	out := make([]alerts.Alert, len(open))
	for i, r := range open {
		out[i] = r.Alert
	}
	return out, err
}

// NotifyResult is how one attempt to tell somebody of alerts went.
type NotifyResult struct {
	Alerts   []string // ids; empty ones are left out
	Group    string   // action group
	Receiver string
	Type     alerts.ReceiverType
	OK       bool
	Error    string // why not, without secrets
	At       time.Time
	Attempt  int
}

// Notified notes in the timelines of alerts how a notification went. It never waits: where too many results wait already, this one is
// dropped and counted.
func (h *Hub) Notified(r NotifyResult) {
	n := state.Notification{Group: r.Group, Receiver: r.Receiver, Type: r.Type, OK: r.OK, Error: r.Error, At: r.At, Attempt: r.Attempt}
	for _, id := range r.Alerts {
		if id != "" {
			n.Alerts = append(n.Alerts, id)
		}
	}
	if len(n.Alerts) == 0 {
		return
	}
	h.write(n)
}

// Noted notes in the timeline of an alert what routing has to say of it. It never waits, as Notified.
func (h *Hub) Noted(id string, e alerts.TimelineEntry) {
	h.write(state.Notification{Alerts: []string{id}, Entry: &e})
}

func (h *Hub) write(n state.Notification) {
	select {
	case h.notes <- n:
	default:
		h.metrics.lostNotes.Inc()
	}
}

// maxNotesTogether is how many results are written in one transaction.
const maxNotesTogether = 100

// writeNotes writes results down until ctx ends, and then those that wait.
func (h *Hub) writeNotes(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
			defer cancel()
			for len(h.notes) > 0 {
				h.writeSome(last, <-h.notes)
			}
			return
		case first := <-h.notes:
			h.writeSome(context.WithoutCancel(ctx), first)
		}
	}
}

func (h *Hub) writeSome(ctx context.Context, first state.Notification) {
	all := []state.Notification{first}
	for len(all) < maxNotesTogether && len(h.notes) > 0 { // nobody else takes from it
		all = append(all, <-h.notes)
	}
	if err := h.set.Store.Notified(ctx, all...); err != nil {
		h.metrics.lostNotes.Add(float64(len(all)))
		h.log.Error("results of notifications are missing in the timelines", "results", len(all), "err", err)
	}
}
