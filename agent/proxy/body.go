package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

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

// arm sets until when the client may be silent. Where that cannot be set, it may take its time.
func (b *requestBody) arm(until time.Time) {
	if b.x.p.cfg.ClientTimeout == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.calm && !b.ended {
		_ = b.rc.SetReadDeadline(until)
	}
}

func (b *requestBody) Read(p []byte) (int, error) {
	b.arm(time.Now().Add(b.x.p.cfg.ClientTimeout))
	n, err := b.ReadCloser.Read(p)
	b.arm(time.Time{}) // what follows, such as a wait for bandwidth or for a model that does not read, is no silence of the client
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
