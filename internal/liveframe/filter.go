package liveframe

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filter says which requests count: those that last at least MinDurationMS and meet every group. The zero Filter takes all.
type Filter struct {
	MinDurationMS int64   `json:"min_duration_ms,omitempty"`
	Groups        []Group `json:"groups,omitempty"`
}

// Group holds where at least one of its terms does.
type Group struct {
	Dimension string `json:"dimension"`
	Terms     []Term `json:"terms"`
}

// Term compares a dimension's value with others, without case.
type Term struct {
	Op     string   `json:"op"` // eq, ne, sw, contains, matches, in, not in
	Values []string `json:"values"`
}

// Bounds of a filter, so that what an agent checks for each request stays cheap.
const (
	maxGroups = 8
	maxValues = 32 // of all groups together
	maxValue  = 512
)

// Dimensions returns what a filter may ask of a request.
func Dimensions() []string {
	return []string{"method", "path", "statusCode", "statusCodeClass", "modelStatusCode", "model", "streaming", "streamError"}
}

// Facts are what a filter can ask of a request that has ended.
type Facts struct {
	Method, Path        string
	Status, ModelStatus int
	Model, StreamError  string
	Streaming           bool
	Duration            time.Duration
}

// value returns the value of a dimension, and false for one that is unknown.
func (f *Facts) value(dimension string) (string, bool) {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	switch strings.ToLower(dimension) {
	case "method":
		return f.Method, true
	case "path":
		return f.Path, true
	case "statuscode":
		return number(f.Status), true
	case "statuscodeclass":
		return ClassName(ClassOf(f.Status)), true
	case "modelstatuscode":
		return number(f.ModelStatus), true
	case "model":
		return f.Model, true
	case "streaming":
		return strconv.FormatBool(f.Streaming), true
	case "streamerror":
		return f.StreamError, true
	}
	return "", false
}

// Matcher is a compiled filter. Safe for concurrent use.
type Matcher struct {
	least  time.Duration
	groups []matchGroup
}

type matchGroup struct {
	dimension string
	terms     []func(string) bool
}

// Compile checks a filter and prepares it. Its error names the value and the bound.
func Compile(f Filter) (*Matcher, error) {
	m := &Matcher{least: time.Duration(f.MinDurationMS) * time.Millisecond}
	if most := (24 * time.Hour).Milliseconds(); f.MinDurationMS < 0 || f.MinDurationMS > most {
		return nil, fmt.Errorf("the shortest duration must be between 0 and %d ms (got %d)", most, f.MinDurationMS)
	}
	if len(f.Groups) > maxGroups {
		return nil, fmt.Errorf("a filter must have at most %d conditions that are joined by and (got %d)", maxGroups, len(f.Groups))
	}
	values := 0
	for _, g := range f.Groups {
		if _, ok := (&Facts{}).value(g.Dimension); !ok {
			return nil, fmt.Errorf("dimension %q must be one of %s", cut(g.Dimension, maxValue), strings.Join(Dimensions(), ", "))
		}
		out := matchGroup{dimension: g.Dimension}
		for _, t := range g.Terms {
			if values += len(t.Values); values > maxValues {
				return nil, fmt.Errorf("a filter must have at most %d values", maxValues)
			}
			term, err := t.compile()
			if err != nil {
				return nil, fmt.Errorf("dimension %q: %w", g.Dimension, err)
			}
			out.terms = append(out.terms, term)
		}
		if len(out.terms) == 0 {
			return nil, fmt.Errorf("dimension %q must be compared with something", g.Dimension)
		}
		m.groups = append(m.groups, out)
	}
	return m, nil
}

func (t Term) compile() (func(string) bool, error) {
	list := t.Op == "in" || t.Op == "not in"
	if len(t.Values) == 0 || !list && len(t.Values) != 1 {
		return nil, fmt.Errorf("%q has %d values", t.Op, len(t.Values))
	}
	for _, v := range t.Values {
		if len(v) > maxValue {
			return nil, fmt.Errorf("a value must have at most %d bytes (got %d)", maxValue, len(v))
		}
	}
	first := t.Values[0]
	among := func(v string) bool {
		return slices.ContainsFunc(t.Values, func(o string) bool { return strings.EqualFold(v, o) })
	}
	switch t.Op {
	case "eq":
		if first == "*" {
			return func(string) bool { return true }, nil
		}
		return among, nil
	case "in":
		return among, nil
	case "ne", "not in":
		return func(v string) bool { return !among(v) }, nil
	case "sw":
		return func(v string) bool { return len(v) >= len(first) && strings.EqualFold(v[:len(first)], first) }, nil
	case "contains":
		small := strings.ToLower(first)
		return func(v string) bool { return strings.Contains(strings.ToLower(v), small) }, nil
	case "matches":
		re, err := regexp.Compile("^(?is:" + first + ")$")
		if err != nil {
			return nil, fmt.Errorf("%q must be a regular expression (RE2): %w", first, err)
		}
		return re.MatchString, nil
	}
	return nil, fmt.Errorf("comparison %q must be eq, ne, sw, contains, matches, in or not in", cut(t.Op, maxValue))
}

// Takes says whether a request counts. A nil Matcher takes all.
func (m *Matcher) Takes(f *Facts) bool {
	if m == nil {
		return true
	}
	if f.Duration < m.least {
		return false
	}
	for _, g := range m.groups {
		v, _ := f.value(g.dimension)
		if !slices.ContainsFunc(g.terms, func(takes func(string) bool) bool { return takes(v) }) {
			return false
		}
	}
	return true
}
