package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/http/httpguts"

	"github.com/endscope/endscope/agent/records"
)

// maxUserAgent is how many characters of it a row keeps. Source: azure-monitor.md §11.1.
const maxUserAgent = 70

// exchange is one request and how it went.
type exchange struct {
	p       *Proxy
	request *http.Request // as the client sent it
	writer  *answerWriter
	body    *requestBody // nil when the request has none
	small   []byte       // the body, where it was read at once

	began    time.Time // first byte of the request
	heard    time.Time // end of its header
	queued   time.Duration
	admitted time.Time // when it got its turn; zero where there is no queue
	answered time.Time // first byte of the model's answer; zero when there was none

	id, clientID, traceID string
	grpc                  bool
	upgraded              bool // the connection has become one of another protocol

	model       *http.Response // nil when it did not answer
	modelStatus int
	modelReason string
	readErr     error // why the model's answer ended early
	tokens      *tokenScanner

	status int // as sent to the client, or what stands for it; 0 until then
	reason string

	announced bool // trailers of ours follow the answer
	upgrade   upgrade
}

type exchangeKey struct{}

// exchangeOf returns the exchange whose request ctx belongs to.
func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// exemplar returns the labels by which an observation is found in the log and in traces: at most 124 characters of the 128 that are allowed.
func (x *exchange) exemplar() prometheus.Labels {
	l := prometheus.Labels{"request_id": x.id}
	if x.traceID != "" {
		l["trace_id"] = x.traceID
	}
	return l
}

// broken returns why the answer broke off after its header was sent, and "" when it did not.
func (x *exchange) broken() string {
	if !x.writer.wrote || x.model == nil {
		return ""
	}
	switch ctx := x.request.Context(); {
	case x.upgraded && x.upgrade.broken() && ctx.Err() == nil:
		return reasonReset
	case x.upgraded && x.p.cut.Load():
		return reasonLimit
	case x.upgraded && errors.Is(context.Cause(ctx), errRequestTimeout):
		return reasonTimeout
	case x.readErr == nil && x.writer.err == nil:
		return ""
	case errors.Is(context.Cause(ctx), errRequestTimeout):
		return reasonTimeout
	case x.p.cut.Load() && ctx.Err() != nil, isDeadline(x.writer.err):
		return reasonLimit
	case x.writer.err != nil, ctx.Err() != nil:
		return reasonAbort
	}
	return reasonReset
}

// finish observes the exchange and records its row. It is called once, when the answer has been handed to the client's connection.
func (x *exchange) finish() {
	now, m := time.Now(), x.p.metrics
	total := now.Sub(x.began)
	row := records.Traffic{
		Time: x.began, Method: x.request.Method, Path: x.request.URL.EscapedPath(), Protocol: x.request.Proto,
		UserAgent: cut(x.request.UserAgent(), maxUserAgent), RequestID: x.id, ClientRequestID: x.clientID,
		Answered: -1, Total: total, InputTokens: -1, OutputTokens: -1,
	}
	row.AuthType, row.IdentityData = identify(x.request.Header)
	received, complete := x.heard, true // when the last byte of the request came, and whether that was its end
	if x.body != nil {
		var last time.Time
		row.RequestBytes, row.RequestDelay, last, complete = x.body.read()
		if !last.IsZero() {
			received = last
		}
	}
	upload, asked := received.Sub(x.began), received // asked is when the model had all that it needed to begin
	row.Received = upload
	switch {
	case x.admitted.IsZero():
	case received.After(x.admitted):
		upload -= x.queued // the queue was before the body
	default:
		asked = x.admitted
	}
	row.ResponseBytes, row.ResponseDelay = x.writer.bytes, x.writer.delay
	if x.upgraded {
		x.upgrade.add(&row)
	}
	row.StreamError = x.broken()
	x.outcome(&row)
	var tokens tokenResult
	if x.tokens != nil {
		tokens = x.tokens.finish()
	}
	row.Streaming = x.upgraded || tokens.streaming
	row.InputTokens, row.OutputTokens, row.Model = tokens.input, tokens.output, tokens.model
	if x.tokens == nil {
		row.InputTokens, row.OutputTokens = -1, -1
	}

	exemplar := x.exemplar
	o := m.of(outcome{row.Code, row.ModelCode, row.Streaming})
	o.total.observe(total.Seconds(), exemplar)
	if x.model != nil {
		row.Answered = x.answered.Sub(x.began)
		if complete {
			o.upload.observe(upload.Seconds(), exemplar)
		}
		o.model.observe(max(0, x.answered.Sub(asked)).Seconds(), exemplar)
		o.download.observe(now.Sub(x.answered).Seconds(), exemplar)
		m.requestSize.observe(float64(row.RequestBytes), exemplar)
		m.responseSize.observe(float64(row.ResponseBytes), exemplar)
	}
	if tokens.streaming && !tokens.first.IsZero() {
		row.FirstToken = tokens.first.Sub(x.began)
		m.firstToken.observe(max(0, row.FirstToken-upload).Seconds(), exemplar)
	}
	if tokens.input > 0 {
		m.inputTokens.Add(float64(tokens.input))
	}
	if tokens.output > 0 {
		m.outputTokens.Add(float64(tokens.output))
	}
	if row.StreamError != "" {
		m.streamErrors.WithLabelValues(row.StreamError).Inc()
	}
	x.p.set.Record(row)
	x.p.settle(x)
}

