package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Change is a transition with what was decided about it.
type Change struct {
	Alert      alerts.Alert
	At         time.Time // now, by the server's clock
	Groups     []string  // of an alert that fires: who is told
	Suppressed bool      // of an alert that fires: nobody is told
	Due        time.Time // of an alert that fires: from when it is handed to routing
	// Hold is how long an alert that resolves must have been handed on as fired before its resolution is: whoever waits for more of a
	// group would otherwise never hear of it.
	Hold time.Duration
	// IfExpired makes a resolution count only while ExpiresAt of the stored alert is not after At.
	IfExpired bool
	Timeline  []alerts.TimelineEntry // added when the change is made
}

// Apply makes changes durably, all or none, and says of each whether it changed the condition of an alert: one that was applied before
// does not, nor does the resolution of an alert that is not there.
//
// A stateful alert that fires while an older one of the same rule and labels has not resolved resolves that one. An alert with
// ExpiresAt is the same alert as long as it has not resolved, whatever its ID: it only lives longer, and takes the new annotations. Such
// alerts are never due: routing has them from whoever posted them.
func (s *Store) Apply(ctx context.Context, changes []Change) ([]bool, error) {
	for i := range changes {
		a := &changes[i].Alert
		if a.ID == "" || a.FiredAt.IsZero() || a.Condition != alerts.Fired && a.Condition != alerts.Resolved {
			return nil, fmt.Errorf("alert %q of rule %q: must have an ID, a time when it fired and a condition (got %q)", a.ID, a.Rule, a.Condition)
		}
	}
	made := make([]bool, len(changes))
	if len(changes) == 0 {
		return made, nil
	}
	err := s.writer.do(ctx, func(t *tx) error {
		for i := range changes {
			var err error
			if changes[i].Alert.Condition == alerts.Fired {
				made[i], err = s.fire(t, &changes[i])
			} else {
				made[i], err = s.resolve(t, &changes[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

func (s *Store) fire(t *tx, c *Change) (bool, error) {
	r := Record{Alert: c.Alert, FiredStart: c.Alert.WindowStart, FiredEnd: c.Alert.WindowEnd, Groups: c.Groups}
	a := &r.Alert
	series := seriesOf(a)
	if !a.ExpiresAt.IsZero() {
		open, err := t.record("series = ? AND condition = 0 AND expires IS NOT NULL ORDER BY seq DESC LIMIT 1", series)
		if err == nil {
			return false, s.extend(t, open, a)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
	}
	text, err := encode(&r)
	if err != nil {
		return false, err
	}
	due, retain := orNull(c.Due), any(nil)
	posted := !a.ExpiresAt.IsZero()
	if c.Suppressed || posted {
		due = nil
	}
	if a.Stateless {
		retain = micros(c.At)
	}
	added, err := t.change(`INSERT INTO alerts(id, rule, kind, severity, stateless, series, endpoint, deployment, instance, condition, fired_at, changed_at, action_groups, suppressed, posted, due, expires, retain, search, body)
		VALUES (?,?,?,?,?,?,?,?,?,0,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING`,
		a.ID, a.Rule, string(a.RuleKind), a.Severity, a.Stateless, series, a.Target.Endpoint, a.Target.Deployment, a.Target.Instance,
		micros(a.FiredAt), micros(c.At), joinGroups(c.Groups), c.Suppressed, posted, due, orNull(a.ExpiresAt), retain, searchOf(a), text)
	if err != nil || added == 0 {
		return false, err
	}
	var seq int64
	if err := t.row("SELECT last_insert_rowid()", nil, &seq); err != nil {
		return false, err
	}
	if err := s.replaceOlder(t, seq, series, c); err != nil {
		return false, err
	}
	return true, t.addEntries(seq, c.Timeline)
}

// replaceOlder resolves what the evaluator has forgotten: it fired the same series again.
func (s *Store) replaceOlder(t *tx, seq int64, series []byte, c *Change) error {
	if c.Alert.Stateless {
		return nil
	}
	for {
		old, err := t.record("series = ? AND condition = 0 AND stateless = 0 AND seq <> ? LIMIT 1", series, seq)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		reason := "it fired again as " + c.Alert.ID
		old.Condition, old.ResolvedAt, old.ResolveReason = alerts.Resolved, c.Alert.FiredAt, reason
		if old.ResolvedAt.Before(old.FiredAt) { // the clock was set back between the two
			old.ResolvedAt = old.FiredAt
		}
		var due any
		if !old.Suppressed { // routing tells alerts apart by their ids, and would hold the old one to be firing for ever
			due = micros(c.At)
		}
		if err := t.storeResolved(old, c.At, due, old.handed); err != nil {
			return err
		}
		if err := t.addEntries(old.Seq, []alerts.TimelineEntry{{At: c.At, Kind: "resolved", Text: "Resolved: " + reason + "."}}); err != nil {
			return err
		}
	}
}

// extend makes an alert that was posted again live longer.
func (s *Store) extend(t *tx, open *storedRecord, a *alerts.Alert) error {
	merged := maps.Clone(open.Annotations)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, a.Annotations)
	open.Annotations, open.GeneratorURL = merged, a.GeneratorURL
	if a.ExpiresAt.After(open.ExpiresAt) {
		open.ExpiresAt = a.ExpiresAt
	}
	text, err := encode(&open.Record)
	if err != nil {
		return err
	}
	return t.exec("UPDATE alerts SET body = ?, expires = ? WHERE seq = ?", text, micros(open.ExpiresAt), open.Seq)
}

func (s *Store) resolve(t *tx, c *Change) (bool, error) {
	a := &c.Alert
	r, err := t.record("id = ?", a.ID)
	if errors.Is(err, sql.ErrNoRows) && a.RuleKind == "" {
		r, err = t.record("series = ? AND condition = 0 AND expires IS NOT NULL ORDER BY seq DESC LIMIT 1", seriesOf(a))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if r.Condition == alerts.Resolved || c.IfExpired && r.ExpiresAt.After(c.At) {
		return false, nil
	}
	annotations := maps.Clone(r.Annotations)
	if annotations == nil && len(a.Annotations) > 0 {
		annotations = map[string]string{}
	}
	maps.Copy(annotations, a.Annotations)
	r.Condition, r.ResolvedAt, r.ResolveReason, r.Annotations = alerts.Resolved, a.ResolvedAt, a.ResolveReason, annotations
	if r.ResolvedAt.IsZero() {
		r.ResolvedAt = c.At
	}
	if len(a.Values) > 0 || !a.WindowEnd.IsZero() {
		r.Values, r.WindowStart, r.WindowEnd = a.Values, a.WindowStart, a.WindowEnd
	}
	var due any
	switch {
	case r.Suppressed, !r.ExpiresAt.IsZero():
	case r.handed == handedFired:
		due = max(micros(c.At), micros(fromMicros(r.handedAt).Add(c.Hold)))
	case r.due.Valid:
		due = min(r.due.Int64, micros(c.At)) // nobody waits for a finding any more
	default:
		due = micros(c.At)
	}
	if err := t.storeResolved(r, c.At, due, r.handed); err != nil {
		return false, err
	}
	return true, t.addEntries(r.Seq, c.Timeline)
}

// storeResolved writes a record that has just resolved.
func (t *tx) storeResolved(r *storedRecord, at time.Time, due any, handed int) error {
	text, err := encode(&r.Record)
	if err != nil {
		return err
	}
	return t.exec("UPDATE alerts SET condition = 1, changed_at = ?, due = ?, handed = ?, expires = NULL, retain = ?, version = version + 1, body = ? WHERE seq = ?",
		micros(at), due, handed, micros(at), text, r.Seq)
}

// addEntries adds to the timeline of an alert without looking at the bound: these entries are few.
func (t *tx) addEntries(seq int64, entries []alerts.TimelineEntry) error {
	for _, e := range entries {
		if err := t.addEntry(seq, e, "", ""); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) addEntry(seq int64, e alerts.TimelineEntry, who, fold string) error {
	var data any
	if e.Data != nil {
		data = []byte(e.Data)
	}
	return t.exec("INSERT INTO timeline(alert, at, kind, by, text, data, who, fold) VALUES (?,?,?,?,?,?,?,?)", seq, micros(e.At), e.Kind, e.By, e.Text, data, who, fold)
}

// GroupsOf returns names sorted and each once, as Change.Groups and Record.Groups hold them.
func GroupsOf(names ...string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
