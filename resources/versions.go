package resources

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version is one state that a resource had.
type Version struct {
	Version  int64           `json:"version"`
	At       time.Time       `json:"at"`
	By       string          `json:"by,omitempty"`
	Source   string          `json:"source,omitempty"`
	Deleted  bool            `json:"deleted,omitempty"` // the version is that it was deleted
	Redacted json.RawMessage `json:"spec,omitempty"`    // nil for a deletion
}

// Versions returns the kept versions of a resource, which may be deleted by now, newest first. Errors: ErrNotFound where there never was
// one, or too long ago; ErrUnknownKind, *NameError.
func (s *Store) Versions(ctx context.Context, kind, name string) ([]Version, error) {
	k, key, err := s.resolve(kind, name)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT version, at, by, source, spec FROM versions WHERE kind = ? AND name = ? ORDER BY version DESC", key.Kind, key.Name)
	if err != nil {
		return nil, s.damaged(fmt.Errorf("read the versions of %s: %w", key, err))
	}
	defer rows.Close()
	var all []Version
	for rows.Next() {
		var v Version
		var at int64
		var spec []byte
		if err := rows.Scan(&v.Version, &at, &v.By, &v.Source, &spec); err != nil {
			return nil, s.damaged(fmt.Errorf("read the versions of %s: %w", key, err))
		}
		v.At, v.Deleted, v.Redacted = time.UnixMicro(at).UTC(), spec == nil, k.redact(spec)
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, s.damaged(fmt.Errorf("read the versions of %s: %w", key, err))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	return all, nil
}

// Restore makes an old version the current one, with the secrets that it had, as a new version; also of a resource that is deleted. The
// change's Spec is not looked at. Errors: those of Put, and ErrNotFound where the version is not kept or is a deletion.
func (s *Store) Restore(ctx context.Context, version int64, c Change) (Result, error) {
	k, key, err := s.resolve(c.Kind, c.Name)
	if err != nil {
		return Result{}, s.refused(c.Kind, err)
	}
	var result Result
	err = s.write(ctx, c.By, c.DryRun, func(e *edit) error {
		var spec []byte
		err := e.tx.QueryRowContext(e.ctx, "SELECT spec FROM versions WHERE kind = ? AND name = ? AND version = ?", key.Kind, key.Name, version).Scan(&spec)
		if errors.Is(err, sql.ErrNoRows) || err == nil && spec == nil {
			return fmt.Errorf("version %d of %s: %w", version, key, ErrNotFound)
		} else if err != nil {
			return err
		}
		whole := *k
		whole.Merge = nil // the old version has its own secrets
		c.Spec = spec
		result, err = e.putAs(&whole, key, c, entry{action: Restored, restored: version})
		return err
	})
	if err != nil {
		return Result{}, s.refused(c.Kind, err)
	}
	return result, nil
}
