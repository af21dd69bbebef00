package redact

import "strings"

// url looks for a secret before the host of a URL: scheme://user:password@host, or scheme://token@host. The name is the scheme; it returns where the
// search goes on.
func (f *finder) url(n name) int {
	t := f.text
	from := n.to + len("://")
	if from == len(t) || t[from] == '[' {
		return from // an IPv6 address, or done already
	}
	end, at := from, -1
	for end < len(t) && !endsURL(t[end]) && t[end] != '/' && t[end] != '?' && t[end] != '#' {
		if t[end] == '@' {
			at = end // the last: a password may have one that is not encoded
		}
		end++
	}
	if at < 0 && end < len(t) && !endsURL(t[end]) {
		// What looks like a port but is no number is rather a password with / ? or # that are not encoded.
		if _, port, ok := strings.Cut(t[from:end], ":"); ok && !isPorts(port) {
			for i := end; i < len(t) && !endsURL(t[i]) && !strings.HasPrefix(t[i:], "://"); i++ {
				if t[i] == '@' {
					at = i
				}
			}
		}
	}
	if at < 0 {
		return from
	}
	user, password, ok := strings.Cut(t[from:at], ":")
	switch {
	case ok && password != "":
		f.add(from+len(user)+1, at)
		if password == "x-oauth-basic" {
			f.add(from, from+len(user))
		}
	case f.isUserToken(t[n.from:n.to], user):
		f.add(from, from+len(user))
	}
	return at
}

// endsURL tells what is never in a URL.
func endsURL(c byte) bool { return c <= ' ' || strings.IndexByte("\"'<>\\`", c) >= 0 }

// isPorts tells ports of one host or, with commas between them, of several: "80", "9092,b:9092".
func isPorts(text string) bool {
	digits := strings.TrimLeft(text, "0123456789")
	return digits == "" || digits != text && digits[0] == ','
}

// isUserToken reports whether the only thing before a host is a token and not the name of a user or, as in Azure's storage, of a container.
func (f *finder) isUserToken(scheme, user string) bool {
	if len(user) < 5 || strings.ContainsAny(user, ",;(){}") {
		return false
	}
	if len(scheme) >= 4 && strings.EqualFold(scheme[:4], "http") {
		return true
	}
	return looksRandom(user)
}
