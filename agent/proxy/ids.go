package proxy

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
)

// The headers of a request's ids, in the form in which net/http keeps them. Source: azure-monitor.md §13.1.
const (
	headerRequestID       = "X-Request-Id"
	headerClientRequestID = "X-Ms-Client-Request-Id"
	headerTraceParent     = "Traceparent"
)

const (
	maxTrustedID  = 64 // bytes of an x-request-id that the client may give
	maxClientID   = 40 // bytes of an x-ms-client-request-id that are kept
	maxIdentifier = 64 // bytes of a claim that names a caller
)

// newRequestID returns a random UUID (version 4).
func newRequestID() string {
	var b [16]byte
	a, c := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		b[i], b[8+i] = byte(a>>(8*i)), byte(c>>(8*i))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// isWord tells whether s holds only letters, digits, dashes and underscores, and at least one of them.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

// requestID returns the id of a request: the client's where it is trusted and is one, otherwise a new one.
func requestID(h http.Header, trust bool) string {
	if trust {
		if v := h[headerRequestID]; len(v) == 1 && len(v[0]) <= maxTrustedID && isWord(v[0]) {
			return v[0]
		}
	}
	return newRequestID()
}

// clientRequestID returns the id that the client gave, cut to 40 characters. It is empty, with ok false, for a header that holds anything but
// letters, digits, dashes and underscores, or that came more than once; and empty, with ok true, where there was none.
func clientRequestID(h http.Header) (id string, ok bool) {
	v := h[headerClientRequestID]
	if len(v) == 0 {
		return "", true
	}
	if len(v) > 1 || !isWord(v[0]) {
		return "", false
	}
	return v[0][:min(len(v[0]), maxClientID)], true
}

// traceID returns the trace id of a W3C traceparent header, and "" for any other value.
func traceID(h http.Header) string {
	v := h[headerTraceParent]
	if len(v) != 1 || len(v[0]) < 55 {
		return ""
	}
	s := v[0]
	if s[2] != '-' || s[35] != '-' || s[52] != '-' || s[:2] == "ff" || len(s) > 55 && (s[:2] == "00" || s[55] != '-') {
		return ""
	}
	for _, part := range []string{s[:2], s[3:35], s[36:52], s[53:55]} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return ""
		}
	}
	if strings.Trim(s[3:35], "0") == "" || strings.Trim(s[36:52], "0") == "" {
		return ""
	}
	return s[3:35]
}
