package agent

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
)

// memoryQueue is a queue whose entries hold a request with two samples each.
type memoryQueue struct {
	mu      sync.Mutex
	entries []spool.Entry
	filled  chan struct{}
}

func (q *memoryQueue) Peek() (spool.Entry, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.entries) == 0 {
		return spool.Entry{}, false, nil
	}
	return q.entries[0], true, nil
}

func (q *memoryQueue) Ack(seq uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.entries[0].Seq != seq {
		panic("not the oldest")
	}
	q.entries = q.entries[1:]
	return nil
}

func (q *memoryQueue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.entries)
}

func (q *memoryQueue) Filled() <-chan struct{} { return q.filled }

func queueOf(t testing.TB, n int) *memoryQueue {
	t.Helper()
	q := &memoryQueue{filled: make(chan struct{}, 1)}
	e, tr, d := newEncoder(identityLabels(testID, nil)), newTracker(), gaugeDesc("g", "x")
	for i := range n {
		r := Round{Time: time.Now().Add(time.Duration(i) * time.Second)}
		r.Add(d, float64(i), "a")
		r.Add(d, float64(i), "b")
		e.reset()
		tr.encode(e, r.Time, r.Readings)
		packed, samples, err := e.finish()
		require.NoError(t, err)
		q.entries = append(q.entries, spool.Entry{Seq: uint64(i + 1), Samples: samples, Payload: bytes.Clone(packed)})
	}
	return q
}

// scripted answers with one function per request, and with 204 and all written when they are used up.
type scripted struct {
	answers []func(w http.ResponseWriter)
	seen    []string // content types
	at      []time.Time
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.seen = append(s.seen, r.Header.Get("Content-Type")+" "+r.Header.Get(headerVersion))
	s.at = append(s.at, time.Now())
	if len(s.answers) > 0 {
		f := s.answers[0]
		s.answers = s.answers[1:]
		f(w)
		return
	}
	written(204, 2)(w)
}

func written(status, n int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(n))
		w.Header().Set("X-Prometheus-Remote-Write-Histograms-Written", "0")
		w.Header().Set("X-Prometheus-Remote-Write-Exemplars-Written", "0")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "status %d\n", status)
	}
}

func plain(status int, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "status %d\n", status)
	}
}

const (
	v1 = contentV1 + " 0.1.0"
	v2 = contentV2 + " 2.0.0"
)

// drive sends q with a scripted server until it is empty, for at most an hour of synctest's time, and returns the sender and what was logged.
func drive(t *testing.T, q *memoryQueue, h http.Handler) (*sender, string) {
	t.Helper()
	m, _ := testMetrics(t)
	var said bytes.Buffer
	cfg := DefaultConfig().Send
	s := newSender("http://server/api/v1/write", &http.Client{Transport: handlerTransport{h}}, cfg, q, m, slog.New(slog.NewTextHandler(&said, nil)))
	stop := make(chan struct{})
	go s.Run(t.Context(), stop)
	for range 3600 {
		time.Sleep(time.Second)
		if synctest.Wait(); q.left() == 0 {
			break
		}
	}
	close(stop)
	synctest.Wait()
	require.Zero(t, q.left())
	return s, said.String()
}

