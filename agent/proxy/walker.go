package proxy

import (
	"bytes"
	"strings"
)

// maxDepth is how deep values may be nested; what is deeper is not JSON for us.
const maxDepth = 64

// walker goes once over a JSON value and picks out what is known of tokens. It allocates nothing, and it takes more than is JSON: what it looks at
// has been sent to the client already, and whether it is right is not its business.
type walker struct {
	in    []byte
	at    int
	usage *usage

	known   bool // a key was there by which the event's kind is known
	content bool // a text was there that is (part of) a token
	typed   bool // the object says its type …
	delta   bool // … which is one of those that add to an answer
}

// whole tells whether the input is one value.
func (w *walker) whole() bool { return w.value(0, nil, nil) && w.next() == 0 && w.at == len(w.in) }

// next returns the next byte that is no space, without taking it, and 0 at the end.
func (w *walker) next() byte {
	for ; w.at < len(w.in); w.at++ {
		switch c := w.in[w.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// value reads a value that stands, at a depth, under key in the object under parent.
func (w *walker) value(depth int, key, parent []byte) bool {
	if depth > maxDepth {
		return false
	}
	switch c := w.next(); c {
	case '{':
		w.at++
		return w.object(depth, key)
	case '[':
		w.at++
		return w.array(depth, key, parent)
	case '"':
		s, ok := w.text()
		if ok {
			w.string(depth, key, s)
		}
		return ok
	default:
		from := w.at
		for w.at < len(w.in) && strings.IndexByte(",]}: \t\r\n\"{[", w.in[w.at]) < 0 {
			w.at++
		}
		if w.at > from && w.usage != nil && '0' <= c && c <= '9' {
			w.usage.count(depth, key, parent, w.in[from:w.at])
		}
		return w.at > from
	}
}

func (w *walker) object(depth int, key []byte) bool {
	if w.next() == '}' {
		w.at++
		return true
	}
	for {
		if w.next() != '"' {
			return false
		}
		k, ok := w.text()
		if !ok || w.next() != ':' {
			return false
		}
		w.at++
		if depth == 0 {
			switch string(k) {
			case "choices", "token", "message", "error", "object", "done", "stop", "usage":
				w.known = true
			}
		}
		if !w.value(depth+1, k, key) {
			return false
		}
		switch w.next() {
		case ',':
			w.at++
		case '}':
			w.at++
			return true
		default:
			return false
		}
	}
}

// array reads values that stand under the array's own key.
func (w *walker) array(depth int, key, parent []byte) bool {
	if w.next() == ']' {
		w.at++
		return true
	}
	for {
		if !w.value(depth+1, key, parent) {
			return false
		}
		switch w.next() {
		case ',':
			w.at++
		case ']':
			w.at++
			return true
		default:
			return false
		}
	}
}

// text reads a string and returns what stands between its quotes, as it is written.
func (w *walker) text() ([]byte, bool) {
	if w.next() != '"' {
		return nil, false
	}
	w.at++
	from := w.at
	for {
		i := bytes.IndexByte(w.in[w.at:], '"')
		if i < 0 {
			return nil, false
		}
		w.at += i + 1
		slashes := 0
		for j := w.at - 2; j >= from && w.in[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return w.in[from : w.at-1], true
		}
	}
}

func (w *walker) string(depth int, key, s []byte) {
	switch string(key) {
	case "content", "text", "reasoning_content", "reasoning", "thinking", "refusal", "arguments", "partial_json", "text_output", "response", "delta":
		w.known = true
		w.content = w.content || len(s) > 0
	case "model", "model_name":
		if depth <= 2 && w.usage != nil {
			w.usage.name(s)
		}
	case "type":
		if depth == 1 {
			w.typed = true
			w.delta = bytes.Contains(s, []byte("delta"))
		}
	}
}
