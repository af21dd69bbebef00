package proxy

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// usage is what an answer says about its tokens.
type usage struct {
	input, output int64 // -1 where it does not say
	model         string
}

const maxModelName = 128 // bytes; a longer one is left out

// readEvent reads one event of a token stream, and tells whether it carries a token. What is no JSON object counts as one, unless it is empty or
// the end mark [DONE]; so does an object in which nothing is known.
//
// Known are the events of OpenAI's completions, chat completions and responses, Anthropic's messages, TGI, Triton, Ollama and llama.cpp.
func (u *usage) readEvent(data []byte) bool {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "[DONE]" {
		return false
	}
	if data[0] != '{' {
		return true
	}
	w := walker{in: data, usage: u}
	switch {
	case !w.whole():
		return true
	case w.typed:
		return w.delta && w.content
	}
	return w.content || !w.known
}

// readTail reads the usage out of the end of a JSON answer, and the model's name out of its beginning; head is nil where tail is all of it.
func (u *usage) readTail(head, tail []byte) {
	if head == nil {
		w := walker{in: tail, usage: u}
		w.whole()
		return
	}
	if at := afterKey(head, "model", 0); at >= 0 {
		w := walker{in: head, at: at}
		if s, ok := w.text(); ok {
			u.name(s)
		}
	}
	for end := len(tail); end > 0; {
		end = bytes.LastIndex(tail[:end], []byte(`"usage"`))
		if end < 0 {
			break
		}
		at := afterKey(tail, "usage", end)
		if at < 0 || at == len(tail) || tail[at] != '{' {
			continue
		}
		w := walker{in: tail, at: at, usage: u}
		if before := *u; w.value(1, []byte("usage"), nil) && (u.input >= 0 || u.output >= 0) {
			return
		} else {
			*u = before
		}
	}
	for _, key := range []string{"prompt_eval_count", "eval_count"} { // of Ollama, beside the text
		if i := bytes.LastIndex(tail, []byte(`"`+key+`"`)); i >= 0 {
			if at := afterKey(tail, key, i); at >= 0 {
				w := walker{in: tail, at: at, usage: u}
				w.value(1, []byte(key), nil)
			}
		}
	}
}

// afterKey returns where the value of a key begins that is looked for from a place on, and -1 when it is not there.
func afterKey(in []byte, key string, from int) int {
	i := bytes.Index(in[from:], []byte(`"`+key+`"`))
	if i += from; i < from || i > 0 && in[i-1] == '\\' { // in a text
		return -1
	}
	w := walker{in: in, at: i + len(key) + 2}
	if w.next() != ':' {
		return -1
	}
	w.at++
	w.next()
	return w.at
}

func (u *usage) name(s []byte) {
	if u.model == "" && len(s) <= maxModelName && utf8.Valid(s) && bytes.IndexByte(s, '\\') < 0 {
		u.model = string(s)
	}
}

// count takes a number of tokens. At depth 1 a key stands in the object itself; parent is the key of the object that it stands in.
func (u *usage) count(depth int, key, parent, digits []byte) {
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || n < 0 {
		return
	}
	switch k := string(key); {
	case string(parent) == "usage" && (k == "prompt_tokens" || k == "input_tokens"), depth == 1 && (k == "prompt_eval_count" || k == "tokens_evaluated"):
		u.input = n
	case string(parent) == "usage" && (k == "completion_tokens" || k == "output_tokens"), depth == 1 && (k == "eval_count" || k == "tokens_predicted"),
		string(parent) == "details" && k == "generated_tokens":
		u.output = n
	}
}
