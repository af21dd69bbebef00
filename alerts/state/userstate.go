package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// Bounds on what people write.
const (
	MaxComment = 4096 // bytes
	MaxBy      = 256  // bytes
	MaxBulk    = 1000 // alerts of one call
)

// ErrTimelineFull says that an alert has as many comments as it may.
var ErrTimelineFull = errors.New("the timeline is full")

// SetUserState sets what people say of alerts, with an optional comment, and notes who did it. It does not touch the condition. It is
// done for all alerts or none: alerts.ErrNotFound names the first that is not there or that the caller may not see, *alerts.FieldError
// what is not allowed, ErrTimelineFull an alert with too many comments. It returns how many had another state.
func (s *Store) SetUserState(ctx context.Context, ids []string, to alerts.UserState, by, comment string) (changed int, err error) {
	number := slices.Index(userStates(), to)
	if number < 0 {
		return 0, &alerts.FieldError{Field: "state", Value: short(string(to)), Rule: "must be one of New, Acknowledged, Closed"}
	}
	err = s.forPeople(ctx, ids, by, comment, func(t *tx, r *storedRecord, at time.Time) error {
		var entries []alerts.TimelineEntry
		if r.UserState != to {
			changed++
			retain := any(nil)
			if to == alerts.Closed && (r.Condition == alerts.Resolved || r.Stateless) {
				retain = micros(at)
			}
			if err := t.exec("UPDATE alerts SET user_state = ?, changed_at = ?, retain = coalesce(?, retain) WHERE seq = ?", number, micros(at), retain, r.Seq); err != nil {
				return err
			}
			entries = append(entries, alerts.TimelineEntry{At: at, Kind: "state", By: by, Text: fmt.Sprintf("State changed from %s to %s.", r.UserState, to)})
		}
		if comment != "" {
			entries = append(entries, alerts.TimelineEntry{At: at, Kind: "comment", By: by, Text: comment})
		}
		return s.addByPeople(t, r, entries)
	})
	return changed, err
}

// Comment adds what somebody has to say to the timeline of alerts. Its errors are those of SetUserState.
func (s *Store) Comment(ctx context.Context, ids []string, by, text string) error {
	if strings.TrimSpace(text) == "" {
		return &alerts.FieldError{Field: "comment", Rule: "must not be empty"}
	}
	return s.forPeople(ctx, ids, by, text, func(t *tx, r *storedRecord, at time.Time) error {
		return s.addByPeople(t, r, []alerts.TimelineEntry{{At: at, Kind: "comment", By: by, Text: text}})
	})
}

func (s *Store) forPeople(ctx context.Context, ids []string, by, comment string, do func(*tx, *storedRecord, time.Time) error) error {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return err
	}
	switch {
	case len(ids) == 0 || len(ids) > MaxBulk:
		return &alerts.FieldError{Field: "ids", Value: fmt.Sprint(len(ids)), Rule: fmt.Sprintf("must be 1 to %d alerts", MaxBulk)}
	case len(comment) > MaxComment:
		return &alerts.FieldError{Field: "comment", Value: fmt.Sprintf("%d bytes", len(comment)), Rule: fmt.Sprintf("must have at most %d bytes", MaxComment)}
	case len(by) > MaxBy:
		return &alerts.FieldError{Field: "by", Value: fmt.Sprintf("%d bytes", len(by)), Rule: fmt.Sprintf("must have at most %d bytes", MaxBy)}
	case !utf8.ValidString(comment) || !utf8.ValidString(by):
		return &alerts.FieldError{Field: "comment", Rule: "must be UTF-8"}
	}
	ids = GroupsOf(ids...) // each once
	at := s.now()
	return s.writer.do(ctx, func(t *tx) error {
		for _, id := range ids {
			r, err := t.record("id = ?", id)
			if errors.Is(err, sql.ErrNoRows) || err == nil && !grants.Allows(r.Target) {
				return notFound(id)
			} else if err != nil {
				return err
			}
			if err := do(t, r, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// short is the beginning of a value, for messages.
func short(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}
