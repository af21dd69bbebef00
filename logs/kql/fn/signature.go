package fn

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// Signature declares a function. Text is the source of the rest:
//
//	name(first: type, [optional: type], rest: type, ...): type
//
// A type is a scalar type, `number` (int, long, real or decimal), `any`, or several joined with | (such as string|dynamic). A parameter
// in brackets may be left out; `...` after the last repeats it, any number of times beyond the first (or none with `[rest: any], ...`).
// The result `same` is the type of the first argument, and `any` needs a Result function.
//
// The binder converts an argument to the declared type where the language does that by itself: int to long and to real, long to real,
// numbers to decimal, dynamic to every scalar type, and string literals to datetime, timespan or guid. Under `number` int, long, real and
// decimal stay as they are, and a dynamic becomes real. Under `any`, and where the type of the argument is one of several, nothing is converted.
type Signature struct {
	Text    string
	Help    string // one sentence
	Aliases []string

	Name     string
	Params   []Param
	Variadic bool // the last parameter repeats
	Returns  string
}

// Param is one parameter of a function.
type Param struct {
	Name     string
	Types    []string // any of them; "any" and "number" as written
	Optional bool
}

var (
	signatureText = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)\((.*)\): ([a-z|]+)$`)
	paramText     = regexp.MustCompile(`^(\[?)([A-Za-z_][A-Za-z0-9_]*): ([a-z|]+)(\]?)$`)
)

// parse fills the fields that follow from Text.
func (s *Signature) parse() error {
	m := signatureText.FindStringSubmatch(s.Text)
	if m == nil {
		return fmt.Errorf("signature %q does not have the form name(param: type): type", s.Text)
	}
	s.Name, s.Returns = m[1], m[3]
	s.Params, s.Variadic = nil, false
	if m[2] == "" {
		return nil
	}
	for _, p := range strings.Split(m[2], ", ") {
		if p == "..." {
			s.Variadic = true
			continue
		}
		f := paramText.FindStringSubmatch(p)
		if f == nil || (f[1] == "") != (f[4] == "") {
			return fmt.Errorf("signature %q: parameter %q does not have the form name: type", s.Text, p)
		}
		types := strings.Split(f[3], "|")
		for _, t := range types {
			if _, ok := value.TypeByName(t); !ok && t != "any" && t != "number" {
				return fmt.Errorf("signature %q: no type is called %q", s.Text, t)
			}
		}
		s.Params = append(s.Params, Param{Name: f[2], Types: types, Optional: f[1] != ""})
	}
	return nil
}

// MinArgs returns the smallest number of arguments of a call.
func (s *Signature) MinArgs() int {
	n := 0
	for _, p := range s.Params {
		if !p.Optional {
			n++
		}
	}
	return n
}

// MaxArgs returns the largest number of arguments of a call; -1 means that there is none.
func (s *Signature) MaxArgs() int {
	if s.Variadic {
		return -1
	}
	return len(s.Params)
}

// Param returns the parameter that the i-th argument belongs to.
func (s *Signature) Param(i int) *Param { return &s.Params[min(i, len(s.Params)-1)] }
