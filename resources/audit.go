package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Action is what a change did.
type Action string

// The actions.
const (
	Created     Action = "created"
	Updated     Action = "updated"
	Deleted     Action = "deleted"
	Restored    Action = "restored"    // an old version was made the current one
	Provisioned Action = "provisioned" // a source took over what people had made, with its own spec
	Released    Action = "released"    // a source gave it to people to edit
)

// AuditEntry tells of one change. It holds no secrets.
type AuditEntry struct {
	ID int64     `json:"id"` // rises with time
	At time.Time `json:"at"`
	By string    `json:"by,omitempty"`
	Key
	Action  Action          `json:"action"`
	Version int64           `json:"version"` // that the change made; of a deletion, too
	Source  string          `json:"source,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"` // redacted; nil where there was none
	After   json.RawMessage `json:"after,omitempty"`  // redacted; nil where it was deleted
	// SecretsChanged says that nothing but secrets differs, so that Before and After are the same.
	SecretsChanged  bool  `json:"secretsChanged,omitempty"`
	RestoredVersion int64 `json:"restoredVersion,omitempty"` // of an action Restored: the version that was taken
}

// maxAudit is the most entries of one answer.
const maxAudit = 1000

// AuditQuery selects entries of the audit trail.
type AuditQuery struct {
	Kind, Name string // empty for all; a name needs its kind
	Limit      int    // 1 to 1000; 0 takes 100
	Before     int64  // only entries with a smaller ID; 0 begins with the newest
}

// Audit returns the entries of the audit trail, newest first; a limit out of bounds is cut. Errors: ErrUnknownKind.
func (s *Store) Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, maxAudit)
	where, args := "1", []any{}
	if q.Kind != "" {
		k, err := s.kind(q.Kind)
		if err != nil {
			return nil, err
		}
		where, args = "kind = ?", append(args, q.Kind)
		if k.Singleton {
			q.Name = SingletonName
		}
		if q.Name != "" {
			where, args = where+" AND name = ?", append(args, q.Name)
		}
	}
	if q.Before > 0 {
		where, args = where+" AND id < ?", append(args, q.Before)
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id, at, by, action, kind, name, version, source, before, after, secrets_changed, restored
		FROM audit WHERE `+where+` ORDER BY id DESC LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, s.damaged(fmt.Errorf("read the audit trail: %w", err))
	}
	defer rows.Close()
	var all []AuditEntry
	for rows.Next() {
		var a AuditEntry
		var at int64
		var before, after []byte
		if err := rows.Scan(&a.ID, &at, &a.By, &a.Action, &a.Kind, &a.Name, &a.Version, &a.Source, &before, &after, &a.SecretsChanged, &a.RestoredVersion); err != nil {
			return nil, s.damaged(fmt.Errorf("read the audit trail: %w", err))
		}
		a.At, a.Before, a.After = time.UnixMicro(at).UTC(), before, after
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, s.damaged(fmt.Errorf("read the audit trail: %w", err))
	}
	return all, nil
}

// entry is what a change tells the audit trail beside the resource.
type entry struct {
	action        Action
	before, after json.RawMessage
	secrets       bool
	restored      int64
}

func (e *edit) insert(r *Resource, a entry) error {
	_, err := e.tx.ExecContext(e.ctx, `INSERT INTO audit (at, by, action, kind, name, version, source, before, after, secrets_changed, restored)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.at.UnixMicro(), e.by, string(a.action), r.Kind, r.Name, r.Version, r.Source, blob(a.before), blob(a.after), a.secrets, a.restored)
	return err
}
