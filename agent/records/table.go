package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
)

// writeAgain is how long the writer waits after the spool did not take rows, which stay in memory meanwhile.
const writeAgain = time.Second

// table is one log on its way: rows in memory, a spool, and the push.
type table[T any] struct {
	kind    Kind
	cfg     Config
	queue   *queue[T]
	spool   *spool.Spool
	sender  *sender
	metrics *metrics
	events  prometheus.Counter
	log     *slog.Logger

	turn chan struct{} // holds a value while somebody waits in append
	left chan struct{} // closed when the table is

	mu     sync.Mutex // held while rows are turned into payloads and written, so that they are written in their order
	lines  *lines
	encode func(*lines, []byte, *T) []byte
	plain  []byte
	packed bytes.Buffer
	packer *gzip.Writer
	// together is how large payloads that are written at once may be.
	together int
	sayFull  *rate.Sometimes
	sayDisk  *rate.Sometimes
}

// record takes a row if there is room in memory. It never waits.
func (t *table[T]) record(row *T, size int64) (taken bool) {
	t.events.Inc()
	reason, taken := t.queue.offer(row, size)
	if !taken {
		t.metrics.dropped(t.kind, reason, 1)
		t.sayFull.Do(func() {
			t.log.Warn("rows of a log are dropped, as there is no room for them in memory", "reason", reason)
		})
	}
	return taken
}

// append writes rows and returns when they are in the spool. It waits for its turn, and while the spool has no room: rows that others hold back are
// not worth those that are in it already.
func (t *table[T]) append(ctx context.Context, rows []T) error {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for len(rows) > 0 {
		payloads, n, tooLarge := t.packMany(rows)
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := t.spool.AppendIfRoom(payloads)
			if err == nil {
				break
			}
			if !errors.Is(err, spool.ErrFull) {
				return err
			}
			t.sayFull.Do(func() { t.log.Warn("spool of a log is full; those who can wait do", "rows", n) })
			select {
			case <-t.spool.Freed():
			case <-t.left:
				return spool.ErrClosed
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		t.tooLarge(tooLarge)
		t.events.Add(float64(n))
		rows = rows[n:]
	}
	return nil
}

// packMany turns rows into payloads that are written together: all rows, unless they are very many.
func (t *table[T]) packMany(rows []T) (payloads []spool.Payload, n, tooLarge int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for size := 0; n < len(rows) && size < t.together; {
		payload, took, left := t.pack(rows[n:])
		if took > left {
			payloads = append(payloads, spool.Payload{Bytes: bytes.Clone(payload), Samples: took - left})
			size += len(payload)
		}
		n += took
		tooLarge += left
	}
	return payloads, n, tooLarge
}

// run writes what comes until stop is closed. After the first row it waits for a while, so that one write holds many.
func (t *table[T]) run(stop <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	pause := func(d time.Duration, early <-chan struct{}) bool {
		timer.Reset(d)
		select {
		case <-stop:
			return false
		case <-timer.C:
		case <-early:
		}
		return true
	}
	for {
		select {
		case <-stop:
			return
		case <-t.queue.wake:
		}
		early := t.queue.pressing
		for wait := t.cfg.FlushInterval; ; wait, early = writeAgain, nil {
			if !pause(wait, early) {
				return
			}
			if t.flush() == nil {
				break
			}
		}
	}
}

// flush writes what waits in memory. After an error the rest waits on.
func (t *table[T]) flush() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		rows := t.queue.next(t.cfg.BatchRows)
		if len(rows) == 0 {
			return nil
		}
		payload, n, tooLarge := t.pack(rows)
		if n > tooLarge {
			if err := t.spool.Append(payload, n-tooLarge); err != nil {
				t.sayDisk.Do(func() { t.log.Error("spool does not take rows; they wait in memory", "rows", len(rows), "err", err) })
				return fmt.Errorf("%s log: %w", t.kind, err)
			}
		}
		t.tooLarge(tooLarge)
		t.queue.done(n)
	}
}

func (t *table[T]) tooLarge(n int) {
	if n > 0 {
		t.metrics.dropped(t.kind, ReasonRowTooLarge, n)
		t.log.Warn("rows of a log are dropped, as each alone is larger than the server takes", "rows", n, "limit_bytes", longestRow)
	}
}

// pack turns the first rows into one payload, as many as one push may hold. It returns how many it took, and how many of those it left out,
// as they are too large. The payload is the table's, until the next call.
func (t *table[T]) pack(rows []T) (payload []byte, n, tooLarge int) {
	t.plain = t.plain[:0]
	for ; n < min(len(rows), t.cfg.BatchRows) && len(t.plain) < int(t.cfg.BatchBytes); n++ {
		from := len(t.plain)
		t.plain = t.encode(t.lines, t.plain, &rows[n])
		if len(t.plain)-from > longestRow {
			t.plain = t.plain[:from]
			tooLarge++
		}
	}
	payload = compress(t.packer, &t.packed, t.plain)
	const keep = 4 << 20
	if cap(t.plain) > keep {
		t.plain = nil
	}
	if t.packed.Cap() > keep {
		t.packed = bytes.Buffer{}
	}
	return payload, n, tooLarge
}

// compress packs plain with gzip. The result is b's.
func compress(w *gzip.Writer, b *bytes.Buffer, plain []byte) []byte {
	b.Reset()
	w.Reset(b)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// leave writes what is left in memory, and counts what the disk does not take.
func (t *table[T]) leave() error {
	t.queue.close()
	close(t.left)
	err := t.flush()
	if rows, _ := t.queue.waiting(); rows > 0 {
		t.metrics.dropped(t.kind, ReasonSpoolError, rows)
		t.log.Error("rows of a log are dropped, as the agent ends and the spool does not take them", "rows", rows, "err", err)
	}
	return errors.Join(err, t.spool.Close())
}

func (t *table[T]) stats() Stats {
	s := Stats{Kind: t.kind, Table: t.kind.table()}
	s.QueuedRows, s.QueuedBytes = t.queue.waiting()
	st := t.spool.Stats()
	s.SpoolRows, s.SpoolBytes, s.SpoolOldest = st.Samples, st.Bytes, st.Oldest
	s.Pushed = t.sender.pushed.Load()
	return s
}

func (t *table[T]) drainer() *push.Drainer { return t.sender.Drainer }
