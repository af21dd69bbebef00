package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/endscope/endscope/internal/logrows"
)

// LogStore takes log rows durably.
type LogStore interface {
	// LogTables returns the tables that rows may be pushed to. It is called once, and what it returns does not change.
	LogTables() []*logrows.Table
	// AppendLogs stores the rows of b and returns when they are as durable as the operator asked. b is the store's from the call on, with
	// its columns and strings. A column that no row has a value for is left out: its vector is empty. Rows that cannot be kept, such as
	// too old ones, are returned, in their order, and the others are stored. After an error none of the rows is known to be stored.
	//
	// A batch whose Key the store has for its table is not stored again: the error is then ErrLogsRepeated, and its rows are stored.
	AppendLogs(ctx context.Context, b *logrows.Batch) ([]LogRowError, error)
}

// ErrLogsRepeated says that a batch was stored before.
var ErrLogsRepeated = errors.New("the rows were stored before")

// maxLogsKey is the most bytes that a push's key may have.
const maxLogsKey = 128

// logsKey is by which a repetition is known: the sender's name for the push together with what it holds, so that a name that is used again
// for other rows loses none.
func logsKey(key string, body []byte) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf("%s %016x", key, xxhash.Sum64(body))
}

// checkLogsKey refuses keys that are too long or hold anything but printable ASCII.
func checkLogsKey(key string) error {
	if len(key) > maxLogsKey {
		return &Error{Kind: Malformed, Msg: fmt.Sprintf("Idempotency-Key of %d bytes is longer than %d", len(key), maxLogsKey)}
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return &Error{Kind: Malformed, Msg: fmt.Sprintf("Idempotency-Key %q must be printable ASCII", key)}
		}
	}
	return nil
}

// LogRowError is one row of a batch that the store refused.
type LogRowError struct {
	Row     int    // index in the batch
	Reason  Reason // one of LogReasons; any other is counted as ReasonStorage
	Message string // names the value and the limit
}

// The tables that log records go to whose protocol names none.
const (
	consoleTable = "AmlOnlineEndpointConsoleLog"
	eventTable   = "AmlOnlineEndpointEventLog"
)

// UseLogStore sets where log rows go. It must be called once, before the first push of logs, and returns an error if a table cannot be
// pushed to because it has no time.
func (in *Ingester) UseLogStore(s LogStore) error {
	tables := map[string]*logTable{}
	for _, t := range s.LogTables() {
		lt, err := in.newLogTable(t)
		if err != nil {
			return fmt.Errorf("ingest: log table %s: %w", t.Name, err)
		}
		if tables[t.Name] != nil {
			return fmt.Errorf("ingest: log table %s is declared twice", t.Name)
		}
		tables[t.Name] = lt
	}
	in.logs, in.logTables = s, tables
	return nil
}
