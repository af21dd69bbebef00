package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// outcomeCase is one way in which a request can end. The zero client asks with GET and reads everything.
type outcomeCase struct {
	name   string
	config func(*Config)
	target func(t *testing.T) string
	// ask makes the request and returns the answer's status, 0 when none came, and whether its body was whole.
	ask         func(t *testing.T, url string) (int, bool)
	status      int // that the client sees; 0 when it sees none
	whole       bool
	code, model int
	reason      string // contained in the row's
	modelReason string
	stream      string // StreamError
	uncounted   bool   // which the counter of streams that broke leaves out
	streaming   bool
	answered    bool
}

// answers is a model server of fixed bytes.
func answers(raw string) func(*testing.T) string {
	return func(t *testing.T) string {
		return rawServer(t, func(c net.Conn, _ string) { _, _ = io.WriteString(c, raw) })
	}
}

// silent is a model server that takes requests and never answers.
func silent(t *testing.T) string {
	return rawServer(t, func(c net.Conn, _ string) { _, _ = io.Copy(io.Discard, c) })
}

func nobody(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return "http://" + l.Addr().String()
}

func ask(t *testing.T, url string) (int, bool) {
	res, err := client(t).Get(url + "/score")
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	return res.StatusCode, err == nil
}

// askRaw sends bytes as they are.
func askRaw(raw string) func(*testing.T, string) (int, bool) {
	return func(t *testing.T, url string) (int, bool) {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		defer c.Close()
		_, err = io.WriteString(c, raw)
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0, false
		}
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
		return res.StatusCode, err == nil
	}
}

// hangUp sends the request, reads n bytes of the answer, and leaves.
func hangUp(request string, n int) func(*testing.T, string) (int, bool) {
	return func(t *testing.T, url string) (int, bool) {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(c, request)
		require.NoError(t, err)
		if n > 0 {
			_, err = io.ReadFull(c, make([]byte, n))
			require.NoError(t, err)
		} else {
			time.Sleep(50 * time.Millisecond) // so that the request arrives before its end does
		}
		require.NoError(t, c.Close())
		return 0, false
	}
}

const (
	getScore  = "GET /score HTTP/1.1\r\nHost: x\r\n\r\n"
	sseHeader = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	sseChunk  = "8\r\ndata:a\n\n\r\n"
)

