package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
)

// statusClientLeft is what an answer is counted as that nobody waited for. No standard names it, and proxies use it.
const statusClientLeft = 499

// statusText returns the reason of a status, such as "Bad Request".
func statusText(status int) string {
	if status == statusClientLeft {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// problem is the body of an answer of our own: RFC 9457, and the member by which clients of OpenAI's API find the message.
type problem struct {
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	RequestID string       `json:"request_id"`
	Error     problemError `json:"error"`
}

type problemError struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    int    `json:"code"`
}

// refuse answers in place of the model. The row's reason is detail.
func (x *exchange) refuse(status int, detail string) { x.refuseWith(status, detail, detail) }

// refuseWith does so with another reason in the row, which may name what is none of the client's business.
func (x *exchange) refuseWith(status int, detail, reason string) {
	x.reason = cut(reason, maxReason)
	w := x.writer
	h := w.Header()
	clear(h)
	x.mark(h)
	body, _ := json.Marshal(problem{statusText(status), status, detail, x.id, problemError{detail, "endscope_proxy", status}}) // of plain values
	h["Content-Type"] = []string{"application/problem+json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	switch status {
	case http.StatusTooManyRequests:
		h["Retry-After"] = []string{"1"}
	case http.StatusServiceUnavailable:
		h["Retry-After"] = []string{"1"}
		h["Connection"] = []string{"close"} // also in HTTP/2, where net/http makes it a farewell
	case http.StatusRequestTimeout, http.StatusBadRequest:
		if x.request.ProtoMajor == 1 {
			h["Connection"] = []string{"close"}
		}
	}
	x.tokens = nil
	w.length = int64(len(body))
	w.WriteHeader(status)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that left is no fault of ours
	}
}

// leave ends a request whose client has left. It does not return.
func (x *exchange) leave() {
	x.status, x.reason = statusClientLeft, statusText(statusClientLeft)
	panic(http.ErrAbortHandler)
}

// ended answers a request that ran out of time, or was cut off, or whose client left. It returns false when nothing of that happened.
func (x *exchange) ended() bool {
	ctx := x.request.Context()
	switch {
	case errors.Is(context.Cause(ctx), errRequestTimeout):
		status := http.StatusGatewayTimeout
		if x.p.cfg.StatusCodes == Azure {
			status = http.StatusRequestTimeout
		}
		x.refuse(status, "the model server did not answer within "+x.p.timeout.String()+" (request_timeout)")
	case ctx.Err() != nil && x.p.cut.Load():
		x.refuse(http.StatusServiceUnavailable, "the endpoint is being stopped")
	case ctx.Err() != nil:
		x.leave()
	default:
		return false
	}
	return true
}

// turnAway answers a request that did not get its turn.
func (x *exchange) turnAway(err error) {
	if errors.Is(err, errFull) {
		x.refuse(http.StatusTooManyRequests, errFull.Error())
		return
	}
	x.ended()
}

// fail answers for a model that did not. It gets every error from before the header of the answer was sent.
func (p *Proxy) fail(_ http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if x.upgraded { // the connection is not ours any more
		x.readErr = err
		return
	}
	var sent error
	if x.body != nil {
		sent = x.body.failure()
	}
	switch {
	case isDeadline(sent): // net/http takes that for a client that left
		x.refuse(http.StatusRequestTimeout, "the client sent nothing of the request for "+p.cfg.ClientTimeout.String()+" (client_timeout)")
	case x.ended():
	case sent != nil && (r.ProtoMajor == 2 || isGone(sent)):
		x.leave()
	case sent != nil:
		x.refuse(http.StatusBadRequest, "the body of the request is malformed")
	case isTimeout(err):
		p.unreachable(err)
		x.refuseWith(http.StatusGatewayTimeout, "the model server does not answer", "the model server does not answer: "+cause(err))
	default:
		p.unreachable(err)
		x.refuseWith(http.StatusBadGateway, "the model server cannot be reached, or its answer is not HTTP", "no answer from the model server: "+cause(err))
	}
}

// isGone tells whether reading from a client failed because its connection broke.
func isGone(err error) bool {
	for _, e := range []error{io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// cause returns what lies at the bottom of an error of the network, without addresses and ports, so that rows of one cause have one text.
func cause(err error) string {
	var call *os.SyscallError
	var dns *net.DNSError
	switch {
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.As(err, &dns):
		return dns.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before an answer"
	}
	return err.Error()
}
