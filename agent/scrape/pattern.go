package scrape

import "github.com/grafana/regexp"

// pattern is an anchored regular expression.
type pattern struct{ re *regexp.Regexp }

func newPattern(text string) (*pattern, error) {
	if _, err := regexp.Compile(text); err != nil { // so that the message shows what was written
		return nil, err
	}
	re, err := regexp.Compile("^(?s:" + text + ")$")
	if err != nil {
		return nil, err
	}
	return &pattern{re}, nil
}

func (p *pattern) matches(s string) bool { return p.re.MatchString(s) }

// replace returns s rewritten, and false when s does not match.
func (p *pattern) replace(s, template string) (string, bool) {
	at := p.re.FindStringSubmatchIndex(s)
	if at == nil {
		return s, false
	}
	return string(p.re.ExpandString(nil, template, s, at)), true
}
