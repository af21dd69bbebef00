package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// clients are one for each protocol.
func clients(t *testing.T) map[string]*http.Client {
	return map[string]*http.Client{"HTTP/1.1": client(t), "HTTP/2": clientH2C(t)}
}

func TestAStreamMayBeSilentForLongerThanTheClientMay(t *testing.T) {
	const quiet = 300 * time.Millisecond
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
		case "/length":
			w.Header().Set("Content-Length", "18")
		}
		for i := range 2 {
			if i > 0 {
				time.Sleep(quiet)
			}
			_, _ = io.WriteString(w, "data: a\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	})
	for name, c := range clients(t) {
		for _, path := range []string{"/events", "/length"} {
			t.Run(name+path, func(t *testing.T) {
				f := start(t, model.URL, func(c *Config) { c.ClientTimeout = quiet / 3 })
				res, err := c.Get(f.url + path)
				require.NoError(t, err)
				require.Equal(t, "data: a\n\ndata: a\n\n", text(t, res))
				row := f.row(1)
				require.Equal(t, []any{200, 200, ""}, []any{row.Code, row.ModelCode, row.StreamError})
			})
		}
	}
	t.Run("gRPC", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		service, s := health.NewServer(), grpc.NewServer()
		healthpb.RegisterHealthServer(s, service)
		var served sync.WaitGroup
		served.Go(func() { _ = s.Serve(l) })
		defer served.Wait()
		defer s.Stop()
		f := start(t, "h2c://"+l.Addr().String(), func(c *Config) { c.ClientTimeout = quiet / 3 })
		conn, err := grpc.NewClient(f.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		defer conn.Close()
		stream, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
		require.NoError(t, err)
		for _, to := range []healthpb.HealthCheckResponse_ServingStatus{healthpb.HealthCheckResponse_SERVING, healthpb.HealthCheckResponse_NOT_SERVING} {
			if to == healthpb.HealthCheckResponse_NOT_SERVING {
				time.Sleep(quiet)
				service.SetServingStatus("", to)
			}
			m, err := stream.Recv()
			require.NoError(t, err)
			require.Equal(t, to, m.Status)
		}
	})
}

func TestWhatTheLimitOnBandwidthHoldsBackIsNoSilenceOfTheClient(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/answer" {
			_, _ = w.Write(make([]byte, 1024)) // the burst
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond) // so that they are two pieces
			_, _ = w.Write(make([]byte, 1024))
		} else {
			_, _ = fmt.Fprint(w, n)
		}
	})
	slow := func(c *Config) {
		c.BandwidthLimit, c.BandwidthBurst, c.ClientTimeout = 1<<10, 1<<10, 500*time.Millisecond
	}
	for name, c := range clients(t) {
		t.Run(name+", answer", func(t *testing.T) {
			f := start(t, model.URL, slow)
			res, err := c.Get(f.url + "/answer")
			require.NoError(t, err)
			require.Len(t, text(t, res), 2048)
			row := f.row(1)
			require.Equal(t, []any{200, ""}, []any{row.Code, row.StreamError})
			require.Greater(t, row.ResponseDelay, 700*time.Millisecond)
		})
		t.Run(name+", request", func(t *testing.T) {
			f := start(t, model.URL, slow)
			res, err := c.Post(f.url, "text/plain", bytes.NewReader(make([]byte, 3072)))
			require.NoError(t, err)
			require.Equal(t, "3072", text(t, res))
			row := f.row(1)
			require.Equal(t, 200, row.Code)
			require.Greater(t, row.RequestDelay, 800*time.Millisecond)
		})
		t.Run(name+", request in pieces", func(t *testing.T) {
			f := start(t, model.URL, slow)
			pr, pw := io.Pipe()
			go func() {
				_, _ = pw.Write(make([]byte, 2048))
				time.Sleep(700 * time.Millisecond) // the proxy still holds the first piece
				_, _ = pw.Write(make([]byte, 10))
				_ = pw.Close()
			}()
			res, err := c.Post(f.url, "text/plain", pr)
			require.NoError(t, err)
			require.Equal(t, "2058", text(t, res))
			require.Equal(t, 200, f.row(1).Code)
		})
	}
}

// dialH2 asks with HTTP/2 over a connection of its own whose streams have a window of so many bytes, and reads nothing of the answer.
func dialH2(t *testing.T, addr string, window uint32) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	_, err = io.WriteString(c, http2.ClientPreface)
	require.NoError(t, err)
	framer := http2.NewFramer(c, c)
	require.NoError(t, framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}))
	require.NoError(t, framer.WriteSettingsAck())
	require.NoError(t, framer.WriteWindowUpdate(0, 1<<30))
	var header bytes.Buffer
	e := hpack.NewEncoder(&header)
	for _, h := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}, {":path", "/"}} {
		require.NoError(t, e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}))
	}
	require.NoError(t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: header.Bytes(), EndStream: true, EndHeaders: true}))
}

func TestAnHTTP2ClientThatTakesNothingIsCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		window uint32
		answer string // of the model; without end where it is empty
	}{
		"its connection is full":                 {1<<31 - 1, ""},
		"its stream has no window":               {0, ""},
		"its stream has none for a small answer": {0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	} {
		t.Run(name, func(t *testing.T) {
			target := rawServer(t, func(conn net.Conn, _ string) {
				if c.answer != "" {
					_, _ = io.WriteString(conn, c.answer)
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
				_, _ = io.CopyN(conn, zeros{}, 1<<30)
			})
			f := start(t, target, func(c *Config) { c.ClientTimeout = 200 * time.Millisecond })
			dialH2(t, f.Addr().String(), c.window)
			row := f.row(1)
			require.Equal(t, []any{200, 200, reasonLimit}, []any{row.Code, row.ModelCode, row.StreamError})
			require.Equal(t, 1.0, f.counter("endpoint_stream_errors_total", "reason=limit"))
		})
	}
	t.Run("an answer of our own", func(t *testing.T) {
		f := start(t, nobody(t), func(c *Config) { c.ClientTimeout = 200 * time.Millisecond })
		dialH2(t, f.Addr().String(), 0)
		require.Equal(t, 502, f.row(1).Code)
		f.stop() // nothing waits for the client
	})
}

func TestAnHTTP1ClientThatTakesNothingIsCutOff(t *testing.T) {
	target := rawServer(t, func(conn net.Conn, _ string) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		_, _ = io.CopyN(conn, zeros{}, 1<<30)
	})
	f := start(t, target, func(c *Config) { c.ClientTimeout = 200 * time.Millisecond })
	c, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, getScore)
	require.NoError(t, err)
	row := f.row(1)
	require.Equal(t, []any{200, 200, reasonLimit}, []any{row.Code, row.ModelCode, row.StreamError})
}