func outcomes() []outcomeCase {
	azure := func(c *Config) { c.StatusCodes = Azure }
	return []outcomeCase{
		{name: "answered", target: answers("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok"), ask: ask,
			status: 200, whole: true, code: 200, model: 200, reason: "OK", modelReason: "Fine", answered: true},
		{name: "the model's error", target: answers("HTTP/1.1 500 Out of memory\r\nContent-Length: 2\r\n\r\nno"), ask: ask,
			status: 500, whole: true, code: 500, model: 500, modelReason: "Out of memory", answered: true},
		{name: "the model's own 429", target: answers("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"), ask: ask,
			status: 429, whole: true, code: 429, model: 429, answered: true},
		{name: "an odd status", target: answers("HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n"), ask: ask,
			status: 799, whole: true, code: 799, model: 799, answered: true},
		{name: "azure: answered", config: azure, target: answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), ask: ask,
			status: 200, whole: true, code: 200, model: 200, answered: true},
		{name: "azure: the model's error", config: azure, target: answers("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"), ask: ask,
			status: 424, whole: true, code: 424, model: 500, reason: "Failed Dependency", answered: true},
		{name: "azure: no content", config: azure, target: answers("HTTP/1.1 204 No Content\r\n\r\n"), ask: ask,
			status: 424, whole: true, code: 424, model: 204, answered: true},
		{name: "azure: not modified with a length", config: azure, target: answers("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"), ask: ask,
			status: 424, whole: true, code: 424, model: 304, answered: true},
		{name: "azure: too slow", config: func(c *Config) { azure(c); c.RequestTimeout = 50 * time.Millisecond }, target: silent, ask: ask,
			status: 408, whole: true, code: 408, reason: "request_timeout"},
		{name: "too slow", config: func(c *Config) { c.RequestTimeout = 50 * time.Millisecond }, target: silent, ask: ask,
			status: 504, whole: true, code: 504, reason: "request_timeout"},
		{name: "no header in time", config: func(c *Config) { c.HeaderTimeout = 50 * time.Millisecond }, target: silent, ask: ask,
			status: 504, whole: true, code: 504, reason: "does not answer"},
		{name: "the model is down", target: nobody, ask: ask,
			status: 502, whole: true, code: 502, reason: "connection refused"},
		{name: "the model hangs up", target: answers(""), ask: ask,
			status: 502, whole: true, code: 502, reason: "closed before an answer"},
		{name: "no HTTP", target: answers("SSH-2.0-OpenSSH\r\n\r\n"), ask: ask,
			status: 502, whole: true, code: 502, reason: "malformed"},
		{name: "a status that is none", target: answers("HTTP/1.1 042 Odd\r\nContent-Length: 0\r\n\r\n"), ask: ask,
			status: 502, whole: true, code: 502, reason: "status is 42"},
		{name: "a switch that nobody asked for", target: answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), ask: ask,
			status: 502, whole: true, code: 502, reason: "not asked for"},
		{name: "a stream that breaks", target: answers(sseHeader + sseChunk), ask: ask,
			status: 200, code: 200, model: 200, stream: reasonReset, streaming: true, answered: true},
		{name: "an answer that is too short", target: answers("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok"), ask: ask,
			status: 200, code: 200, model: 200, stream: reasonReset, answered: true},
		{name: "an error that is too short", target: answers("HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nno"), ask: ask,
			status: 500, code: 500, model: 500, stream: reasonReset, uncounted: true, answered: true},
		{name: "a 206 that is too short", target: answers("HTTP/1.1 206 Partial Content\r\nContent-Length: 100\r\n\r\nok"), ask: ask,
			status: 206, code: 206, model: 206, stream: reasonReset, answered: true},
		{name: "azure: a 201 that is too short", config: azure, target: answers("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nok"), ask: ask,
			status: 424, code: 424, model: 201, stream: reasonReset, answered: true},
		{name: "a stream that takes too long", config: func(c *Config) { c.RequestTimeout = 100 * time.Millisecond },
			target: func(t *testing.T) string {
				return rawServer(t, func(c net.Conn, _ string) {
					_, _ = io.WriteString(c, sseHeader+sseChunk)
					_, _ = io.Copy(io.Discard, c)
				})
			},
			ask: ask, status: 200, code: 200, model: 200, stream: reasonTimeout, streaming: true, answered: true},
		{name: "the client leaves before the answer", target: silent, ask: hangUp(getScore, 0), code: 499, reason: "Client Closed Request"},
		{name: "the client leaves during its request", target: silent, ask: hangUp("POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 0), code: 499},
		{name: "the client leaves during the stream",
			target: func(t *testing.T) string {
				return server(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/event-stream")
					for r.Context().Err() == nil {
						_, _ = io.WriteString(w, "data: a\n\n")
						_ = http.NewResponseController(w).Flush()
						time.Sleep(time.Millisecond)
					}
				}).URL
			},
			ask: hangUp(getScore, 300), code: 499, model: 200, stream: reasonAbort, streaming: true, answered: true},
		{name: "the client stalls in its request", config: func(c *Config) { c.ClientTimeout = 50 * time.Millisecond }, target: silent,
			ask: askRaw("POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"), status: 408, whole: true, code: 408, reason: "client_timeout"},
		{name: "a body that is malformed", target: silent,
			ask: askRaw("POST /score HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), status: 400, whole: true, code: 400, reason: "malformed"},
		{name: "CONNECT", target: silent, ask: askRaw("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"), status: 405, whole: true, code: 405, reason: "CONNECT"},
		{name: "a request that is malformed", target: silent, ask: askRaw("GET /score HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n"), status: 400, whole: true, code: 400, reason: "Bad Request"},
		{name: "a header that is too large", config: func(c *Config) { c.MaxHeaderBytes = 1 << 10 }, target: silent,
			ask:    askRaw("GET /score HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 6000) + "\r\n\r\n"),
			status: 431, whole: true, code: 431, reason: "Request Header Fields Too Large"},
	}
}

func TestEveryOutcomeIsToldToTheClientTheLogAndTheSeries(t *testing.T) {
	for _, c := range outcomes() {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, c.target(t), c.config)
			status, whole := c.ask(t, f.url)
			require.Equal(t, c.status, status, "what the client sees")
			require.Equal(t, c.whole, whole, "whether it sees a whole answer")
			row := f.row(1)
			require.Equal(t, []int{c.code, c.model}, []int{row.Code, row.ModelCode})
			require.Contains(t, row.Reason, c.reason)
			require.NotEmpty(t, row.Reason+row.ModelReason)
			require.Contains(t, row.ModelReason, c.modelReason)
			require.Equal(t, c.stream, row.StreamError)
			require.Equal(t, c.streaming, row.Streaming)
			require.Equal(t, c.answered, row.Answered >= 0)
			require.GreaterOrEqual(t, row.Total, max(row.Received, row.Answered))
			require.WithinDuration(t, time.Now(), row.Time, time.Minute)
			require.NotEmpty(t, row.RequestID)
			labels := []string{"status_code=" + statusLabel(c.code), "model_status_code=" + statusLabel(c.model), fmt.Sprint("streaming=", c.streaming)}
			require.Equal(t, 1, f.count("endpoint_request_duration_seconds", labels...), "%v", labels)
			answered := 0
			if c.answered {
				answered = 1
			}
			require.Equal(t, answered, f.count("endpoint_model_duration_seconds", labels...))
			require.Equal(t, answered, f.count("endpoint_download_duration_seconds", labels...))
			require.Equal(t, answered, f.count("endpoint_response_size_bytes"))
			for _, reason := range []string{reasonReset, reasonTimeout, reasonAbort, reasonLimit} {
				want := 0.0
				if reason == c.stream && !c.uncounted {
					want = 1
				}
				require.Equal(t, want, f.counter("endpoint_stream_errors_total", "reason="+reason), reason)
			}
			require.Zero(t, f.counter("agent_proxy_panics_total"))
			f.stop()
			require.Zero(t, f.counter("endpoint_requests_in_flight"))
			require.Zero(t, f.counter("endpoint_connections_active"))
			f.row(1) // exactly one
		})
	}
}

