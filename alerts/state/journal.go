package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/endscope/endscope/alerts"
)

// Kinds of journals. Each holds the newest blob of every key.
const (
	JournalNotifications = "nflog"
	JournalSilences      = "silences"
)

var _ alerts.Journal = (*Store)(nil)

// SaveJournal implements alerts.Journal. An entry without data is deleted.
func (s *Store) SaveJournal(ctx context.Context, kind string, entries []alerts.JournalEntry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.writer.do(ctx, func(t *tx) error {
		for _, e := range entries {
			var err error
			if e.Data == nil {
				err = t.exec("DELETE FROM journal WHERE kind = ? AND key = ?", kind, e.Key)
			} else {
				err = t.exec("INSERT INTO journal VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET blob = excluded.blob, expires = excluded.expires", kind, e.Key, e.Data, orNull(e.Expires))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// LoadJournal implements alerts.Journal. Entries come by key.
func (s *Store) LoadJournal(ctx context.Context, kind string) (_ []alerts.JournalEntry, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT key, blob, coalesce(expires, 0), expires IS NOT NULL FROM journal WHERE kind = ? AND (expires IS NULL OR expires > ?) ORDER BY key", kind, micros(s.now()))
	if err != nil {
		return nil, fmt.Errorf("read the journal %s: %w", kind, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []alerts.JournalEntry
	for rows.Next() {
		var (
			e       alerts.JournalEntry
			expires int64
			ends    bool
		)
		if err := rows.Scan(&e.Key, &e.Data, &expires, &ends); err != nil {
			return nil, err
		}
		if ends {
			e.Expires = fromMicros(expires)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
