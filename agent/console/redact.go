package console

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/config"
)

// redacted stands in the place of a secret.
const redacted = "[REDACTED]"

// redactor replaces secrets. It is safe for concurrent use.
type redactor struct {
	known    *knownKeys       // nil: only what patterns match
	patterns []*regexp.Regexp // of the operator; what their groups match is secret, or all that they match where they have none
}

// newRedactor returns nil where nothing is to be redacted. Its errors are *config.FieldError for the key redact.
func newRedactor(c Config) (*redactor, error) {
	r := &redactor{}
	if c.RedactSecrets {
		r.known = newKnownKeys()
	}
	var errs []error
	for i, p := range c.Redact {
		key := fmt.Sprintf("redact[%d]", i)
		re, err := regexp.Compile(p)
		switch {
		case err != nil:
			errs = append(errs, config.Invalid(key, quote(p), "must be an RE2 pattern: "+patternError(err)))
		case re.MatchString(""):
			errs = append(errs, config.Invalid(key, quote(p), "must not match the empty text"))
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

// apply returns text with each secret replaced by [REDACTED], and how many there were. Of each pass, all kinds look at the same text, so none can be misled
// by what another has replaced. The time is linear in the length of text, but for patterns of the operator.
func (r *redactor) apply(text string) (string, int) {
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

// replaceSpans puts redacted in the place of spans, where they touch in the place of all together, and says how many it wrote.
// What was redacted before is not counted again.
func replaceSpans(text string, spans [][2]int) (string, int) {
	var old map[int]bool
	for i := 0; ; {
		n := strings.Index(text[i:], redacted)
		if n < 0 {
			break
		}
		if old == nil {
			old = map[int]bool{}
		}
		old[i+n] = true
		spans = append(spans, [2]int{i + n, i + n + len(redacted)})
		i += n + len(redacted)
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
		if !old[from] || to-from != len(redacted) {
			n++
		}
		out.WriteString(text[done:from])
		out.WriteString(redacted)
		done = to
	}
	out.WriteString(text[done:])
	return out.String(), n
}
