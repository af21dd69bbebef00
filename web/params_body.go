package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// maxQuestion is the largest body of a question in bytes.
const maxQuestion = 1 << 20

// newBodyParams is newParams for requests that may also have a body: a form, or a JSON object whose values are texts, numbers,
// booleans and lists of them. A parameter may be in the query or in the body, not in both.
func newBodyParams(w http.ResponseWriter, r *http.Request, now time.Time, allowed ...string) (*params, error) {
	p := newParams(r, now, allowed...)
	if r.Method != http.MethodPost {
		return p, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuestion))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if len(body) == 0 {
		return p, nil
	}
	given := r.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(given)
	if err != nil {
		return nil, &MediaTypeError{Given: given, Allowed: []string{typeJSON, typeForm}}
	}
	var values url.Values
	switch kind {
	case typeJSON:
		if values, err = jsonValues(body); err != nil {
			return nil, err
		}
	case typeForm:
		if values, err = url.ParseQuery(string(body)); err != nil {
			return nil, &ParameterError{Parameter: "body", Value: shorten(body), Rule: "must be an encoded form: " + err.Error()}
		}
	default:
		return nil, &MediaTypeError{Given: given, Allowed: []string{typeJSON, typeForm}}
	}
	for name, list := range values {
		if p.values.Has(name) {
			p.fail(name, p.values.Get(name), "must be either in the query or in the body, not in both")
		}
		p.values[name] = list
	}
	p.allow(allowed)
	return p, nil
}

func shorten(body []byte) string {
	const most = 200
	if len(body) > most {
		return string(body[:most]) + "…"
	}
	return string(body)
}

// jsonValues reads a JSON object as parameters. A null is a parameter that is not given.
func jsonValues(body []byte) (url.Values, error) {
	bad := func(rule string, args ...any) (url.Values, error) {
		return nil, &ParameterError{Parameter: "body", Value: shorten(body), Rule: fmt.Sprintf(rule, args...)}
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return bad("must be a JSON object of parameters")
	}
	values := url.Values{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return bad("must be a JSON object of parameters: %v", err)
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return bad("must be a JSON object of parameters: %v", err)
		}
		if values.Has(name) {
			return bad("must name %q once", name)
		}
		list, isList := value.([]any)
		if !isList && value != nil {
			list = []any{value}
		}
		for _, v := range list {
			switch v := v.(type) {
			case string:
				values.Add(name, v)
			case json.Number:
				values.Add(name, v.String())
			case bool:
				values.Add(name, fmt.Sprint(v))
			default:
				return bad("must have a text, a number or a list of them as %q", name)
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return bad("must be a JSON object of parameters: %v", err)
	}
	if len(bytes.TrimSpace(body[dec.InputOffset():])) > 0 {
		return bad("must be one JSON object and nothing after it")
	}
	return values, nil
}
