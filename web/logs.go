package web

import (
	"context"
	"net/http"

	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/scopes"
)

// typeNDJSON is one JSON object a line.
const typeNDJSON = "application/x-ndjson"

// LogStore is what the routes of the logs need of the log store beside queries. *logs.Store is one.
type LogStore interface {
	// Tables returns the declarations of the tables.
	Tables() []*logs.Schema
	// Ready returns nil when queries are answered.
	Ready() error
	// Subscribe returns a tail of the rows of a table that the grants in ctx show.
	Subscribe(ctx context.Context, table string) (*logs.Tail, error)
	// Snapshot copies all tables into a folder that is not there yet.
	Snapshot(ctx context.Context, dir string) error
}

// LogsAPI is what the routes of the logs answer from.
type LogsAPI struct {
	Engine *kql.Engine
	Store  LogStore
	Gate   *kql.Gate // whose configuration holds the limits of queries

	Snapshots string // absolute folder in which snapshots of the tables are made
}

// logsRoutes are the routes that read logs.
func (s *Server) logsRoutes() []route {
	if s.set.Logs == nil {
		return nil
	}
	return append([]route{
		{name: "logs_query", methods: getPost, path: "/api/v1/logs/query", handle: s.handleLogsQuery},
		{name: "logs_tail", methods: get, path: "/api/v1/logs/tail", handle: s.handleLogsTail, plain: true},
		{name: "logs_schema", methods: getHead, path: "/api/v1/logs/schema", handle: s.handleLogsSchema},
		{name: "logs_format", methods: post, path: "/api/v1/logs/format", handle: s.handleLogsFormat},
		{name: "logs_snapshot", methods: post, path: "/api/v1/logs/snapshot", handle: s.handleLogsSnapshot, everything: true},
	}, s.azureLogsRoutes()...)
}

// handleLogsQuery answers /api/v1/logs/query: a query in KQL, as JSON, or as CSV or NDJSON row by row.
func (s *Server) handleLogsQuery(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Accept")
	kind, err := negotiate(r, typeJSON, typeCSV, typeNDJSON)
	if err != nil {
		return err
	}
	q, err := s.readLogsQuestion(w, r)
	if err != nil {
		return err
	}
	if q.scope != (scopes.Path{}) {
		if err := s.requireLogScope(r.Context(), q.scope); err != nil {
			return err
		}
	}
	if kind != typeJSON {
		return s.streamLogs(w, r, q, kind)
	}
	a, err := s.collectLogs(r.Context(), q.request)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeJSON)
	return writeLogsAnswer(w, a, q.shown)
}

// collectLogs waits for its turn and runs a query to its end.
func (s *Server) collectLogs(ctx context.Context, req kql.Request) (a *kql.Answer, err error) {
	leave, err := s.set.Logs.Gate.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil && a.Partial != nil {
			leave(a.Partial)
			return
		}
		leave(err)
	}()
	prepared, err := s.set.Logs.Engine.Prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	return prepared.Collect(ctx)
}
