package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Media types that routes answer or read.
const (
	typeJSON = "application/json"
	typeCSV  = "text/csv"
	typeForm = "application/x-www-form-urlencoded"
)

// NotAcceptableError says that a client takes none of the forms that a route answers in. It answers 406.
type NotAcceptableError struct {
	Accept  string // as the client sent it
	Offered []string
}

func (e *NotAcceptableError) Error() string {
	return fmt.Sprintf("this is answered as %s, none of which Accept: %s takes", strings.Join(e.Offered, " or "), e.Accept)
}

// MediaTypeError says that a body is in a form that a route does not read. It answers 415.
type MediaTypeError struct {
	Given   string
	Allowed []string
}

func (e *MediaTypeError) Error() string {
	return fmt.Sprintf("the body must be %s (got Content-Type: %q)", strings.Join(e.Allowed, " or "), e.Given)
}

// negotiate returns the media type that a client likes best of those that are offered: by its q-value, then by how exactly it is named,
// then the first offered. A client that says nothing gets that.
func negotiate(r *http.Request, offered ...string) (string, error) {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return offered[0], nil
	}
	best, bestQ, bestExact := "", 0.0, 0
	for _, offer := range offered {
		q, exact := acceptance(accept, offer)
		if q > bestQ || (q == bestQ && q > 0 && exact > bestExact) {
			best, bestQ, bestExact = offer, q, exact
		}
	}
	if best == "" {
		return "", &NotAcceptableError{Accept: accept, Offered: offered}
	}
	return best, nil
}

// acceptance returns the q-value that an Accept header gives a media type, that of the most exact range that holds it, and how exact
// that is.
func acceptance(accept, offer string) (q float64, exact int) {
	major, _, _ := strings.Cut(offer, "/")
	for item := range strings.SplitSeq(accept, ",") {
		name, rest, _ := strings.Cut(item, ";")
		level := 0
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case offer:
			level = 3
		case major + "/*":
			level = 2
		case "*/*":
			level = 1
		}
		if level <= exact {
			continue
		}
		exact, q = level, 1
		for param := range strings.SplitSeq(rest, ";") {
			if value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(param)), "q="); ok {
				if v, err := strconv.ParseFloat(value, 64); err == nil && v >= 0 && v <= 1 {
					q = v
				}
			}
		}
	}
	return q, exact
}
