package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/records"
)

// Settings is what code passes to New.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nowhere
	// Record gets the row of every request once it has ended. It must not block, and may be called concurrently. Nil drops rows.
	Record func(records.Traffic)
	// FirstRequest is called once, after the first request that the model answered with a 2xx, with the time of the answer, and once more after each
	// ModelStarted. Nil for none.
	FirstRequest func(time.Time)
}

// maxStreams is how many requests one HTTP/2 connection of a client may have under way.
const maxStreams = 1000

// cutTime is how long requests have to end once they have been cut off.
const cutTime = 5 * time.Second

// Proxy is a reverse proxy in front of one model server. Make it with New, use Run once, and Close it in the end.
type Proxy struct {
	cfg     Config
	timeout time.Duration // of a request; 0 for none
	set     Settings
	log     *slog.Logger
	metrics *metrics
	target  *target
	gate    *gate // nil without a limit
	reverse *httputil.ReverseProxy
	server  *http.Server
	epoch   time.Time

	requestLimit, answerLimit *throttle

	listener  *listener
	base      context.Context // of all requests
	cutAll    context.CancelFunc
	underWay  underWay
	draining  atomic.Bool
	cut       atomic.Bool // what is left has been cut off at the end of drain_timeout
	served    atomic.Bool // the model has answered a 2xx
	down      atomic.Bool // the last request could not reach the model
	closeOnce sync.Once
}

// New binds the listener; nothing is served before Run. Errors: those of Config.Validate, an address that is taken, files that cannot be read, and
// a registerer that has the series already.
func New(cfg Config, set Settings) (_ *Proxy, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if !cfg.Enabled() {
		return nil, errors.New("the proxy is off: listen is empty")
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Registerer == nil {
		set.Registerer = prometheus.NewRegistry()
	}
	if set.Record == nil {
		set.Record = func(records.Traffic) {}
	}
	p := &Proxy{cfg: cfg, timeout: cfg.requestTimeout(), set: set, log: set.Logger, gate: newGate(cfg.MaxConcurrent, cfg.MaxQueue), epoch: time.Now().Add(-1)}
	if p.target, err = newTarget(cfg); err != nil {
		return nil, err
	}
	var secure *tls.Config
	if cfg.TLS.CertFile != "" {
		if secure, err = serverTLS(cfg.TLS); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if p.metrics, err = newMetrics(set.Registerer, cfg); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	p.listener = &listener{Listener: l, p: p}
	p.requestLimit, p.answerLimit = newThrottle(cfg, p.metrics.requestDelay), newThrottle(cfg, p.metrics.answerDelay)
	quiet := slog.NewLogLogger(p.log.Handler(), slog.LevelDebug) // what net/http says of clients' mistakes is counted, and no news
	p.reverse = &httputil.ReverseProxy{
		Rewrite: p.rewrite, Transport: roundTripper{p}, ModifyResponse: p.modify, ErrorHandler: p.fail, ErrorLog: quiet, BufferPool: &buffers{},
		FlushInterval: flushHeader,
	}
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	p.server = &http.Server{
		Handler: http.HandlerFunc(p.serve), Protocols: protocols, TLSConfig: secure, ErrorLog: quiet, DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout, IdleTimeout: cfg.IdleTimeout, MaxHeaderBytes: int(cfg.MaxHeaderBytes),
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams}, ConnState: changed,
		BaseContext: func(net.Listener) context.Context { return p.base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, plainConn(c))
		},
	}
	return p, nil
}

// ModelStarted says that the model server has started anew, so that its first request is told again. It may be called at any time.
func (p *Proxy) ModelStarted() { p.served.Store(false) }

// InFlight returns how many requests are under way. It may be called at any time.
func (p *Proxy) InFlight() int64 { return int64(p.underWay.count()) }

// Addr returns the address that the proxy listens on.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// Run serves until ctx ends. Then it accepts no more, answers 503 to what still comes over open connections, and waits for the requests under way,
// for drain_timeout at most; the rest is cut off. It returns nil after that, and an error when the listener fails. Call it once.
func (p *Proxy) Run(ctx context.Context) error {
	p.base, p.cutAll = context.WithCancel(context.WithoutCancel(ctx))
	defer p.cutAll()
	p.log.Info("proxy runs", "listen", p.Addr().String(), "target", p.cfg.Target, "status_codes", p.cfg.StatusCodes)
	served := make(chan error, 1)
	go func() {
		if p.server.TLSConfig != nil {
			served <- p.server.ServeTLS(p.listener, "", "")
		} else {
			served <- p.server.Serve(p.listener)
		}
	}()
	select {
	case err := <-served:
		p.cut.Store(true)
		p.cutAll()
		_ = p.server.Close()
		<-p.underWay.wait()
		p.target.close()
		return fmt.Errorf("proxy: serve on %s: %w", p.Addr(), err)
	case <-ctx.Done():
	}
	p.drain(context.WithoutCancel(ctx))
	<-served
	p.target.close()
	return nil
}

// drain waits for requests under way, and cuts off those that last too long.
func (p *Proxy) drain(ctx context.Context) {
	p.draining.Store(true)
	within, cancel := context.WithTimeout(ctx, p.cfg.DrainTimeout)
	defer cancel()
	_ = p.server.Shutdown(within) // its error is that of within
	defer func() { _ = p.server.Close() }()
	select {
	case <-p.underWay.wait(): // those too whose connection speaks another protocol by now
		return
	case <-within.Done():
	}
	p.log.Warn("proxy cuts off requests that did not end in drain_timeout", "drain_timeout", p.cfg.DrainTimeout)
	p.cut.Store(true)
	p.cutAll()
	select { // they see that, and answer
	case <-p.underWay.wait():
	case <-time.After(cutTime):
		_ = p.server.Close()
	}
	<-p.underWay.wait()
}

// Close closes the listener when Run has not done so. It may be called without Run, but not during it; a second call returns nil.
func (p *Proxy) Close() error {
	var err error
	p.closeOnce.Do(func() {
		if err = p.listener.Close(); errors.Is(err, net.ErrClosed) {
			err = nil
		}
		p.target.close()
	})
	return err
}

// settle notes what an exchange says about the model server.
func (p *Proxy) settle(x *exchange) {
	if x.model == nil {
		return
	}
	if x.modelStatus/100 == 2 && x.readErr == nil && !p.served.Load() && p.served.CompareAndSwap(false, true) && p.set.FirstRequest != nil {
		p.set.FirstRequest(x.answered)
	}
	if p.down.Load() && p.down.CompareAndSwap(true, false) {
		p.log.Info("the model server answers again", "target", p.cfg.Target)
	}
}

// unreachable notes that the model server could not be reached.
func (p *Proxy) unreachable(err error) {
	if p.down.CompareAndSwap(false, true) {
		p.log.Warn("the model server cannot be reached", "target", p.cfg.Target, "err", err)
	}
}

type connKey struct{}

// buffers are reused for copying answers.
type buffers struct{ pool sync.Pool }

const copySize = 16 << 10

func (b *buffers) Get() []byte {
	if v := b.pool.Get(); v != nil {
		return v.(*[copySize]byte)[:]
	}
	return new([copySize]byte)[:]
}

func (b *buffers) Put(p []byte) { b.pool.Put((*[copySize]byte)(p)) }
