package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
)

// blocking is a model that answers when it is told to, and says how many requests it holds.
func blocking(t *testing.T) (url string, held *atomic.Int64, release func()) {
	held = &atomic.Int64{}
	stop := make(chan struct{})
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		held.Add(1)
		defer held.Add(-1)
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	release = sync.OnceFunc(func() { close(stop) })
	t.Cleanup(release) // before the server closes, which waits for its requests
	return model.URL, held, release
}

func TestRequestsAboveTheLimitWaitOrAreTurnedAway(t *testing.T) {
	url, held, release := blocking(t)
	f := start(t, url, func(c *Config) { c.MaxConcurrent, c.MaxQueue = 2, 1 })
	c := client(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			res, err := c.Get(f.url)
			if err == nil {
				res.Body.Close()
			}
		})
	}
	require.Eventually(t, func() bool { return held.Load() == 2 && f.gate.waiting.Load() == 1 }, patience, time.Millisecond)
	res, body := get(t, c, f.url)
	require.Equal(t, 429, res.StatusCode)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	require.Contains(t, body, "too many pending requests")
	require.Equal(t, []int{429, 0}, []int{f.row(1).Code, f.row(1).ModelCode})
	require.Equal(t, 2, f.count("endpoint_queue_duration_seconds"))
	require.Equal(t, int64(2), held.Load(), "the model got no more than it may")
	release()
	all.Wait()
	f.all(4)
	m := f.metric("endpoint_queue_duration_seconds").GetHistogram()
	require.Equal(t, uint64(3), m.GetSampleCount(), "who is turned away did not wait")
	require.Positive(t, m.GetSampleSum())
	require.Less(t, f.metric("endpoint_upload_duration_seconds", "status_code=200").GetHistogram().GetSampleSum(), m.GetSampleSum(), "the queue is no part of the upload")
}

func TestWaitingEndsWithItsTime(t *testing.T) {
	url, held, _ := blocking(t)
	f := start(t, url, func(c *Config) { c.MaxConcurrent, c.MaxQueue, c.RequestTimeout = 1, 1, 500*time.Millisecond })
	c := client(t)
	codes := make(chan int, 2)
	for range 2 {
		go func() {
			res, err := c.Get(f.url)
			if err != nil {
				codes <- 0
				return
			}
			res.Body.Close()
			codes <- res.StatusCode
		}()
	}
	require.Equal(t, []int{504, 504}, []int{<-codes, <-codes})
	f.all(2)
	require.Zero(t, f.gate.waiting.Load())
	require.Eventually(t, func() bool { return held.Load() == 0 }, patience, time.Millisecond)
}

func TestGateKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 10)
		_, err := g.enter(t.Context())
		require.NoError(t, err)
		var mu sync.Mutex
		var order []int
		for i := range 10 {
			go func() {
				waited, err := g.enter(t.Context())
				if err != nil {
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				if waited != time.Duration(i+1)*time.Second {
					t.Errorf("request %d waited %s", i, waited)
				}
				time.Sleep(time.Second)
				g.leave()
			}()
			synctest.Wait()
		}
		_, err = g.enter(t.Context())
		require.ErrorIs(t, err, errFull)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		time.Sleep(time.Second)
		g.leave()
		time.Sleep(20 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
		_, err = g.enter(t.Context())
		require.NoError(t, err)
		_, err = g.enter(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, g.waiting.Load())
	})
}

func TestThrottleDelaysAndNeverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delayed := prometheus.NewCounter(prometheus.CounterOpts{Name: "x"})
		l := newThrottle(Config{BandwidthLimit: 1 << 10, BandwidthBurst: 1 << 11}, delayed)
		require.Zero(t, l.wait(t.Context(), 2048))
		require.Equal(t, time.Second, l.wait(t.Context(), 1024))
		require.Equal(t, 10*time.Second, l.wait(t.Context(), 10240).Round(time.Millisecond), "more than the burst")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, time.Second, l.wait(ctx, 1<<20), "whoever leaves is not held, nor those behind it")
		require.Less(t, l.wait(t.Context(), 1024), 2*time.Second)
		require.Nil(t, newThrottle(Config{}, delayed))
		require.Zero(t, (*throttle)(nil).wait(t.Context(), 5))
	})
}

