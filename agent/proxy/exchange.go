package proxy

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/records"
)

// maxUserAgent is how many characters of it a row keeps. Source: azure-monitor.md §11.1.
const maxUserAgent = 70

// exchange is one request and how it went.
type exchange struct {
	p       *Proxy
	request *http.Request // as the client sent it
	conn    *conn         // the client's; nil where it is not known
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
	case x.p.cut.Load() && ctx.Err() != nil, isDeadline(x.writer.err), x.conn != nil && x.conn.stalled.Load():
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
	if row.StreamError != "" && (x.modelStatus/100 == 2 || x.upgraded) { // an error that breaks off was a failure before
		m.streamErrors.WithLabelValues(row.StreamError).Inc()
	}
	x.p.settle(x)
	x.p.set.Record(row)
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
