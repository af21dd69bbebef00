package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

const (
	forwardPage = 500 // alerts that are handed on together
	backoffMin  = 500 * time.Millisecond
	backoffMax  = 30 * time.Second
	resumeSince = time.Hour // what resolved longer ago is not handed on again after a start
	// resumeUntold is the same for that of which somebody was still to be told. Routing gives up after as long.
	resumeUntold = 5 * 24 * time.Hour
	storeWait    = 10 * time.Second // for the store, once the server stops
)

// Resume hands to a routing that has just started every alert that has not resolved, every one that resolved within the last hour or of
// which somebody was still to be told, and whatever was not handed on before the server stopped. It returns when routing has them all; it tries until ctx ends, whose error it
// then returns.
func (h *Hub) Resume(ctx context.Context) error {
	for {
		at := h.now()
		n, err := h.set.Store.Resume(ctx, at, at.Add(-resumeSince), at.Add(-resumeUntold))
		if err == nil {
			h.log.Info("alerts are handed to routing again", "alerts", n)
			break
		}
		h.failed(err)
		if !h.pause(ctx) {
			return ctx.Err()
		}
	}
	h.mu.Lock()
	h.resumed = true
	h.mu.Unlock()
	for {
		n, err := h.forward(ctx)
		if err == nil && n == 0 {
			return nil
		}
		if err != nil && !h.pause(ctx) {
			return ctx.Err()
		}
	}
}

// forwardAll hands on what is due until ctx ends.
func (h *Hub) forwardAll(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := h.forward(ctx)
		if err != nil {
			h.pause(ctx)
			continue
		}
		if n > 0 {
			continue
		}
		h.sleep(ctx)
	}
}

// sleep waits until something is due or new.
func (h *Hub) sleep(ctx context.Context) {
	wait := time.Minute
	if next, err := h.set.Store.NextDue(ctx); err == nil && !next.IsZero() {
		wait = min(wait, max(next.Sub(h.now()), time.Millisecond))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-h.wake:
	case <-timer.C:
	}
}

// forward hands on one page of what is due, and returns how many alerts routing took. An error says that some were not taken.
func (h *Hub) forward(ctx context.Context) (taken int, err error) {
	h.forwarding.Lock()
	defer h.forwarding.Unlock()
	due, err := h.set.Store.Due(ctx, h.now(), forwardPage)
	if err != nil {
		h.failed(err)
		return 0, err
	}
	if len(due) == 0 {
		h.recovered()
		return 0, nil
	}
	var ready, early []*state.Handing
	for _, one := range due {
		if one.As == alerts.Resolved && h.now().Before(one.FiredHandedAt.Add(h.holdOf(&one.Record))) {
			early = append(early, one)
		} else {
			ready = append(ready, one)
		}
	}
	for _, one := range early { // routing heard only now that they fired
		if err := h.set.Store.Defer(ctx, []*state.Handing{one}, one.FiredHandedAt.Add(h.holdOf(&one.Record))); err != nil {
			h.failed(err)
			return 0, err
		}
	}
	o := &offer{hub: h}
	o.make(ctx, ready)
	h.noteOffer(o)
	h.metrics.handed.WithLabelValues("ok").Add(float64(len(o.taken)))
	h.metrics.handed.WithLabelValues("failed").Add(float64(len(o.refused)))
	// Routing has them, whatever ctx says by now.
	storeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
	defer cancel()
	err = errors.Join(o.err, h.set.Store.Handed(storeCtx, h.now(), o.taken, h.holdOf))
	if len(o.refused) > 0 && len(o.taken) > 0 { // some are at fault, not routing: let others pass
		err = errors.Join(err, h.set.Store.Defer(storeCtx, o.refused, h.now().Add(backoffMax)))
	}
	switch {
	case err != nil:
		h.failed(err)
	case len(due) < forwardPage:
		h.recovered()
	}
	return len(o.taken), err
}

func (h *Hub) holdOf(r *state.Record) time.Duration {
	if r.RuleKind == alerts.KindMetric || r.RuleKind == alerts.KindLog {
		return h.cfg.ResolveHold
	}
	return 0
}