func TestBandwidthIsLimitedAndTold(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		} else {
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = w.Write(body)
	})
	body := strings.Repeat("x", 3000)
	for name, c := range map[string]struct {
		client *http.Client
		path   string
	}{
		"HTTP/1.1, chunks": {client(t), "/"}, "HTTP/1.1, length": {client(t), "/length"},
		"HTTP/2": {clientH2C(t), "/"}, "HTTP/2, length": {clientH2C(t), "/length"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, model.URL, func(c *Config) { c.BandwidthLimit, c.BandwidthBurst = 10<<10, 1<<10 })
			res, err := c.client.Post(f.url+c.path, "text/plain", strings.NewReader(body))
			require.NoError(t, err)
			announced := len(res.Trailer)
			require.Equal(t, body, text(t, res))
			row := f.row(1)
			require.Equal(t, 200, row.Code)
			const least = 100 * time.Millisecond // about 2,000 bytes more than the burst, of 10 KiB a second
			require.Greater(t, row.RequestDelay, least)
			require.Greater(t, row.ResponseDelay, least)
			require.GreaterOrEqual(t, row.Received, row.RequestDelay)
			require.GreaterOrEqual(t, row.Total-row.Answered, row.ResponseDelay)
			require.InDelta(t, row.RequestDelay.Seconds(), f.counter("endpoint_throttle_delay_seconds_total", "direction=request"), 1e-6)
			require.InDelta(t, row.ResponseDelay.Seconds(), f.counter("endpoint_throttle_delay_seconds_total", "direction=response"), 1e-6)
			require.Equal(t, 2, announced)
			require.Equal(t, fmt.Sprint(row.RequestDelay.Milliseconds()), res.Trailer.Get("ms-azureml-bandwidth-request-delay-ms"))
			require.Equal(t, fmt.Sprint(row.ResponseDelay.Milliseconds()), res.Trailer.Get("ms-azureml-bandwidth-response-delay-ms"))
		})
	}
}

func TestWhereTheLimitOnBandwidthHasNoTrailersTheLengthStays(t *testing.T) {
	for name, c := range map[string]struct {
		request, answer string
		trailers        bool
		length          string
	}{
		"HTTP/1.1":     {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, ""},
		"an error":     {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", true, ""},
		"empty":        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, ""},
		"HTTP/1.0":     {"GET / HTTP/1.0\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, "2"},
		"HEAD":         {"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", false, "77"},
		"no content":   {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", false, ""},
		"not modified": {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", false, ""}, // net/http sends none with it
		"after a hint": {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			target := rawServer(t, func(conn net.Conn, _ string) { _, _ = io.WriteString(conn, c.answer) })
			f := start(t, target, func(c *Config) { c.BandwidthLimit = 1 << 20 })
			conn, err := net.Dial("tcp", f.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, c.request)
			require.NoError(t, err)
			r := bufio.NewReader(conn)
			method, _, _ := strings.Cut(c.request, " ")
			res, err := http.ReadResponse(r, &http.Request{Method: method})
			for err == nil && res.StatusCode == http.StatusEarlyHints {
				require.Empty(t, res.Trailer)
				res, err = http.ReadResponse(r, &http.Request{Method: method})
			}
			require.NoError(t, err)
			text(t, res)
			require.Equal(t, c.length, res.Header.Get("Content-Length"))
			want := http.Header(nil)
			if c.trailers {
				want = http.Header{trailerRequestDelay: {"0"}, trailerAnswerDelay: {"0"}}
			}
			require.Equal(t, want, res.Trailer)
			require.Empty(t, f.row(1).StreamError)
		})
	}
}

func TestConnectionsAboveTheLimitAreAnswered(t *testing.T) {
	model := server(t, func(http.ResponseWriter, *http.Request) {})
	f := start(t, model.URL, func(c *Config) { c.MaxConnections = 1 })
	dial := func() net.Conn {
		c, err := net.Dial("tcp", f.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	ask := func(c net.Conn) (*http.Response, error) {
		_, err := io.WriteString(c, getScore)
		require.NoError(t, err)
		return http.ReadResponse(bufio.NewReader(c), nil)
	}
	within := dial()
	res, err := ask(within)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	res, err = ask(dial())
	require.NoError(t, err)
	require.Equal(t, 503, res.StatusCode)
	require.True(t, res.Close)
	require.Equal(t, 503, f.rowOf(2, res).Code)

	// Far above it they are not even answered, and that is counted.
	for range spareConnections + 1 {
		dial()
	}
	require.Eventually(t, func() bool { return f.counter("agent_proxy_refused_connections_total") >= 1 }, patience, time.Millisecond)
	require.LessOrEqual(t, f.counter("endpoint_connections_active"), 1.0+spareConnections)
	res, err = ask(within)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	f := start(t, silent(t), func(c *Config) { c.ReadHeaderTimeout = 50 * time.Millisecond })
	c, err := net.Dial("tcp", f.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHo")
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	_, err = io.ReadAll(c)
	require.NoError(t, err, "the connection is closed")
	require.Eventually(t, func() bool { return f.counter("endpoint_connections_active") == 0 }, patience, time.Millisecond)
}

func TestAClientThatTakesNothingIsCutOff(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			model := server(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.CopyN(w, zeros{}, 1<<30) })
			f := start(t, model.URL, func(c *Config) { c.ClientTimeout = 200 * time.Millisecond })
			c := client(t)
			if proto == "HTTP/2" {
				c = clientH2C(t)
			}
			res, err := c.Get(f.url)
			require.NoError(t, err)
			defer res.Body.Close()
			row := f.row(1) // nothing has been read
			require.Equal(t, []any{200, 200, reasonLimit}, []any{row.Code, row.ModelCode, row.StreamError})
			require.Less(t, row.ResponseBytes, int64(1<<30))
		})
	}
}

func TestAQuietStreamIsNotCutOff(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		time.Sleep(300 * time.Millisecond)
		_, _ = io.WriteString(w, "x")
	})
	f := start(t, model.URL, func(c *Config) { c.ClientTimeout = 50 * time.Millisecond })
	_, body := get(t, client(t), f.url)
	require.Equal(t, "x", body)
	require.Empty(t, f.row(1).StreamError)
}

