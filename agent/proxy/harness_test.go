package proxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// front is a running proxy and what it recorded.
type front struct {
	*Proxy
	t    *testing.T
	url  string
	reg  *prometheus.Registry
	stop func() // as the process would, and waits

	mu   sync.Mutex
	rows []records.Traffic
}

// start runs a proxy in front of target until the test ends. set changes the configuration; nil leaves the defaults.
func start(t *testing.T, target string, set func(*Config)) *front {
	t.Helper()
	return startWith(t, target, set, nil)
}

func startWith(t *testing.T, target string, set func(*Config), settings func(*Settings)) *front {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Listen, cfg.Target, cfg.DrainTimeout = "127.0.0.1:0", target, patience
	if set != nil {
		set(&cfg)
	}
	f := &front{t: t, reg: prometheus.NewRegistry()}
	s := Settings{Registerer: f.reg, Record: func(r records.Traffic) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.rows = append(f.rows, r)
	}}
	if settings != nil {
		settings(&s)
	}
	p, err := New(cfg, s)
	require.NoError(t, err)
	f.Proxy, f.url = p, "http://"+p.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	f.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, p.Close())
	})
	t.Cleanup(f.stop)
	return f
}

// row waits for the row of the only request, or of the nth where all before it have been waited for.
func (f *front) row(n int) records.Traffic {
	f.t.Helper()
	all := f.all(n)
	return all[n-1]
}

// rowOf waits for n rows in all and returns the one of res. An answer can arrive before its row is there, so rows need not come in the order of requests.
func (f *front) rowOf(n int, res *http.Response) records.Traffic {
	f.t.Helper()
	id := res.Header.Get("X-Request-Id")
	return f.find(n, "request "+id, func(r records.Traffic) bool { return r.RequestID == id })
}

// find waits for n rows in all and returns the only one that is meant.
func (f *front) find(n int, what string, meant func(records.Traffic) bool) records.Traffic {
	f.t.Helper()
	var found []records.Traffic
	for _, r := range f.all(n) {
		if meant(r) {
			found = append(found, r)
		}
	}
	require.Len(f.t, found, 1, "rows of %s", what)
	return found[0]
}

func (f *front) all(n int) []records.Traffic {
	f.t.Helper()
	var all []records.Traffic
	require.Eventually(f.t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		all = append([]records.Traffic(nil), f.rows...)
		return len(all) >= n
	}, patience, 2*time.Millisecond, "%d rows", n)
	require.Len(f.t, all, n)
	return all
}

// metric returns the series of a family with the labels, given as "name=value", and nil when it is not there.
func (f *front) metric(name string, labels ...string) *dto.Metric {
	f.t.Helper()
	families, err := f.reg.Gather()
	require.NoError(f.t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
	next:
		for _, m := range family.GetMetric() {
			for _, want := range labels {
				found := false
				for _, l := range m.GetLabel() {
					found = found || l.GetName()+"="+l.GetValue() == want
				}
				if !found {
					continue next
				}
			}
			return m
		}
	}
	return nil
}

// count returns the observations of a histogram over the series with the labels.
func (f *front) count(name string, labels ...string) int {
	f.t.Helper()
	return int(f.metric(name, labels...).GetHistogram().GetSampleCount())
}

func (f *front) counter(name string, labels ...string) float64 {
	f.t.Helper()
	m := f.metric(name, labels...)
	require.NotNil(f.t, m, "%s %v", name, labels)
	if m.Gauge != nil {
		return m.GetGauge().GetValue()
	}
	return m.GetCounter().GetValue()
}

// client returns a client with connections of its own, which are closed when the test ends.
func client(t *testing.T) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// clientH2C returns one that speaks HTTP/2 without TLS.
func clientH2C(t *testing.T) *http.Client {
	p := &http.Protocols{}
	p.SetUnencryptedHTTP2(true)
	tr := &http.Transport{Protocols: p, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// server runs a model server of net/http, HTTP/1.1 and HTTP/2 without TLS.
func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = &http.Protocols{}
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// rawServer answers every connection with the bytes that answer returns for the request that it read, and closes it after that.
func rawServer(t *testing.T, answer func(c net.Conn, request string)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				var head []byte
				b := make([]byte, 4096)
				for !strings.Contains(string(head), "\r\n\r\n") {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					head = append(head, b[:n]...)
				}
				answer(c, string(head))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return "http://" + l.Addr().String()
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	res, err := c.Get(url)
	require.NoError(t, err)
	return res, text(t, res)
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}
