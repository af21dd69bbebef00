package route

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/timeinterval"
)

// stages makes the way from a group of alerts to each receiver of a plan: Alertmanager's own stages in Alertmanager's order, with a teller
// before what decides whether there is news for a receiver.
func (e *Engine) stages(p *plan, inhibitor *inhibit.Inhibitor) notify.Stage {
	var peer notify.Peer // an interface that is nil, rather than one that holds nil
	if e.peer != nil {
		peer = e.peer
	}
	var recorder eventrecorder.Recorder // records nothing
	intervener := timeinterval.NewIntervener(p.tree.times())
	settled := notify.NewClusterGossipSettleStage(peer)
	ends := &muteEnds{times: intervener, known: map[string]time.Time{}}
	mutes := []muting{
		{whyInhibited, notify.NewMuteStage(inhibitor, e.sending), e.byAlerts},
		{whyMuted, notify.NewTimeActiveStage(intervener, e.groups, e.sending), e.byTimes(ends, true)},
		{whyMuted, notify.NewTimeMuteStage(intervener, e.groups, e.sending), e.byTimes(ends, false)},
		{whySilenced, notify.NewMuteStage(e.silencer, e.sending), e.bySilences},
	}
	all := make(notify.RoutingStage, len(p.integrations))
	for receiver, integrations := range p.integrations {
		w := &withholder{e: e, plan: p, receiver: receiver, mutes: mutes}
		var fanout notify.FanoutStage
		for i := range integrations {
			one := logged(receiver, &integrations[i])
			w.told = append(w.told, one)
			fanout = append(fanout, notify.MultiStage{
				notify.NewClusterWaitStage(e.wait),
				&teller{e: e, plan: p, receiver: one, resolves: integrations[i].SendResolved, next: notify.MultiStage{
					notify.NewDedupStage(&integrations[i], e.notified, one),
					notify.NewRetryStage(integrations[i], receiver, e.sending, recorder),
					notify.NewSetNotifiesStage(e.notified, one),
				}},
			})
		}
		all[receiver] = notify.MultiStage{settled, w, fanout}
	}
	e.sending.InitializeFor(p.integrations)
	return all
}

// logged is how the log of notifications knows an integration of a receiver.
func logged(receiver string, i *notify.Integration) *nflogpb.Receiver {
	return &nflogpb.Receiver{GroupName: receiver, Integration: i.Name(), Idx: uint32(i.Index())}
}

// flush is what the stages know of one look at a group of alerts.
type flush struct {
	attempts attempts
	later    atomic.Bool // something is still to be told of what has resolved: the group keeps it
}

type flushKey struct{}

func withFlush(ctx context.Context) (context.Context, *flush) {
	f := &flush{attempts: attempts{n: map[*notify.Integration]int{}}}
	return context.WithValue(ctx, flushKey{}, f), f
}

func flushOf(ctx context.Context) *flush {
	f, _ := ctx.Value(flushKey{}).(*flush)
	return f
}

// keepGroup says that something is still to be told of what has resolved.
func keepGroup(ctx context.Context) {
	if f := flushOf(ctx); f != nil {
		f.later.Store(true)
	}
}

// errLater keeps the dispatcher from forgetting what has resolved: it forgets after a success only.
var errLater = errors.New("something is still to be told")

// quiet leaves errLater out of the log.
type quiet struct{ slog.Handler }

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if err, ok := a.Value.Any().(error); ok && errors.Is(err, errLater) {
			return slog.DiscardHandler
		}
	}
	return quiet{q.Handler.WithAttrs(attrs)}
}

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
