package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/endscope/endscope/ingest"
)

const (
	maxPooledBody = 4 << 20 // larger buffers are left to the garbage collector
	firstRead     = 64 << 10
	// A body may inflate to freeInflation, and beyond that to maxInflation times what was read of it: real expositions stay below
	// 1:100, a bomb is 1:1000.
	freeInflation = 1 << 20
	maxInflation  = 256
	zstdWindow    = 8 << 20 // the largest that a decoder must support (RFC 8878)
)

var (
	errInflation = errors.New("inflates too far")
	errSlowBody  = fmt.Errorf("the body did not arrive within web.read_timeout: %w", context.DeadlineExceeded)
)

// bodies are buffers of request bodies; they hold no state.
type bodies struct{ pool sync.Pool }

func (b *bodies) get() []byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return (*buf)[:0]
	}
	return nil
}

func (b *bodies) put(buf []byte) {
	if cap(buf) > 0 && cap(buf) <= maxPooledBody {
		b.pool.Put(&buf)
	}
}

// readBody reads the whole body, as sent, into a pooled buffer with room for one byte more. The caller must call release, also after an
// error, when nothing refers to the bytes any more. A body over limit is refused before it is read where its length is announced.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, release func(), err error) {
	if r.ContentLength > limit {
		return nil, func() {}, tooLarge("is of %d bytes", r.ContentLength, limit, "ingest.max_body")
	}
	if r.ContentLength < 0 {
		body, release, err = s.readAll(http.MaxBytesReader(w, r.Body, limit), limit, "ingest.max_body")
		if err != nil {
			err = bodyError(err)
		}
		return body, release, err
	}
	size := r.ContentLength
	done, err := s.set.Ingest.Reserve(size)
	if err != nil {
		return nil, func() {}, err
	}
	buf := s.bodies.get()
	if int64(cap(buf)) <= size {
		buf = make([]byte, 0, size+1)
	}
	release = func() {
		s.bodies.put(buf)
		done()
	}
	body = buf[:size]
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return nil, release, bodyError(err)
	}
	return body, release, nil
}

// readAll reads a stream of unknown length up to limit, named key, reserving memory as it grows. It returns the stream's errors as they are.
func (s *Server) readAll(from io.Reader, limit int64, key string) (body []byte, release func(), err error) {
	buf := s.bodies.get()
	var reserved []func()
	release = func() {
		s.bodies.put(buf)
		for _, done := range reserved {
			done()
		}
	}
	grow := func(to int64) error {
		done, err := s.set.Ingest.Reserve(to - int64(len(buf)))
		if err != nil {
			return err
		}
		reserved = append(reserved, done)
		if int64(cap(buf)) < to {
			buf = append(make([]byte, 0, to), buf...)
		}
		return nil
	}
	if err := grow(max(firstRead, int64(cap(buf)))); err != nil {
		return nil, release, err
	}
	for {
		if len(buf) == cap(buf)-1 {
			if err := grow(min(2*int64(cap(buf)), limit+2)); err != nil {
				return nil, release, err
			}
		}
		n, err := from.Read(buf[len(buf) : cap(buf)-1])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, release, tooLarge("is of more than %d bytes", limit, limit, key)
		case err == io.EOF:
			return buf, release, nil
		case err != nil:
			return nil, release, err
		}
	}
}

// readEncoded is readBody for bodies that may be compressed. It returns the inflated body.
func (s *Server) readEncoded(w http.ResponseWriter, r *http.Request, cfg ingest.Config) (body []byte, release func(), err error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	switch encoding {
	case "", "identity":
		body, release, err := s.readBody(w, r, int64(cfg.MaxBody))
		if err == nil {
			err = looksCompressed(body)
		}
		return body, release, err
	case "gzip", "x-gzip", "deflate", "zstd":
	default:
		return nil, func() {}, &ingest.Error{Kind: ingest.Unsupported, Msg: fmt.Sprintf("Content-Encoding %q: this route takes gzip, deflate, zstd and none", encoding)}
	}
	sent, releaseSent, err := s.readBody(w, r, int64(cfg.MaxBody))
	defer releaseSent()
	if err != nil {
		return nil, func() {}, err
	}
	in := bytes.NewReader(sent)
	from, closeDecoder, err := inflater(encoding, in)
	if err != nil {
		return nil, func() {}, &ingest.Error{Kind: ingest.Malformed, Msg: fmt.Sprintf("%s: %s", encoding, err)}
	}
	defer closeDecoder()
	body, release, err = s.readAll(&inflationGuard{from: from, in: in}, int64(cfg.MaxDecoded), "ingest.max_decoded")
	var known *ingest.Error
	switch {
	case err == nil, errors.As(err, &known):
	case errors.Is(err, errInflation), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		err = &ingest.Error{Kind: ingest.TooLarge, Msg: fmt.Sprintf("the body %s: more than 1:%d", errInflation, maxInflation)}
	default:
		err = &ingest.Error{Kind: ingest.Malformed, Msg: fmt.Sprintf("%s: %s", encoding, err)}
	}
	return body, release, err
}

// looksCompressed refuses a body that is compressed and does not say so. No format that is pushed begins like that: JSON and texts are
// UTF-8, and neither protobuf nor a snappy block can have such a first field or element.
func looksCompressed(body []byte) error {
	for encoding, magic := range map[string]string{"gzip": "\x1f\x8b", "zstd": "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(body, []byte(magic)) {
			return &ingest.Error{Kind: ingest.Malformed, Msg: fmt.Sprintf("the body looks %s-compressed, and the header Content-Encoding: %s is missing", encoding, encoding)}
		}
	}
	return nil
}

func inflater(encoding string, in io.Reader) (io.Reader, func(), error) {
	switch encoding {
	case "zstd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case "deflate":
		z, err := zlib.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Close() }, nil
	default:
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Close() }, nil
	}
}

// inflationGuard stops a decoder that makes far more than real data can.
type inflationGuard struct {
	from io.Reader
	in   *bytes.Reader // what the decoder reads
	out  int64
}

func (g *inflationGuard) Read(p []byte) (int, error) {
	n, err := g.from.Read(p[:min(len(p), firstRead)])
	g.out += int64(n)
	if read := g.in.Size() - int64(g.in.Len()); g.out > freeInflation+maxInflation*read {
		return n, errInflation
	}
	return n, err
}

func tooLarge(what string, size, limit int64, key string) error {
	return &ingest.Error{Kind: ingest.TooLarge, Msg: fmt.Sprintf("the body "+what+", the limit of %s is %d", size, key, limit)}
}

// bodyError says that a body did not come whole.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	var known *ingest.Error
	if errors.As(err, &tooLarge) || errors.As(err, &known) {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) { // web.read_timeout; the sender should try again
		return errSlowBody
	}
	return &ingest.Error{Kind: ingest.Malformed, Msg: fmt.Sprintf("read the body: %s", err)}
}
