package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode reads one JSON object into a pointer to a struct and returns what is wrong with its form: fields that the struct does not have,
// and values of another type. What can be read is read all the same. Fields have the names of their json tags, in their case; null is as
// a field that is not there. It knows structs, pointers to them, slices, strings, whole numbers and booleans.
// Errors: FieldErrors. An object with a name twice is not found out: who takes documents in looks at that.
func Decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	if err != nil {
		return &FieldError{Field: "body", Rule: "must be JSON: " + err.Error()}
	}
	m := &Mistakes{}
	m.read("", v, reflect.ValueOf(into).Elem())
	return m.Err()
}

// Encode writes a value on one line, with <, > and & as they are: people read it.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// read puts a value of JSON where it belongs.
func (m *Mistakes) read(path string, v any, into reflect.Value) {
	if v == nil && path != "" {
		return
	}
	switch into.Kind() { //nolint:exhaustive // the others are faults of the program
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		m.read(path, v, into.Elem())
	case reflect.Struct:
		m.readStruct(path, v, into)
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			m.wrong(path, v, "an array")
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, one := range list {
			at := fmt.Sprintf("%s[%d]", path, i)
			if one == nil {
				m.Add(at, "null", "must not be null")
			}
			m.read(at, one, into.Index(i))
		}
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			m.wrong(path, v, "a string")
			return
		}
		into.SetString(s)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			m.wrong(path, v, "true or false")
			return
		}
		into.SetBool(b)
	case reflect.Int:
		m.readInt(path, v, into)
	default:
		panic(fmt.Sprintf("strict: a struct must not have a field of the type %s", into.Type()))
	}
}

func (m *Mistakes) readStruct(path string, v any, into reflect.Value) {
	object, ok := v.(map[string]any)
	if !ok {
		where := path
		if where == "" {
			where = "body"
		}
		m.wrong(where, v, "an object")
		return
	}
	t := into.Type()
	var known []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		known = append(known, name)
		if one, has := object[name]; has {
			m.read(join(path, name), one, into.Field(i))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if slices.Contains(known, name) {
			continue
		}
		rule := "is no field"
		if near := Nearest(name, known); near != "" {
			rule += "; did you mean " + near + "?"
		}
		m.Add(join(path, Shorten(name)), "", rule)
	}
}

// readInt reads a whole number, which may be written as 4.0.
func (m *Mistakes) readInt(path string, v any, into reflect.Value) {
	n, ok := v.(json.Number)
	if !ok {
		m.wrong(path, v, "a whole number")
		return
	}
	x, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || x != math.Trunc(x) || math.Abs(x) > 1<<31 {
		m.wrong(path, v, "a whole number")
		return
	}
	into.SetInt(int64(x))
}

func (m *Mistakes) wrong(path string, v any, want string) {
	var shown string
	switch v := v.(type) {
	case map[string]any:
		shown = "an object"
	case []any:
		shown = "an array"
	default:
		text, err := Encode(v)
		if err == nil {
			shown = string(text)
		}
	}
	m.Add(path, shown, "must be "+want)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
