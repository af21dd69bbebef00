package scopes

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// Wildcard is the segment that matches any one name.
const Wildcard = "*"

// Pattern is a scope in which any segment may be `*`, which matches one whole name: `credit/*` is every deployment of
// credit, `*/*/*` every instance. Make one with ParsePattern. A Path converts to the Pattern that matches only it.
type Pattern struct {
	Endpoint, Deployment, Instance string
}

// ParsePattern reads what ParsePath reads, and `*` as any segment. A `*` inside a name is refused. It returns a *PathError.
func ParsePattern(s string) (Pattern, error) { return parseSegments(s, true) }

func (p Pattern) segments() []string {
	switch {
	case p.Endpoint == "":
		return nil
	case p.Deployment == "":
		return []string{p.Endpoint}
	case p.Instance == "":
		return []string{p.Endpoint, p.Deployment}
	}
	return []string{p.Endpoint, p.Deployment, p.Instance}
}

// String returns the text that ParsePattern reads.
func (p Pattern) String() string { return strings.Join(p.segments(), "/") }

// Level returns the depth of the pattern, "" for the zero Pattern.
func (p Pattern) Level() Level {
	if n := len(p.segments()); n > 0 {
		return Levels()[n-1]
	}
	return ""
}

// Concrete returns the pattern as a path where no segment is `*`.
func (p Pattern) Concrete() (Path, bool) {
	for _, name := range p.segments() {
		if name == Wildcard {
			return Path{}, false
		}
	}
	return Path(p), p.Endpoint != ""
}

// Wildcards returns the levels whose segment is `*`, outermost first.
func (p Pattern) Wildcards() []Level {
	var out []Level
	for i, name := range p.segments() {
		if name == Wildcard {
			out = append(out, Levels()[i])
		}
	}
	return out
}

// Matches says whether q has the pattern's depth and names.
func (p Pattern) Matches(q Path) bool { return p.Level() == q.Level() && p.Covers(q) }

// Covers says whether q, or a scope above it, is matched by the pattern. The zero Pattern covers nothing.
func (p Pattern) Covers(q Path) bool {
	want, have := p.segments(), Pattern(q).segments()
	if len(want) == 0 || len(have) < len(want) {
		return false
	}
	for i, name := range want {
		if name != Wildcard && name != have[i] {
			return false
		}
	}
	return true
}

// includes says whether everything that q covers is covered by p too.
func (p Pattern) includes(q Pattern) bool { return p.Covers(Path(q)) }

// Matchers returns one label matcher for every segment, outermost first: equality with a name, and "is not empty" for
// `*`. Together they select exactly the series of the scopes that the pattern covers. The caller owns the slice.
func (p Pattern) Matchers() []*labels.Matcher {
	segments := p.segments()
	out := make([]*labels.Matcher, 0, len(segments))
	for i, name := range segments {
		kind, value := labels.MatchEqual, name
		if name == Wildcard {
			kind, value = labels.MatchNotEqual, ""
		}
		// Equality and inequality matchers compile nothing, so a literal is the same as NewMatcher and cannot fail.
		out = append(out, &labels.Matcher{Type: kind, Name: string(Levels()[i]), Value: value})
	}
	return out
}
