package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// scanned is what a scanner makes of pieces that are sent a second apart.
type scanned struct {
	tokenResult
	gaps []time.Duration
}

func scanAll(contentType string, grpc bool, pieces ...string) scanned {
	var out scanned
	s := newTokenScanner(&http.Response{Header: http.Header{"Content-Type": {contentType}}}, grpc, func(d time.Duration) { out.gaps = append(out.gaps, d) })
	now := time.Unix(1000, 0)
	for _, p := range pieces {
		s.scan([]byte(p), now)
		now = now.Add(time.Second)
	}
	out.tokenResult = s.finish()
	return out
}

func TestEventsOfEveryKindOfServer(t *testing.T) {
	for name, c := range map[string]struct {
		tokens, other []string // events that carry a token, and those that do not
	}{
		"chat": {
			[]string{`{"choices":[{"delta":{"content":"a"}}]}`, `{"choices":[{"delta":{"reasoning_content":"hm"}}]}`, `{"choices":[{"delta":{"reasoning":"hm"}}]}`,
				`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}]}`, `{"choices":[{"delta":{"content":"\""},"finish_reason":"stop"}]}`},
			[]string{`{"choices":[{"delta":{"role":"assistant","content":""}}]}`, `{"choices":[{"delta":{},"finish_reason":"stop"}]}`, `{"choices":[],"usage":{"prompt_tokens":1}}`,
				`{"error":{"message":"no room","type":"x"}}`, `[DONE]`, ``, `{"choices":[{"delta":{"content":null}}]}`}},
		"completions": {[]string{`{"choices":[{"text":"a","index":0}]}`}, []string{`{"choices":[{"text":"","finish_reason":"length"}]}`}},
		"responses": {[]string{`{"type":"response.output_text.delta","delta":"a"}`},
			[]string{`{"type":"response.created","response":{"id":"x"}}`, `{"type":"response.output_text.done","text":"all of it"}`, `{"type":"response.completed","response":{"output":[{"content":[{"type":"output_text","text":"all"}]}],"usage":{"input_tokens":3,"output_tokens":4}}}`}},
		"messages": {[]string{`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}`, `{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{"}}`},
			[]string{`{"type":"message_start","message":{"usage":{"input_tokens":3}}}`, `{"type":"ping"}`, `{"type":"content_block_start","content_block":{"type":"text","text":""}}`, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}`, `{"type":"message_stop"}`}},
		"TGI":       {[]string{`{"index":1,"token":{"id":5,"text":"a","logprob":-1.5,"special":false},"generated_text":null,"details":null}`}, nil},
		"Triton":    {[]string{`{"model_name":"e","model_version":"1","text_output":"a"}`}, []string{`{"model_name":"e","text_output":""}`}},
		"Ollama":    {[]string{`{"model":"m","message":{"role":"assistant","content":"a"},"done":false}`, `{"model":"m","response":"a","done":false}`}, []string{`{"model":"m","message":{"role":"assistant","content":""},"done":true,"eval_count":5}`, `{"model":"m","response":"","done":true}`}},
		"llama.cpp": {[]string{`{"index":0,"content":"a","tokens":[],"stop":false}`}, []string{`{"content":"","stop":true,"tokens_predicted":4}`}},
		"unknown":   {[]string{`text`, `{"x":1}`, `{"broken`, `[1]`, strings.Repeat("[", 100)}, nil},
	} {
		for _, e := range c.tokens {
			require.True(t, (&usage{}).readEvent([]byte(e)), "%s: %s", name, e)
		}
		for _, e := range c.other {
			require.False(t, (&usage{}).readEvent([]byte(e)), "%s: %s", name, e)
		}
	}
}

func TestStreamsAreReadInAnyPieces(t *testing.T) {
	a := `data: {"model":"m","choices":[{"text":"a"}]}`
	f := func(name string, got scanned, first int64, gaps []time.Duration, in, out int64) {
		t.Helper()
		require.True(t, got.streaming, name)
		if first == 0 {
			require.True(t, got.first.IsZero(), name)
		} else {
			require.Equal(t, first, got.first.Unix(), name)
		}
		require.Equal(t, gaps, got.gaps, name)
		require.Equal(t, []int64{in, out}, []int64{got.input, got.output}, name)
	}
	s := time.Second
	sse := "text/event-stream"
	f("one each", scanAll(sse, false, a+"\n\n", a+"\n\n", a+"\n\n"), 1000, []time.Duration{s, s}, -1, -1)
	f("together", scanAll(sse, false, a+"\n\n"+a+"\n\n"+a+"\n\n"), 1000, []time.Duration{0, 0}, -1, -1)
	f("carriage returns", scanAll(sse, false, a+"\r\n\r", "\n"+a+"\r\n\r\n"), 1000, []time.Duration{s}, -1, -1)
	f("only carriage returns", scanAll(sse, false, a+"\r\r"+a+"\r\r"), 1000, []time.Duration{0}, -1, -1)
	f("split", scanAll(sse, false, "da", "ta", ": x", "\n", "\n"), 1004, nil, -1, -1)
	f("several lines", scanAll(sse, false, "event: x\ndata: {\"choices\":\ndata: [{\"text\":\"a\"}]}\nid: 5\n\n"), 1000, nil, -1, -1)
	f("comments", scanAll(sse, false, ": ping\n\n", ":\n\n", "retry: 5\n\n", "event: x\n\n"), 0, nil, -1, -1)
	f("usage", scanAll(sse, false, a+"\n\n", `data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}`+"\n\ndata: [DONE]\n\n"), 1000, nil, 9, 1)
	f("usage, unfinished", scanAll(sse, false, `data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}`), 0, nil, 9, 1)
	f("usage in every chunk", scanAll(sse, false, `data: {"choices":[{"text":"a"}],"usage":{"prompt_tokens":9,"completion_tokens":1}}`+"\n\n", `data: {"choices":[{"text":"a"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`+"\n\n"), 1000, []time.Duration{s}, 9, 2)
	f("messages", scanAll(sse, false, `data: {"type":"message_start","message":{"model":"c","usage":{"input_tokens":3,"output_tokens":1}}}`+"\n\n", `data: {"type":"message_delta","delta":{"stop_reason":"x"},"usage":{"output_tokens":15}}`+"\n\n"), 0, nil, 3, 15)
	f("responses", scanAll(sse, false, `data: {"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4}}}`+"\n\n"), 0, nil, 3, 4)
	f("TGI", scanAll(sse, false, `data:{"token":{"text":"x"},"details":{"finish_reason":"length","generated_tokens":20,"seed":null}}`+"\n\n"), 1000, nil, -1, 20)
	f("lines", scanAll("application/x-ndjson", false, `{"response":"a"}`+"\n", "\n", `{"response":"b"}`+"\n"+`{"response":"","done":true,"prompt_eval_count":4,"eval_count":2}`), 1000, []time.Duration{2 * s}, 4, 2)
	f("a large event", scanAll(sse, false, "data: "+strings.Repeat("x", maxEvent+1), "y\n\n", a+"\n\n"), 1001, []time.Duration{s}, -1, -1)
	f("large lines of one event", scanAll(sse, false, strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 300), "\n", a+"\n\n"), 1001, []time.Duration{s}, -1, -1)
	f("a large line", scanAll("application/jsonl", false, strings.Repeat("x", maxEvent), "yy\n", `{"response":"b"}`+"\n"), 1001, []time.Duration{s}, -1, -1)
	f("a large comment", scanAll(sse, false, ":"+strings.Repeat("x", 2*maxEvent), "\n\n", a+"\n\n"), 1002, nil, -1, -1)
	frame := "\x00\x00\x00\x00\x03abc"
	f("gRPC", scanAll("application/grpc", true, frame[:3], frame[3:]+frame, "\x00\x00\x00\x00\x00"), 1001, []time.Duration{0, s}, -1, -1)
	require.False(t, scanAll("application/grpc", true, frame).streaming)
	require.Equal(t, "m", scanAll(sse, false, a+"\n\n").model)
	require.Nil(t, newTokenScanner(&http.Response{Header: http.Header{"Content-Type": {"image/png"}}}, false, nil))
	require.Nil(t, newTokenScanner(&http.Response{Header: http.Header{}}, false, nil))
	require.Nil(t, newTokenScanner(&http.Response{Header: http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"br"}}}, false, nil))
}

