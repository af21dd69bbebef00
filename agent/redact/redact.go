package redact

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/config"
)

// Mark stands in the place of a secret.
const Mark = "[REDACTED]"

// Redactor replaces secrets. A nil one replaces nothing. It is safe for concurrent use.
type Redactor struct {
	known    *knownKeys       // nil: only what patterns match
	patterns []*regexp.Regexp // of the operator; what their groups match is secret, or all that they match where they have none
}

// New returns a redactor of common kinds of secrets, where secrets is set, and of what patterns match: of each, its groups, or all of it where it has none.
// It returns nil where that is nothing. Its errors are *config.FieldError for the keys redact[i].
func New(secrets bool, patterns []string) (*Redactor, error) {
	r := &Redactor{}
	if secrets {
		r.known = newKnownKeys()
	}
	var errs []error
	for i, p := range patterns {
		key := fmt.Sprintf("redact[%d]", i)
		re, err := regexp.Compile(p)
		switch {
		case err != nil:
			errs = append(errs, config.Invalid(key, fmt.Sprintf("%q", p), "must be an RE2 pattern: "+config.PatternError(err)))
		case re.MatchString(""):
			errs = append(errs, config.Invalid(key, fmt.Sprintf("%q", p), "must not match the empty text"))
		default:
			r.patterns = append(r.patterns, re)
		}
	}
	if err := errors.Join(errs...); err != nil || r.known == nil && len(r.patterns) == 0 {
		return nil, err
	}
	return r, nil
}

// maxPasses bounds how often a text is looked at. A second time finds what only the mark of the first has made a secret of, such as the password of a URL
// in a value; after that there is nothing.
const maxPasses = 4

// Line returns text with each secret replaced by [REDACTED], and how many there were. Of each pass, all kinds look at the same text, so none can be misled
// by what another has replaced. The time is linear in the length of text, but for patterns of the operator.
func (r *Redactor) Line(text string) (string, int) {
	if r == nil || len(text) < 3 {
		return text, 0
	}
	var spans [][2]int
	for _, p := range r.patterns {
		for _, m := range p.FindAllStringSubmatchIndex(text, -1) {
			if len(m) == 2 {
				spans = append(spans, [2]int{m[0], m[1]})
			}
			for g := 2; g < len(m); g += 2 {
				if m[g] >= 0 {
					spans = append(spans, [2]int{m[g], m[g+1]})
				}
			}
		}
	}
	total := 0
	for range maxPasses {
		if r.known != nil {
			f := finder{text: text, known: r.known, spans: spans}
			f.find()
			spans = f.spans
		}
		if len(spans) == 0 {
			break
		}
		next, n := replaceSpans(text, spans)
		if next == text {
			break
		}
		text, total, spans = next, total+n, spans[:0]
	}
	return text, total
}

// Text returns a text of several lines with secrets replaced in each. Lines inside a private key are left out.
func (r *Redactor) Text(text string) string {
	if r == nil {
		return text
	}
	var key KeyBlock
	lines := make([]string, 0, strings.Count(text, "\n")+1)
	for line := range strings.SplitSeq(text, "\n") {
		if r.known != nil {
			rest, hidden := key.Hides(line)
			if hidden {
				continue
			}
			line = rest
		}
		line, _ = r.Line(line)
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// replaceSpans puts Mark in the place of spans, where they touch in the place of all together, and says how many it wrote.
// What was redacted before is not counted again.
func replaceSpans(text string, spans [][2]int) (string, int) {
	var old map[int]bool
	for i := 0; ; {
		n := strings.Index(text[i:], Mark)
		if n < 0 {
			break
		}
		if old == nil {
			old = map[int]bool{}
		}
		old[i+n] = true
		spans = append(spans, [2]int{i + n, i + n + len(Mark)})
		i += n + len(Mark)
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	var out strings.Builder
	out.Grow(len(text))
	done, n := 0, 0
	for i := 0; i < len(spans); {
		from, to := spans[i][0], spans[i][1]
		for i++; i < len(spans) && spans[i][0] <= to; i++ {
			to = max(to, spans[i][1])
		}
		if from == to {
			continue
		}
		if !old[from] || to-from != len(Mark) {
			n++
		}
		out.WriteString(text[done:from])
		out.WriteString(Mark)
		done = to
	}
	out.WriteString(text[done:])
	return out.String(), n
}
