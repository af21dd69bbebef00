package route

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/common/model"
)

// Limits of an alert that others post.
const (
	maxPostedLabels = 128
	maxPostedSize   = 64 << 10
)

// view is the store of alerts as clients of the API see it: without our own, and with alerts as they are rather than as they are routed.
type view struct {
	*mem.Alerts
	e *Engine
}

// GetPending implements provider.Alerts.
func (v view) GetPending() provider.AlertIterator {
	it := v.Alerts.GetPending()
	defer it.Close()
	var all []*provider.Alert
	for a := range it.Next() {
		if !isProbe(a.Data.Labels) {
			all = append(all, &provider.Alert{Header: a.Header, Data: v.e.memory.seen(a.Data, false)})
		}
	}
	ch := make(chan *provider.Alert, len(all))
	for _, a := range all {
		ch <- a
	}
	close(ch)
	return provider.NewAlertIterator(ch, make(chan struct{}), nil)
}

// Put takes alerts that others post.
func (v view) Put(ctx context.Context, all ...*alert.Alert) error {
	e := v.e
	e.putting.Lock()
	defer e.putting.Unlock()
	now := e.now()
	var told []Alert
	var stored []*alert.Alert
	var errs []error
	refused := 0
	for _, a := range all {
		if err := v.acceptable(a); err != nil {
			refused++
			errs = append(errs, err)
			continue
		}
		s, t, err := e.memory.post(a, now)
		switch {
		case err != nil:
			refused++
		case s == nil:
			e.metrics.posted.WithLabelValues("ours").Inc()
		default:
			e.metrics.posted.WithLabelValues("routed").Inc()
			stored, told = append(stored, s), append(told, t)
			e.checkGroups(t)
		}
	}
	if refused > 0 {
		e.metrics.posted.WithLabelValues("refused").Add(float64(refused))
		if len(errs) == 0 {
			e.metrics.refused.Add(float64(refused))
			errs = append(errs, &LimitError{Limit: e.cfg.MaxAlerts, Refused: refused})
		}
	}
	errs = append(errs, v.Alerts.Put(ctx, stored...))
	if len(told) > 0 && e.set.External != nil {
		e.set.External(told)
	}
	return errors.Join(errs...)
}

func (v view) acceptable(a *alert.Alert) error {
	size := len(a.GeneratorURL)
	for _, set := range []model.LabelSet{a.Labels, a.Annotations} {
		if len(set) > maxPostedLabels {
			return errors.New("an alert must have at most 128 labels and 128 annotations")
		}
		for name, value := range set {
			size += len(name) + len(value)
		}
	}
	if size > maxPostedSize {
		return errors.New("an alert must have at most 64KiB of labels and annotations")
	}
	if isProbe(a.Labels) {
		return errors.New("the label " + string(probeLabel) + " is the server's own")
	}
	return nil
}

func isProbe(labels model.LabelSet) bool {
	_, ok := labels[probeLabel]
	return ok
}

// alertGroups returns the groups of the dispatcher as clients see them.
func (e *Engine) alertGroups(ctx context.Context, route func(*dispatch.Route) bool, wanted func(*alert.Alert, time.Time) bool) (dispatch.AlertGroups, map[model.Fingerprint][]string, error) {
	r := e.current.Load()
	if r == nil {
		return nil, nil, nil
	}
	groups, receivers, err := r.dispatcher.Groups(ctx, func(r *dispatch.Route) bool { return r.RouteOpts.Receiver != probeReceiver && route(r) }, wanted)
	for _, g := range groups {
		for i, a := range g.Alerts {
			g.Alerts[i] = e.memory.seen(a, false)
		}
	}
	return groups, receivers, err
}
