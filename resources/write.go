package resources

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Change asks for one change of one resource.
type Change struct {
	Kind, Name string
	Spec       json.RawMessage // what Put stores; Delete does not look at it
	// IfMatch and IfNoneMatch are conditions in the form of the HTTP headers: entity tags with their quotes, separated by commas, or *.
	// Empty ones always hold.
	IfMatch, IfNoneMatch string
	By                   string // who asks, for the audit trail
	Source               string // who provisions it; empty for people
	DryRun               bool   // everything is checked and nothing changed
	Force                bool   // of Delete: also what others name, see Pending
}

// Result is what Put did, or would do.
type Result struct {
	Resource  Resource
	Created   bool // there was none of the name
	Unchanged bool // it was the same, so that it has no new version
}

// Put creates or replaces a resource. Errors: *SpecError (what the kind said), *UnfitError, *ConflictError, *ReadOnlyError, *LimitError, *NameError,
// ErrUnknownKind; and those of the database.
func (s *Store) Put(ctx context.Context, c Change) (Result, error) {
	k, key, err := s.resolve(c.Kind, c.Name)
	if err != nil {
		return Result{}, s.refused(c.Kind, err)
	}
	var result Result
	err = s.write(ctx, c.By, c.DryRun, func(e *edit) (err error) {
		result, err = e.put(k, key, c)
		return err
	})
	if err != nil {
		return Result{}, s.refused(c.Kind, err)
	}
	return result, nil
}

// Delete removes a resource. Its versions stay until they are as old as Config.AuditRetention, so that it can be restored. Errors:
// ErrNotFound, *UnfitError, *ConflictError, *ReadOnlyError, *NameError, ErrUnknownKind; and those of the database.
func (s *Store) Delete(ctx context.Context, c Change) error {
	k, key, err := s.resolve(c.Kind, c.Name)
	if err != nil {
		return s.refused(c.Kind, err)
	}
	err = s.write(ctx, c.By, c.DryRun, func(e *edit) error {
		current, err := s.get(e.ctx, e.tx, k, key)
		switch {
		case err != nil:
			return err
		case current == nil && c.IfMatch == "":
			return fmt.Errorf("%s: %w", key, ErrNotFound)
		}
		if err := checkConditions(key, current, c.IfMatch, ""); err != nil {
			return err
		}
		if current.Source != "" && current.Source != c.Source {
			return &ReadOnlyError{Key: key, Source: current.Source}
		}
		e.force = c.Force
		return e.remove(k, current)
	})
	return s.refused(c.Kind, err)
}

// refused counts an error, which may be nil, and returns it.
func (s *Store) refused(kind string, err error) error {
	if err != nil && s.kinds[kind] != nil && !errors.Is(err, ErrNotFound) {
		s.metrics.refuse(kind, err)
	}
	return err
}

// edit is one transaction that changes resources.
type edit struct {
	*Store
	ctx     context.Context //nolint:containedctx // an edit lives within one call
	tx      *sql.Tx
	by      string
	at      time.Time
	changed map[string]bool // kinds
	keys    []Key           // what was created, replaced or deleted
	force   bool
	counts  map[string]int64 // resources of each kind that was counted, with what changed since
	counted []counted
}

// counted is a change that the metrics count once it is committed.
type counted struct {
	kind   string
	action Action
}

// write runs f in a transaction of its own, one at a time, and tells the subscribers. A dry run is rolled back.
func (s *Store) write(ctx context.Context, by string, dry bool, f func(*edit) error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.writing:
	}
	changed, err := s.commit(ctx, by, dry, f)
	if err == nil && len(changed) > 0 {
		s.notify(changed)
	}
	return err
}

