package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

const chat = `data: {"id":"1","object":"chat.completion.chunk","model":"llama","choices":[{"index":0,"delta":%s,"finish_reason":null}],"usage":null}` + "\n\n"

func TestTokensArriveOneByOneAndAreMeasured(t *testing.T) {
	for name, c := range map[string]*http.Client{"HTTP/1.1": client(t), "HTTP/2": clientH2C(t)} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{})
			model := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				for i, event := range []string{
					fmt.Sprintf(chat, `{"role":"assistant","content":""}`), ": ping\n\n", fmt.Sprintf(chat, `{"content":"Hel"}`), fmt.Sprintf(chat, `{"content":"lo"}`),
					fmt.Sprintf(chat, `{"content":"!"}`), `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}` + "\n\n", "data: [DONE]\n\n",
				} {
					if i > 0 {
						<-next // the client has the one before
					}
					_, _ = io.WriteString(w, event)
					_ = http.NewResponseController(w).Flush()
				}
			})
			f := start(t, model.URL, nil)
			res, err := c.Post(f.url+"/v1/chat/completions", "application/json", strings.NewReader("{}"))
			require.NoError(t, err)
			defer res.Body.Close()
			r := bufio.NewReader(res.Body)
			events := 0
			for {
				line, err := r.ReadString('\n')
				if err == io.EOF {
					break
				}
				require.NoError(t, err)
				if line == "\n" {
					if events++; events < 7 {
						next <- struct{}{} // nothing would come if the proxy held the event back
					}
				}
			}
			require.Equal(t, 7, events)
			row := f.row(1)
			require.True(t, row.Streaming)
			require.Equal(t, []int64{7, 3}, []int64{row.InputTokens, row.OutputTokens})
			require.Equal(t, "llama", row.Model)
			require.Greater(t, row.FirstToken, row.Answered)
			require.Less(t, row.FirstToken, row.Total)
			require.Equal(t, 1, f.count("endpoint_time_to_first_token_seconds"))
			require.Equal(t, 2, f.count("endpoint_inter_token_latency_seconds"))
			require.Equal(t, 1, f.count("endpoint_request_duration_seconds", "streaming=true", "status_code=200"))
			require.Equal(t, 7.0, f.counter("endpoint_tokens_total", "direction=input"))
			require.Equal(t, 3.0, f.counter("endpoint_tokens_total", "direction=output"))
		})
	}
}

func TestTheHeaderAndPartsOfAnAnswerOfKnownLengthArriveAtOnce(t *testing.T) {
	next := make(chan struct{})
	model := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		rc := http.NewResponseController(w)
		_ = rc.Flush()
		for range 2 {
			<-next
			_, _ = io.WriteString(w, "x")
			_ = rc.Flush()
		}
	})
	f := start(t, model.URL, nil)
	res, err := client(t).Get(f.url)
	require.NoError(t, err)
	defer res.Body.Close()
	for range 2 {
		next <- struct{}{}
		_, err := io.ReadFull(res.Body, make([]byte, 1))
		require.NoError(t, err)
	}
	f.row(1)
}

func TestRequestsAreNotBuffered(t *testing.T) {
	for name, c := range map[string]*http.Client{"HTTP/1.1": client(t), "HTTP/2": clientH2C(t)} {
		t.Run(name, func(t *testing.T) {
			model := server(t, func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).EnableFullDuplex()
				b := make([]byte, 1)
				for {
					n, err := r.Body.Read(b)
					_, _ = w.Write(bytes.ToUpper(b[:n]))
					_ = http.NewResponseController(w).Flush()
					if err != nil {
						return
					}
				}
			})
			f := start(t, strings.Replace(model.URL, "http", "h2c", 1), nil)
			if name == "HTTP/1.1" {
				f = start(t, model.URL, nil)
			}
			pr, pw := io.Pipe()
			req, err := http.NewRequest("POST", f.url, pr)
			require.NoError(t, err)
			go func() { _, _ = io.WriteString(pw, "a") }()
			res, err := c.Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			b := make([]byte, 1)
			for _, next := range []string{"b", "c", ""} { // both directions at once
				_, err := io.ReadFull(res.Body, b)
				require.NoError(t, err)
				if next == "" {
					pw.Close()
				} else {
					_, err = io.WriteString(pw, next)
					require.NoError(t, err)
				}
			}
			rest, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Empty(t, rest)
			row := f.row(1)
			require.Equal(t, []int64{3, 3}, []int64{row.RequestBytes, row.ResponseBytes})
		})
	}
}