// outcome fills in what the client and the model answered.
func (x *exchange) outcome(row *records.Traffic) {
	row.Code, row.Reason = x.status, x.reason
	row.ModelCode, row.ModelReason = x.modelStatus, x.modelReason
	switch {
	case row.StreamError == reasonAbort:
		row.Code, row.Reason = statusClientLeft, statusText(statusClientLeft)
	case row.StreamError == "" && x.grpc && x.modelStatus == http.StatusOK:
		row.ModelCode, row.ModelReason = grpcOutcome(x.model)
		row.Code, row.Reason = row.ModelCode, row.ModelReason
	}
	if row.Reason == "" {
		row.Reason = statusText(row.Code)
	}
}

// smallBody is how large a body may be to be read before the model is asked. One packet to the model rather than two saves it a wake-up, a request
// that can be sent again survives a connection that the model has just closed, and a client that leaves is noticed while it waits for its turn.
const smallBody = 16 << 10

// readSmall reads a small body of known length, unless the client wants to be asked for it first.
func (x *exchange) readSmall() error {
	r := x.request
	if r.ContentLength <= 0 || r.ContentLength > smallBody || r.Header["Expect"] != nil || len(r.Trailer) > 0 || x.grpc {
		return nil
	}
	b := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(x.body, b); err != nil {
		return err
	}
	if _, _, _, ended := x.body.read(); !ended {
		if n, err := x.body.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			return errors.Join(io.ErrUnexpectedEOF, err)
		}
	}
	x.small = b
	return nil
}

// cut returns the first n characters of s, as valid UTF-8.
func cut(s string, n int) string {
	if len(s) > n {
		i := 0
		for at := range s {
			if i == n {
				s = s[:at]
				break
			}
			i++
		}
	}
	if !utf8.ValidString(s) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// requestBody is the body of a client's request. Reading it may go on, by the transport, after the exchange has ended.
type requestBody struct {
	io.ReadCloser
	x        *exchange
	rc       *http.ResponseController
	original *http.Request // as net/http made it, which puts trailers there
	// trailer gets the request's trailers once the body has ended; nil when there can be none.
	trailer http.Header

	mu    sync.Mutex
	bytes int64
	delay time.Duration
	last  time.Time // when the last bytes came
	ended bool
	err   error // why it ended early
	calm  bool  // the model has answered: from now on the client may take its time
}

// read returns what has been read so far: bytes, delay by the limit on bandwidth, when the last of them came, and whether that was all.
func (b *requestBody) read() (int64, time.Duration, time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes, b.delay, b.last, b.ended
}

func (b *requestBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// relax lifts the limit on the client's silence.
func (b *requestBody) relax() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.calm && b.x.p.cfg.ClientTimeout > 0 {
		b.calm = true
		if !b.ended {
			_ = b.rc.SetReadDeadline(time.Time{})
		}
	}
}

func (b *requestBody) Read(p []byte) (int, error) {
	if d := b.x.p.cfg.ClientTimeout; d > 0 {
		b.mu.Lock()
		if !b.calm {
			_ = b.rc.SetReadDeadline(time.Now().Add(d)) // where it cannot be set, the client may take its time
		}
		b.mu.Unlock()
	}
	n, err := b.ReadCloser.Read(p)
	now := time.Now()
	delay := b.x.p.requestLimit.wait(b.x.request.Context(), n)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes += int64(n)
	b.delay += delay
	if n > 0 || err == io.EOF && b.original.ContentLength < 0 { // the end is something that comes only where no length was given
		b.last = now.Add(delay)
	}
	switch {
	case err == nil:
	case err == io.EOF:
		if !b.ended {
			b.ended = true
			b.pass()
			if b.x.p.cfg.ClientTimeout > 0 && !b.calm {
				_ = b.rc.SetReadDeadline(time.Time{})
			}
		}
	case b.err == nil:
		b.err = err
	}
	return n, err
}

// pass hands the trailers that came after the body to the request that is being sent.
func (b *requestBody) pass() {
	if b.trailer == nil {
		return
	}
	for k, v := range b.original.Trailer {
		if len(v) > 0 && httpguts.ValidTrailerHeader(k) {
			b.trailer[k] = v
		}
	}
}
