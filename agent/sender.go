package agent

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/push"
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

// sender takes rounds from the spool, oldest first, one at a time, and removes each once the server has it or has refused it for good.
type sender struct {
	*push.Drainer
	url     string
	client  *http.Client
	timeout time.Duration
	metrics *metrics
	log     *slog.Logger

	onlyV1Until time.Time // zero: speak 2.0
	sayRefusal  *rate.Sometimes
	sayMissing  *rate.Sometimes
}

func newSender(url string, client *http.Client, cfg SendConfig, q push.Queue, m *metrics, log *slog.Logger) *sender {
	s := &sender{
		url: url, client: client, timeout: cfg.Timeout, metrics: m, log: log, sayRefusal: push.OnceAMinute(), sayMissing: push.OnceAMinute(),
	}
	s.Drainer = push.NewDrainer(q, s.deliver, push.Backoff{Min: cfg.BackoffMin, Max: cfg.BackoffMax}, "rounds", url, log)
	return s
}

// deliver sends one entry, in 1.0 where the server knows no 2.0. Done means that it need not be sent again: it was stored, or refused for good.
// Otherwise err says why not, and floor is the shortest wait that the server asked for.
func (s *sender) deliver(ctx context.Context, e spool.Entry) (done bool, floor time.Duration, err error) {
	if s.onlyV1Until.IsZero() || !time.Now().Before(s.onlyV1Until) {
		a, err := s.post(ctx, e.Payload, contentV2, "2.0.0")
		if err != nil {
			return false, 0, err
		}
		stored, counted := storedOf(a)
		switch {
		case a.Stored() && (counted || e.Samples == 0):
			s.onlyV1Until = time.Time{}
			s.missing(e, stored, a)
			return true, 0, nil
		case a.Stored() || a.Status == http.StatusUnsupportedMediaType:
			// A receiver of 1.0 reads a 2.0 request as an empty one and answers 2xx without the headers that 2.0 asks for.
			s.log.Info("server does not speak remote write 2.0; sending 1.0", "url", s.url, "status", a.Status, "try_again_in", tryV2Again)
			s.onlyV1Until = time.Now().Add(tryV2Again)
		case a.Permanent():
			s.refused(e, stored, a)
			return true, 0, nil
		default:
			return false, a.RetryAfter, a.Err()
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
	case a.Stored():
		return true, 0, nil
	case a.Permanent():
		s.refused(e, 0, a)
		return true, 0, nil
	}
	return false, a.RetryAfter, a.Err()
}

// missing counts what a 2xx did not store.
func (s *sender) missing(e spool.Entry, stored int, a push.Answer) {
	if n := e.Samples - stored; n > 0 {
		s.metrics.dropped.WithLabelValues(reasonUnwritten).Add(float64(n))
		s.sayMissing.Do(func() {
			s.log.Warn("server stored less than it was sent", "sent", e.Samples, "stored", stored, "message", a.Message())
		})
	}
}

// refused counts what a permanent refusal cost.
func (s *sender) refused(e spool.Entry, stored int, a push.Answer) {
	n := max(e.Samples-stored, 0)
	if n == 0 && stored > 0 {
		s.sayRefusal.Do(func() {
			s.log.Info("server stored all samples of a round and refused exemplars", "message", a.Message())
		})
		return
	}
	s.metrics.dropped.WithLabelValues(reasonHTTP(a.Status)).Add(float64(n))
	s.sayRefusal.Do(func() {
		s.log.Warn("server refused a round for good", "status", a.Status, "sent", e.Samples, "stored", stored, "message", a.Message())
	})
}

// storedOf returns how many samples and histograms the server says that it stored, and whether it says so at all.
func storedOf(a push.Answer) (n int, counted bool) {
	for _, kind := range []string{"Samples", "Histograms", "Exemplars"} {
		text := a.Header.Get(fmt.Sprintf(headerWritten, kind))
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

// post sends one packed request. The error is nil whenever there was an answer.
func (s *sender) post(ctx context.Context, body []byte, contentType, protocol string) (push.Answer, error) {
	begin := time.Now()
	a, err := push.Post(ctx, s.client, push.Request{URL: s.url, Body: body, Timeout: s.timeout, MaxAnswer: 2048, Header: http.Header{
		"Content-Type": {contentType}, "Content-Encoding": {"snappy"}, headerVersion: {protocol},
	}})
	switch {
	case err == nil:
		s.metrics.pushed(strconv.Itoa(a.Status), time.Since(begin))
	case ctx.Err() == nil:
		s.metrics.pushed("error", time.Since(begin))
	}
	return a, err
}
