package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// flushHeader is how long the header of an answer with a known length may wait for the first byte of its body.
const flushHeader = 5 * time.Millisecond

// errRequestTimeout ends a request that took longer than request_timeout.
var errRequestTimeout = errors.New("the request took longer than request_timeout")

// errBadAnswer says that the model's answer cannot be passed on.
var errBadAnswer = errors.New("the model's answer is not HTTP")

// serve is the whole way of one request.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	p.underWay.enter()
	defer p.underWay.leave()
	p.metrics.inFlight.Inc()
	defer p.metrics.inFlight.Dec()

	now := time.Now()
	x := &exchange{p: p, began: now, heard: now}
	c, _ := r.Context().Value(connKey{}).(*conn)
	if c != nil {
		x.conn = c
		x.began = c.begin(r, now)
	}
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if p.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.timeout, errRequestTimeout)
		defer cancel()
	}
	x.request = r.WithContext(ctx)
	x.id = requestID(r.Header, p.cfg.TrustRequestID)
	x.traceID = traceID(r.Header)
	var ok bool
	if x.clientID, ok = clientRequestID(r.Header); !ok {
		p.metrics.badIDs.Inc()
		p.log.Debug("x-ms-client-request-id dropped: it holds other than letters, digits, - and _", "request_id", x.id)
	}
	x.grpc = isGRPC(r.ProtoMajor, r.Header)
	rc := http.NewResponseController(w)
	x.writer = &answerWriter{ResponseWriter: w, x: x, rc: rc, length: -1}
	defer x.end()

	switch {
	case p.draining.Load():
		x.refuse(http.StatusServiceUnavailable, "the endpoint is being stopped")
		return
	case c != nil && c.over:
		x.refuse(http.StatusServiceUnavailable, "too many connections")
		return
	case r.Method == http.MethodConnect:
		x.refuse(http.StatusMethodNotAllowed, "this is no forward proxy: CONNECT is not served")
		return
	}
	if r.ContentLength != 0 {
		x.body = &requestBody{ReadCloser: r.Body, x: x, rc: rc, original: r}
		x.request.Body = x.body
		if err := x.readSmall(); err != nil {
			p.fail(nil, x.request, err)
			return
		}
	}
	if p.gate != nil {
		waited, err := p.gate.enter(ctx)
		x.queued, x.admitted = waited, time.Now()
		if err != nil {
			x.turnAway(err)
			return
		}
		defer p.gate.leave()
		p.metrics.queue.observe(waited.Seconds(), x.exemplar)
	}
	if x.body != nil && x.small == nil && r.ProtoMajor == 1 {
		_ = rc.EnableFullDuplex() // otherwise net/http reads the rest of the body itself once the answer begins
	}
	p.reverse.ServeHTTP(x.writer, x.request)
	if x.announced {
		x.writer.delays()
	}
	if r.ProtoMajor == 1 && x.writer.length >= 0 && !x.upgraded {
		if err := rc.Flush(); err != nil && x.writer.err == nil { // before the books are kept, so that nobody waits for them
			x.writer.err = err
		}
	}
}

