package records

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
)

// smallerFor is how long pushes stay smaller after the server found one too large.
const smallerFor = 10 * time.Minute

// sender pushes what one spool holds. An entry that was pushed in parts is not pushed again from its beginning.
type sender struct {
	*push.Drainer
	kind    Kind
	url     string
	client  *http.Client
	timeout time.Duration
	metrics *metrics
	log     *slog.Logger
	pushed  atomic.Int64 // rows that the server has

	largest    int       // most rows of a push; 0 means all of an entry
	largestTil time.Time // until when
	partOf     uint64    // the entry of which the first rows are delivered
	delivered  int       // how many of them

	sayRefusal *rate.Sometimes
}

func newSender(kind Kind, url string, client *http.Client, cfg SendConfig, q push.Queue, m *metrics, log *slog.Logger) *sender {
	s := &sender{kind: kind, url: url, client: client, timeout: cfg.Timeout, metrics: m, log: log, sayRefusal: push.OnceAMinute()}
	s.Drainer = push.NewDrainer(q, s.deliver, push.Backoff{Min: cfg.BackoffMin, Max: cfg.BackoffMax}, "rows of a log", url, log)
	return s
}

// deliver pushes an entry, in parts where the server finds it too large.
func (s *sender) deliver(ctx context.Context, e spool.Entry) (done bool, floor time.Duration, err error) {
	if e.Seq != s.partOf {
		s.partOf, s.delivered = e.Seq, 0
	}
	for s.delivered < e.Samples {
		body, rows := e.Payload, e.Samples
		if limit := s.limit(); s.delivered > 0 || rows > limit {
			rows = min(limit, e.Samples-s.delivered)
			if body, err = part(e.Payload, s.delivered, rows); err != nil {
				s.lose(ReasonSpoolCorrupt, e.Samples-s.delivered, err.Error())
				return true, 0, nil
			}
		}
		a, err := s.post(ctx, e, body)
		switch {
		case err != nil:
			return false, 0, err
		case a.Stored():
			s.settle(rows, a)
		case a.Status == http.StatusRequestEntityTooLarge && rows > 1:
			s.largest, s.largestTil = (rows+1)/2, time.Now().Add(smallerFor)
			s.log.Info("server finds a push too large; smaller ones follow", "rows", rows, "next", s.largest, "message", a.Message())
			continue
		case a.Status == http.StatusRequestEntityTooLarge:
			s.lose(ReasonRowTooLarge, rows, a.Message())
		case a.Permanent():
			s.settle(rows, a)
		default:
			return false, a.RetryAfter, a.Err()
		}
		s.delivered += rows
	}
	return true, 0, nil
}

// limit is how many rows a push may have now.
func (s *sender) limit() int {
	if s.largest > 0 && time.Now().Before(s.largestTil) {
		return s.largest
	}
	s.largest = 0
	return int(^uint(0) >> 1)
}

// settle counts what an answer to rows says of them: one that is a success, or that refuses for good.
func (s *sender) settle(rows int, a push.Answer) {
	var told struct {
		Rows   json.RawMessage `json:"rows"` // a number in a success, a list in a problem
		Detail string          `json:"detail"`
		Stored *struct {
			Rows int `json:"rows"`
		} `json:"stored"` // of a push of which a part was refused
	}
	_ = json.Unmarshal(a.Body, &told) // an answer that is none of ours tells nothing
	stored := 0
	if a.Stored() {
		stored = rows
		if n, err := strconv.Atoi(string(told.Rows)); err == nil {
			stored = n
		}
	} else if told.Stored != nil {
		stored = told.Stored.Rows
	}
	stored = min(max(stored, 0), rows)
	s.pushed.Add(int64(stored))
	if stored < rows {
		why := told.Detail
		if why == "" {
			why = a.Err().Error()
		}
		s.lose(ReasonRefused, rows-stored, why)
	}
}

func (s *sender) lose(reason string, rows int, why string) {
	s.metrics.dropped(s.kind, reason, rows)
	s.sayRefusal.Do(func() {
		s.log.Warn("rows of a log are lost; those of the next minute are counted alone", "reason", reason, "rows", rows, "why", why)
	})
}

// post pushes body once. The server stores one key once, so that rows whose answer was lost are not stored twice. The body is part of the key, so
// that no mix-up of folders, such as in copies of one machine, can make it take new rows for old ones.
func (s *sender) post(ctx context.Context, e spool.Entry, body []byte) (push.Answer, error) {
	a, err := push.Post(ctx, s.client, push.Request{URL: s.url, Body: body, Timeout: s.timeout, MaxAnswer: 1 << 20, Header: http.Header{
		"Content-Type": {"application/x-ndjson"}, "Content-Encoding": {"gzip"},
		"Idempotency-Key": {fmt.Sprintf("%s-%016x", e.Name, xxhash.Sum64(body))},
	}})
	switch {
	case err == nil:
		s.metrics.requests.WithLabelValues(string(s.kind), strconv.Itoa(a.Status)).Inc()
	case ctx.Err() == nil:
		s.metrics.requests.WithLabelValues(string(s.kind), "error").Inc()
	}
	return a, err
}

// part returns n lines of a packed payload, from the one with that number on, packed.
func part(packed []byte, from, n int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack rows: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("unpack rows: %w", err)
	}
	begin := 0
	for ; from > 0; from-- {
		begin += bytes.IndexByte(plain[begin:], '\n') + 1
	}
	end := begin
	for ; n > 0; n-- {
		line := bytes.IndexByte(plain[end:], '\n') + 1
		if line == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		end += line
	}
	var b bytes.Buffer
	return compress(newPacker(), &b, plain[begin:end]), nil
}

func newPacker() *gzip.Writer {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a known one
	return w
}
