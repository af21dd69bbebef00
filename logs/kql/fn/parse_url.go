package fn

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// queryKey is the key under which both functions give the parameters.
const queryKey = "Query Parameters"

// parseURLFunctions take URLs apart. Parts are given as they are written, with their escapes; url_decode resolves them.
func parseURLFunctions() []Scalar {
	return []Scalar{
		textFunction("parse_url(url: string): dynamic", "Returns the parts of a URL: Scheme, Host, Port, Path, Username, Password, Query Parameters, Fragment.",
			func(s string) value.Value { return parseURL(s) }, "parseurl"),
		textFunction("parse_urlquery(query: string): dynamic", "Returns the parameters of the query of a URL.",
			func(s string) value.Value {
				b := &value.Bag{}
				b.Set(queryKey, parseQuery(strings.TrimPrefix(s, "?")))
				return b
			}, "parseurlquery"),
	}
}

// parseURL takes any text: what a part needs to be found and is not there leaves it empty. The path has no slash at its beginning, as the
// reference prints it.
func parseURL(s string) *value.Bag {
	s, fragment, _ := strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	var scheme, host, port, user, password string
	if before, after, ok := strings.Cut(s, ":"); ok && isScheme(before) {
		scheme, s = before, after
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		authority, path, _ := strings.Cut(rest, "/")
		s = path
		if i := strings.LastIndexByte(authority, '@'); i >= 0 {
			user, password, _ = strings.Cut(authority[:i], ":")
			authority = authority[i+1:]
		}
		host = authority
		// A colon inside the brackets of an IPv6 address does not begin the port.
		if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
			host, port = authority[:i], authority[i+1:]
		}
	}
	b := &value.Bag{}
	b.Set("Scheme", scheme)
	b.Set("Host", host)
	b.Set("Port", port)
	b.Set("Path", strings.TrimPrefix(s, "/"))
	b.Set("Username", user)
	b.Set("Password", password)
	b.Set(queryKey, parseQuery(query))
	b.Set("Fragment", fragment)
	return b
}

// isScheme says whether s can be the scheme of a URL: a letter, then letters, digits, + - and dots.
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z') && (i == 0 || !isDigit(s[i]) && strings.IndexByte("+-.", s[i]) < 0) {
			return false
		}
	}
	return s != ""
}

// parseQuery reads key=value pairs. The values of a key that comes several times are joined by commas.
func parseQuery(s string) *value.Bag {
	b := &value.Bag{}
	if s == "" {
		return b
	}
	for pair := range strings.SplitSeq(s, "&") {
		key, v, _ := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		if old, ok := b.Get(key); ok {
			v = old.(string) + "," + v
		}
		b.Set(key, v)
	}
	return b
}