func TestAnswersOfTheServer(t *testing.T) {
	type answers = []func(http.ResponseWriter)
	cases := map[string]struct {
		answers answers
		seen    []string
		dropped map[string]float64
		atLeast time.Duration // until the second request
		says    string
	}{
		"stored":                {nil, []string{v2}, nil, 0, ""},
		"stored less than sent": {answers{written(204, 1)}, []string{v2}, map[string]float64{reasonUnwritten: 1}, 0, "sent=2 stored=1"},
		"partly refused":        {answers{written(400, 1)}, []string{v2}, map[string]float64{"http_400": 1}, 0, `message="status 400"`},
		"refused":               {answers{written(422, 0)}, []string{v2}, map[string]float64{"http_422": 2}, 0, "status=422"},
		"too large":             {answers{plain(413)}, []string{v2}, map[string]float64{"http_413": 2}, 0, "status=413"},
		"busy":                  {answers{plain(503), plain(500), plain(502)}, []string{v2, v2, v2, v2}, nil, 0, "server answered 503: status 503"},
		"busy, with seconds":    {answers{plain(429, "Retry-After", "70")}, []string{v2, v2}, nil, 70 * time.Second, ""},
		"busy, with a date": {answers{func(w http.ResponseWriter) {
			plain(503, "Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))(w)
		}}, []string{v2, v2}, nil, 89 * time.Second, ""},
		"credentials are mended": {answers{plain(401), plain(403)}, []string{v2, v2, v2}, nil, 0, "server answered 401"},
		"address is mended":      {answers{plain(404), plain(301)}, []string{v2, v2, v2}, nil, 0, "server answered 404"},
		"1.0 by status":          {answers{plain(415), plain(204)}, []string{v2, v1}, nil, 0, "does not speak remote write 2.0"},
		"1.0 by silence":         {answers{plain(204), plain(204)}, []string{v2, v1}, nil, 0, "does not speak remote write 2.0"},
		"1.0, then busy":         {answers{plain(415), plain(503), plain(200)}, []string{v2, v1, v1}, nil, 0, ""},
		"1.0, refused":           {answers{plain(415), plain(400)}, []string{v2, v1}, map[string]float64{"http_400": 2}, 0, ""},
		"neither version":        {answers{plain(415), plain(415)}, []string{v2, v1}, map[string]float64{"http_415": 2}, 0, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &scripted{answers: c.answers}
				s, said := drive(t, queueOf(t, 1), h)
				require.Equal(t, c.seen, h.seen)
				for _, reason := range []string{reasonUnwritten, "http_400", "http_413", "http_415", "http_422"} {
					require.Equal(t, c.dropped[reason], testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reason)), reason)
				}
				if c.atLeast > 0 {
					wait := h.at[1].Sub(h.at[0])
					require.GreaterOrEqual(t, wait, c.atLeast)
					require.Less(t, wait, c.atLeast+2*time.Second, "but not much longer")
				}
				require.Contains(t, said, c.says)
			})
		})
	}
}

func TestTheSenderKeepsTheOrderAndSendsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rc := newReceiver(t)
		fails := 0
		rc.hook(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			fails++
			if fails%3 != 0 {
				w.WriteHeader(503)
				return true
			}
			return false
		})
		drive(t, queueOf(t, 5), rc)
		var got []string
		for _, l := range samples(t, rc.db, "g")[:5] {
			got = append(got, l.value)
		}
		require.Equal(t, []string{"0", "1", "2", "3", "4"}, got)
	})
}

func TestTheVersionIsRememberedAndTriedAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &scripted{answers: []func(http.ResponseWriter){plain(415), plain(204), plain(204), plain(204)}}
		s, _ := drive(t, queueOf(t, 3), h)
		require.Equal(t, []string{v2, v1, v1, v1}, h.seen)
		q := queueOf(t, 1)
		s.Drainer = push.NewDrainer(q, s.deliver, push.Backoff{Min: 1, Max: 1}, "rounds", s.url, quiet)
		time.Sleep(tryV2Again)
		s.Step(t.Context())
		require.Equal(t, v2, h.seen[4])
		require.Zero(t, s.onlyV1Until)
	})
}

func TestAReceiverOf1Point0GetsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rc := newReceiver(t, remoteapi.WriteV1MessageType)
		drive(t, queueOf(t, 3), rc)
		require.Len(t, samples(t, rc.db, "g"), 6)
	})
}

func TestADamagedEntryDoesNotBlockAServerOf1Point0(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queueOf(t, 2)
		q.entries[0].Payload = []byte("\xff\xff")
		s, _ := drive(t, q, &scripted{answers: []func(http.ResponseWriter){plain(415), plain(204)}})
		require.Equal(t, 2.0, testutil.ToFloat64(s.metrics.dropped.WithLabelValues("corrupt")))
	})
}

func TestRefusalsAreSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []func(http.ResponseWriter)
		for range 50 {
			many = append(many, written(400, 0))
		}
		s, said := drive(t, queueOf(t, 50), &scripted{answers: many})
		require.Equal(t, 100.0, testutil.ToFloat64(s.metrics.dropped.WithLabelValues("http_400")))
		require.Equal(t, 1, strings.Count(said, "refused"))
	})
}

func TestFlushGivesUpAtTheFirstFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := testMetrics(t)
		q := queueOf(t, 3)
		h := &scripted{answers: []func(http.ResponseWriter){written(204, 2), plain(503)}}
		s := newSender("http://server/", &http.Client{Transport: handlerTransport{h}}, DefaultConfig().Send, q, m, quiet)
		s.Flush(t.Context())
		require.Len(t, q.entries, 2)
		s.Flush(t.Context())
		require.Empty(t, q.entries)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		q.entries = queueOf(t, 1).entries
		s.Flush(ctx)
		require.Len(t, q.entries, 1)
	})
}