func TestAStoppingProxyFinishesWhatIsUnderWay(t *testing.T) {
	url, held, release := blocking(t)
	f := start(t, url, nil)
	status := make(chan int, 1)
	go func() {
		res, err := client(t).Get(f.url)
		if err != nil {
			status <- 0
			return
		}
		res.Body.Close()
		status <- res.StatusCode
	}()
	require.Eventually(t, func() bool { return held.Load() == 1 }, patience, time.Millisecond)
	stopped := make(chan struct{})
	go func() {
		f.stop()
		close(stopped)
	}()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", f.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	}, patience, time.Millisecond, "it accepts no more")
	select {
	case <-stopped:
		t.Fatal("it did not wait")
	default:
	}
	release()
	require.Equal(t, 200, <-status)
	<-stopped
	require.Equal(t, 200, f.row(1).Code)
}

func TestDrainingAnswers503OnOpenConnections(t *testing.T) {
	url, held, release := blocking(t)
	f := start(t, url, nil)
	c := clientH2C(t) // one connection, which stays open as long as a request is under way
	first := make(chan int, 1)
	go func() {
		res, err := c.Get(f.url)
		if err != nil {
			first <- 0
			return
		}
		res.Body.Close()
		first <- res.StatusCode
	}()
	require.Eventually(t, func() bool { return held.Load() == 1 }, patience, time.Millisecond)
	f.draining.Store(true) // as the beginning of Shutdown does, before the client knows
	res, _ := get(t, c, f.url)
	require.Equal(t, 503, res.StatusCode)
	res, _ = get(t, client(t), f.url)
	require.Equal(t, 503, res.StatusCode)
	require.True(t, res.Close)
	release()
	require.Equal(t, 200, <-first)
}

func TestAStoppingProxyCutsOffWhatLastsTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		code   int
		stream string
		model  int
	}{
		"before the answer": {"", 503, "", 0},
		"in the stream":     {sseHeader + sseChunk, 200, reasonLimit, 200},
		"upgraded":          {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", 101, reasonLimit, 101},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{})
			target := rawServer(t, func(conn net.Conn, _ string) {
				_, _ = io.WriteString(conn, c.answer)
				close(asked)
				_, _ = io.Copy(io.Discard, conn)
			})
			f := start(t, target, func(c *Config) { c.DrainTimeout = 100 * time.Millisecond })
			conn, err := net.Dial("tcp", f.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET /score HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			require.NoError(t, err)
			<-asked
			if c.answer != "" {
				_, err = io.ReadFull(conn, make([]byte, 12))
				require.NoError(t, err)
			}
			f.stop()
			row := f.row(1)
			require.Equal(t, []any{c.code, c.model, c.stream}, []any{row.Code, row.ModelCode, row.StreamError})
			_, err = io.ReadAll(conn)
			require.NoError(t, err)
		})
	}
}

func TestAStuckLogDoesNotHoldAnAnswerBack(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "answer") })
	stuck := make(chan struct{})
	f := startWith(t, model.URL, nil, func(s *Settings) { s.Record = func(records.Traffic) { <-stuck } })
	_, body := get(t, client(t), f.url)
	require.Equal(t, "answer", body) // while its row is not taken
	close(stuck)
}

func TestAPanicCostsOneRequest(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, _ *http.Request) {})
	var fail atomic.Bool
	f := startWith(t, model.URL, nil, nil)
	before := f.reverse.ModifyResponse
	f.reverse.ModifyResponse = func(r *http.Response) error {
		if fail.Load() {
			panic("a mistake")
		}
		return before(r)
	}
	fail.Store(true)
	res, _ := get(t, client(t), f.url)
	require.Equal(t, 500, res.StatusCode)
	require.Equal(t, 500, f.row(1).Code)
	require.Equal(t, 1.0, f.counter("agent_proxy_panics_total"))
	fail.Store(false)
	res, _ = get(t, client(t), f.url)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, 200, f.row(2).Code)
	f.stop()
	require.Zero(t, f.counter("endpoint_requests_in_flight"))
}
