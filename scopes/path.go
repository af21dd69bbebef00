package scopes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// ErrNotFound says that a scope is well formed but unknown: nothing has been stored for it within the time asked for, or
// the caller may not see it. Wrap it with the scope's text.
var ErrNotFound = errors.New("scope not found")

// Path names one scope: an endpoint, a deployment of it, or an instance of that. Deeper names are empty. Make one with
// ParsePath or NewPath, which check the names; the zero Path is no scope.
type Path struct {
	Endpoint, Deployment, Instance string
}

// PathError says that a text is no scope path, or no scope pattern. Value is the text.
type PathError struct {
	Value  string
	Reason string // reads on from the value: "must have …"
	Err    error  // the name's error, where one segment is at fault
}

func (e *PathError) Error() string {
	value := e.Value
	if len(value) > 200 {
		value = value[:200] + "…"
	}
	if e.Err != nil {
		return fmt.Sprintf("scope %q: %v", value, e.Err)
	}
	return fmt.Sprintf("scope %q: %s", value, e.Reason)
}

func (e *PathError) Unwrap() error { return e.Err }

// ParsePath reads `endpoint`, `endpoint/deployment` or `endpoint/deployment/instance`. Slashes at the ends, empty
// segments and `*` are refused. It returns a *PathError that names the value and the rule.
func ParsePath(s string) (Path, error) {
	p, err := parseSegments(s, false)
	return Path(p), err
}

// NewPath returns the path of the given names; trailing names may be empty. It returns a *PathError like ParsePath.
func NewPath(endpoint, deployment, instance string) (Path, error) {
	names := []string{endpoint, deployment, instance}
	for len(names) > 1 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	text := strings.Join(names, "/")
	for i, name := range names {
		if err := ValidateName(Levels()[i], name); err != nil {
			return Path{}, &PathError{Value: text, Err: err}
		}
	}
	return Path{endpoint, deployment, instance}, nil
}

func parseSegments(s string, wildcards bool) (Pattern, error) {
	var names [3]string
	rest := s
	for i := 0; ; i++ {
		name, tail, more := strings.Cut(rest, "/")
		if i == len(names) {
			return Pattern{}, &PathError{Value: s, Reason: "must have one to three segments, endpoint[/deployment[/instance]]"}
		}
		if !(wildcards && name == Wildcard) {
			if err := ValidateName(Levels()[i], name); err != nil {
				return Pattern{}, &PathError{Value: s, Err: err}
			}
		}
		names[i] = name
		if !more {
			return Pattern{names[0], names[1], names[2]}, nil
		}
		rest = tail
	}
}

// String returns the text that ParsePath reads.
func (p Path) String() string { return Pattern(p).String() }

// Level returns the depth of the path, "" for the zero Path.
func (p Path) Level() Level { return Pattern(p).Level() }

// Name returns the last name of the path.
func (p Path) Name() string {
	names := Pattern(p).segments()
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// Parent returns the scope above, and false for an endpoint.
func (p Path) Parent() (Path, bool) {
	switch p.Level() {
	case LevelInstance:
		return Path{p.Endpoint, p.Deployment, ""}, true
	case LevelDeployment:
		return Path{p.Endpoint, "", ""}, true
	}
	return Path{}, false
}

// Contains says whether q is p or lies below it. The zero Path contains nothing.
func (p Path) Contains(q Path) bool { return Pattern(p).Covers(q) }

// Matchers returns equality matchers for every name of the path. The caller owns the slice.
func (p Path) Matchers() []*labels.Matcher { return Pattern(p).Matchers() }

// MarshalText writes what String writes.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePath reads.
func (p *Path) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePath(string(text))
	return err
}

// Of returns the path that a series' labels name, as deep as they name one: a missing name ends it. It returns the zero
// Path where there is no endpoint. Names are taken as stored and not checked.
func Of(ls labels.Labels) Path {
	p := Path{Endpoint: ls.Get(LabelEndpoint)}
	if p.Endpoint == "" {
		return Path{}
	}
	if p.Deployment = ls.Get(LabelDeployment); p.Deployment != "" {
		p.Instance = ls.Get(LabelInstance)
	}
	return p
}
