package ingest

import (
	"bytes"
	"context"
	"errors"

	"github.com/endscope/endscope/scopes"
)

// WriteLogs stores rows of one table: newline-delimited JSON, or a JSON array, of objects whose fields are columns. A row that cannot be
// read or breaks a rule is refused and the next one is read; the result names lines. The body may be used again when WriteLogs returns.
// A push with a key and a body that one to the same table had before is not stored again; "" is no key.
//
// An error means that nothing is stored: *Error for an unknown table, a bad key, a broken array, too many rows or too much at once; otherwise the
// store's error.
func (in *Ingester) WriteLogs(ctx context.Context, table, key string, body []byte) (LogsResult, error) {
	t, err := in.logTable(table)
	if err != nil {
		return LogsResult{}, err
	}
	if err := checkLogsKey(key); err != nil {
		return LogsResult{}, err
	}
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return LogsResult{}, err
	}
	b := in.newLogRows(t, grants, "HTTP", 1+max(bytes.Count(body, []byte("\n")), len(body)/1024))
	b.key = logsKey(key, body)
	r := logRowReader{b: b, t: t}
	if err := r.read(body); err != nil {
		b.free()
		return LogsResult{}, err
	}
	return in.commitLogs(ctx, b)
}

// commitLogs stores a batch durably and frees it. Errors are the store's: the sender should try again.
func (in *Ingester) commitLogs(ctx context.Context, b *logBatch) (LogsResult, error) {
	defer b.free()
	if b.broke != nil {
		return LogsResult{}, b.broke
	}
	result := b.result
	if result.Rows = b.out.Rows; result.Rows > 0 {
		rows := b.rows()
		rows.Key = b.key
		refused, err := in.logs.AppendLogs(ctx, rows)
		result.Repeated = errors.Is(err, ErrLogsRepeated)
		if err != nil && !result.Repeated {
			in.metrics.failed.Inc()
			return LogsResult{}, err
		}
		result.Rows -= len(refused)
		result.refuseStored(refused, b.placeOf)
	}
	if result.Repeated {
		return result, nil // it was counted the first time
	}
	b.t.metrics.rows.Add(float64(result.Rows))
	for _, x := range result.refused {
		counter, ok := b.t.metrics.refused[x.Reason]
		if !ok {
			counter = b.t.metrics.refused[ReasonStorage]
		}
		counter.Add(float64(x.Count))
	}
	return result, nil
}