func TestMemoryOfAScannerIsBounded(t *testing.T) {
	for _, contentType := range []string{"text/event-stream", "application/x-ndjson", "application/json"} {
		for _, piece := range []string{"data: " + strings.Repeat("x", 5000) + "\n", strings.Repeat("y", 5000), ":" + strings.Repeat("z", 5000)} {
			s := newTokenScanner(&http.Response{Header: http.Header{"Content-Type": {contentType}}}, false, func(time.Duration) {})
			for range 2000 {
				s.scan([]byte(piece), time.Now())
				require.Less(t, cap(s.line)+cap(s.data)+cap(s.head)+cap(s.tail), 5*maxEvent)
			}
		}
	}
}

// FuzzTokens compares an answer that is read in one piece with the same in two, and with an independent reading of it.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{
		"data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: [DONE]\n\n", ": ping\r\n\r\ndata: a\r\ndata: b\r\n\r\n", "{\"response\":\"a\"}\n{\"eval_count\":3}\n", "\r\r\n\n\r",
		`{"usage":{"prompt_tokens":5,"completion_tokens":3},"x":[1,2,{"usage":{"prompt_tokens":7}}]}`, "\x00\x00\x00\x00\x02ab\x00\x00\x00\x00\x00", `{"a":"\\\"","usage":{"input_tokens":1}}`,
		"data: x\n\ndata", "data:\n\n", "data\n\n",
	} {
		for kind := range uint8(4) {
			f.Add([]byte(s), uint16(len(s)/2), kind)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, split uint16, kind uint8) {
		contentType, grpc := [...]string{"text/event-stream", "application/x-ndjson", "application/json", "application/grpc"}[kind%4], kind%4 == 3
		at := min(int(split), len(in))
		var gaps [2]int
		read := func(i int, pieces ...[]byte) tokenResult {
			s := newTokenScanner(&http.Response{Header: http.Header{"Content-Type": {contentType}}}, grpc, func(time.Duration) { gaps[i]++ })
			for _, p := range pieces {
				s.scan(p, time.Unix(1, 0))
			}
			return s.finish()
		}
		one, two := read(0, in), read(1, in[:at], in[at:])
		require.Equal(t, one, two)
		require.Equal(t, gaps[0], gaps[1])
		if contentType == "application/json" && json.Valid(in) && len(in) < tailSize && !bytes.Contains(in, []byte(`\`)) {
			input, output := int64(-1), int64(-1)
			reference(json.NewDecoder(bytes.NewReader(in)), 0, "", "", &input, &output)
			require.Equal(t, []int64{input, output}, []int64{one.input, one.output}, "%s", in)
		}
	})
}

// reference reads the usage of one JSON value by encoding/json's tokens.
func reference(d *json.Decoder, depth int, key, parent string, input, output *int64) {
	d.UseNumber()
	tok, err := d.Token()
	if err != nil {
		return
	}
	switch v := tok.(type) {
	case json.Delim:
		for d.More() {
			if v == '{' {
				k, _ := d.Token()
				reference(d, depth+1, fmt.Sprint(k), key, input, output)
			} else {
				reference(d, depth+1, key, parent, input, output)
			}
		}
		_, _ = d.Token()
	case json.Number:
		n, err := v.Int64()
		if err != nil || n < 0 || strings.HasPrefix(v.String(), "-") || depth > maxDepth {
			return
		}
		in := parent == "usage" && (key == "prompt_tokens" || key == "input_tokens") || depth == 1 && (key == "prompt_eval_count" || key == "tokens_evaluated")
		out := parent == "usage" && (key == "completion_tokens" || key == "output_tokens") || depth == 1 && (key == "eval_count" || key == "tokens_predicted") ||
			parent == "details" && key == "generated_tokens"
		if in {
			*input = n
		} else if out {
			*output = n
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	event := []byte(fmt.Sprintf(chat, `{"content":" word"}`))
	s := newTokenScanner(&http.Response{Header: http.Header{"Content-Type": {"text/event-stream"}}}, false, func(time.Duration) {})
	now := time.Now()
	b.ReportAllocs()
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		s.scan(event, now)
	}
}

func TestTheEndOfAnAnswerIsKept(t *testing.T) {
	for _, size := range []int{0, 1, headSize, tailSize - 1, tailSize, tailSize + 1, 2*tailSize - 1, 2 * tailSize, 5*tailSize + 7} {
		all := make([]byte, size)
		for i := range all {
			all[i] = byte(i % 251)
		}
		for _, piece := range []int{1, 7, 1000, tailSize - 1, tailSize, tailSize + 1, 3 * tailSize} {
			s := &tokenScanner{format: formatJSON}
			for rest := all; len(rest) > 0; {
				n := min(piece, len(rest))
				s.scan(rest[:n], time.Time{})
				rest = rest[n:]
			}
			require.True(t, bytes.Equal(all[max(0, size-tailSize):], s.ordered()), "%d bytes in pieces of %d", size, piece)
			if size > tailSize {
				require.True(t, bytes.Equal(all[:headSize], s.head), "%d bytes in pieces of %d", size, piece)
			}
		}
	}
}
