package route

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

// bySilences names the silences of an alert and says when the last of them ends.
func (e *Engine) bySilences(ctx context.Context, fp model.Fingerprint) (by string, until time.Time) {
	m, ok := marker.FromContext(ctx)
	if !ok {
		return "a silence", time.Time{}
	}
	ids := slices.Sorted(slices.Values(m.Status(fp).SilencedBy))
	if found, _, err := e.silences.Query(ctx, silence.QIDs(ids...)); err == nil {
		for _, s := range found {
			if end := s.EndsAt.AsTime(); end.After(until) {
				until = end
			}
		}
	}
	return "silence " + strings.Join(ids, ", "), until
}

// byAlerts names the alert that inhibits another; how long it lasts is not known.
func (e *Engine) byAlerts(ctx context.Context, fp model.Fingerprint) (by string, until time.Time) {
	m, ok := marker.FromContext(ctx)
	if !ok {
		return "another alert", time.Time{}
	}
	var texts []string
	for _, source := range m.Status(fp).InhibitedBy {
		text := "alert " + source
		if parsed, err := model.ParseFingerprint(source); err == nil {
			if k, ok := e.memory.find(parsed); ok {
				text = "alert " + k.alert.Labels[alerts.LabelAlertName]
				if k.alert.ID != "" {
					text += " (" + k.alert.ID + ")"
				}
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", "), time.Time{}
}

// byTimes returns a function that names the time intervals of a group of alerts. Active says that they are those in which it is told.
func (e *Engine) byTimes(ends *muteEnds, active bool) func(context.Context, model.Fingerprint) (string, time.Time) {
	what := "time interval "
	if active {
		what = "active time interval "
	}
	return func(ctx context.Context, _ model.Fingerprint) (string, time.Time) {
		route, _ := notify.RouteID(ctx)
		group, _ := notify.GroupKey(ctx)
		names, _ := e.groups.Muted(route, group)
		names = slices.Compact(slices.Sorted(slices.Values(names)))
		return what + strings.Join(names, ", "), ends.after(names, active, e.now())
	}
}

// muteSearch is how far ahead the end of a mute time is looked for: a week, and the longest holiday that is worth a note.
const muteSearch = 14 * 24 * time.Hour

// muteEnds knows when mute times end. Thousands of alerts may be muted by the same.
type muteEnds struct {
	times *timeinterval.Intervener
	mu    sync.Mutex
	known map[string]time.Time
}

// after returns the minute from which alerts are told again; zero where that is too far ahead.
func (m *muteEnds) after(names []string, active bool, now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := strings.Join(names, "\n")
	if active {
		key = "\n" + key
	}
	if end := m.known[key]; end.After(now) {
		return end
	}
	for t := now.Truncate(time.Minute).Add(time.Minute); t.Sub(now) < muteSearch; t = t.Add(time.Minute) {
		if inside, _, err := m.times.Mutes(names, t); err == nil && inside == active {
			m.known[key] = t
			return t
		}
	}
	return time.Time{}
}
