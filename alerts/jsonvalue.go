package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/endscope/endscope/internal/strict"
)

// maxDepth bounds how deep JSON may be nested. No field needs more than ten.
const maxDepth = 32

// jsonObject is an object in the order of its text.
type jsonObject []jsonMember

type jsonMember struct {
	name  string
	value any // nil, bool, json.Number, string, jsonArray, jsonObject
}

type jsonArray []any

// readJSON reads one value of at most limit bytes and nothing behind it. An object that has a name twice is refused: which of the two
// counts would be a guess.
func readJSON(data []byte, limit int) (any, error) {
	if len(data) > limit {
		return nil, &FieldError{Rule: fmt.Sprintf("must have at most %d bytes", limit), Field: "body", Value: fmt.Sprint(len(data))}
	}
	if !utf8.Valid(data) {
		return nil, &FieldError{Field: "body", Rule: "must be UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := readValue(d, "", 0)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("has something behind the JSON value")
		} else if errors.Is(err, io.EOF) {
			return v, nil
		}
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	var fe *FieldError
	if errors.As(err, &fe) {
		return nil, fe
	}
	return nil, &FieldError{Field: "body", Rule: "must be JSON: " + err.Error()}
}

func readValue(d *json.Decoder, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, &FieldError{Field: path, Rule: fmt.Sprintf("must be nested at most %d deep", maxDepth)}
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		array := jsonArray{}
		for d.More() {
			v, err := readValue(d, fmt.Sprintf("%s[%d]", path, len(array)), depth+1)
			if err != nil {
				return nil, err
			}
			array = append(array, v)
		}
		_, err = d.Token()
		return array, err
	case json.Delim('{'):
		return readObject(d, path, depth)
	}
	return token, nil
}

func readObject(d *json.Decoder, path string, depth int) (any, error) {
	object, seen := jsonObject{}, map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name of a field", token)
		}
		if seen[name] {
			return nil, &FieldError{Field: join(path, name), Rule: "is given twice"}
		}
		seen[name] = true
		v, err := readValue(d, join(path, name), depth+1)
		if err != nil {
			return nil, err
		}
		object = append(object, jsonMember{name, v})
	}
	_, err := d.Token()
	return object, err
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// writeJSON writes a value that readJSON returned, without spaces and with the numbers as they were spelled.
func writeJSON(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case jsonObject:
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(plainJSON(m.name))
			b.WriteByte(':')
			writeJSON(b, m.value)
		}
		b.WriteByte('}')
	case jsonArray:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, e)
		}
		b.WriteByte(']')
	default:
		b.Write(plainJSON(v))
	}
}

// plainJSON writes a value of simple types, with <, > and & as they are. It panics for none of them: they cannot fail.
func plainJSON(v any) []byte {
	text, err := EncodeJSON(v)
	if err != nil {
		return []byte("null")
	}
	return text
}

// EncodeJSON writes a value on one line, with <, > and & as they are: people read it.
func EncodeJSON(v any) ([]byte, error) { return strict.Encode(v) }

// jsonKind names the type of a value that readJSON returned.
func jsonKind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case jsonArray:
		return "an array"
	}
	return "an object"
}
