package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"

	"github.com/endscope/endscope/alerts"
)

// maxResource is the largest body of a resource in bytes. The kinds have bounds of their own below it.
const maxResource = 2 << 20

// typeMergePatch is the media type of RFC 7396.
const typeMergePatch = "application/merge-patch+json"

// readBody reads a body of one of some media types.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, types ...string) ([]byte, error) {
	given := r.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(given)
	if err != nil || !slices.Contains(types, kind) {
		return nil, &MediaTypeError{Given: given, Allowed: types}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return body, nil
}

// answered are the members that answers add to a resource. A client that read one and sends it back may leave them in.
func answered(name string) bool {
	switch name {
	case "id", "etag", "version", "provisioned", "source", "createdTime", "lastUpdatedTime", "updatedBy", "status", "warnings", "default":
		return true
	}
	return false
}

// member is a member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// objectMembers returns the members of a text that is one JSON object, in order and also those that come twice.
func objectMembers(text []byte) ([]member, error) {
	wrong := func(err error) ([]member, error) {
		rule := "must be one JSON object"
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			rule += ": it ends too early"
		case err != nil:
			rule += ": " + err.Error()
		}
		return nil, &alerts.FieldError{Field: "body", Value: shorten(text), Rule: rule}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return wrong(err)
	}
	var all []member
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return wrong(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return wrong(err)
		}
		all = append(all, member{name, value})
	}
	if _, err := d.Token(); err != nil {
		return wrong(err)
	}
	if len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return wrong(nil)
	}
	return all, nil
}

// object writes members as a JSON object.
func object(all []member) ([]byte, error) {
	out := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := alerts.EncodeJSON(m.name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), m.value...)
	}
	return append(out, '}'), nil
}

// specOf returns the document that a body holds, without the members that only answers have and, where the name is not empty, with that
// name. A body may leave the name out, but not contradict it.
func specOf(body []byte, name string) (json.RawMessage, error) {
	all, err := objectMembers(body)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m member) bool { return answered(m.name) })
	if name == "" {
		return object(all)
	}
	given, err := nameIn(all)
	if err != nil {
		return nil, err
	}
	switch given {
	case name:
	case "":
		text, err := alerts.EncodeJSON(name)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(m member) bool { return m.name == "name" })
		all = append([]member{{"name", text}}, all...)
	default:
		return nil, &alerts.FieldError{Field: "name", Value: given, Rule: fmt.Sprintf("must be that of the path, %q, or not be given: names cannot be changed", name)}
	}
	return object(all)
}

// nameIn returns the name among the members of a resource; empty where there is none.
func nameIn(all []member) (string, error) {
	i := slices.IndexFunc(all, func(m member) bool { return m.name == "name" })
	if i < 0 {
		return "", nil
	}
	var name *string
	if err := json.Unmarshal(all[i].value, &name); err != nil {
		return "", &alerts.FieldError{Field: "name", Value: shorten(all[i].value), Rule: "must be a string"}
	}
	if name == nil {
		return "", nil
	}
	return *name, nil
}

// mergePatch applies a JSON merge patch (RFC 7396) to a document. As Azure has it, what is to change may stand below `properties`.
func mergePatch(document, patch []byte) ([]byte, error) {
	changes, err := objectMembers(patch)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(changes, func(m member) bool { return m.name == "properties" }); i >= 0 {
		if changes, err = objectMembers(changes[i].value); err != nil {
			return nil, err
		}
	}
	changes = slices.DeleteFunc(changes, func(m member) bool { return answered(m.name) })
	if patch, err = object(changes); err != nil {
		return nil, err
	}
	var base, change map[string]any
	if err := decodeNumbers(document, &base); err != nil {
		return nil, fmt.Errorf("read the stored document: %w", err)
	}
	if err := decodeNumbers(patch, &change); err != nil {
		return nil, &alerts.FieldError{Field: "body", Value: shorten(patch), Rule: "must be one JSON object: " + err.Error()}
	}
	return alerts.EncodeJSON(merged(base, change))
}

// decodeNumbers reads JSON and keeps numbers as they are written.
func decodeNumbers(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

func merged(base any, patch map[string]any) map[string]any {
	out, ok := base.(map[string]any)
	if !ok || out == nil {
		out = map[string]any{}
	}
	out = maps.Clone(out)
	for name, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, name)
		case map[string]any:
			out[name] = merged(out[name], v)
		default:
			out[name] = v
		}
	}
	return out
}

// spliced returns a JSON object with further members at its end, in the order of their names. Those that it has stay.
func spliced(text []byte, more map[string]any) ([]byte, error) {
	all, err := objectMembers(text)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if slices.ContainsFunc(all, func(m member) bool { return m.name == name }) {
			continue
		}
		value, err := alerts.EncodeJSON(more[name])
		if err != nil {
			return nil, err
		}
		all = append(all, member{name, value})
	}
	return object(all)
}
