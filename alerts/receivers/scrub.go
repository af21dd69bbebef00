package receivers

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/notify"

	"github.com/endscope/endscope/alerts"
)

// maxErrorText bounds, in bytes, what is told of an error: servers answer with whole pages.
const maxErrorText = 512

// shortestSecret is the length in bytes from which a text is looked for in messages. Shorter ones would match everywhere.
const shortestSecret = 4

var address = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>` + "`" + `\\]+`)

// scrubber removes the secrets of one receiver from texts.
type scrubber struct {
	secrets []string // longest first
	files   []string
}

func newScrubber(r alerts.Receiver, more ...string) *scrubber {
	s := &scrubber{}
	for _, secret := range append(r.Secrets(), more...) {
		s.add(secret)
	}
	var config any
	if json.Unmarshal(r.Config, &config) == nil {
		s.findFiles(config, "")
	}
	s.sort()
	return s
}

// add makes a secret known in every form in which a message may hold it.
func (s *scrubber) add(secret string) {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))}
	if u, err := url.Parse(secret); err == nil && u.Host != "" {
		forms = append(forms, u.RequestURI(), strings.Trim(u.Path, "/"), u.RawQuery)
		if u.User != nil {
			password, _ := u.User.Password()
			forms = append(forms, password, u.User.String())
		}
		for _, values := range u.Query() {
			forms = append(forms, values...)
		}
	}
	for _, f := range forms {
		if len(f) >= shortestSecret && !slices.Contains(s.secrets, f) {
			s.secrets = append(s.secrets, f)
		}
	}
}

func (s *scrubber) sort() {
	slices.SortStableFunc(s.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// findFiles collects the files that a receiver names: what is in them is a secret, too.
func (s *scrubber) findFiles(v any, name string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			s.findFiles(e, k)
		}
	case []any:
		for _, e := range v {
			s.findFiles(e, name)
		}
	case string:
		if strings.HasSuffix(name, "_file") || strings.HasSuffix(name, "File") || name == "files" {
			s.files = append(s.files, v)
		}
	}
}

// text returns a text without secrets, of at most maxErrorText bytes. Addresses keep scheme and host.
func (s *scrubber) text(text string) string {
	all := s
	if len(s.files) > 0 {
		all = &scrubber{secrets: slices.Clone(s.secrets)}
		for _, name := range s.files {
			all.add(readSecret(name))
		}
		all.sort()
	}
	for _, secret := range all.secrets {
		text = strings.ReplaceAll(text, secret, alerts.Secret)
	}
	text = address.ReplaceAllStringFunc(text, func(found string) string {
		u, err := url.Parse(found)
		if err != nil || u.Host == "" {
			return alerts.Secret
		}
		if u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
			return found
		}
		return u.Scheme + "://" + u.Host + "/" + alerts.Secret
	})
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) > maxErrorText {
		cut := maxErrorText
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return text
}

func readSecret(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// err returns an error with the scrubbed text alone, and the reason that Alertmanager's metrics want; nothing below it can be unwrapped.
func (s *scrubber) err(err error) error {
	if err == nil {
		return nil
	}
	clean := errors.New(s.text(err.Error()))
	var reason *notify.ErrorWithReason
	if errors.As(err, &reason) {
		return notify.NewErrorWithReason(reason.Reason, clean)
	}
	return clean
}
