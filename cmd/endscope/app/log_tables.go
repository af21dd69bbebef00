package app

import (
	"context"
	"errors"

	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs"
)

// logTables is the log store as the ingester sees it.
type logTables struct{ store *logs.Store }

// LogTables returns the tables that rows may be pushed to.
func (t *logTables) LogTables() []*logrows.Table {
	var out []*logrows.Table
	for _, schema := range t.store.Tables() {
		out = append(out, schema.Table)
	}
	return out
}

// AppendLogs stores the rows of b durably.
func (t *logTables) AppendLogs(ctx context.Context, b *logrows.Batch) ([]ingest.LogRowError, error) {
	refused, err := t.store.Append(ctx, b)
	if errors.Is(err, logs.ErrRepeated) {
		err = ingest.ErrLogsRepeated
	} else if err != nil {
		return nil, err
	}
	out := make([]ingest.LogRowError, 0, len(refused))
	for _, r := range refused {
		out = append(out, ingest.LogRowError{Row: r.Row, Reason: refusal(r.Reason), Message: r.Message})
	}
	return out, err
}

// refusal returns the ingester's word for why the store refused a row.
func refusal(r logs.Reason) ingest.Reason {
	switch r {
	case logs.ReasonTooOld:
		return ingest.ReasonTooOld
	case logs.ReasonFuture:
		return ingest.ReasonFuture
	case logs.ReasonNoTime, logs.ReasonOutOfRange:
		return ingest.ReasonType
	}
	return ingest.ReasonStorage
}
