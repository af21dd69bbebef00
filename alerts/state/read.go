package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// What routing knows of an alert.
const (
	handedNothing  = 0
	handedFired    = 1
	handedResolved = 2
)

// storedRecord is a record with what is only the store's business.
type storedRecord struct {
	Record
	due      sql.NullInt64
	handed   int
	handedAt int64
	version  int64
}

const recordColumns = "seq, id, rule, kind, severity, stateless, endpoint, deployment, instance, condition, user_state, changed_at, action_groups, suppressed, due, handed, handed_at, version, body"

func scanRecord(scan func(...any) error) (*storedRecord, error) {
	var (
		r                              storedRecord
		kind, endpoint, deployment     string
		instance, groups               string
		condition, userState, severity int
		changed                        int64
		text                           []byte
	)
	err := scan(&r.Seq, &r.ID, &r.Rule, &kind, &severity, &r.Stateless, &endpoint, &deployment, &instance, &condition, &userState, &changed, &groups, &r.Suppressed,
		&r.due, &r.handed, &r.handedAt, &r.version, &text)
	if err != nil {
		return nil, err
	}
	r.RuleKind, r.Severity, r.Target, r.Condition = alerts.RuleKind(kind), severity, pathOf(endpoint, deployment, instance), conditionOf(condition)
	r.ChangedAt, r.Groups = fromMicros(changed), splitGroups(groups)
	if states := userStates(); userState >= 0 && userState < len(states) {
		r.UserState = states[userState]
	}
	return &r, decode(text, &r.Record)
}

// record returns the row that a condition finds, or sql.ErrNoRows.
func (t *tx) record(where string, args ...any) (*storedRecord, error) {
	s, err := t.statement("SELECT " + recordColumns + " FROM alerts WHERE " + where)
	if err != nil {
		return nil, err
	}
	return scanRecord(s.QueryRowContext(t.ctx, args...).Scan)
}

// records runs a query for recordColumns.
func (s *Store) records(ctx context.Context, query string, args ...any) (_ []*storedRecord, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []*storedRecord
	for rows.Next() {
		r, err := scanRecord(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Get returns an alert. It returns alerts.ErrNotFound where there is none, or none that the caller may see.
func (s *Store) Get(ctx context.Context, id string) (*Record, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Read(ctx, id)
	if err == nil && !grants.Allows(r.Target) {
		return nil, notFound(id)
	}
	return r, err
}

// Read is Get for the server itself: it sees every alert.
func (s *Store) Read(ctx context.Context, id string) (*Record, error) {
	all, err := s.records(ctx, "SELECT "+recordColumns+" FROM alerts WHERE id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, notFound(id)
	}
	return &all[0].Record, nil
}

// Open returns the alerts that have fired and not resolved, but for those of stateless rules, oldest first: of one rule where its name is
// not empty, and of rules of the given kinds where there are any.
func (s *Store) Open(ctx context.Context, rule string, kinds ...alerts.RuleKind) ([]*Record, error) {
	where, args := "condition = 0 AND stateless = 0", []any{}
	if rule != "" {
		where, args = where+" AND rule = ?", append(args, rule)
	}
	if len(kinds) > 0 {
		where += " AND kind IN (?" + strings.Repeat(",?", len(kinds)-1) + ")"
		args = append(args, each(kinds, func(k alerts.RuleKind) any { return string(k) })...)
	}
	return plain(s.records(ctx, "SELECT "+recordColumns+" FROM alerts WHERE "+where+" ORDER BY fired_at, seq", args...))
}

// Expired returns alerts that others posted and did not post again in time, no more than limit.
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]*Record, error) {
	return plain(s.records(ctx, "SELECT "+recordColumns+" FROM alerts WHERE expires <= ? ORDER BY expires LIMIT ?", micros(now), limit))
}

// Suppressed returns the alerts after a Seq that have not resolved and of which nobody is told, no more than limit.
func (s *Store) Suppressed(ctx context.Context, after int64, limit int) ([]*Record, error) {
	return plain(s.records(ctx, "SELECT "+recordColumns+" FROM alerts WHERE condition = 0 AND stateless = 0 AND suppressed = 1 AND seq > ? ORDER BY seq LIMIT ?", after, limit))
}

// Stats are numbers for metrics.
type Stats struct {
	Active  map[int]int // alerts that have fired and not resolved, by severity, but for those of stateless rules
	Waiting int         // alerts that are to be handed on, now or later
}

// Stats counts what is there now.
func (s *Store) Stats() (_ Stats, err error) {
	out := Stats{Active: map[int]int{}}
	rows, err := s.db.QueryContext(s.ctx, "SELECT severity, count(*) FROM alerts INDEXED BY alerts_open WHERE condition = 0 AND stateless = 0 GROUP BY severity")
	if err != nil {
		return Stats{}, fmt.Errorf("count alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var severity, n int
		if err := rows.Scan(&severity, &n); err != nil {
			return Stats{}, err
		}
		out.Active[severity] = n
	}
	if err := rows.Err(); err != nil {
		return Stats{}, err
	}
	out.Waiting, err = s.Waiting(s.ctx)
	return out, err
}

func plain(in []*storedRecord, err error) ([]*Record, error) {
	out := make([]*Record, len(in))
	for i, r := range in {
		out[i] = &r.Record
	}
	return out, err
}

func notFound(id string) error {
	return fmt.Errorf("alert %q: %w", id[:min(len(id), 100)], alerts.ErrNotFound)
}
