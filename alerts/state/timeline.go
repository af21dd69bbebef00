package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
)

// Notification is how one attempt to tell somebody of alerts went.
type Notification struct {
	Alerts   []string // ids
	Group    string   // action group; empty for the policy's routes
	Receiver string
	Type     alerts.ReceiverType
	OK       bool
	Error    string // why not
	At       time.Time
	Attempt  int
	// Entry is what routing has to say of the alerts beside attempts; where it is set, only it and Alerts count.
	Entry *alerts.TimelineEntry
}

// notificationBody is the data of a timeline entry.
type notificationBody struct {
	Group    string              `json:"group,omitempty"`
	Receiver string              `json:"receiver"`
	Type     alerts.ReceiverType `json:"type,omitempty"`
	Error    string              `json:"error,omitempty"`
	Attempt  int                 `json:"attempt,omitempty"`
	Count    int                 `json:"count,omitempty"` // how many times, where more than once
	First    *time.Time          `json:"first,omitempty"` // the first of them
}

// byRouting stands in place of a receiver for what routing says: it makes room as notifications do.
const byRouting = "\x00routing"

// maxErrorText is how much of a receiver's error is kept.
const maxErrorText = 1024

// Notified notes in the timelines of alerts how notifications went. A failure like the last one of the same receiver is folded into
// it. Alerts that are not there are left out.
func (s *Store) Notified(ctx context.Context, all ...Notification) error {
	return s.writer.do(ctx, func(t *tx) error {
		for _, n := range all {
			if len(n.Error) > maxErrorText {
				n.Error = strings.ToValidUTF8(n.Error[:maxErrorText], "") + "…"
			}
			for _, id := range n.Alerts {
				var seq int64
				if err := t.row("SELECT seq FROM alerts WHERE id = ?", []any{id}, &seq); errors.Is(err, sql.ErrNoRows) {
					continue
				} else if err != nil {
					return err
				}
				if err := s.addNotification(t, seq, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *Store) addNotification(t *tx, seq int64, n Notification) error {
	if n.Entry != nil {
		return s.addBounded(t, seq, *n.Entry, byRouting, "")
	}
	b := notificationBody{Group: n.Group, Receiver: n.Receiver, Type: n.Type, Error: n.Error, Attempt: n.Attempt}
	who := n.Group + "\x00" + n.Receiver
	if n.OK {
		text, err := json.Marshal(b)
		if err != nil {
			return err
		}
		return s.addBounded(t, seq, alerts.TimelineEntry{At: n.At, Kind: "notified", Text: "Notified " + whom(n) + ".", Data: text}, who, "")
	}
	fold := "f" + n.Error // never that of a success
	var (
		last, at int64
		lastFold string
		old      []byte
	)
	err := t.row("SELECT seq, at, fold, data FROM timeline WHERE alert = ? AND who = ? ORDER BY seq DESC LIMIT 1", []any{seq, who}, &last, &at, &lastFold, &old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && lastFold == fold {
		var before notificationBody
		if err := json.Unmarshal(old, &before); err != nil {
			return fmt.Errorf("read a timeline: %w", err)
		}
		b.Count, b.First = max(before.Count, 1)+1, before.First
		if b.First == nil {
			first := fromMicros(at)
			b.First = &first
		}
		text, err := json.Marshal(b)
		if err != nil {
			return err
		}
		return t.exec("UPDATE timeline SET at = ?, text = ?, data = ? WHERE seq = ?", micros(n.At), fmt.Sprintf("Could not notify %s, %d times: %s", whom(n), b.Count, n.Error), text, last)
	}
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return s.addBounded(t, seq, alerts.TimelineEntry{At: n.At, Kind: "notify_failed", Text: "Could not notify " + whom(n) + ": " + n.Error, Data: text}, who, fold)
}

func whom(n Notification) string {
	out := n.Receiver
	if n.Type != "" {
		out += " (" + string(n.Type) + ")"
	}
	if n.Group != "" {
		out += " of " + n.Group
	}
	return out
}

// addBounded adds an entry about a notification, and lets the oldest of them go where the timeline is full.
func (s *Store) addBounded(t *tx, seq int64, e alerts.TimelineEntry, who, fold string) error {
	n, err := t.entries(seq)
	if err != nil {
		return err
	}
	if n >= s.cfg.MaxTimeline {
		if err := t.exec("DELETE FROM timeline WHERE seq IN (SELECT seq FROM timeline WHERE alert = ? AND who <> '' ORDER BY seq LIMIT ?)", seq, n-s.cfg.MaxTimeline+1); err != nil {
			return err
		}
	}
	return t.addEntry(seq, e, who, fold)
}

// addByPeople adds what people did. Notifications make room; where there are none left, ErrTimelineFull.
func (s *Store) addByPeople(t *tx, r *storedRecord, entries []alerts.TimelineEntry) error {
	for _, e := range entries {
		n, err := t.entries(r.Seq)
		if err != nil {
			return err
		}
		if n >= s.cfg.MaxTimeline {
			gone, err := t.change("DELETE FROM timeline WHERE seq IN (SELECT seq FROM timeline WHERE alert = ? AND who <> '' ORDER BY seq LIMIT ?)", r.Seq, n-s.cfg.MaxTimeline+1)
			if err != nil {
				return err
			}
			if gone == 0 {
				return fmt.Errorf("alert %q has %d entries: %w", r.ID, n, ErrTimelineFull)
			}
		}
		if err := t.addEntry(r.Seq, e, "", ""); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) entries(seq int64) (n int, err error) {
	return n, t.row("SELECT count(*) FROM timeline WHERE alert = ?", []any{seq}, &n)
}

// Timeline returns what happened to an alert, in the order in which it became known. It returns alerts.ErrNotFound as Get does.
func (s *Store) Timeline(ctx context.Context, id string) (_ []alerts.TimelineEntry, err error) {
	r, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT at, kind, by, text, data FROM timeline WHERE alert = ? ORDER BY seq", r.Seq)
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []alerts.TimelineEntry
	for rows.Next() {
		var (
			e    alerts.TimelineEntry
			at   int64
			data []byte
		)
		if err := rows.Scan(&at, &e.Kind, &e.By, &e.Text, &data); err != nil {
			return nil, err
		}
		e.At, e.Data = fromMicros(at), data
		out = append(out, e)
	}
	return out, rows.Err()
}
