package route

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// untoldFor is how long after it fired an alert that is over is kept for a receiver that was not told of it.
const untoldFor = retention

// teller stands before what decides whether there is news for a receiver. Alertmanager tells of what is active now; a teller sees to it
// that a receiver hears of every alert of ours that fired and that nothing withheld: one that is over before the receiver was told, because
// it was short, its group waits long or the receiver could not be reached, is told as it was when it fired, and as resolved afterwards.
type teller struct {
	e        *Engine
	plan     *plan
	receiver *nflogpb.Receiver
	resolves func() bool // whether the receiver is told of what resolved
	next     notify.Stage
}

// Exec implements notify.Stage.
func (t *teller) Exec(ctx context.Context, log *slog.Logger, given ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	all, owed := t.sort(ctx, given)
	if len(all) == 0 {
		return ctx, nil, nil
	}
	ctx, _, err := t.next.Exec(ctx, log, all...)
	if err == nil && owed && t.resolves() {
		keepGroup(ctx)
	}
	return ctx, given, err
}

// sort returns what the receiver is to be told of, and whether there are alerts among it that are told as fired although they resolved.
func (t *teller) sort(ctx context.Context, given []*alert.Alert) (all []*alert.Alert, owed bool) {
	firing, resolved := t.entry(ctx)
	now := t.e.now()
	type candidate struct {
		at int // in all
		k  known
	}
	var candidates []candidate
	var ended []*alert.Alert             // stateless ones; that they do not count as active any more is no news
	seen := map[model.Fingerprint]bool{} // alerts that fire, as receivers see them
	for _, a := range given {
		hash := hashOf(a.Labels)
		if a.Resolved() && resolved[hash] {
			continue // another receiver of the group could not be reached
		}
		k, ok := t.e.memory.find(a.Fingerprint())
		if !ok || k.alert.ID == "" || k.superseded {
			all = append(all, a)
			continue
		}
		told := firing[hash] || resolved[hash] || t.e.notified.told(t.receiver, hash)
		switch {
		case !a.Resolved():
			if k.alert.Stateless && told && !firing[hash] {
				continue // before a restart
			}
			seen[k.plain] = true
		case told && k.alert.Stateless:
			ended = append(ended, a)
			continue
		case told:
		case (k.alert.Stateless || !k.isWithheld(t.receiver.GroupName)) && t.e.owes(t.plan, k, t.receiver.GroupName, now):
			candidates = append(candidates, candidate{len(all), k})
		default:
			continue // nobody heard that it fired, so nobody hears that it resolved
		}
		all = append(all, a)
	}
	if len(all) == 0 {
		return ended, false
	}
	// One message cannot say twice of what looks the same that it fired: the newest counts.
	slices.SortFunc(candidates, func(a, b candidate) int { return b.k.started.Compare(a.k.started) })
	for _, c := range candidates {
		if seen[c.k.plain] {
			continue
		}
		seen[c.k.plain] = true
		s := *all[c.at]
		s.EndsAt = time.Time{}
		if c.k.fired != nil {
			s.Annotations = annotationSet(c.k.fired.Annotations)
		}
		all[c.at] = &s
		owed = owed || !c.k.alert.Stateless
	}
	return all, owed
}

// owes says whether a receiver that was not told of an alert that is over is to be told of it.
func (e *Engine) owes(p *plan, k known, receiver string, now time.Time) bool {
	// What was over and told before the plan changed is no news for receivers that are new.
	if k.over.Before(p.since) && !k.owed {
		return false
	}
	if age := now.Sub(k.started); age > untoldFor {
		if e.memory.giveUp(k.fp, receiver) {
			group := strings.TrimSuffix(receiver, eachSuffix)
			e.metrics.givenUp.Inc()
			e.note(k, NoteGivenUp, group+" was not told for "+age.Round(time.Second).String()+" and is not told any more.", noteData{Group: group})
		}
		return false
	}
	return true
}

// entry returns what the receiver was told of the group last.
func (t *teller) entry(ctx context.Context) (firing, resolved map[uint64]bool) {
	group, _ := notify.GroupKey(ctx)
	entries, err := t.e.notified.Query(nflog.QGroupKey(group), nflog.QReceiver(t.receiver))
	if err != nil || len(entries) != 1 {
		return nil, nil
	}
	return setOf(entries[0].FiringAlerts), setOf(entries[0].ResolvedAlerts)
}

func setOf(hashes []uint64) map[uint64]bool {
	m := make(map[uint64]bool, len(hashes))
	for _, h := range hashes {
		m[h] = true
	}
	return m
}