// noteOffer remembers which alerts routing refused until it takes them.
func (h *Hub) noteOffer(o *offer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range o.taken {
		delete(h.refused, one.Seq)
	}
	for _, one := range o.refused {
		h.refused[one.Seq] = true
	}
}

// maxRefusals is how many offers in a row are refused, with none taken, before routing is held to be down.
const maxRefusals = 4

// offer hands alerts to routing, in halves where it refuses them together, so that one that it cannot take does not stop the others.
type offer struct {
	hub            *Hub
	taken, refused []*state.Handing
	err            error
	refusals       int
}

func (o *offer) make(ctx context.Context, all []*state.Handing) {
	if len(all) == 0 {
		return
	}
	if o.refusals >= maxRefusals && len(o.taken) == 0 {
		o.refused = append(o.refused, all...)
		return
	}
	out := make([]RouteAlert, len(all))
	for i, one := range all {
		out[i] = routed(one)
	}
	err := o.hub.set.Route(ctx, out)
	if err == nil {
		o.taken = append(o.taken, all...)
		return
	}
	o.refusals++
	if len(all) == 1 || ctx.Err() != nil {
		o.refused = append(o.refused, all...)
		o.err = fmt.Errorf("hand alert %s to routing: %w", all[0].ID, err)
		return
	}
	o.make(ctx, all[:len(all)/2])
	o.make(ctx, all[len(all)/2:])
	if o.err == nil {
		o.err = fmt.Errorf("hand alerts to routing: %w", err)
	}
}

func routed(h *state.Handing) RouteAlert {
	a, fired := h.Alert, h.Alert
	out := RouteAlert{ID: a.ID, Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.FiredAt, GeneratorURL: a.GeneratorURL, Stateless: a.Stateless, Source: &a, Fired: &fired}
	if a.Condition == alerts.Resolved {
		fired.Condition, fired.ResolvedAt, fired.ResolveReason = alerts.Fired, time.Time{}, ""
		fired.Values, fired.WindowStart, fired.WindowEnd = h.FiredValues, h.FiredStart, h.FiredEnd
	}
	if h.As == alerts.Resolved {
		out.EndsAt = a.ResolvedAt
		if !out.EndsAt.After(out.StartsAt) {
			out.EndsAt = out.StartsAt.Add(time.Millisecond) // routing refuses what ends as it begins
		}
	} else {
		out.Source = &fired // it may have resolved before routing heard of it
	}
	if out.GeneratorURL == "" {
		if out.GeneratorURL = a.Annotations[annotationChart]; out.GeneratorURL == "" {
			out.GeneratorURL = a.Annotations[annotationLink]
		}
	}
	return out
}

func (h *Hub) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing.IsZero() {
		h.failing = h.now()
		h.log.Error("alerts cannot be handed to routing; this is tried until it works", "err", err)
	}
	h.cause = err
}

// recovered notes that routing takes what it is offered, unless there are alerts that it refused.
func (h *Hub) recovered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.refused) > 0 {
		return
	}
	if !h.failing.IsZero() {
		h.log.Info("alerts are handed to routing again", "after", h.now().Sub(h.failing).Round(time.Second))
	}
	h.failing, h.cause, h.backoff = time.Time{}, nil, 0
}

// pause waits after a failure, longer each time. It returns false when ctx ended.
func (h *Hub) pause(ctx context.Context) bool {
	h.mu.Lock()
	h.backoff = min(max(h.backoff*2, backoffMin), backoffMax)
	wait := h.backoff
	h.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Healthy returns nil unless alerts have been waiting for routing for longer than patience: then people are not told. It says why.
func (h *Hub) Healthy(ctx context.Context, patience time.Duration) error {
	h.mu.Lock()
	failing, cause := h.failing, h.cause
	h.mu.Unlock()
	if now := h.now(); !failing.IsZero() && now.Sub(failing) > patience {
		return fmt.Errorf("alerts have not been handed to routing for %s: %w", now.Sub(failing).Round(time.Second), cause)
	}
	next, err := h.set.Store.NextDue(ctx)
	if err != nil {
		return err
	}
	if late := h.now().Sub(next); !next.IsZero() && late > patience {
		return fmt.Errorf("an alert has been waiting for routing for %s", late.Round(time.Second))
	}
	return nil
}
