package route

import (
	"context"
	"errors"
	"regexp"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

// notifier stands before an integration: it leaves out what receivers are not told, shows alerts as they are, lets an attempt that has
// begun come to its end, and reports the outcome.
type notifier struct {
	e     *Engine
	inner notify.Integration
	group string
	name  string // of the receiver in the group, or of the integration if that is not known
}

// wrap returns the integration behind a notifier, under the name of a receiver.
func (e *Engine) wrap(i notify.Integration, g *alerts.ActionGroup, receiver string) notify.Integration {
	n := &notifier{e: e, inner: i, group: g.Name, name: i.String()}
	if e.set.ReceiverName != nil {
		if name, ok := e.set.ReceiverName(g, i.Name(), i.Index()); ok {
			n.name = name
		}
	}
	return notify.NewIntegration(n, &n.inner, i.Name(), i.Index(), receiver)
}

// Notify implements notify.Notifier.
func (n *notifier) Notify(ctx context.Context, given ...*alert.Alert) (retry bool, err error) {
	reason, _ := notify.NotificationReason(ctx)
	told := make([]*alert.Alert, 0, len(given))
	outcome := make([]Notified, 0, len(given))
	fires := map[model.Fingerprint]bool{} // as receivers see them
	for _, a := range given {
		if k, ok := n.e.memory.find(a.Fingerprint()); ok && !a.Resolved() {
			fires[k.plain] = true
		}
	}
	for _, a := range given {
		k, ok := n.e.memory.find(a.Fingerprint())
		resolved := a.Resolved()
		if resolved && ok && fires[k.plain] {
			continue // it fires again, and one message cannot say both of what looks the same
		}
		if k.superseded || k.alert.Stateless && (resolved || reason == notify.ReasonRepeatIntervalElapsed) {
			continue
		}
		told = append(told, n.e.memory.seen(a, true))
		outcome = append(outcome, Notified{ID: k.alert.ID, Fingerprint: a.Fingerprint().String(), Resolved: resolved})
	}
	if len(told) == 0 {
		return false, nil
	}
	attempt := attemptOf(ctx, &n.inner)
	ctx, cancel := n.e.outlive(ctx)
	defer cancel()
	ctx = notify.WithReceiverName(ctx, n.group)
	if labels, ok := notify.GroupLabels(ctx); ok {
		labels = labels.Clone()
		delete(labels, alerts.LabelActionGroups)
		delete(labels, alerts.LabelFired)
		ctx = notify.WithGroupLabels(ctx, labels)
	}
	began := time.Now()
	retry, err = n.call(ctx, told)
	if err != nil {
		err = &redacted{text: redact(err.Error()), err: err}
	}
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	n.e.health.attempt(n.group+"/"+n.inner.String(), who{n.group, n.name, n.inner.Name()}, failure, n.e.now())
	if n.e.set.Notified != nil {
		r := Result{At: n.e.now(), Group: n.group, Receiver: n.name, Type: n.inner.Name(), Alerts: outcome, Reason: reason.String(),
			OK: err == nil, Error: failure, Retry: retry && err != nil, Attempt: attempt, Duration: time.Since(began)}
		n.e.set.Notified(r)
	}
	return retry, err
}

// call keeps a receiver that panics from ending the server.
func (n *notifier) call(ctx context.Context, told []*alert.Alert) (retry bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			n.e.log.Error("a receiver panicked", "group", n.group, "integration", n.inner.String(), "panic", p, "stack", string(debug.Stack()))
			retry, err = false, errors.New("the receiver failed with an error of the server's own; its log says more")
		}
	}()
	return n.inner.Notify(ctx, told...)
}

// outlive returns a context for an attempt that has begun. When the dispatcher stops, because the server does or the policy changes, the
// attempt has Config.StopGrace to end: a request that was cut off may have arrived, and would be repeated.
func (e *Engine) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var mu sync.Mutex
	var timer *time.Timer
	over := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cancel() // it had its time
			return
		}
		timer = time.AfterFunc(e.cfg.StopGrace, cancel)
	})
	return own, func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		if over = true; timer != nil {
			timer.Stop()
		}
		cancel()
	}
}

// attempts counts attempts of one notification, by integration.
type attempts struct {
	mu sync.Mutex
	n  map[*notify.Integration]int
}

func attemptOf(ctx context.Context, i *notify.Integration) int {
	f := flushOf(ctx)
	if f == nil {
		return 1
	}
	a := &f.attempts
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n[i]++
	return a.n[i]
}

// redacted is an error whose text holds no address beyond the host, since webhooks carry their secrets in the path.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }

// urls matches an URL in a message: its scheme, the host without user, and what comes behind.
var urls = regexp.MustCompile(`\b([a-z][a-z0-9+.-]*://)(?:[^\s/"'?#]*@)?([^\s/"'?#@]+)(?:[/?#][^\s"']*)?`)

func redact(text string) string { return urls.ReplaceAllString(text, "$1$2/<redacted>") }