// commit gives back the writers' token that write took, also where a function of a kind panics.
func (s *Store) commit(ctx context.Context, by string, dry bool, f func(*edit) error) (map[string]bool, error) {
	defer func() { s.writing <- struct{}{} }()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.damaged(fmt.Errorf("write %s: %w", s.path, err))
	}
	defer func() { _ = tx.Rollback() }() // says only that it was committed
	e := &edit{Store: s, ctx: ctx, tx: tx, by: cleanBy(by), at: s.now().UTC().Truncate(time.Microsecond), changed: map[string]bool{}, counts: map[string]int64{}}
	if err := f(e); err != nil {
		return nil, s.damaged(err)
	}
	if len(e.changed) > 0 && s.fit != nil {
		if err := s.fit(ctx, &Pending{Changed: e.keys, Force: e.force, edit: e}); err != nil {
			return nil, s.damaged(&UnfitError{err})
		}
	}
	if dry || len(e.changed) == 0 {
		return nil, nil
	}
	if err := e.prune(); err != nil {
		return nil, s.damaged(fmt.Errorf("remove old entries of %s: %w", s.path, err))
	}
	if err := tx.Commit(); err != nil {
		return nil, s.damaged(fmt.Errorf("write %s: %w", s.path, err))
	}
	for _, c := range e.counted {
		s.metrics.changes.WithLabelValues(c.kind, string(c.action)).Inc()
	}
	return e.changed, nil
}

// cleanBy bounds the name of whoever makes a change.
func cleanBy(by string) string {
	by = strings.ToValidUTF8(by, "\uFFFD")
	if most := 256; len(by) > most {
		for by = by[:most]; !utf8.ValidString(by); {
			by = by[:len(by)-1]
		}
	}
	return by
}

// put is Put within a transaction.
func (e *edit) put(k *Kind, key Key, c Change) (Result, error) {
	return e.putAs(k, key, c, entry{})
}

// putAs is put, with what the audit trail says of it unless the action is empty.
func (e *edit) putAs(k *Kind, key Key, c Change, a entry) (Result, error) {
	current, err := e.get(e.ctx, e.tx, k, key)
	if err != nil {
		return Result{}, err
	}
	if err := checkConditions(key, current, c.IfMatch, c.IfNoneMatch); err != nil {
		return Result{}, err
	}
	if current != nil && current.Source != "" && current.Source != c.Source {
		return Result{}, &ReadOnlyError{Key: key, Source: current.Source}
	}
	var old json.RawMessage
	action := Created
	if current != nil {
		old, action = current.Spec, Updated
		if current.Source != c.Source {
			action = Provisioned
		}
	}
	spec, err := e.prepare(k, key, old, c.Spec)
	if err != nil {
		return Result{}, err
	}
	if current != nil && action == Updated && bytes.Equal(spec, old) { // the same, from the same source
		return Result{Resource: *current, Unchanged: true}, nil
	}
	if current == nil {
		if err := e.checkCount(k); err != nil {
			return Result{}, err
		}
	}
	if a.action == "" {
		a.action = action
	}
	r, err := e.store(k, key, current, spec, c.Source, a)
	return Result{Resource: r, Created: current == nil}, err
}

// prepare returns what is stored for a spec that a client sent.
func (e *edit) prepare(k *Kind, key Key, old, spec json.RawMessage) (json.RawMessage, error) {
	if err := e.checkSize(k, spec); err != nil {
		return nil, err
	}
	if err := checkJSON(spec); err != nil {
		return nil, &SpecError{Key: key, Err: err}
	}
	var err error
	if k.Merge != nil {
		if spec, err = k.Merge(old, spec); err != nil {
			return nil, &SpecError{Key: key, Err: err}
		}
	}
	if spec, err = k.Validate(key.Name, spec); err != nil {
		return nil, &SpecError{Key: key, Err: err}
	}
	if !json.Valid(spec) {
		return nil, fmt.Errorf("%s: the canonical form is not JSON", key)
	}
	return spec, e.checkSize(k, spec)
}

func (s *Store) checkSize(k *Kind, spec json.RawMessage) error {
	limit := int64(s.cfg.MaxSpec)
	if k.MaxSpec > 0 {
		limit = int64(k.MaxSpec)
	}
	if int64(len(spec)) > limit {
		return &LimitError{Kind: k.Name, Unit: UnitBytes, Limit: limit, Got: int64(len(spec))}
	}
	return nil
}

// checkCount returns a *LimitError where one more resource of the kind is too many.
func (e *edit) checkCount(k *Kind) error {
	if k.MaxCount == 0 {
		return nil
	}
	n, known := e.counts[k.Name]
	if !known { // once, since it reads all of them
		if err := e.tx.QueryRowContext(e.ctx, "SELECT count(*) FROM resources WHERE kind = ?", k.Name).Scan(&n); err != nil {
			return err
		}
		e.counts[k.Name] = n
	}
	if n+1 > int64(k.MaxCount) {
		return &LimitError{Kind: k.Name, Unit: UnitResources, Limit: int64(k.MaxCount), Got: n + 1}
	}
	return nil
}