// end closes the books of an exchange. A panic other than the one by which an answer is aborted is a mistake of ours: it is counted, and costs
// this request alone.
func (x *exchange) end() {
	v := recover()
	if v != nil && v != http.ErrAbortHandler {
		x.p.metrics.panics.Inc()
		x.p.log.Error("panic while a request was passed on", "request_id", x.id, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		if !x.writer.wrote {
			x.refuse(http.StatusInternalServerError, "the proxy failed")
			v = nil
		}
	}
	x.finish()
	if v != nil {
		panic(http.ErrAbortHandler)
	}
}

// rewrite makes the request that the model gets out of the client's. It undoes what ReverseProxy does to queries and forwarding headers, because
// this proxy stands where the model server stood: what stands before it may be relied on as much as before.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	x, in, out := exchangeOf(pr.In.Context()), pr.In, pr.Out
	p.target.direct(out.URL)
	out.URL.RawQuery = in.URL.RawQuery
	out.Host = in.Host
	if p.target.host != "" {
		out.Host = p.target.host
	}
	h := out.Header
	if v, ok := in.Header["Forwarded"]; ok {
		h["Forwarded"] = v
	}
	if host, _, err := net.SplitHostPort(in.RemoteAddr); err == nil {
		if prior := in.Header["X-Forwarded-For"]; len(prior) > 0 {
			host = strings.Join(prior, ", ") + ", " + host
		}
		h["X-Forwarded-For"] = []string{host}
	}
	keep := func(key, otherwise string) {
		if v := in.Header[key]; len(v) > 0 {
			h[key] = v
		} else {
			h[key] = []string{otherwise}
		}
	}
	keep("X-Forwarded-Host", in.Host)
	if in.TLS == nil {
		keep("X-Forwarded-Proto", "http")
	} else {
		keep("X-Forwarded-Proto", "https")
	}
	delete(h, headerClientRequestID)
	x.mark(h)
	if strings.EqualFold(h.Get("Upgrade"), "h2c") { // the way past a proxy that RFC 9113 took back
		delete(h, "Upgrade")
		delete(h, "Connection")
		delete(h, "Http2-Settings")
	}
	if x.small != nil {
		out.Body = io.NopCloser(bytes.NewReader(x.small))
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.small)), nil }
	}
	if x.body != nil && in.ContentLength < 0 {
		out.Trailer = maps.Clone(in.Trailer)
		if out.Trailer == nil {
			out.Trailer = http.Header{}
		}
		x.body.trailer = out.Trailer
	}
}

// roundTripper asks the model, and notes when it answered.
type roundTripper struct{ p *Proxy }

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.p.target.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	x := exchangeOf(r.Context())
	x.answered = time.Now()
	x.model, x.modelStatus, x.modelReason = res, res.StatusCode, modelReason(res)
	if x.body != nil {
		x.body.relax()
	}
	return res, nil
}

// modelReason returns the reason that stands beside the status, or the one that belongs to it.
func modelReason(res *http.Response) string {
	if _, reason, _ := strings.Cut(res.Status, " "); reason != "" {
		return cut(reason, maxReason)
	}
	return statusText(res.StatusCode)
}

// unanswered takes back that the model answered.
func (x *exchange) unanswered() {
	x.model, x.modelStatus, x.modelReason, x.answered = nil, 0, "", time.Time{}
}

// modify prepares the model's answer for the client.
func (p *Proxy) modify(res *http.Response) error {
	x := exchangeOf(res.Request.Context())
	if res.StatusCode < 100 || res.StatusCode > 999 {
		x.unanswered()
		return fmt.Errorf("%w: its status is %d", errBadAnswer, res.StatusCode)
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		b, ok := res.Body.(io.ReadWriteCloser)
		if asked := x.request.Header.Get("Upgrade"); !ok || x.request.ProtoMajor != 1 || asked == "" || !strings.EqualFold(asked, res.Header.Get("Upgrade")) {
			x.unanswered()
			return fmt.Errorf("%w: it switched to a protocol that was not asked for", errBadAnswer)
		}
		x.upgraded = true
		x.status = http.StatusSwitchingProtocols
		x.writer.wrote = true
		res.Body = &upgradedBody{b, x}
		x.mark(res.Header)
		return nil
	}
	x.tokens = newTokenScanner(res, x.grpc, func(d time.Duration) { p.metrics.betweenTokens.observe(d.Seconds(), x.exemplar) })
	if p.cfg.StatusCodes == Azure && res.StatusCode != http.StatusOK {
		h := res.Header
		h["Ms-Azureml-Model-Error-Statuscode"] = []string{strconv.Itoa(res.StatusCode)}
		h["Ms-Azureml-Model-Error-Reason"] = []string{x.modelReason}
		if bodiless(res.StatusCode) && x.request.Method != http.MethodHead {
			res.ContentLength = 0
			h["Content-Length"] = []string{"0"}
		}
		res.StatusCode = http.StatusFailedDependency
	}
	if len(res.Trailer) > 0 && res.ContentLength >= 0 && x.request.ProtoMajor == 1 && x.request.ProtoAtLeast(1, 1) {
		dropLength(res)
	}
	res.Body = &modelBody{res.Body, x}
	x.announced = x.writer.announce(res)
	x.writer.begin(res)
	return nil
}
