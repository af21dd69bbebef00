package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Handing is an alert that is to be handed to routing.
type Handing struct {
	Record
	// As is the condition to hand on: Fired also of an alert that has resolved, where routing never heard that it fired.
	As alerts.Condition
	// FiredHandedAt is when routing heard that it fired, zero if it did not since the last Resume.
	FiredHandedAt time.Time
	version       int64
}

// Due returns the alerts that are to be handed on by now, those that wait longest first, no more than limit.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]*Handing, error) {
	all, err := s.records(ctx, "SELECT "+recordColumns+" FROM alerts WHERE due IS NOT NULL AND due <= ? ORDER BY due, seq LIMIT ?", micros(now), limit)
	if err != nil {
		return nil, err
	}
	out := make([]*Handing, len(all))
	for i, r := range all {
		h := &Handing{Record: r.Record, As: r.Condition, version: r.version}
		if r.handed == handedNothing {
			h.As = alerts.Fired
		} else if r.handedAt > 0 {
			h.FiredHandedAt = fromMicros(r.handedAt)
		}
		out[i] = h
	}
	return out, nil
}

// NextDue returns the earliest time at which an alert is to be handed on, zero where none is waiting.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var due sql.NullInt64
	if err := s.db.QueryRowContext(ctx, "SELECT min(due) FROM alerts WHERE due IS NOT NULL").Scan(&due); err != nil {
		return time.Time{}, fmt.Errorf("read alerts: %w", err)
	}
	return fromNull(due), nil
}

// Waiting counts the alerts that are to be handed on, now or later.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM alerts WHERE due IS NOT NULL").Scan(&n); err != nil {
		return 0, fmt.Errorf("count alerts: %w", err)
	}
	return n, nil
}

// Handed notes that routing took alerts. Hold returns, for one that has resolved but was handed on as fired, how long its resolution
// waits. What changed since Due is handed on again.
func (s *Store) Handed(ctx context.Context, at time.Time, all []*Handing, hold func(*Record) time.Duration) error {
	if len(all) == 0 {
		return nil
	}
	return s.writer.do(ctx, func(t *tx) error {
		for _, h := range all {
			if err := t.handed(at, h, hold); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) handed(at time.Time, h *Handing, hold func(*Record) time.Duration) error {
	if h.As == alerts.Resolved {
		return t.exec("UPDATE alerts SET handed = 2, due = CASE WHEN version = ? THEN NULL ELSE due END WHERE seq = ?", h.version, h.Seq)
	}
	var due any
	if h.Condition == alerts.Resolved {
		due = micros(at.Add(hold(&h.Record)))
	}
	return t.exec("UPDATE alerts SET handed = 1, handed_at = ?, due = CASE WHEN version = ? THEN ? ELSE due END WHERE seq = ?",
		micros(at), h.version, due, h.Seq)
}

// Resume makes everything due that a routing which has just started must hear of: every alert that has not resolved, those that resolved
// after since or whose resolution was not handed on, and of those that resolved after untold the ones of which somebody was still to be told:
// nobody was, and an attempt failed, or what withheld a stateless one lasts. What resolved while it was withheld is told to nobody.
// Alerts of stateless rules count as those that resolved when they fired. It returns how many there are.
func (s *Store) Resume(ctx context.Context, now, since, untold time.Time) (n int, err error) {
	err = s.writer.do(ctx, func(t *tx) error {
		changed, err := t.change(`UPDATE alerts SET due = ?1, version = version + 1, handed_at = 0, handed = CASE WHEN condition = 1 AND handed = 2 THEN 1 ELSE 0 END
			WHERE suppressed = 0 AND posted = 0 AND (condition = 0 AND stateless = 0 OR due IS NOT NULL
				OR retain > ?2 AND (stateless = 1 OR NOT `+withheldLast+` OR `+failedOnce+`)
				OR retain > ?3 AND NOT EXISTS (SELECT 1 FROM timeline WHERE alert = alerts.seq AND kind = 'notified') AND (`+failedOnce+` OR stateless = 1 AND `+withheldLast+`))`,
			micros(now), micros(since), micros(untold))
		n = int(changed)
		return err
	})
	return n, err
}

// Conditions on the timeline of an alert.
const (
	withheldLast = `coalesce((SELECT kind FROM timeline WHERE alert = alerts.seq AND kind IN ('muted', 'released') ORDER BY seq DESC LIMIT 1), '') = 'muted'`
	failedOnce   = `EXISTS (SELECT 1 FROM timeline WHERE alert = alerts.seq AND kind = 'notify_failed')`
)

// Release hands on an alert of which nobody was told because a processing rule said so, now that none does any more. It returns false
// where it has resolved or was released before.
func (s *Store) Release(ctx context.Context, id string, at time.Time, groups []string, labels map[string]string, timeline []alerts.TimelineEntry) (released bool, err error) {
	err = s.writer.do(ctx, func(t *tx) error {
		r, err := t.record("id = ? AND condition = 0 AND suppressed = 1", id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		r.Labels = labels
		text, err := encode(&r.Record)
		if err != nil {
			return err
		}
		if err := t.exec("UPDATE alerts SET suppressed = 0, action_groups = ?, due = ?, version = version + 1, body = ? WHERE seq = ?", joinGroups(groups), micros(at), text, r.Seq); err != nil {
			return err
		}
		released = true
		return t.addEntries(r.Seq, timeline)
	})
	return released, err
}

// SetFinding stores what explain found, with an entry of the timeline, and hands the alert on without waiting any longer; with no
// finding it does only that.
func (s *Store) SetFinding(ctx context.Context, id string, at time.Time, f *alerts.Finding, annotations map[string]string, timeline []alerts.TimelineEntry) error {
	return s.writer.do(ctx, func(t *tx) error {
		r, err := t.record("id = ?", id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		due := r.due
		if due.Valid && r.handed == handedNothing {
			due.Int64 = min(due.Int64, micros(at))
		}
		if f == nil {
			return t.exec("UPDATE alerts SET due = ? WHERE seq = ?", due, r.Seq)
		}
		if !due.Valid && !r.Suppressed && r.Condition == alerts.Fired {
			due = sql.NullInt64{Int64: micros(at), Valid: true} // it came late: routing may not have told anybody yet
		}
		r.Finding = f
		if r.Annotations == nil {
			r.Annotations = map[string]string{}
		}
		for name, value := range annotations {
			r.Annotations[name] = value
		}
		text, err := encode(&r.Record)
		if err != nil {
			return err
		}
		if err := t.exec("UPDATE alerts SET body = ?, due = ?, version = version + 1 WHERE seq = ?", text, due, r.Seq); err != nil {
			return err
		}
		return t.addEntries(r.Seq, timeline)
	})
}

// Defer lets alerts wait longer that routing did not take.
func (s *Store) Defer(ctx context.Context, all []*Handing, until time.Time) error {
	if len(all) == 0 {
		return nil
	}
	return s.writer.do(ctx, func(t *tx) error {
		for _, h := range all {
			if err := t.exec("UPDATE alerts SET due = ? WHERE seq = ? AND version = ?", micros(until), h.Seq, h.version); err != nil {
				return err
			}
		}
		return nil
	})
}
