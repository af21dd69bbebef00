package alerts

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/endscope/endscope/internal/strict"
)

// mistakes collects everything that is wrong with a value.
type mistakes = strict.Mistakes

// fields reads the members of an object by name, and afterwards tells which it does not know. A member that is null is as one that is
// not there.
type fields struct {
	m      *mistakes
	path   string
	object jsonObject
	known  []string
}

// objectOf returns the fields of a value; where it is no object that is a mistake, there are none, and nothing more is said of it.
func objectOf(m *mistakes, path string, v any) *fields {
	object, ok := v.(jsonObject)
	if !ok {
		where := path
		if where == "" {
			where = "body"
		}
		m.Addf(where, jsonKind(v), "must be an object")
		m = &mistakes{}
	}
	return &fields{m: m, path: path, object: object}
}

func (f *fields) at(name string) string { return join(f.path, name) }

// take returns the member of a name, which thereby is known.
func (f *fields) take(name string) (any, bool) {
	f.known = append(f.known, name)
	for _, m := range f.object {
		if m.name == name {
			return m.value, m.value != nil
		}
	}
	return nil, false
}

func (f *fields) has(name string) bool {
	return slices.ContainsFunc(f.object, func(m jsonMember) bool { return m.name == name && m.value != nil })
}

// ignore makes names known.
func (f *fields) ignore(names ...string) { f.known = append(f.known, names...) }

// refuse makes a mistake of each of the names that is there.
func (f *fields) refuse(why string, names ...string) {
	for _, name := range names {
		if v, ok := f.take(name); ok {
			f.m.Add(f.at(name), string(plainJSONOf(v)), why)
		}
	}
}

// done makes a mistake of every member that nobody took.
func (f *fields) done() {
	for _, m := range f.object {
		if slices.Contains(f.known, m.name) {
			continue
		}
		if near := strict.Nearest(m.name, f.known); near != "" {
			f.m.Addf(f.at(strict.Shorten(m.name)), "", "is no field; did you mean %s?", near)
		} else {
			f.m.Add(f.at(strict.Shorten(m.name)), "", "is no field")
		}
	}
}

func (f *fields) wrong(name string, v any, want string) {
	f.m.Addf(f.at(name), string(plainJSONOf(v)), "must be %s", want)
}

func (f *fields) text(name string) string {
	v, ok := f.take(name)
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		f.wrong(name, v, "a string")
	}
	return s
}

func (f *fields) bool(name string, unset bool) bool {
	v, ok := f.take(name)
	if !ok {
		return unset
	}
	b, ok := v.(bool)
	if !ok {
		f.wrong(name, v, "true or false")
	}
	return b
}

// number returns a finite number, and whether there is one.
func (f *fields) number(name string) (float64, bool) {
	v, ok := f.take(name)
	if !ok {
		return 0, false
	}
	n, ok := v.(json.Number)
	if !ok {
		f.wrong(name, v, "a number")
		return 0, true
	}
	x, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || math.IsInf(x, 0) {
		f.wrong(name, v, "a number that 64 bits can hold")
	}
	return x, true
}

// int returns a whole number, which may be written as 4.0, as Azure's clients do.
func (f *fields) int(name string, unset int) int {
	v, ok := f.take(name)
	if !ok {
		return unset
	}
	n, ok := v.(json.Number)
	if !ok {
		f.wrong(name, v, "a whole number")
		return unset
	}
	x, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || x != math.Trunc(x) || math.Abs(x) > 1<<31 {
		f.wrong(name, v, "a whole number")
		return unset
	}
	return int(x)
}

func (f *fields) duration(name string, unset time.Duration) time.Duration {
	v, ok := f.take(name)
	if !ok {
		return unset
	}
	s, ok := v.(string)
	if !ok {
		f.wrong(name, v, "an ISO 8601 duration such as PT5M")
		return unset
	}
	d, err := ParseDuration(s)
	if err != nil {
		f.wrong(name, v, "an ISO 8601 duration such as PT5M, PT1H30M or P1D, of at most 100 years")
		return unset
	}
	return d
}

func (f *fields) instant(name string) time.Time {
	s := f.text(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 {
		f.m.Add(f.at(name), s, "must be a time such as 2026-11-28T10:00:00Z, not before 1970")
		return time.Time{}
	}
	return t.UTC()
}

func (f *fields) array(name string) jsonArray {
	v, ok := f.take(name)
	if !ok {
		return nil
	}
	a, ok := v.(jsonArray)
	if !ok {
		f.wrong(name, v, "an array")
	}
	return a
}

func (f *fields) texts(name string) []string {
	var list []string
	for i, v := range f.array(name) {
		s, ok := v.(string)
		if !ok {
			f.m.Addf(fmt.Sprintf("%s[%d]", f.at(name), i), string(plainJSONOf(v)), "must be a string")
			continue
		}
		list = append(list, s)
	}
	return list
}

func (f *fields) ints(name string) []int {
	var list []int
	for i, v := range f.array(name) {
		n, ok := v.(json.Number)
		x, err := strconv.Atoi(n.String())
		if !ok || err != nil {
			f.m.Addf(fmt.Sprintf("%s[%d]", f.at(name), i), string(plainJSONOf(v)), "must be a whole number")
			continue
		}
		list = append(list, x)
	}
	return list
}

// strings returns an object of strings; nil where it is empty. Numbers and booleans become what they look like.
func (f *fields) strings(name string) map[string]string {
	v, ok := f.take(name)
	if !ok {
		return nil
	}
	object, ok := v.(jsonObject)
	if !ok {
		f.wrong(name, v, "an object of strings")
		return nil
	}
	var all map[string]string
	for _, m := range object {
		var s string
		switch v := m.value.(type) {
		case string:
			s = v
		case json.Number, bool:
			s = fmt.Sprint(v)
		default:
			f.m.Addf(f.at(name)+"."+strict.Shorten(m.name), string(plainJSONOf(v)), "must be a string")
			continue
		}
		if all == nil {
			all = map[string]string{}
		}
		all[m.name] = s
	}
	return all
}

// objects returns the fields of each object of an array. The caller calls done for each.
func (f *fields) objects(name string) []*fields {
	var list []*fields
	for i, v := range f.array(name) {
		list = append(list, objectOf(f.m, fmt.Sprintf("%s[%d]", f.at(name), i), v))
	}
	return list
}

// sub returns the fields of an object; nil where there is none.
func (f *fields) sub(name string) *fields {
	v, ok := f.take(name)
	if !ok {
		return nil
	}
	return objectOf(f.m, f.at(name), v)
}

// plainJSONOf writes any value that readJSON returned, cut for a message.
func plainJSONOf(v any) []byte {
	switch v := v.(type) {
	case jsonObject:
		return []byte("an object")
	case jsonArray:
		return []byte("an array")
	default:
		return []byte(strict.Shorten(string(plainJSON(v))))
	}
}
