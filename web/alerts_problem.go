package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/evaluate"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/internal/sqlite"
	"github.com/endscope/endscope/resources"
)

// existsError says that a resource cannot be created because there is one of its name. It answers 409.
type existsError struct {
	resources.Key
	etag string
}

func (e *existsError) Error() string {
	return fmt.Sprintf("%s exists already: replace it with PUT, or take another name", e.Key)
}

// alertsProblemOf maps the errors of alerting and of resources.
func alertsProblemOf(err error) (Problem, bool) {
	var (
		exists      *existsError
		used        *resources.InUseError
		source      *sourceError
		conflict    *resources.ConflictError
		readOnly    *resources.ReadOnlyError
		limit       *resources.LimitError
		name        *resources.NameError
		spec        *resources.SpecError
		provision   *resources.ProvisionError
		document    *resources.DocumentError
		field       *alerts.FieldError
		span        *evaluate.RangeError
		unreachable *evaluate.LimitError
		unwritable  *sqlite.UnwritableError
	)
	switch {
	case errors.As(err, &unwritable) && unwritable.Full:
		return Problem{"/problems/storage-full", "Storage is full", http.StatusInsufficientStorage, unwritable.Error()}, true
	case errors.As(err, &unwritable):
		return Problem{"/problems/unwritable", "Storage cannot be written", http.StatusServiceUnavailable, unwritable.Error()}, true
	case errors.As(err, &exists):
		return Problem{"/problems/exists", "Exists already", http.StatusConflict, err.Error()}, true
	case errors.As(err, &used):
		return Problem{"/problems/in-use", "In use", http.StatusConflict, err.Error()}, true
	case errors.As(err, &source):
		return Problem{"/problems/read-only", "Read-only", http.StatusConflict, err.Error()}, true
	case errors.As(err, &provision), errors.As(err, &document):
		return Problem{"/problems/documents", "Documents refused", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.As(err, &conflict):
		return Problem{"/problems/changed", "Not what the request expects", http.StatusPreconditionFailed, err.Error()}, true
	case errors.As(err, &readOnly):
		return Problem{"/problems/read-only", "Read-only", http.StatusConflict, err.Error()}, true
	case errors.As(err, &limit) && limit.Unit == resources.UnitBytes:
		return Problem{"/problems/too-large", "Request too large", http.StatusRequestEntityTooLarge, err.Error()}, true
	case errors.As(err, &limit):
		return Problem{"/problems/resource-limit", "Too many", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.As(err, &field), errors.As(err, &name), errors.As(err, &spec):
		return Problem{"/problems/invalid", "Not valid", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.Is(err, resources.ErrNotFound), errors.Is(err, alerts.ErrNotFound):
		return Problem{"/problems/not-found", "Not found", http.StatusNotFound, err.Error()}, true
	case errors.As(err, &span):
		return Problem{"/problems/bad-parameter", "Bad parameter", http.StatusBadRequest, err.Error()}, true
	case errors.As(err, &unreachable):
		return Problem{"/problems/query-limit", "Query limit exceeded", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.Is(err, alerts.ErrQuery), errors.Is(err, evaluate.ErrUnsupported):
		return Problem{"/problems/bad-query", "Bad query", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.Is(err, state.ErrTimelineFull):
		return Problem{"/problems/timeline-full", "Too many comments", http.StatusUnprocessableEntity, err.Error()}, true
	case errors.Is(err, state.ErrClosed):
		return Problem{"/problems/stopping", "Server is stopping", http.StatusServiceUnavailable, err.Error()}, true
	}
	return Problem{}, false
}

// fieldErrorJSON is one thing that is wrong with what a client sent.
type fieldErrorJSON struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Rule  string `json:"rule"`
}

// fieldErrors returns everything that an error says of fields; nil where it speaks of none.
func fieldErrors(err error) []fieldErrorJSON {
	var out []fieldErrorJSON
	for _, e := range alerts.FieldErrors(err) {
		out = append(out, fieldErrorJSON(*e))
	}
	var (
		field *alerts.FieldError
		name  *resources.NameError
		spec  *resources.SpecError
	)
	switch {
	case len(out) > 0:
	case errors.As(err, &field):
		out = append(out, fieldErrorJSON(*field))
	case errors.As(err, &name):
		out = append(out, fieldErrorJSON{"name", name.Name, name.Rule})
	case errors.As(err, &spec):
		out = append(out, fieldErrorJSON{Field: "body", Rule: spec.Err.Error()})
	}
	return out
}

// members returns what a problem of alerting tells beside the usual members; nil for nothing.
func members(err error) map[string]any {
	var (
		exists    *existsError
		conflict  *resources.ConflictError
		readOnly  *resources.ReadOnlyError
		provision *resources.ProvisionError
	)
	switch {
	case errors.As(err, &provision):
		return map[string]any{"errors": provision.Problems()}
	case errors.As(err, &exists):
		return map[string]any{"etag": exists.etag}
	case errors.As(err, &conflict):
		return map[string]any{"etag": conflict.Current}
	case errors.As(err, &readOnly):
		return map[string]any{"source": readOnly.Source}
	}
	if fields := fieldErrors(err); fields != nil {
		return map[string]any{"errors": fields}
	}
	return nil
}

// writeMembers answers with the problem and further members.
func (p Problem) writeMembers(w http.ResponseWriter, more map[string]any) error {
	own, err := alerts.EncodeJSON(p)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	body, err := spliced(own, more)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	if tag, ok := more["etag"].(string); ok && tag != "" {
		w.Header().Set("ETag", tag)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}
