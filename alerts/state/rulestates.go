package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
)

var _ alerts.StateStore = (*Store)(nil)

// LoadRuleStates implements alerts.StateStore.
func (s *Store) LoadRuleStates(ctx context.Context) (_ map[string]alerts.RuleState, err error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // both tables as of one commit
	if err != nil {
		return nil, fmt.Errorf("read the states of rules: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	rows, err := tx.QueryContext(ctx, "SELECT rule, evaluated, hash FROM rule_states")
	if err != nil {
		return nil, fmt.Errorf("read the states of rules: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := map[string]alerts.RuleState{}
	for rows.Next() {
		r := alerts.RuleState{Series: map[string][]byte{}}
		var evaluated int64
		if err := rows.Scan(&r.Rule, &evaluated, &r.Hash); err != nil {
			return nil, err
		}
		if evaluated != 0 {
			r.Evaluated = time.Unix(0, evaluated).UTC()
		}
		out[r.Rule] = r
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	series, err := tx.QueryContext(ctx, "SELECT rule, series, state FROM rule_series")
	if err != nil {
		return nil, fmt.Errorf("read the states of rules: %w", err)
	}
	defer func() { err = errors.Join(err, series.Close()) }()
	for series.Next() {
		var (
			rule, key string
			state     []byte
		)
		if err := series.Scan(&rule, &key, &state); err != nil {
			return nil, err
		}
		if r, ok := out[rule]; ok {
			r.Series[key] = append([]byte{}, state...) // nil would mean that it is to be deleted
		}
	}
	return out, series.Err()
}

// SaveRuleStates implements alerts.StateStore. All states are written in one transaction.
func (s *Store) SaveRuleStates(ctx context.Context, states []alerts.RuleState) error {
	if len(states) == 0 {
		return nil
	}
	return s.writer.do(ctx, func(t *tx) error {
		for _, r := range states {
			evaluated := int64(0)
			if !r.Evaluated.IsZero() {
				evaluated = r.Evaluated.UnixNano()
			}
			if err := t.exec("INSERT INTO rule_states VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET evaluated = excluded.evaluated, hash = excluded.hash", r.Rule, evaluated, r.Hash); err != nil {
				return err
			}
			for key, state := range r.Series {
				var err error
				if state == nil {
					err = t.exec("DELETE FROM rule_series WHERE rule = ? AND series = ?", r.Rule, key)
				} else {
					err = t.exec("INSERT INTO rule_series VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state", r.Rule, key, state)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// DeleteRuleState implements alerts.StateStore.
func (s *Store) DeleteRuleState(ctx context.Context, rule string) error {
	return s.writer.do(ctx, func(t *tx) error {
		if err := t.exec("DELETE FROM rule_series WHERE rule = ?", rule); err != nil {
			return err
		}
		return t.exec("DELETE FROM rule_states WHERE rule = ?", rule)
	})
}