// store writes a resource with its version and its entry in the audit trail.
func (e *edit) store(k *Kind, key Key, current *Resource, spec json.RawMessage, source string, a entry) (Resource, error) {
	version, err := e.nextVersion(key)
	if err != nil {
		return Resource{}, err
	}
	r := Resource{Key: key, Version: version, Spec: spec, Redacted: k.redact(spec), Source: source, CreatedAt: e.at, UpdatedAt: e.at, UpdatedBy: e.by}
	if current != nil {
		r.CreatedAt = current.CreatedAt
	}
	r.ETag = etag(e.key, &r)
	if _, err := e.tx.ExecContext(e.ctx, "INSERT OR REPLACE INTO resources ("+resourceColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.Kind, r.Name, r.Version, []byte(r.Spec), r.Source, r.CreatedAt.UnixMicro(), r.UpdatedAt.UnixMicro(), r.UpdatedBy); err != nil {
		return Resource{}, err
	}
	if current == nil {
		e.recount(k.Name, 1)
	}
	return r, e.record(k, current, &r, a)
}

// recount keeps the number of resources of a kind right, where it is known.
func (e *edit) recount(kind string, more int64) {
	if n, known := e.counts[kind]; known {
		e.counts[kind] = n + more
	}
}

// remove deletes a resource; that it is gone is a version, too.
func (e *edit) remove(k *Kind, current *Resource) error {
	version, err := e.nextVersion(current.Key)
	if err != nil {
		return err
	}
	if _, err := e.tx.ExecContext(e.ctx, "DELETE FROM resources WHERE kind = ? AND name = ?", current.Kind, current.Name); err != nil {
		return err
	}
	e.recount(k.Name, -1)
	gone := &Resource{Key: current.Key, Version: version, Source: current.Source}
	return e.record(k, current, gone, entry{action: Deleted})
}

// nextVersion counts up the versions that ever had the name.
func (e *edit) nextVersion(key Key) (version int64, err error) {
	err = e.tx.QueryRowContext(e.ctx, "INSERT INTO names VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version", key.Kind, key.Name).Scan(&version)
	return version, err
}

// record keeps the version that a change made and writes the audit trail. A resource without a spec is one that was deleted.
func (e *edit) record(k *Kind, before, after *Resource, a entry) error {
	if _, err := e.tx.ExecContext(e.ctx, "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
		after.Kind, after.Name, after.Version, blob(after.Spec), after.Source, e.at.UnixMicro(), e.by); err != nil {
		return err
	}
	// The current version is not an old one, so there is one more.
	if _, err := e.tx.ExecContext(e.ctx, "DELETE FROM versions WHERE kind = ? AND name = ? AND version < ?", after.Kind, after.Name, after.Version-int64(e.cfg.KeepVersions)); err != nil {
		return err
	}
	var old json.RawMessage
	if before != nil {
		old = before.Spec
	}
	a.before, a.after = k.redact(old), k.redact(after.Spec)
	a.secrets = old != nil && after.Spec != nil && !bytes.Equal(old, after.Spec) && bytes.Equal(a.before, a.after)
	e.changed[k.Name] = true
	e.keys = append(e.keys, after.Key)
	e.counted = append(e.counted, counted{k.Name, a.action})
	return e.insert(after, a)
}

// blob is NULL for no document.
func blob(spec json.RawMessage) any {
	if spec == nil {
		return nil
	}
	return []byte(spec)
}

// prune removes what is older than the retention, at most once an hour.
func (e *edit) prune() error {
	if e.cfg.AuditRetention == 0 || e.at.Sub(e.pruned) < time.Hour && !e.at.Before(e.pruned) {
		return nil
	}
	before := e.at.Add(-e.cfg.AuditRetention).UnixMicro()
	if _, err := e.tx.ExecContext(e.ctx, "DELETE FROM audit WHERE at < ?", before); err != nil {
		return err
	}
	// What is deleted has a row without a spec as its newest; the versions of what is there are bounded by their number.
	_, err := e.tx.ExecContext(e.ctx, `DELETE FROM versions WHERE at < ?
		AND NOT EXISTS (SELECT 1 FROM resources r WHERE r.kind = versions.kind AND r.name = versions.name)`, before)
	e.pruned = e.at
	return err
}
