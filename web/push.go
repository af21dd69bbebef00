package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/scopes"
)

// Ingester takes the bodies of pushes. Each method returns what was stored and what was refused; an error means that nothing was
// stored: an *ingest.Error, or the store's error, after which the sender should try again.
type Ingester interface {
	// WriteV1 and WriteV2 take remote-write bodies as sent, in snappy's block format.
	WriteV1(ctx context.Context, body []byte) (ingest.Result, error)
	WriteV2(ctx context.Context, body []byte) (ingest.Result, error)
	// WriteText takes an inflated text exposition for one scope, and owns the body.
	WriteText(ctx context.Context, contentType string, scope scopes.Path, body []byte) (ingest.Result, error)
	// WriteOTLP takes decoded OTLP metrics, and owns them.
	WriteOTLP(ctx context.Context, md pmetric.Metrics) (ingest.Result, error)
	// Reserve counts bytes that a request is about to hold; it refuses with a Busy *ingest.Error.
	Reserve(bytes int64) (release func(), err error)
	// Config returns the limits in force.
	Config() ingest.Config
}

// pushRoutes are the routes that take samples. Their answers are short and not compressed.
func (s *Server) pushRoutes() []route {
	if s.set.Ingest == nil {
		return nil
	}
	return []route{
		{name: "remote_write", methods: post, path: "/api/v1/write", handle: s.handleRemoteWrite, plain: true},
		{name: "push_text", methods: postPut, path: "/api/v1/push/{endpoint}/{deployment}/{instance}", handle: s.handlePushText, plain: true},
		{name: "otlp_metrics_prometheus", methods: post, path: "/api/v1/otlp/v1/metrics", handle: s.handleOTLPMetrics, plain: true},
		{name: "otlp_metrics", methods: post, path: "/v1/metrics", handle: s.handleOTLPMetrics, plain: true},
	}
}

// handlePushText stores a text exposition under one instance, for curl and cron.
func (s *Server) handlePushText(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOf(r)
	if err != nil {
		return err
	}
	cfg := s.set.Ingest.Config()
	body, release, err := s.readEncoded(w, r, cfg)
	defer release()
	if err != nil {
		return err
	}
	result, err := s.set.Ingest.WriteText(r.Context(), r.Header.Get("Content-Type"), scope, body)
	if err != nil {
		return err
	}
	return writePushResult(w, result)
}

// pushResult is the answer to a text push.
type pushResult struct {
	Samples    int `json:"samples"` // stored
	Histograms int `json:"histograms"`
	Exemplars  int `json:"exemplars"`
}

// pushProblem is the answer to a text push of which a part was refused; the rest is stored.
type pushProblem struct {
	Problem
	Stored  pushResult           `json:"stored"`
	Refused []ingest.Refusal     `json:"refused"`         // one entry per reason
	Lines   []ingest.RefusedLine `json:"lines,omitempty"` // the first refused lines
}

func writePushResult(w http.ResponseWriter, result ingest.Result) error {
	stored := pushResult{result.Samples, result.Histograms, result.Exemplars}
	refused := result.Err()
	if refused == nil {
		return writeJSON(w, stored)
	}
	body, err := json.Marshal(pushProblem{
		Problem: Problem{"/problems/partly-refused", "Part of the push was refused", http.StatusBadRequest, refused.Error()},
		Stored:  stored,
		Refused: result.Refusals(),
		Lines:   result.Lines,
	})
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusBadRequest)
	_, err = w.Write(append(body, '\n'))
	return err
}

// ingestProblem maps what an ingester says of a whole request.
func ingestProblem(e *ingest.Error) Problem {
	switch e.Kind {
	case ingest.TooLarge:
		return Problem{"/problems/too-large", "Request too large", http.StatusRequestEntityTooLarge, e.Msg}
	case ingest.Busy:
		return Problem{"/problems/busy", "Too much at once", http.StatusTooManyRequests, e.Msg}
	case ingest.NoSuch:
		return Problem{"/problems/not-found", "Not found", http.StatusNotFound, e.Msg}
	case ingest.Unsupported:
		return Problem{"/problems/unsupported-format", "Format not supported", http.StatusUnsupportedMediaType, e.Msg}
	default:
		return Problem{"/problems/malformed", "Malformed push", http.StatusBadRequest, e.Msg}
	}
}

// pushFailed answers a failed push in a protocol that has no problems of RFC 9457. The caller writes the body; pushFailed decides
// the status and sets Retry-After. It returns false when the answer is the server's usual one: the client is gone.
func (s *Server) pushFailed(w http.ResponseWriter, r *http.Request, err error) (Problem, bool) {
	// net/http ends the context of a request that it cannot read on; the client may still be there.
	if r.Context().Err() != nil && !errors.Is(err, errSlowBody) || errors.Is(err, http.ErrAbortHandler) {
		return Problem{}, false
	}
	p, known := problemOf(err)
	if !known {
		s.log.Error("push failed", "path", r.URL.Path, "err", err)
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	if after := p.retryAfter(); after > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(after))
	}
	return p, true
}