func TestUsageIsReadFromAnswersInOnePiece(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		contentType, body string
		in, out           int64
		model             string
	}{
		"chat":       {"application/json", `{"id":"1","model":"llama","choices":[{"message":{"role":"assistant","content":"\"usage\": {\"prompt_tokens\": 99}"}}],"usage":{"prompt_tokens":5,"total_tokens":8,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":1}}}`, 5, 3, "llama"},
		"long":       {"application/json; charset=utf-8", `{"id":"1","model":"llama","choices":[{"text":"` + long + `"}],"usage" : {"prompt_tokens":5,"completion_tokens":3},"kv_transfer_params":null}`, 5, 3, "llama"},
		"embeddings": {"application/json", `{"object":"list","data":[{"embedding":[0.1,0.2]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}`, 8, -1, "e"},
		"TGI":        {"application/json", `{"generated_text":"x","details":{"finish_reason":"length","generated_tokens":20}}`, -1, 20, ""},
		"Ollama":     {"application/json", `{"model":"m","response":"x","done":true,"prompt_eval_count":26,"eval_count":298}`, 26, 298, "m"},
		"other JSON": {"application/json", `{"data":[1,2]}`, -1, -1, ""},
		"no JSON":    {"text/plain", `"usage":{"prompt_tokens":5}`, -1, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			model := server(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				_, _ = io.WriteString(w, c.body)
			})
			f := start(t, model.URL, nil)
			_, body := get(t, client(t), f.url)
			require.Equal(t, c.body, body)
			row := f.row(1)
			require.Equal(t, []any{c.in, c.out, c.model}, []any{row.InputTokens, row.OutputTokens, row.Model})
			require.False(t, row.Streaming)
			require.Zero(t, f.count("endpoint_time_to_first_token_seconds"))
		})
	}
}

func TestACompressedStreamIsPassedUnread(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = fmt.Fprintf(z, chat, `{"content":"x"}`)
		z.Close()
	})
	f := start(t, model.URL, nil)
	res, body := get(t, client(t), f.url)
	require.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
	z, err := gzip.NewReader(strings.NewReader(body))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf(chat, `{"content":"x"}`), string(plain))
	row := f.row(1)
	require.True(t, row.Streaming)
	require.Zero(t, row.FirstToken)
	require.Equal(t, int64(-1), row.OutputTokens)
}

func TestTrailersGoBothWays(t *testing.T) {
	for name, c := range map[string]struct {
		client *http.Client
		scheme string
	}{"HTTP/1.1": {client(t), "http"}, "HTTP/2": {clientH2C(t), "h2c"}, "HTTP/2 to HTTP/1.1": {clientH2C(t), "http"}, "HTTP/1.1 to HTTP/2": {client(t), "h2c"}} {
		t.Run(name, func(t *testing.T) {
			model := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Trailer", "X-Announced")
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(body)
				w.Header().Set("X-Announced", r.Trailer.Get("X-Sum"))
				w.Header().Set(http.TrailerPrefix+"X-Hidden", "h")
			})
			f := start(t, strings.Replace(model.URL, "http", c.scheme, 1), nil)
			req, err := http.NewRequest("POST", f.url, io.MultiReader(strings.NewReader("abc"), strings.NewReader("de")))
			require.NoError(t, err)
			req.Trailer = http.Header{"X-Sum": {"5"}}
			res, err := c.client.Do(req)
			require.NoError(t, err)
			require.Equal(t, "abcde", text(t, res))
			require.Equal(t, http.Header{"X-Announced": {"5"}, "X-Hidden": {"h"}}, res.Trailer)
			f.row(1)
		})
	}
	t.Run("not announced", func(t *testing.T) {
		model := server(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, r.Trailer.Get("X-Sum"))
		})
		f := start(t, model.URL, nil)
		_, body := exchangeRaw(t, f.url, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 5\r\n\r\n")
		require.Equal(t, "5", string(body))
	})
}

func TestInformationIsPassedOn(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		body, _ := io.ReadAll(r.Body) // sends 100 Continue
		_, _ = w.Write(body)
	})
	for name, c := range map[string]*http.Client{"HTTP/1.1": client(t), "HTTP/2": clientH2C(t)} {
		t.Run(name, func(t *testing.T) {
			f := start(t, model.URL, nil)
			var mu sync.Mutex
			var got []int
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, code)
				if code == 103 && h.Get("Link") == "" {
					return fmt.Errorf("the early hint has no link")
				}
				return nil
			}})
			req, err := http.NewRequestWithContext(ctx, "POST", f.url, strings.NewReader("body"))
			require.NoError(t, err)
			req.Header.Set("Expect", "100-continue")
			c.Transport.(*http.Transport).ExpectContinueTimeout = patience
			res, err := c.Do(req)
			require.NoError(t, err)
			require.Equal(t, "body", text(t, res))
			require.Empty(t, res.Header.Get("Link"))
			mu.Lock()
			defer mu.Unlock()
			require.Contains(t, got, 103)
			require.Contains(t, got, 100)
			require.Equal(t, f.row(1).RequestID, res.Header.Get("X-Request-Id"))
		})
	}
}

