package web

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/endscope/endscope/ingest"
)

// LogIngester takes the bodies of pushes of logs, inflated. Each method returns what was stored and what was refused; an error means that
// nothing is acknowledged: an *ingest.Error, or the store's error, after which the sender should try again.
type LogIngester interface {
	// WriteLogs takes newline-delimited JSON or a JSON array of rows of one table. A push with the key and the body of one before is not stored again.
	WriteLogs(ctx context.Context, table, key string, body []byte) (ingest.LogsResult, error)
	// WriteOTLPLogs takes decoded OTLP logs, and owns them.
	WriteOTLPLogs(ctx context.Context, ld plog.Logs) (ingest.LogsResult, error)
	// WriteLokiJSON takes a push in Loki's JSON form, WriteLokiProto one in its protobuf form, which is a snappy block.
	WriteLokiJSON(ctx context.Context, body []byte) (ingest.LogsResult, error)
	WriteLokiProto(ctx context.Context, body []byte) (ingest.LogsResult, error)
}

// logPushRoutes are the routes that take logs. Their answers are short and not compressed.
func (s *Server) logPushRoutes() []route {
	if s.set.Ingest == nil || s.set.LogsPush == nil {
		return nil
	}
	return []route{
		{name: "otlp_logs_prometheus", methods: post, path: "/api/v1/otlp/v1/logs", handle: s.handleOTLPLogs, plain: true},
		{name: "otlp_logs", methods: post, path: "/v1/logs", handle: s.handleOTLPLogs, plain: true},
		{name: "loki_push", methods: post, path: "/loki/api/v1/push", handle: s.handleLokiPush, plain: true},
		{name: "loki_ready", methods: getHead, path: "/ready", handle: s.handleReady}, // some senders ask before they send
		{name: "push_logs", methods: post, path: "/api/v1/logs/{table}", handle: s.handlePushLogs, plain: true},
	}
}

// handlePushLogs stores rows of one table.
func (s *Server) handlePushLogs(w http.ResponseWriter, r *http.Request) error {
	if err := rowsFormat(r.Header.Get("Content-Type")); err != nil {
		return err
	}
	body, release, err := s.readEncoded(w, r, s.set.Ingest.Config())
	defer release()
	if err != nil {
		return err
	}
	result, err := s.set.LogsPush.WriteLogs(r.Context(), mux.Vars(r)["table"], r.Header.Get("Idempotency-Key"), body)
	if err != nil {
		return err
	}
	return writeLogsResult(w, &result)
}

// rowsFormat refuses content types that cannot be rows of JSON. Others are welcome, curl's among them: the body shows what it is.
func rowsFormat(contentType string) error {
	media, _, _ := mime.ParseMediaType(contentType)
	if strings.HasPrefix(media, "multipart/") || strings.Contains(media, "protobuf") || strings.Contains(media, "csv") || strings.Contains(media, "xml") {
		return &ingest.Error{Kind: ingest.Unsupported, Msg: fmt.Sprintf(
			"Content-Type %q: rows are newline-delimited JSON (application/x-ndjson) or a JSON array (application/json)", contentType)}
	}
	return nil
}

// logsStored is the answer to a push of rows.
type logsStored struct {
	Rows     int  `json:"rows"`               // stored
	Repeated bool `json:"repeated,omitempty"` // a push with the same key had stored them before
}

// logsProblem is the answer to a push of rows of which some were refused; the others are stored.
type logsProblem struct {
	Problem
	Stored  logsStored          `json:"stored"`
	Refused []ingest.Refusal    `json:"refused"` // one entry per reason
	Rows    []ingest.RefusedRow `json:"rows"`    // the first refused rows
}

func writeLogsResult(w http.ResponseWriter, result *ingest.LogsResult) error {
	stored := logsStored{result.Rows, result.Repeated}
	refused := result.Err()
	if refused == nil {
		return writeJSON(w, stored)
	}
	body, err := json.Marshal(logsProblem{
		Problem: Problem{"/problems/partly-refused", "Part of the push was refused", http.StatusBadRequest, refused.Error()},
		Stored:  stored,
		Refused: result.Refusals(),
		Rows:    result.Bad,
	})
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusBadRequest)
	_, err = w.Write(append(body, '\n'))
	return err
}
