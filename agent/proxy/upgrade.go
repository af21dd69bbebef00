package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// upgrade is what went over a connection that has switched protocols. Its two directions are copied by a goroutine each, of which one may still
// run when the exchange has ended.
type upgrade struct {
	mu                sync.Mutex
	in, out           int64 // bytes
	inDelay, outDelay time.Duration
	reset             bool // the model's connection broke
}

func (u *upgrade) broken() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.reset
}

func (u *upgrade) add(row *records.Traffic) {
	u.mu.Lock()
	defer u.mu.Unlock()
	row.RequestBytes += u.in
	row.ResponseBytes += u.out
	row.RequestDelay += u.inDelay
	row.ResponseDelay += u.outDelay
}

// upgradedBody is the model's side of such a connection.
type upgradedBody struct {
	io.ReadWriteCloser
	x *exchange
}

func (b *upgradedBody) Read(p []byte) (int, error) {
	n, err := b.ReadWriteCloser.Read(p)
	delay := b.x.p.answerLimit.wait(b.x.request.Context(), n)
	u := &b.x.upgrade
	u.mu.Lock()
	u.out += int64(n)
	u.outDelay += delay
	u.reset = u.reset || err != nil && err != io.EOF && !errors.Is(err, net.ErrClosed) // which is our own doing
	u.mu.Unlock()
	return n, err
}

func (b *upgradedBody) Write(p []byte) (int, error) {
	delay := b.x.p.requestLimit.wait(b.x.request.Context(), len(p))
	n, err := b.ReadWriteCloser.Write(p)
	u := &b.x.upgrade
	u.mu.Lock()
	u.in += int64(n)
	u.inDelay += delay
	u.mu.Unlock()
	return n, err
}

func (b *upgradedBody) CloseWrite() error {
	if c, ok := b.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}
