package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// exchangeRaw sends a request as it is and returns the answer as it came, up to the end that its framing gives it.
func exchangeRaw(t *testing.T, addr, request string) (*http.Response, []byte) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, request)
	require.NoError(t, err)
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, body
}

// same lists what of an answer must not change: the status, the fields with their values in order, the body and the trailers.
func same(res *http.Response, body []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", res.StatusCode)
	for _, h := range []http.Header{res.Header, res.Trailer} {
		var keys []string
		for k := range h {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			fmt.Fprintf(&b, "%s: %q\n", k, h[k])
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "length %d, %q", res.ContentLength, body)
	return b.String()
}

func TestPassthroughChangesNothingThatTheModelAnswered(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(bytes.Repeat([]byte("hello "), 1000))
	z.Close()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	answers := map[string]string{
		"plain":              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok",
		"no type, no date":   "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>what</ht>",
		"every byte":         "HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n" + string(all),
		"empty":              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"empty chunks":       "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		"trailers":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Other\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n",
		"hidden trailers":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
		"gzip":               fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", zipped.Len(), zipped.String()),
		"many of one name":   "HTTP/1.1 200 OK\r\nSet-Cookie: b=2; HttpOnly\r\nSet-Cookie: a=1\r\nVary: b\r\nvary: a\r\nx-lower: V\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n",
		"date and server":    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: uvicorn\r\nVia: 1.1 x\r\nContent-Length: 0\r\n\r\n",
		"no content":         "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
		"not modified":       "HTTP/1.1 304 Not Modified\r\nEtag: \"x\"\r\n\r\n",
		"redirect":           "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/else?a;b\r\nContent-Length: 0\r\n\r\n",
		"created":            "HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 1\r\n\r\nx",
		"the model's 424":    "HTTP/1.1 424 Failed Dependency\r\nms-azureml-model-error-statuscode: 500\r\nContent-Length: 0\r\n\r\n",
		"an odd status":      "HTTP/1.1 299 Odd\r\nContent-Length: 1\r\n\r\nx",
		"problem":            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}",
		"authentication":     "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"a b\"\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
		"until it is closed": "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it",
		"byte ranges":        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/10\r\nAccept-Ranges: bytes\r\nContent-Length: 2\r\n\r\nab",
	}
	for name, raw := range answers {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+" "+method, func(t *testing.T) {
				target := rawServer(t, func(c net.Conn, _ string) { _, _ = io.WriteString(c, raw) })
				f := start(t, target, nil)
				request := method + " /score HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTE: trailers\r\n\r\n"
				direct, body := exchangeRaw(t, target, request)
				proxied, through := exchangeRaw(t, f.url, request)
				require.Equal(t, f.row(1).RequestID, proxied.Header.Get("X-Request-Id"))
				proxied.Header.Del("X-Request-Id") // the one that is added
				// A body that ends with its connection gets chunks, and one in chunks that was empty may get a length: framing is each hop's own.
				if direct.ContentLength < 0 {
					direct.ContentLength, proxied.ContentLength = 0, 0
					proxied.Header.Del("Content-Length")
				}
				require.Equal(t, same(direct, body), same(proxied, through))
				require.Equal(t, int64(len(body)), f.row(1).ResponseBytes)
			})
		}
	}
}

