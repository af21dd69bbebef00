package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/version"
	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/spool"
)

const (
	contentV1     = "application/x-protobuf"
	contentV2     = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
	headerVersion = "X-Prometheus-Remote-Write-Version"
	headerWritten = "X-Prometheus-Remote-Write-%s-Written"

	// tryV2Again is how long the sender stays with 1.0 after a server showed that it knows nothing newer.
	tryV2Again = 10 * time.Minute
)

// queue is the part of the spool that the sender needs.
type queue interface {
	Peek() (spool.Entry, bool, error)
	Ack(seq uint64) error
	Filled() <-chan struct{}
}

// sender takes rounds from the spool, oldest first, one at a time, and removes each once the server has it or has refused it for good.
type sender struct {
	url     string
	client  *http.Client
	timeout time.Duration
	queue   queue
	metrics *metrics
	log     *slog.Logger
	backoff backoff

	onlyV1Until time.Time // zero: speak 2.0
	failingFrom time.Time // zero: the last request was answered
	sayFailure  *rate.Sometimes
	sayRefusal  *rate.Sometimes
	sayMissing  *rate.Sometimes
}

func newSender(url string, client *http.Client, cfg SendConfig, q queue, m *metrics, log *slog.Logger) *sender {
	return &sender{
		url: url, client: client, timeout: cfg.Timeout, queue: q, metrics: m, log: log, backoff: backoff{min: cfg.BackoffMin, max: cfg.BackoffMax},
		sayFailure: onceAMinute(), sayRefusal: onceAMinute(), sayMissing: onceAMinute(),
	}
}

func onceAMinute() *rate.Sometimes { return &rate.Sometimes{First: 1, Interval: time.Minute} }

// run sends until stop is closed, and waits for more when nothing is left. A request that is under way then may still end; ctx cuts it short.
func (s *sender) run(ctx context.Context, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		sent, wait := s.step(ctx)
		switch {
		case wait > 0:
			timer := time.NewTimer(wait)
			select {
			case <-stop:
			case <-timer.C:
			}
			timer.Stop()
		case !sent:
			select {
			case <-stop:
			case <-s.queue.Filled():
			}
		}
	}
}

// flush sends what is left, and gives up at the first failure or when ctx ends: what stays waits on disk for the next start.
func (s *sender) flush(ctx context.Context) {
	for ctx.Err() == nil {
		if sent, wait := s.step(ctx); !sent || wait > 0 {
			return
		}
	}
}

// step handles the oldest entry. It returns whether there was one, and how long to wait before the next step.
func (s *sender) step(ctx context.Context) (bool, time.Duration) {
	e, ok, err := s.queue.Peek()
	if err != nil {
		s.sayFailure.Do(func() { s.log.Error("spool cannot be read", "err", err) })
		return false, s.backoff.next(0)
	}
	if !ok {
		return false, 0
	}
	done, floor, err := s.deliver(ctx, e)
	if ctx.Err() != nil && !done {
		return true, 0
	}
	if !done {
		if s.failingFrom.IsZero() {
			s.failingFrom = time.Now()
		}
		wait := s.backoff.next(floor)
		s.sayFailure.Do(func() {
			s.log.Warn("server does not take rounds; they wait in the spool", "url", s.url, "err", err, "failing_for", time.Since(s.failingFrom).Round(time.Second), "retry_in", wait.Round(time.Millisecond))
		})
		return true, wait
	}
	if !s.failingFrom.IsZero() {
		s.log.Info("server takes rounds again", "after", time.Since(s.failingFrom).Round(time.Second))
		s.failingFrom, s.sayFailure = time.Time{}, onceAMinute()
	}
	s.backoff.reset()
	if err := s.queue.Ack(e.Seq); err != nil {
		s.log.Error("spool cannot forget a round that was sent", "err", err)
		return true, s.backoff.next(0)
	}
	return true, 0
}

