package ingest

import (
	"context"
	"fmt"

	"github.com/endscope/endscope/internal/logrows"
)

// LogStore takes log rows durably.
type LogStore interface {
	// LogTables returns the tables that rows may be pushed to. It is called once, and what it returns does not change.
	LogTables() []*logrows.Table
	// AppendLogs returns when the rows of b are as durable as the operator asked. When it returns nil, the store holds nothing of b any
	// more, strings included: they are used again. After an error, which may come while the store still works on it, b is the store's.
	AppendLogs(ctx context.Context, b *logrows.Batch) error
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