func TestHeadKeepsItsLength(t *testing.T) {
	target := rawServer(t, func(c net.Conn, _ string) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n") })
	f := start(t, target, nil)
	res, body := exchangeRaw(t, f.url, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Equal(t, int64(77), res.ContentLength)
	require.Empty(t, body)
	require.Empty(t, f.row(1).StreamError)
}

// seen runs a model that keeps the requests that it gets, as they came.
func seen(t *testing.T) (string, func() string) {
	var mu sync.Mutex
	var heads []string
	target := rawServer(t, func(c net.Conn, head string) {
		mu.Lock()
		heads = append(heads, head)
		mu.Unlock()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	return target, func() string {
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, heads, 1)
		return heads[0]
	}
}

func TestTheModelGetsWhatTheClientSent(t *testing.T) {
	for name, c := range map[string]struct {
		request  string
		has, not []string
	}{
		"target and host": {"GET /a/%2F/..//b;c?x=%zz;y&z= HTTP/1.1\r\nHost: model.example:99\r\n\r\n",
			[]string{"GET /a/%2F/..//b;c?x=%zz;y&z= HTTP/1.1\r\n", "Host: model.example:99\r\n", "X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Host: model.example:99\r\n", "X-Forwarded-Proto: http\r\n"},
			[]string{"User-Agent", "Accept-Encoding"}},
		"two slashes":        {"GET //a HTTP/1.1\r\nHost: x\r\n\r\n", []string{"GET //a HTTP/1.1\r\n"}, nil},
		"an empty query":     {"GET /? HTTP/1.1\r\nHost: x\r\n\r\n", []string{"GET /? HTTP/1.1\r\n"}, nil},
		"asterisk":           {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", []string{"OPTIONS * HTTP/1.1\r\n"}, nil},
		"absolute":           {"GET http://other/p HTTP/1.1\r\nHost: x\r\n\r\n", []string{"GET /p HTTP/1.1\r\n", "Host: other\r\n"}, nil},
		"an own method":      {"BREW /p HTTP/1.1\r\nHost: x\r\n\r\n", []string{"BREW /p HTTP/1.1\r\n"}, nil},
		"forwarding headers": {"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\nForwarded: for=1.2.3.4\r\n\r\n", []string{"X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1\r\n", "X-Forwarded-Proto: https\r\n", "X-Forwarded-Host: a.example\r\n", "Forwarded: for=1.2.3.4\r\n"}, nil},
		"hop by hop": {"GET / HTTP/1.1\r\nHost: x\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: secret\r\nTE: trailers, gzip\r\nAccept-Encoding: br\r\nUser-Agent: curl\r\n\r\n",
			[]string{"Te: trailers\r\n", "Accept-Encoding: br\r\n", "User-Agent: curl\r\n"}, []string{"X-Hop", "Keep-Alive", "Proxy-Authorization", "Connection"}},
		"h2c":      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n", nil, []string{"Upgrade", "h2c", "Http2-Settings"}},
		"ids":      {"GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nx-ms-client-request-id: " + strings.Repeat("a", 50) + "\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nTracestate: a=1\r\n\r\n", []string{"X-Ms-Client-Request-Id: " + strings.Repeat("a", 40) + "\r\n", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", "Tracestate: a=1\r\n"}, []string{"mine"}},
		"a bad id": {"GET / HTTP/1.1\r\nHost: x\r\nx-ms-client-request-id: a b\r\n\r\n", nil, []string{"Client-Request-Id"}},
		"length":   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", []string{"Content-Length: 3\r\n"}, []string{"Transfer-Encoding"}},
		"chunks":   {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", []string{"Transfer-Encoding: chunked\r\n"}, []string{"Content-Length"}},
	} {
		t.Run(name, func(t *testing.T) {
			target, head := seen(t)
			f := start(t, target, nil)
			res, _ := exchangeRaw(t, f.url, c.request)
			require.Equal(t, 200, res.StatusCode)
			for _, want := range c.has {
				require.Contains(t, head(), want)
			}
			for _, bad := range c.not {
				require.NotContains(t, head(), bad)
			}
			require.Contains(t, head(), "X-Request-Id: "+f.row(1).RequestID+"\r\n")
		})
	}
}

func TestABasePathAndAnotherHost(t *testing.T) {
	target, head := seen(t)
	f := start(t, target+"/base%2F/v2/", func(c *Config) { c.RewriteHost = true })
	exchangeRaw(t, f.url, "GET /a%2Fb?x HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Contains(t, head(), "GET /base%2F/v2/a%2Fb?x HTTP/1.1\r\nHost: "+strings.TrimPrefix(target, "http://")+"\r\n")
	require.Equal(t, "/a%2Fb", f.row(1).Path)
}

func TestRequestsCannotBeSmuggled(t *testing.T) {
	for name, request := range map[string]string{
		"length and chunks":     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n",
		"two lengths":           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 40\r\n\r\nabcGET /hidden HTTP/1.1\r\n\r\n",
		"an odd coding":         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"chunks of HTTP/1.0":    "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a space before colon":  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
		"a folded header":       "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c: d\r\n\r\n",
		"a nul":                 "GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
		"a sign in the length":  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
		"two hosts":             "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"a length in a trailer": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\nContent-Length: 3\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var paths []string
			model := server(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				mu.Lock()
				defer mu.Unlock()
				paths = append(paths, fmt.Sprint(r.URL.Path, " ", r.Header["Transfer-Encoding"], r.Trailer["Content-Length"]))
			})
			f := start(t, model.URL, nil)
			c, err := net.Dial("tcp", f.Addr().String())
			require.NoError(t, err)
			defer c.Close()
			_, err = io.WriteString(c, request)
			require.NoError(t, err)
			require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
			_, err = http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			c.Close()
			f.stop()
			mu.Lock()
			defer mu.Unlock()
			// What comes after a request is another request, seen by the proxy as well as by the model: it has a row of its own.
			f.mu.Lock()
			defer f.mu.Unlock()
			reached := 0
			for _, row := range f.rows {
				if row.Method != "" {
					reached++
				}
			}
			require.LessOrEqual(t, len(paths), reached, "every request that the model saw is one that the proxy saw")
			for _, p := range paths {
				require.Contains(t, []string{"/ [] []", "/hidden [] []"}, p)
			}
		})
	}
}
