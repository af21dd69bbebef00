package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
)

// streamFlush is how long rows of a stream may wait before they are sent.
const streamFlush = time.Second

// The trailers of a stream: that it ended at a limit of the request's own, and that acknowledged rows are missing from it.
const (
	streamTruncated = "Endscope-Truncated"
	streamWarning   = "Endscope-Warning"
)

// streamLogs answers a query row by row, as CSV or NDJSON. The configured limits of rows and bytes are for answers that are held in memory
// and do not count here; the query's own do, and a trailer says that they ended it.
func (s *Server) streamLogs(w http.ResponseWriter, r *http.Request, q *logsQuestion, kind string) (err error) {
	req, most := q.request, 0
	if configured := s.set.Logs.Gate.Config(); req.Limits.Rows < configured.MaxRows {
		most = req.Limits.Rows
	}
	req.Limits.Rows, req.Limits.Bytes = 0, 0
	leave, err := s.set.Logs.Gate.Enter(r.Context())
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	prepared, err := s.set.Logs.Engine.Prepare(r.Context(), req)
	if err != nil {
		return err
	}
	if n := prepared.Results(); n > 1 {
		return &ParameterError{Parameter: "query", Value: shorten([]byte(req.Query)), Rule: fmt.Sprintf("gives %d tables, and %s holds one: accept %s, or ask for one table", n, kind, typeJSON)}
	}
	rows, err := prepared.Open(r.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	first, err := rows.Next(r.Context())
	if err != nil && !errors.Is(err, io.EOF) {
		return err // as a problem: nothing is written yet
	}
	// Whoever reads slowly holds a query: for as long as one may take.
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Now().Add(req.Limits.Time + streamFlush)); err != nil {
		return fmt.Errorf("bound the answer: %w", err)
	}
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	out := &logsStream{w: w, columns: prepared.Columns(), append: appendNDJSONRow, most: most, flushed: time.Now()}
	w.Header().Set("Content-Type", kind)
	if kind == typeCSV {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		out.append = appendCSVRow
		out.buffer = appendCSVHeader(out.buffer, out.columns)
	}
	if err := out.copy(r.Context(), rows, first, err); err != nil {
		return err
	}
	for _, warning := range rows.Warnings() {
		w.Header().Add(http.TrailerPrefix+streamWarning, headerText(warning))
	}
	return nil
}

// logsStream writes rows.
type logsStream struct {
	w       http.ResponseWriter
	columns []kql.Column
	append  func(b []byte, columns []kql.Column, row kql.Row) []byte
	most    int // rows; 0 means all
	written int
	buffer  []byte
	flushed time.Time
}

// copy writes the first batch, which came with err, and all that follow.
func (o *logsStream) copy(ctx context.Context, rows kql.Rows, batch []kql.Row, err error) error {
	for ; err == nil; batch, err = rows.Next(ctx) {
		for _, row := range batch {
			if o.most > 0 && o.written == o.most {
				o.w.Header().Set(http.TrailerPrefix+streamTruncated, fmt.Sprintf("%d rows", o.most))
				return o.write()
			}
			o.written++
			if o.buffer = o.append(o.buffer, o.columns, row); len(o.buffer) >= chunk {
				if err := o.write(); err != nil {
					return err
				}
			}
		}
		if time.Since(o.flushed) > streamFlush {
			if err := o.write(); err != nil {
				return err
			}
			if f, ok := o.w.(http.Flusher); ok {
				f.Flush()
			}
			o.flushed = time.Now()
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return o.write()
}

func (o *logsStream) write() error {
	_, err := o.w.Write(o.buffer)
	o.buffer = o.buffer[:0]
	return err
}

func appendCSVHeader(b []byte, columns []kql.Column) []byte {
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendExact(b, c.Name)
	}
	return append(b, '\r', '\n')
}

// appendCSVRow writes a row of CSV (RFC 4180). Texts are exact, also those that a spreadsheet would take for formulas: programs read them
// back, and a line that begins with a minus is common in logs.
func appendCSVRow(b []byte, columns []kql.Column, row kql.Row) []byte {
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		text := kql.CellText(v, columns[i].Type)
		switch columns[i].Type {
		case value.String, value.Dynamic:
			b = appendExact(b, text)
		default:
			b = append(b, text...)
		}
	}
	return append(b, '\r', '\n')
}

// appendNDJSONRow writes a row as an object. Dynamic values are JSON and not, as in an answer in JSON, text.
func appendNDJSONRow(b []byte, columns []kql.Column, row kql.Row) []byte {
	b = append(b, '{')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONText(b, columns[i].Name), ':')
		if columns[i].Type == value.Dynamic && v != nil {
			b = value.AppendJSON(b, v)
			continue
		}
		b = kql.AppendCell(b, v, columns[i].Type)
	}
	return append(b, '}', '\n')
}