func TestABodyThatIsRefusedIsNotSent(t *testing.T) {
	target := rawServer(t, func(c net.Conn, head string) {
		_, _ = io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	f := start(t, target, nil)
	res, _ := exchangeRaw(t, f.url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	require.Equal(t, 401, res.StatusCode)
	require.Zero(t, f.row(1).RequestBytes)
}

func TestWebSocket(t *testing.T) {
	echo := websocket.Server{Handler: func(ws *websocket.Conn) {
		var message string
		for websocket.Message.Receive(ws, &message) == nil && websocket.Message.Send(ws, message) == nil {
		}
	}}
	model := server(t, echo.ServeHTTP)
	for _, scheme := range []string{"http", "h2c"} {
		f := start(t, strings.Replace(model.URL, "http", scheme, 1), nil)
		ws, err := websocket.Dial("ws://"+f.Addr().String()+"/ws", "", "http://localhost/")
		require.NoError(t, err)
		for _, message := range []string{"a", strings.Repeat("b", 100_000)} {
			require.NoError(t, websocket.Message.Send(ws, message))
			var got string
			require.NoError(t, websocket.Message.Receive(ws, &got))
			require.True(t, message == got)
		}
		require.Equal(t, 1.0, f.counter("endpoint_requests_in_flight"))
		require.Equal(t, 1.0, f.counter("endpoint_connections_active"))
		require.NoError(t, ws.Close())
		row := f.row(1)
		require.Equal(t, []any{101, 101, "/ws", true, ""}, []any{row.Code, row.ModelCode, row.Path, row.Streaming, row.StreamError})
		require.Greater(t, row.RequestBytes, int64(100_000))
		require.Greater(t, row.ResponseBytes, int64(100_000))
		require.Equal(t, 1, f.count("endpoint_request_duration_seconds", "status_code=101", "streaming=true"))
		f.stop()
		require.Zero(t, f.counter("endpoint_connections_active"))
	}
}

func TestGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	service := health.NewServer()
	s := grpc.NewServer(grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		if req.(*healthpb.HealthCheckRequest).Service == "full" {
			return nil, status.Error(codes.ResourceExhausted, "no room in the cache")
		}
		return h(ctx, req)
	}))
	healthpb.RegisterHealthServer(s, service)
	var served sync.WaitGroup
	served.Go(func() { _ = s.Serve(l) })
	defer served.Wait()
	defer s.Stop()
	for _, scheme := range []string{"h2c", "http"} { // gRPC cannot go over HTTP/1.1, so it does not
		f := start(t, scheme+"://"+l.Addr().String(), nil)
		conn, err := grpc.NewClient(f.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		c := healthpb.NewHealthClient(conn)
		answer, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{})
		require.NoError(t, err)
		require.Equal(t, healthpb.HealthCheckResponse_SERVING, answer.Status)
		row := f.row(1)
		require.Equal(t, []any{200, 200, "/grpc.health.v1.Health/Check", "HTTP/2.0", false, "OK"}, []any{row.Code, row.ModelCode, row.Path, row.Protocol, row.Streaming, row.Reason})

		_, err = c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "full"})
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		row = f.row(2)
		require.Equal(t, []any{429, 429, "gRPC RESOURCE_EXHAUSTED: no room in the cache"}, []any{row.Code, row.ModelCode, row.ModelReason})
		require.Equal(t, 1, f.count("endpoint_request_duration_seconds", "status_code=429", "model_status_code=429"))

		ctx, cancel := context.WithCancel(t.Context())
		stream, err := c.Watch(ctx, &healthpb.HealthCheckRequest{})
		require.NoError(t, err)
		_, err = stream.Recv()
		require.NoError(t, err)
		for _, serving := range []bool{false, true, false} {
			to := healthpb.HealthCheckResponse_NOT_SERVING
			if serving {
				to = healthpb.HealthCheckResponse_SERVING
			}
			service.SetServingStatus("", to)
			m, err := stream.Recv()
			require.NoError(t, err)
			require.Equal(t, to, m.Status)
		}
		service.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
		cancel()
		row = f.row(3)
		require.True(t, row.Streaming)
		require.Equal(t, 499, row.Code)
		require.Positive(t, row.FirstToken)
		require.GreaterOrEqual(t, f.count("endpoint_inter_token_latency_seconds"), 3)
		require.NoError(t, conn.Close())
		f.stop()
	}
	require.False(t, isGRPC(2, http.Header{"Content-Type": {"application/grpc-web"}}))
	require.Equal(t, 500, first(grpcOutcome(&http.Response{})))
}

func first[A, B any](a A, _ B) A { return a }

func TestLargeBodiesPassWithoutBeingKept(t *testing.T) {
	const size = 64 << 20
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Length", fmt.Sprint(n, r.ContentLength))
		_, _ = io.CopyN(w, zeros{}, size)
	})
	f := start(t, model.URL, nil)
	req, err := http.NewRequest("POST", f.url, io.LimitReader(zeros{}, size))
	require.NoError(t, err)
	req.ContentLength = size
	res, err := client(t).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.Equal(t, int64(size), n)
	require.Equal(t, fmt.Sprint(size, size), res.Header.Get("X-Length"))
	row := f.row(1)
	require.Equal(t, []int64{size, size}, []int64{row.RequestBytes, row.ResponseBytes})
	require.Greater(t, f.counter("endpoint_network_bytes_total", "direction=receive"), float64(size))
	require.Greater(t, f.counter("endpoint_network_bytes_total", "direction=transmit"), float64(size))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
