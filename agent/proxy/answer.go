package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

// The trailers that tell how long the limit on bandwidth held a request and its answer back. Source: azure-monitor.md §13.1.
const (
	trailerRequestDelay = "Ms-Azureml-Bandwidth-Request-Delay-Ms"
	trailerAnswerDelay  = "Ms-Azureml-Bandwidth-Response-Delay-Ms"
)

// answerWriter is the way to the client. It counts, limits and flushes what goes there, and reads tokens out of it after it has gone.
type answerWriter struct {
	http.ResponseWriter
	x  *exchange
	rc *http.ResponseController

	wrote  bool  // the final header has been sent
	length int64 // of the body, as the model said; -1 when it did not
	bytes  int64
	delay  time.Duration
	err    error // why the client did not get all
}

func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answerWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.wrote = true
		w.x.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(p []byte) (int, error) {
	x := w.x
	if d := x.p.answerLimit.wait(x.request.Context(), len(p)); d > 0 {
		w.delay += d
	}
	disarm := w.arm()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	// The rest may be long in coming. HTTP/2 would send the last piece after the handler, where no deadline stands and nobody learns how it went.
	if err == nil && (w.length < 0 || w.bytes < w.length || x.request.ProtoMajor == 2) {
		err = w.rc.Flush()
	}
	disarm()
	if err != nil && w.err == nil {
		w.err = err
	}
	if x.tokens != nil {
		x.tokens.scan(p[:n], time.Now())
	}
	return n, err
}

// FlushError is what ReverseProxy calls when the header of an answer has waited long enough. An answer without a body is left alone: its header and its
// end are one frame of HTTP/2, which gRPC tells from a stream that broke.
func (w *answerWriter) FlushError() error {
	if w.length == 0 {
		return nil
	}
	defer w.arm()()
	return w.rc.Flush()
}

// arm gives the client client_timeout to take what is written until the function that it returns is called. In HTTP/2 that is a timer of one stream,
// which resets it even when nothing is being written; conn looks after the connection as a whole, and after HTTP/1.
func (w *answerWriter) arm() (disarm func()) {
	d := w.x.p.cfg.ClientTimeout
	if d == 0 || w.x.request.ProtoMajor != 2 {
		return func() {}
	}
	_ = w.rc.SetWriteDeadline(time.Now().Add(d))
	return func() { _ = w.rc.SetWriteDeadline(time.Time{}) }
}

// begin prepares for the header of the model's answer: what net/http would add of its own is left out, and the ids are set.
func (w *answerWriter) begin(res *http.Response) {
	h := res.Header
	for _, k := range []string{"Date", "Content-Type"} {
		if _, ok := h[k]; !ok {
			w.Header()[k] = nil
		}
	}
	w.length = res.ContentLength
	w.x.mark(h)
}

// mark sets the headers by which a client finds its request again.
func (x *exchange) mark(h http.Header) {
	h[headerRequestID] = []string{x.id}
	if x.clientID != "" {
		h[headerClientRequestID] = []string{x.clientID}
	}
}

// announce names the trailers that will follow the answer, where the protocol has room for them: in HTTP/2, and in HTTP/1.1 after chunks, which the
// answer is made of for that. HTTP/1.0 and answers without a body have no room.
func (w *answerWriter) announce(res *http.Response) bool {
	x := w.x
	if x.p.cfg.BandwidthLimit == 0 || x.grpc || !x.request.ProtoAtLeast(1, 1) || x.request.Method == http.MethodHead || bodiless(res.StatusCode) {
		return false
	}
	if x.request.ProtoMajor == 1 {
		dropLength(res)
	}
	res.Header["Trailer"] = append(res.Header["Trailer"], trailerRequestDelay+", "+trailerAnswerDelay)
	return true
}

// dropLength makes an answer of HTTP/1.1 one of chunks. HTTP/2 has room for trailers beside a length, HTTP/1.1 has not.
func dropLength(res *http.Response) {
	res.ContentLength = -1
	delete(res.Header, "Content-Length")
}

// delays writes the trailers that announce named.
func (w *answerWriter) delays() {
	request := time.Duration(0)
	if w.x.body != nil {
		_, request, _, _ = w.x.body.read()
	}
	w.Header().Set(trailerRequestDelay, strconv.FormatInt(request.Milliseconds(), 10))
	w.Header().Set(trailerAnswerDelay, strconv.FormatInt(w.delay.Milliseconds(), 10))
}

// modelBody is the body of the model's answer.
type modelBody struct {
	io.ReadCloser
	x *exchange
}

func (b *modelBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && b.x.readErr == nil {
		b.x.readErr = err
	}
	return n, err
}

func isDeadline(err error) bool { return err != nil && errors.Is(err, os.ErrDeadlineExceeded) }

// bodiless tells whether an answer of this status has no body whatever its header says.
func bodiless(status int) bool {
	return slices.Contains([]int{http.StatusNoContent, http.StatusNotModified}, status)
}
