package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/syntax"
)

// logsProblemOf is the part of problemOf that knows the errors of the log tables and their language.
func logsProblemOf(err error) (Problem, bool) {
	var (
		parse    *syntax.Error
		semantic *kql.SemanticError
		cost     *kql.LimitError
		busy     *kql.BusyError
		store    *logs.LimitError
		table    *logs.UnknownTableError
		blocked  *logs.UnwritableError
	)
	limit := func(what, text string) (Problem, bool) {
		if what == "time" {
			return Problem{"/problems/timeout", "Query took too long", http.StatusServiceUnavailable, text}, true
		}
		return Problem{"/problems/query-limit", "Query limit exceeded", http.StatusUnprocessableEntity, text}, true
	}
	switch {
	case errors.As(err, &parse):
		return Problem{"/problems/kql-syntax", "The query cannot be read", http.StatusBadRequest, parse.Error()}, true
	case errors.As(err, &semantic):
		return Problem{"/problems/kql-semantic", "The query means nothing", http.StatusBadRequest, semantic.Error()}, true
	case errors.As(err, &cost):
		return limit(cost.What, cost.Error())
	case errors.As(err, &store):
		return limit(store.What, store.Error())
	case errors.As(err, &busy):
		return Problem{"/problems/busy", "Too much at once", http.StatusTooManyRequests, busy.Error()}, true
	case errors.As(err, &table):
		return Problem{"/problems/not-found", "Not found", http.StatusNotFound, table.Error()}, true
	case errors.Is(err, logs.ErrNotReady):
		return Problem{"/problems/not-ready", "Server is starting", http.StatusServiceUnavailable, err.Error()}, true
	case errors.Is(err, logs.ErrClosed):
		return Problem{"/problems/stopping", "Server is stopping", http.StatusServiceUnavailable, err.Error()}, true
	case errors.As(err, &blocked):
		return Problem{"/problems/unwritable", "Storage cannot be written", http.StatusServiceUnavailable, blocked.Error()}, true
	}
	return Problem{}, false
}

// logsTooLong says whether a query of logs took longer than it may. The same query would again, so nobody is told to try it again.
func logsTooLong(err error) bool {
	var (
		cost  *kql.LimitError
		store *logs.LimitError
	)
	return errors.As(err, &cost) && cost.What == "time" || errors.As(err, &store) && store.What == "time"
}

// place is where in a query an error is: both count from 1, columns in characters.
type place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// placeOf returns where in a query an error is, nil where it is nowhere in one.
func placeOf(err error) *place {
	var (
		parse    *syntax.Error
		semantic *kql.SemanticError
	)
	switch {
	case errors.As(err, &parse) && parse.Line > 0:
		return &place{parse.Line, parse.Column}
	case errors.As(err, &semantic) && semantic.Line > 0:
		return &place{semantic.Line, semantic.Column}
	}
	return nil
}

// writeAt answers with the problem and, where there is one, its place in a query as further members.
func (p Problem) writeAt(w http.ResponseWriter, at *place) error {
	if at == nil {
		return p.write(w)
	}
	body, err := json.Marshal(struct {
		Problem
		*place
	}{p, at})
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}
