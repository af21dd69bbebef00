package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// Problem is an error as RFC 9457 describes it, the body of every failure on our own routes.
type Problem struct {
	Type   string `json:"type"` // path of the page that explains this kind of problem
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// statusClientGone is nginx's status for a client that left before its answer. It is counted and never seen by anyone.
const statusClientGone = 499

var (
	errUnknownPath = errors.New("no such path")
	errMethod      = errors.New("method not allowed here")
)

// ParameterError says that one parameter of a request has a value that it must not have. It answers 400.
type ParameterError struct {
	Parameter string // as the client spells it
	Value     string // as the client sent it
	Rule      string // reads on from the parameter: "must be a duration such as 5m"
}

func (e *ParameterError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("parameter %q %s", e.Parameter, e.Rule)
	}
	return fmt.Sprintf("parameter %q %s (got %q)", e.Parameter, e.Rule, e.Value)
}

// ForbiddenError says that the operator has not allowed what the request asks for, and how to. It answers 403.
type ForbiddenError struct{ Reason string }

func (e *ForbiddenError) Error() string { return e.Reason }

// problemOf is the one mapping from errors to answers. Whatever it does not know is a 500 that tells the client nothing; known says
// whether it knew. The order matters where an error wraps another.
func problemOf(err error) (p Problem, known bool) {
	var (
		param     *ParameterError
		asked     *query.ParamError
		path      *scopes.PathError
		answer    *query.AnswerLimitError
		limit     *query.LimitError
		forbidden *ForbiddenError
		refused   *NotAcceptableError
		mediaType *MediaTypeError
		reload    *reloadError
		tooLarge  *http.MaxBytesError
		blocked   *tsdb.UnwritableError
		timedOut  promql.ErrQueryTimeout
		canceled  promql.ErrQueryCanceled
		push      *ingest.Error
		azure     *azureError
	)
	var unhealthy *unhealthyError
	if errors.As(err, &unhealthy) { // whatever it wraps
		return Problem{"/problems/unhealthy", "Not healthy", http.StatusServiceUnavailable, err.Error()}, true
	}
	if p, ok := logsProblemOf(err); ok {
		return p, true
	}
	if p, ok := alertsProblemOf(err); ok {
		return p, true
	}
	if p, ok := liveProblemOf(err); ok {
		return p, true
	}
	switch {
	case errors.As(err, &push):
		return ingestProblem(push), true
	case errors.As(err, &azure):
		return Problem{azureProblems + azure.code, "Refused as Azure would", azure.status, azure.message}, true
	case errors.As(err, &param), errors.As(err, &asked), errors.As(err, &path):
		return Problem{"/problems/bad-parameter", "Bad parameter", http.StatusBadRequest, err.Error()}, true
	case errors.As(err, &forbidden):
		return Problem{"/problems/forbidden", "Not allowed", http.StatusForbidden, err.Error()}, true
	case errors.As(err, &refused):
		return Problem{"/problems/not-acceptable", "Not acceptable", http.StatusNotAcceptable, err.Error()}, true
	case errors.As(err, &mediaType):
		return Problem{"/problems/media-type", "Unsupported media type", http.StatusUnsupportedMediaType, err.Error()}, true
	case errors.As(err, &reload):
		return Problem{"/problems/reload", "Not reloaded", http.StatusInternalServerError, err.Error()}, true
	case errors.Is(err, errUnknownPath):
		return Problem{"/problems/unknown-path", "No such path", http.StatusNotFound, err.Error()}, true
	case errors.Is(err, errMethod):
		return Problem{"/problems/method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed, err.Error()}, true
	case errors.Is(err, scopes.ErrNotFound):
		return Problem{"/problems/not-found", "Not found", http.StatusNotFound, err.Error()}, true
	case errors.As(err, &answer):
		return Problem{"/problems/answer-limit", "Answer too large", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.As(err, &limit) && limit.Busy():
		return Problem{"/problems/busy", "Server is busy", http.StatusServiceUnavailable, limit.Error()}, true
	case errors.As(err, &limit) && limit.Unit == query.UnitSeconds:
		return Problem{"/problems/timeout", "Query took too long", http.StatusServiceUnavailable, limit.Error()}, true
	case errors.As(err, &limit):
		return Problem{"/problems/query-limit", "Query limit exceeded", http.StatusUnprocessableEntity, limit.Error()}, true
	case errors.As(err, &tooLarge):
		return Problem{"/problems/too-large", "Request too large", http.StatusRequestEntityTooLarge,
			fmt.Sprintf("the request's body is larger than %d bytes", tooLarge.Limit)}, true
	case errors.Is(err, tsdb.ErrNotReady):
		return Problem{"/problems/not-ready", "Server is starting", http.StatusServiceUnavailable, err.Error()}, true
	case errors.Is(err, tsdb.ErrClosed):
		return Problem{"/problems/stopping", "Server is stopping", http.StatusServiceUnavailable, err.Error()}, true
	case errors.As(err, &blocked):
		return Problem{"/problems/unwritable", "Storage cannot be written", http.StatusServiceUnavailable, err.Error()}, true
	case errors.As(err, &timedOut):
		return Problem{"/problems/timeout", "Query took too long", http.StatusServiceUnavailable, err.Error()}, true
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return Problem{"/problems/canceled", "Canceled", http.StatusServiceUnavailable, "the server stopped working on the request before it was done"}, true
	case errors.Is(err, context.DeadlineExceeded):
		return Problem{"/problems/timeout", "Took too long", http.StatusServiceUnavailable, "the request was not done within its time"}, true
	}
	return Problem{"/problems/internal", "Internal error", http.StatusInternalServerError, ""}, false
}

// retryAfter returns the seconds after which a client should try again, 0 where trying again would not help.
func (p Problem) retryAfter() int {
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		return 1
	}
	return 0
}

// write answers with the problem.
func (p Problem) write(w http.ResponseWriter) error {
	body, err := alerts.EncodeJSON(p)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}
