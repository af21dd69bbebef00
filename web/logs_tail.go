package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
	"github.com/endscope/endscope/scopes"
)

const (
	// tailHeartbeat is how often a tail without rows says that it is there, so that nothing in between takes it for dead.
	tailHeartbeat = 15 * time.Second
	// tailPatience is how long a client may take to read one event.
	tailPatience = 30 * time.Second
	// tailEvent is how many rows one event holds.
	tailEvent = 500
)

// handleLogsTail answers /api/v1/logs/tail: the rows of a table as they are stored, as server-sent events.
func (s *Server) handleLogsTail(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r, time.Now(), "table", "scope", "filter")
	name, filter := p.one("table"), p.one("filter")
	var known []string
	for _, schema := range s.set.Logs.Store.Tables() {
		known = append(known, schema.Name)
	}
	if name == "" {
		p.fail("table", "", "must be given, as one of "+strings.Join(known, ", "))
	}
	var scope scopes.Path
	if text := p.one("scope"); text != "" {
		var err error
		if scope, err = scopes.ParsePath(text); err != nil {
			p.note(err)
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	i := slices.Index(known, name)
	if i < 0 {
		return &logs.UnknownTableError{Name: name, Known: known}
	}
	schema := s.set.Logs.Store.Tables()[i]
	if most := s.set.Logs.Gate.Config().MaxTails; int(s.tails.Add(1)) > most {
		s.tails.Add(-1)
		return &kql.BusyError{Key: "log_query.max_tails", Limit: most}
	}
	defer s.tails.Add(-1)
	tail := &logsTail{schema: schema, table: schema.TailTable(), equal: logs.ScopeColumns(scope), beat: time.Duration(s.tailBeat.Load())}
	if strings.TrimSpace(filter) != "" {
		var err error
		if tail.filter, err = s.tailFilter(r.Context(), tail.table, filter, p.now); err != nil {
			return err
		}
	}
	rows, err := s.set.Logs.Store.Subscribe(r.Context(), name)
	if err != nil {
		return err
	}
	defer rows.Close()
	return tail.follow(r.Context(), s.stopping, w, rows)
}

// tailFilter reads a condition. It may ask tables, once and now, so it waits for its turn as a query does.
func (s *Server) tailFilter(ctx context.Context, table *logrows.Table, text string, now time.Time) (test func(kql.Row) (bool, error), err error) {
	leave, err := s.set.Logs.Gate.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { leave(err) }()
	return s.set.Logs.Engine.Predicate(ctx, table, kql.Request{Query: text, Now: now, Limits: s.set.Logs.Gate.Config().Limits()})
}

// logsTail is what one client follows.
type logsTail struct {
	schema *logs.Schema
	table  *logrows.Table
	equal  map[string]string
	filter func(kql.Row) (bool, error) // nil: every row
	beat   time.Duration
	out    *events
}

// follow writes events until the client leaves or the server stops.
func (t *logsTail) follow(ctx, stopping context.Context, w http.ResponseWriter, rows *logs.Tail) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // or nginx would collect it
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Time{}); err != nil { // the request is read, and web.read_timeout must not end its answer
		return fmt.Errorf("keep the stream: %w", err)
	}
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	t.out = &events{w: w, control: control}
	columns := []columnJSON{}
	for _, c := range t.table.Columns {
		columns = append(columns, columnJSON{c.Name, kql.TypeName(c.Type)})
	}
	head, err := json.Marshal(map[string]any{"table": t.table.Name, "columns": columns})
	if err != nil {
		return err
	}
	if err := t.out.send("table", head); err != nil {
		return err
	}
	beat := time.NewTicker(t.beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-stopping.Done():
			return nil
		case <-beat.C:
			if err := t.dropped(rows); err != nil {
				return err
			}
			if err := t.out.comment("still here"); err != nil {
				return err
			}
		case batch, open := <-rows.Batches():
			if !open {
				return nil // the store closes
			}
			if err := t.dropped(rows); err != nil {
				return err
			}
			if err := t.show(batch); err != nil {
				return err
			}
		}
	}
}

// columnJSON is a column in answers.
type columnJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// dropped tells how many rows the client did not get because it was too slow.
func (t *logsTail) dropped(rows *logs.Tail) error {
	if n := rows.Dropped(); n > 0 {
		return t.out.send("dropped", fmt.Appendf(nil, `{"rows":%d}`, n))
	}
	return nil
}

// show writes the rows of a batch that the client asked for. A filter that fails says why and ends the stream.
func (t *logsTail) show(batch *logrows.Batch) error {
	var kept []kql.Row
	for _, row := range t.schema.TailRows(batch) {
		ok, err := t.keeps(row)
		if err != nil {
			p, _ := problemOf(err)
			body, merr := json.Marshal(p)
			if merr != nil {
				return merr
			}
			if serr := t.out.send("problem", body); serr != nil {
				return serr
			}
			return http.ErrAbortHandler
		}
		if ok {
			kept = append(kept, row)
		}
	}
	for part := range slices.Chunk(kept, tailEvent) {
		b := []byte{'['}
		for i, row := range part {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCells(b, t.table.Columns, row)
		}
		if err := t.out.send("rows", append(b, ']')); err != nil {
			return err
		}
	}
	return nil
}

func (t *logsTail) keeps(row kql.Row) (bool, error) {
	for column, want := range t.equal {
		if value.Text(row[t.table.Column(column)]) != want {
			return false, nil
		}
	}
	if t.filter == nil {
		return true, nil
	}
	return t.filter(row)
}

// events writes server-sent events. Each has to be read in time.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes one event, whose data are one line.
func (e *events) send(name string, data []byte) error {
	return e.write(slices.Concat([]byte("event: "+name+"\ndata: "), data, []byte("\n\n")))
}

func (e *events) comment(text string) error { return e.write([]byte(": " + text + "\n\n")) }

func (e *events) write(b []byte) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(tailPatience)); err != nil {
		return fmt.Errorf("bound an event: %w", err)
	}
	if _, err := e.w.Write(b); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return e.control.Flush()
}
