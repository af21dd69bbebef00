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

// secret is one kind of secret.
type secret struct {
	pattern *regexp.Regexp
	// hints, in lower case: text that does not have one of each list has no such secret. They are there because patterns are slow: a line of a model
	// server that has none takes a hundredth of the time. Patterns of operators have none.
	hints [][]string
}

// secrets are the kinds that are redacted by default. Each has one group, or none where all of it is secret.
func secrets() []secret {
	kind := func(pattern string, hints ...[]string) secret { return secret{regexp.MustCompile(pattern), hints} }
	var keys, names []string
	for _, k := range []string{"api key", "api token", "access token", "auth token", "refresh token", "hf token", "hub token", "session token", "account key", "access key", "subscription key"} {
		first, second, _ := strings.Cut(k, " ")
		names = append(names, first+`[_\-]?`+second)
		keys = append(keys, first+second, first+"_"+second, first+"-"+second)
	}
	keys = append(keys, "secret", "passw", "passphrase")
	names = append(names, "secret", "passw(?:or)?d", "passphrase")
	named := [][]string{{"key", "token", "secret", "passw", "passphrase"}, keys} // most lines have none of the first, which are few
	return []secret{
		// A private key on one line, its line breaks written as \n. Keys of several lines are keyBlock's.
		kind(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)`, []string{"private key"}),
		kind(`(?i)\bauthorization["']?\s*[:=]\s*["'\[(]*(?:(?:bearer|basic|digest|token|apikey)\s+)?([^\s"',;}\])]+)`, []string{"authorization"}),
		kind(`(?i)\bbearer\s+([a-z0-9._~+/\-]{20,}=*)`, []string{"bearer"}),
		// key=value and "key": "value", in environments, headers, arguments, URLs and what Python prints of either.
		kind(`(?i)(?:`+strings.Join(names, "|")+`)[\w\-]*["']?\s*[:=]\s*["'\[(]*([^\s"',;&}\])]{6,})`, named...),
		kind(`(?i)(?:^|\s)--?[\w\-]*(?:`+strings.Join(names, "|")+`)[\w\-]*\s+["']?([^\s"',;]{6,})`, named...),
		kind(`(?i)[?&](?:key|token|sig|signature|code|x-amz-signature|x-amz-credential|x-goog-signature)=([^\s"'&]{8,})`,
			[]string{"?", "&"}, []string{"key=", "token=", "sig=", "signature=", "code=", "credential="}),
		kind(`(?i)\b[a-z][a-z0-9+.\-]*://[^\s/:@"']*:([^\s/@"']+)@`, []string{"://"}, []string{"@"}),
		kind(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`, []string{"akia", "asia", "abia", "acca"}),
		kind(`\b(?:hf_|api_org_)[A-Za-z0-9]{20,}`, []string{"hf_", "api_org_"}),
		kind(`\b(?:sk|rk|pk)-[A-Za-z0-9_\-]{20,}`, []string{"sk-", "rk-", "pk-"}),
		kind(`\bnvapi-[A-Za-z0-9_\-]{20,}`, []string{"nvapi-"}),
		kind(`\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_\-]{20,})`, []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"}),
		kind(`\bxox[abeoprs]-[A-Za-z0-9\-]{10,}`, []string{"xox"}),
		kind(`\bAIza[A-Za-z0-9_\-]{35}`, []string{"aiza"}),
		kind(`\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+`, []string{"eyj"}),
	}
}

// redactor replaces secrets. It is safe for concurrent use.
type redactor struct{ kinds []secret }

// newRedactor returns nil where nothing is to be redacted. Its errors are *config.FieldError for the key redact.
func newRedactor(c Config) (*redactor, error) {
	r := &redactor{}
	if c.RedactSecrets {
		r.kinds = secrets()
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
			r.kinds = append(r.kinds, secret{pattern: re})
		}
	}
	if err := errors.Join(errs...); err != nil || len(r.kinds) == 0 {
		return nil, err
	}
	return r, nil
}

// apply returns text with each secret replaced by [REDACTED], and how many there were. All kinds look at the text as it came, so none can be
// misled by what another has replaced.
func (r *redactor) apply(text string) (string, int) {
	if r == nil || len(text) < 3 {
		return text, 0
	}
	var spans [][2]int
	lower := ""
	for _, k := range r.kinds {
		if len(k.hints) > 0 {
			if lower == "" {
				lower = lowerASCII(text)
			}
			if slices.ContainsFunc(k.hints, func(any []string) bool {
				return !slices.ContainsFunc(any, func(h string) bool { return strings.Contains(lower, h) })
			}) {
				continue
			}
		}
		for _, m := range k.pattern.FindAllStringSubmatchIndex(text, -1) {
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
	if len(spans) == 0 {
		return text, 0
	}
	return replaceSpans(text, spans)
}

// replaceSpans puts redacted in the place of spans, where they touch in the place of all together, and says how many it wrote.
// What was redacted before is not counted again.
func replaceSpans(text string, spans [][2]int) (string, int) {
	old := map[int]bool{}
	for i := 0; ; {
		n := strings.Index(text[i:], redacted)
		if n < 0 {
			break
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

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// keyBlock finds the lines of a private key that is printed over several lines, of which only the first can be told by a pattern.
type keyBlock struct {
	open  bool
	lines int
}

const maxKeyLines = 200

// hides reports whether a line belongs to the inside of a key, and returns what is left of the line where it does not all.
func (k *keyBlock) hides(text string) (rest string, hidden bool) {
	if k.open {
		k.lines++
		if _, after, ok := strings.Cut(text, "-----END "); ok {
			k.open = false
			if _, after, ok = strings.Cut(after, "-----"); ok {
				text = after
			} else {
				text = ""
			}
			return text, strings.TrimSpace(text) == ""
		}
		if k.lines < maxKeyLines && looksEncoded(text) {
			return "", true
		}
		k.open = false
	}
	if i := strings.LastIndex(text, "-----BEGIN "); i >= 0 {
		if j := strings.Index(text[i:], "PRIVATE KEY"); j >= 0 && !strings.Contains(text[i+j:], "-----END ") {
			k.open, k.lines = true, 0
		}
	}
	return text, false
}

// looksEncoded reports whether a line may be of a key's body: base64, or the headers before it.
func looksEncoded(text string) bool {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "Proc-Type:") || strings.HasPrefix(text, "DEK-Info:") || strings.HasPrefix(text, "Comment:") || strings.HasPrefix(text, "Version:") {
		return true
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=')
	})
}
