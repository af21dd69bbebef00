package alerts

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mistakes collects everything that is wrong with a value.
type mistakes struct{ list []*FieldError }

func (m *mistakes) add(field, value, rule string) {
	m.list = append(m.list, &FieldError{Field: field, Value: shorten(value), Rule: rule})
}

func (m *mistakes) addf(field, value, format string, args ...any) {
	m.add(field, value, fmt.Sprintf(format, args...))
}

// err joins the mistakes in their order; nil for none.
func (m *mistakes) err() error {
	errs := make([]error, len(m.list))
	for i, e := range m.list {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// FieldErrors returns the FieldErrors that an error of this package joins, in their order.
func FieldErrors(err error) []*FieldError {
	switch e := err.(type) {
	case nil:
		return nil
	case *FieldError:
		return []*FieldError{e}
	case interface{ Unwrap() []error }:
		var list []*FieldError
		for _, one := range e.Unwrap() {
			list = append(list, FieldErrors(one)...)
		}
		return list
	}
	return FieldErrors(errors.Unwrap(err))
}

// AlsoWrong joins errors of later checks of a document to those of an earlier one, so that all its mistakes are told at once and each once: of
// a field that is wrong already, or of what stands in it, nothing more is said, and what is said to be missing is not while a part of it is
// wrong. Errors that speak of no field come first.
func AlsoWrong(told error, more ...error) error {
	list := FieldErrors(told)
	var others []error
	if list == nil && told != nil {
		others = append(others, told)
	}
	for _, err := range more {
		before := len(list)
		found := FieldErrors(err)
		if found == nil && err != nil {
			others = append(others, err)
		}
		for _, e := range found {
			if !slices.ContainsFunc(list[:before], e.follows) {
				list = append(list, e)
			}
		}
	}
	return errors.Join(append(others, (&mistakes{list: list}).err())...)
}

// follows says whether a mistake comes of another that has been told.
func (e *FieldError) follows(told *FieldError) bool {
	return within(e.Field, told.Field) || e.Value == "" && within(told.Field, e.Field)
}

// within says whether a field is another one or stands in it.
func within(field, in string) bool {
	rest, ok := strings.CutPrefix(field, in)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

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
		m.addf(where, jsonKind(v), "must be an object")
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
			f.m.add(f.at(name), string(plainJSONOf(v)), why)
		}
	}
}

// done makes a mistake of every member that nobody took.
func (f *fields) done() {
	for _, m := range f.object {
		if slices.Contains(f.known, m.name) {
			continue
		}
		if near := nearest(m.name, f.known); near != "" {
			f.m.addf(f.at(shorten(m.name)), "", "is no field; did you mean %s?", near)
		} else {
			f.m.add(f.at(shorten(m.name)), "", "is no field")
		}
	}
}

func (f *fields) wrong(name string, v any, want string) {
	f.m.addf(f.at(name), string(plainJSONOf(v)), "must be %s", want)
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
		f.m.add(f.at(name), s, "must be a time such as 2026-11-28T10:00:00Z, not before 1970")
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
			f.m.addf(fmt.Sprintf("%s[%d]", f.at(name), i), string(plainJSONOf(v)), "must be a string")
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
			f.m.addf(fmt.Sprintf("%s[%d]", f.at(name), i), string(plainJSONOf(v)), "must be a whole number")
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
			f.m.addf(f.at(name)+"."+shorten(m.name), string(plainJSONOf(v)), "must be a string")
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
		return []byte(shorten(string(plainJSON(v))))
	}
}

// nearest returns the name that was probably meant: the same without regard to case, or at most two letters away.
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", 3
	for _, k := range known {
		if strings.EqualFold(name, k) {
			return k
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least && d < len(k)/2 {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove or replace to make one text of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
