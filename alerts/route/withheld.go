package route

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// muting is one of Alertmanager's stages that leave alerts out.
type muting struct {
	why   string // inhibited, silenced, muted
	stage notify.Stage
	// by returns what leaves an alert out, the same words as long as it is the same, and until when as far as that is known.
	by func(ctx context.Context, fp model.Fingerprint) (by string, until time.Time)
}

// withholding is why nobody is told of an alert.
type withholding struct {
	by   string
	over bool // it resolved meanwhile
}

// withholder leaves out the alerts of which nobody is to be told now, and says so in their timelines: when that begins, and when they are
// told after all or resolve first.
type withholder struct {
	e        *Engine
	plan     *plan
	receiver string
	mutes    []muting
	told     []*nflogpb.Receiver // the integrations of the receiver; where there are none, nothing is withheld from anybody
}

// Why nobody is told of an alert.
const (
	whyInhibited = "inhibited"
	whySilenced  = "silenced"
	whyMuted     = "muted"
)

// withheldKey tells apart what withholds an alert: silences and inhibition do so everywhere, time intervals for one action group.
func withheldKey(why, receiver string) string {
	if why != whyMuted {
		return why
	}
	return why + "/" + strings.TrimSuffix(receiver, eachSuffix)
}

// isWithheld says whether something withholds an alert from a receiver, or did when it resolved.
func (k *known) isWithheld(receiver string) bool {
	for _, why := range []string{whyInhibited, whySilenced, whyMuted} {
		if _, is := k.withheld[withheldKey(why, receiver)]; is {
			return true
		}
	}
	return false
}

// withhold notes what withholds an alert, and returns what did before and whether that is something else.
func (m *memory) withhold(fp model.Fingerprint, key string, w withholding) (before withholding, changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.byFP[fp]
	if k == nil || k.withheld[key] == w {
		return w, false
	}
	before = k.withheld[key]
	k.withheld = maps.Clone(k.withheld)
	if k.withheld == nil {
		k.withheld = map[string]withholding{}
	}
	k.withheld[key] = w
	return before, true
}

// release notes that nothing withholds an alert from a receiver any more, and returns what did.
func (m *memory) release(fp model.Fingerprint, receiver string) (ended []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.byFP[fp]
	if k == nil {
		return nil
	}
	k.withheld = maps.Clone(k.withheld)
	for _, why := range []string{whyInhibited, whySilenced, whyMuted} {
		if key := withheldKey(why, receiver); k.withheld[key].by != "" {
			delete(k.withheld, key)
			ended = append(ended, why)
		}
	}
	return ended
}

// Exec implements notify.Stage.
func (w *withholder) Exec(ctx context.Context, log *slog.Logger, all ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	for _, m := range w.mutes {
		next, rest, err := m.stage.Exec(ctx, log, all...)
		if err != nil {
			return ctx, nil, err
		}
		if ctx = next; len(w.told) > 0 && len(rest) < len(all) {
			w.withhold(ctx, m, without(all, rest))
		}
		if all = rest; len(all) == 0 {
			return ctx, nil, nil
		}
	}
	if len(w.told) > 0 {
		w.release(all)
	}
	return ctx, all, nil
}

// without returns those of all that are not in rest, which has the same order.
func without(all, rest []*alert.Alert) (gone []*alert.Alert) {
	for _, a := range all {
		if len(rest) > 0 && rest[0] == a {
			rest = rest[1:]
		} else {
			gone = append(gone, a)
		}
	}
	return gone
}

func (w *withholder) withhold(ctx context.Context, m muting, all []*alert.Alert) {
	now := w.e.now()
	for _, a := range all {
		k, ok := w.e.memory.find(a.Fingerprint())
		if !ok || k.alert.ID == "" || k.superseded {
			continue
		}
		if k.alert.Stateless && a.Resolved() && !w.heard(k) && w.e.owes(w.plan, k, w.receiver, now) {
			keepGroup(ctx)
		}
		by, until := m.by(ctx, k.fp)
		over := a.Resolved() && !k.alert.Stateless
		before, changed := w.e.memory.withhold(k.fp, withheldKey(m.why, w.receiver), withholding{by, over})
		switch {
		case !changed, before.over:
		case over:
			w.e.note(k, NoteMuted, "It resolved while it was "+m.why+" by "+by+": nobody is told of that.", noteData{Reason: m.why, By: by})
		default:
			text := "Nobody is told: " + m.why + " by " + by
			if m.why == whyMuted {
				text = strings.TrimSuffix(w.receiver, eachSuffix) + " is not told: " + m.why + " by " + by
			}
			d := noteData{Reason: m.why, By: by}
			if !until.IsZero() {
				text, d.Until = text+" until "+until.UTC().Format(time.RFC3339), &until
			}
			w.e.note(k, NoteMuted, text+".", d)
		}
	}
}

// release notes which alerts are no longer withheld.
func (w *withholder) release(all []*alert.Alert) {
	for _, a := range all {
		k, ok := w.e.memory.find(a.Fingerprint())
		if !ok || len(k.withheld) == 0 || !k.isWithheld(w.receiver) {
			continue
		}
		if a.Resolved() && !k.alert.Stateless && !w.heard(k) {
			w.tooLate(k)
			continue
		}
		if ended := w.e.memory.release(k.fp, w.receiver); len(ended) > 0 {
			w.e.note(k, NoteReleased, "No longer "+strings.Join(ended, " and ")+".", noteData{Reason: strings.Join(ended, ",")})
		}
	}
}

// tooLate notes that an alert resolved before what withheld it ended.
func (w *withholder) tooLate(k known) {
	for _, why := range []string{whyInhibited, whySilenced, whyMuted} {
		key := withheldKey(why, w.receiver)
		if by := k.withheld[key].by; by != "" {
			if before, changed := w.e.memory.withhold(k.fp, key, withholding{by, true}); changed && !before.over {
				w.e.note(k, NoteMuted, "It resolved before anybody was told: it was "+why+" by "+by+".", noteData{Reason: why, By: by})
			}
		}
	}
}

// heard says whether each integration of the receiver was told of an alert.
func (w *withholder) heard(k known) bool {
	return !slices.ContainsFunc(w.told, func(r *nflogpb.Receiver) bool { return !w.e.notified.told(r, k.hash) })
}