func TestAnAnswerOfOurOwnSaysWhoGaveIt(t *testing.T) {
	f := start(t, nobody(t), nil)
	for _, method := range []string{"GET", "HEAD"} {
		req, err := http.NewRequest(method, f.url, nil)
		require.NoError(t, err)
		res, err := client(t).Do(req)
		require.NoError(t, err)
		require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
		body := text(t, res)
		if method == "HEAD" {
			require.Empty(t, body)
			continue
		}
		var p problem
		require.NoError(t, json.Unmarshal([]byte(body), &p))
		require.Equal(t, 502, p.Status)
		require.Equal(t, res.Header.Get("X-Request-Id"), p.RequestID)
		require.Equal(t, p.Detail, p.Error.Message)
		require.NotContains(t, body, strings.TrimPrefix(f.cfg.Target, "http://"), "clients do not learn where the model is")
	}
	f.row(2)
}

func TestTheModelsRequestEndsWithItsClient(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	model := server(t, func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(ended)
	})
	f := start(t, model.URL, nil)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", f.url, nil)
	require.NoError(t, err)
	go func() {
		<-began
		cancel()
	}()
	_, err = client(t).Do(req)
	require.Error(t, err)
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the model still works for a client that left")
	}
	require.Equal(t, 499, f.row(1).Code)
}

func TestAnswersBeforeTheWholeRequest(t *testing.T) {
	target := rawServer(t, func(c net.Conn, _ string) {
		_, _ = io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
		_, _ = io.Copy(io.Discard, c)
	})
	f := start(t, target, nil)
	c, err := net.Dial("tcp", f.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.Equal(t, 413, res.StatusCode)
	require.Equal(t, "big", text(t, res))
	row := f.row(1)
	require.Equal(t, []int{413, 413}, []int{row.Code, row.ModelCode})
	require.Empty(t, row.StreamError)
	require.Zero(t, f.count("endpoint_upload_duration_seconds", "status_code=413"), "the request never ended")
	require.Equal(t, 1, f.count("endpoint_model_duration_seconds", "status_code=413"))
}

func TestTheFirstAnswerIsToldOnce(t *testing.T) {
	var times []time.Time
	codes := make(chan int, 5)
	for _, c := range []int{500, 200, 200, 200, 200} {
		codes <- c
	}
	model := server(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-codes) })
	f := startWith(t, model.URL, nil, func(s *Settings) { s.FirstRequest = func(at time.Time) { times = append(times, at) } })
	for i := range 3 {
		get(t, client(t), f.url)
		f.row(i + 1)
	}
	f.ModelStarted()
	for i := range 2 {
		get(t, client(t), f.url)
		f.row(i + 4)
	}
	rows := f.all(5)
	f.stop()
	require.Len(t, times, 2, "once, and once more after the model started anew")
	require.Equal(t, rows[3].Answered, times[1].Sub(rows[3].Time))
	require.Equal(t, 500, rows[0].Code)
	require.Equal(t, rows[1].Answered, times[0].Sub(rows[1].Time))
}