// deliver sends one entry, in 1.0 where the server knows no 2.0. Done means that it need not be sent again: it was stored, or refused for good.
// Otherwise err says why not, and floor is the shortest wait that the server asked for.
func (s *sender) deliver(ctx context.Context, e spool.Entry) (done bool, floor time.Duration, err error) {
	if s.onlyV1Until.IsZero() || !time.Now().Before(s.onlyV1Until) {
		a, err := s.post(ctx, e.Payload, contentV2, "2.0.0")
		if err != nil {
			return false, 0, err
		}
		stored, counted := a.written()
		switch {
		case a.status/100 == 2 && (counted || e.Samples == 0):
			s.onlyV1Until = time.Time{}
			s.missing(e, stored, a)
			return true, 0, nil
		case a.status/100 == 2 || a.status == http.StatusUnsupportedMediaType:
			// A receiver of 1.0 reads a 2.0 request as an empty one and answers 2xx without the headers that 2.0 asks for.
			s.log.Info("server does not speak remote write 2.0; sending 1.0", "url", s.url, "status", a.status, "try_again_in", tryV2Again)
			s.onlyV1Until = time.Now().Add(tryV2Again)
		case permanent(a.status):
			s.refused(e, stored, a)
			return true, 0, nil
		default:
			return false, a.retryAfter, a.error()
		}
	}
	old, err := downgrade(e.Payload)
	if err != nil {
		s.metrics.dropped.WithLabelValues(string(spool.ReasonCorrupt)).Add(float64(e.Samples))
		s.log.Error("stored round cannot be read and was dropped", "err", err)
		return true, 0, nil
	}
	a, err := s.post(ctx, old, contentV1, "0.1.0")
	switch {
	case err != nil:
		return false, 0, err
	case a.status/100 == 2:
		return true, 0, nil
	case permanent(a.status):
		s.refused(e, 0, a)
		return true, 0, nil
	}
	return false, a.retryAfter, a.error()
}

// missing counts what a 2xx did not store.
func (s *sender) missing(e spool.Entry, stored int, a answer) {
	if n := e.Samples - stored; n > 0 {
		s.metrics.dropped.WithLabelValues(reasonUnwritten).Add(float64(n))
		s.sayMissing.Do(func() {
			s.log.Warn("server stored less than it was sent", "sent", e.Samples, "stored", stored, "message", a.message)
		})
	}
}

// refused counts what a permanent refusal cost.
func (s *sender) refused(e spool.Entry, stored int, a answer) {
	n := max(e.Samples-stored, 0)
	s.metrics.dropped.WithLabelValues(reasonHTTP(a.status)).Add(float64(n))
	s.sayRefusal.Do(func() {
		s.log.Warn("server refused a round for good", "status", a.status, "sent", e.Samples, "stored", stored, "message", a.message)
	})
}

// answer is what a server said.
type answer struct {
	status     int
	header     http.Header
	message    string // the beginning of the body
	retryAfter time.Duration
}

func (a answer) error() error {
	if a.message == "" {
		return fmt.Errorf("server answered %d %s", a.status, http.StatusText(a.status))
	}
	return fmt.Errorf("server answered %d: %s", a.status, a.message)
}

// written returns how many samples and histograms the server says that it stored, and whether it says so at all.
func (a answer) written() (n int, counted bool) {
	for _, kind := range []string{"Samples", "Histograms", "Exemplars"} {
		text := a.header.Get(fmt.Sprintf(headerWritten, kind))
		v, err := strconv.Atoi(text)
		if err != nil || v < 0 {
			continue
		}
		counted = true
		if kind != "Exemplars" {
			n += v
		}
	}
	return n, counted
}

func userAgent() string {
	v := version.Version
	if v == "" {
		v = "dev"
	}
	return "endscope-agent/" + v
}

// post sends one packed request. The error is nil whenever there was an answer.
func (s *sender) post(ctx context.Context, body []byte, contentType, protocol string) (answer, error) {
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set(headerVersion, protocol)
	req.Header.Set("User-Agent", userAgent())
	begin := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		if parent.Err() == nil {
			s.metrics.pushed("error", time.Since(begin))
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return answer{}, fmt.Errorf("no answer in %s: %w", s.timeout, err)
		}
		return answer{}, err
	}
	defer resp.Body.Close()
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 2048))
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 256<<10)) // so that the connection can be used again
	s.metrics.pushed(strconv.Itoa(resp.StatusCode), time.Since(begin))
	return answer{
		status: resp.StatusCode, header: resp.Header, message: strings.ToValidUTF8(strings.TrimSpace(string(head)), "\uFFFD"),
		retryAfter: retryAfter(resp.Header, time.Now()),
	}, nil
}
