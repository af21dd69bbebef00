package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/syntax"
)

// The codes of the query service's errors of a query.
const (
	azureBadArgumentCode = "BadArgumentError"
	azureSyntaxCode      = "SyntaxError"
	azureSemanticCode    = "SemanticError"
)

// azureArgumentError is a request to the query service that cannot be one.
type azureArgumentError struct{ azureError }

func (e *azureArgumentError) Unwrap() error { return &e.azureError }

func azureBadArgument(code, message string) error {
	return &azureArgumentError{azureError{http.StatusBadRequest, code, message}}
}

// azureQueryError is an error of a query with its text, of which the service shows a word.
type azureQueryError struct {
	error
	query string
}

func (e *azureQueryError) Unwrap() error { return e.error }

func azureInQuery(err error, query string) error { return &azureQueryError{err, query} }

// azureInnerJSON is what is inside an error: what kind of error of the query, and where.
type azureInnerJSON struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Inner   *azurePlaceJSON `json:"innererror,omitempty"`
}

// azurePlaceJSON is where in a query an error is. Lines count from 1 and positions, in characters, from 0.
type azurePlaceJSON struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Line    *int    `json:"line,omitempty"`
	Pos     *int    `json:"pos,omitempty"`
	Token   *string `json:"token,omitempty"`
}

// azureLogs returns the problem as the query service would answer it: its status and its body.
func (p Problem) azureLogs(cause error) (int, azureLogsErrorJSON) {
	var (
		parse    *syntax.Error
		semantic *kql.SemanticError
		argument *azureArgumentError
		text     *azureQueryError
	)
	query := ""
	if errors.As(cause, &text) {
		query = text.query
	}
	const invalid = "The request had some invalid properties"
	where := func(code, message string, line, column int, span syntax.Span) *azurePlaceJSON {
		out := &azurePlaceJSON{Code: code, Message: message}
		if line > 0 {
			pos, token := column-1, wordAt(query, span)
			out.Line, out.Pos, out.Token = &line, &pos, &token
		}
		return out
	}
	switch {
	case errors.As(cause, &parse):
		return http.StatusBadRequest, azureLogsErrorJSON{Code: azureBadArgumentCode, Message: invalid, Inner: azureInnerJSON{azureSyntaxCode, "The query cannot be read.",
			where("SYN0002", parse.Error(), parse.Line, parse.Column, parse.Span)}}
	case errors.As(cause, &semantic):
		return http.StatusBadRequest, azureLogsErrorJSON{Code: azureBadArgumentCode, Message: invalid, Inner: azureInnerJSON{azureSemanticCode, "The query can be read and means nothing.",
			where("SEM0100", semantic.Error(), semantic.Line, semantic.Column, semantic.Span)}}
	case errors.As(cause, &argument):
		return argument.status, azureLogsErrorJSON{Code: azureBadArgumentCode, Message: invalid, Inner: azureInnerJSON{Code: argument.code, Message: argument.message}}
	}
	status, e := p.azure()
	out := azureLogsErrorJSON{Code: e.Code, Message: e.Message}
	switch {
	case status == http.StatusTooManyRequests:
		out.Code = "ThrottledError"
	case p.Type == "/problems/unknown-path":
		out.Code = "PathNotFoundError"
	case status == http.StatusNotFound:
		out.Code = "ResourceNotFoundError"
	case status == http.StatusBadRequest && out.Code == "BadRequest":
		out.Code = azureBadArgumentCode
	case status == http.StatusGatewayTimeout:
		out.Inner = azureInnerJSON{Code: e.Code, Message: "The query was ended because it took too long."}
	}
	return status, out
}

// wordAt returns the part of a query that an error is about, cut to what an answer can show.
func wordAt(query string, span syntax.Span) string {
	start, end := max(0, min(span.Start, len(query))), max(0, min(span.End, len(query)))
	if end <= start {
		return ""
	}
	return shortened(strings.ToValidUTF8(query[start:end], "\uFFFD"))
}

// writeAzureLogs answers with the problem in the query service's shape.
func (p Problem) writeAzureLogs(w http.ResponseWriter, cause error) error {
	status, e := p.azureLogs(cause)
	body, err := json.Marshal(map[string]azureLogsErrorJSON{"error": e})
	if err != nil {
		return fmt.Errorf("encode error: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}
