package resources

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const resourceColumns = "kind, name, version, spec, source, created_at, updated_at, updated_by"

// Get returns a resource. Errors: ErrNotFound, ErrUnknownKind, *NameError.
func (s *Store) Get(ctx context.Context, kind, name string) (Resource, error) {
	return s.read(ctx, s.db, kind, name)
}

func (s *Store) read(ctx context.Context, q querier, kind, name string) (Resource, error) {
	k, key, err := s.resolve(kind, name)
	if err != nil {
		return Resource{}, err
	}
	r, err := s.get(ctx, q, k, key)
	if err != nil {
		return Resource{}, err
	}
	if r == nil {
		return Resource{}, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	return *r, nil
}

// get returns nil where there is none.
func (s *Store) get(ctx context.Context, q querier, k *Kind, key Key) (*Resource, error) {
	r, err := s.scan(k, q.QueryRowContext(ctx, "SELECT "+resourceColumns+" FROM resources WHERE kind = ? AND name = ?", key.Kind, key.Name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, s.damaged(fmt.Errorf("read %s: %w", key, err))
	}
	return r, nil
}

// List returns all resources of a kind, by name. Errors: ErrUnknownKind.
func (s *Store) List(ctx context.Context, kind string) ([]Resource, error) {
	return s.listKind(ctx, s.db, kind)
}

func (s *Store) listKind(ctx context.Context, q querier, kind string) ([]Resource, error) {
	if _, err := s.kind(kind); err != nil {
		return nil, err
	}
	all, err := s.list(ctx, q, "kind = ? ORDER BY name", kind)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	return all, nil
}

// list returns the resources that a condition selects.
func (s *Store) list(ctx context.Context, q querier, where string, args ...any) ([]Resource, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+resourceColumns+" FROM resources WHERE "+where, args...)
	if err != nil {
		return nil, s.damaged(err)
	}
	defer rows.Close()
	var all []Resource
	for rows.Next() {
		r, err := s.scan(nil, rows.Scan)
		if err != nil {
			return nil, s.damaged(err)
		}
		all = append(all, *r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.damaged(err)
	}
	return all, nil
}

// scan reads resourceColumns. Without a kind it takes that of the row, which may be one that is not registered any more.
func (s *Store) scan(k *Kind, scan func(...any) error) (*Resource, error) {
	var r Resource
	var spec []byte
	var created, updated int64
	if err := scan(&r.Kind, &r.Name, &r.Version, &spec, &r.Source, &created, &updated, &r.UpdatedBy); err != nil {
		return nil, err
	}
	if k == nil {
		k = s.kinds[r.Kind]
	}
	r.Spec, r.CreatedAt, r.UpdatedAt = spec, time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	r.Redacted = k.redact(r.Spec)
	r.ETag = etag(s.key, &r)
	return &r, nil
}

// Source is something that provisions resources.
type Source struct {
	Name      string         `json:"name"`
	Resources map[string]int `json:"resources"` // number by kind
}

// Sources returns all sources that provide something, by name.
func (s *Store) Sources(ctx context.Context) ([]Source, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT source, kind, count(*) FROM resources WHERE source != '' GROUP BY source, kind ORDER BY source")
	if err != nil {
		return nil, s.damaged(fmt.Errorf("list sources: %w", err))
	}
	defer rows.Close()
	var all []Source
	for rows.Next() {
		var source, kind string
		var n int
		if err := rows.Scan(&source, &kind, &n); err != nil {
			return nil, s.damaged(fmt.Errorf("list sources: %w", err))
		}
		if len(all) == 0 || all[len(all)-1].Name != source {
			all = append(all, Source{Name: source, Resources: map[string]int{}})
		}
		all[len(all)-1].Resources[kind] = n
	}
	return all, rows.Err()
}
