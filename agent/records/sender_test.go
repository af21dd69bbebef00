package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/spool"
)

// call is one push as a scripted server saw it.
type call struct {
	rows int
	key  string
	at   time.Time
}

// scripted answers with one function per push, and with success when they are used up. It is a transport, so that synctest's clock is not held up
// by sockets.
type scripted struct {
	t       *testing.T
	answers []func(w http.ResponseWriter, rows int) error
	calls   []call
	stored  []string // messages
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	rows, err := readRows(r.Body)
	require.NoError(s.t, err)
	s.calls = append(s.calls, call{len(rows), r.Header.Get("Idempotency-Key"), time.Now()})
	w := httptest.NewRecorder()
	if len(s.answers) > 0 {
		f := s.answers[0]
		s.answers = s.answers[1:]
		if err := f(w, len(rows)); err != nil {
			return nil, err
		}
	} else {
		_, _ = fmt.Fprintf(w, `{"rows": %d}`, len(rows))
	}
	if w.Code/100 == 2 {
		for _, row := range rows {
			s.stored = append(s.stored, fmt.Sprint(row["Message"]))
		}
	}
	return w.Result(), nil
}

func status(code int, body string, header ...string) func(http.ResponseWriter, int) error {
	return func(w http.ResponseWriter, _ int) error {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
		return nil
	}
}

func broken(http.ResponseWriter, int) error { return errors.New("connection reset") }

// tooLarge answers 413 to more than n rows.
func tooLarge(n int) func(http.ResponseWriter, int) error {
	return func(w http.ResponseWriter, rows int) error {
		if rows > n {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		return nil
	}
}

func rowsOf(t *testing.T, n int) []byte {
	var plain []byte
	l := newLines(nil)
	for i := range n {
		plain = l.console(plain, &Console{Time: noon, Message: fmt.Sprint(i)})
	}
	var b bytes.Buffer
	return compress(newPacker(), &b, plain)
}

// drive pushes one entry of ten rows, and returns the counters and what was logged.
func drive(t *testing.T, h *scripted, entries int) (*metrics, *sender, string) {
	t.Helper()
	cfg := spool.DefaultConfig()
	cfg.Sync = spool.SyncOff
	q, err := spool.Open(cfg, spool.Settings{Dir: t.TempDir()})
	require.NoError(t, err)
	defer q.Close()
	for range entries {
		require.NoError(t, q.Append(rowsOf(t, 10), 10))
	}
	var said bytes.Buffer
	m := newMetrics()
	s := newSender(KindConsole, "http://server/api/v1/logs/T", &http.Client{Transport: h}, DefaultConfig().Send, q, m, slog.New(slog.NewTextHandler(&said, nil)))
	stop := make(chan struct{})
	go s.Run(t.Context(), stop)
	for range 3600 {
		time.Sleep(time.Second)
		if synctest.Wait(); q.Stats().Entries == 0 {
			break
		}
	}
	close(stop)
	synctest.Wait()
	require.Zero(t, q.Stats().Entries)
	return m, s, said.String()
}

func TestAnswersOfTheServer(t *testing.T) {
	type answers = []func(http.ResponseWriter, int) error
	partly := `{"type":"/problems/partly-refused","status":400,"detail":"3 rows refused, 7 stored; too_old: 3, such as line 2","stored":{"rows":7},"refused":[{"reason":"too_old","count":3}],"rows":[{"line":2,"reason":"too_old"}]}`
	cases := map[string]struct {
		answers answers
		pushes  []int // rows of each
		lost    map[string]int
		pushed  int64
		atLeast time.Duration
		says    string
	}{
		"stored":                  {nil, []int{10}, nil, 10, 0, ""},
		"stored, with no body":    {answers{status(204, "")}, []int{10}, nil, 10, 0, ""},
		"stored before":           {answers{status(200, `{"rows": 10, "repeated": true}`)}, []int{10}, nil, 10, 0, ""},
		"stored less than told":   {answers{status(200, `{"rows": 8}`)}, []int{10}, map[string]int{ReasonRefused: 2}, 8, 0, "rows=2"},
		"more than there are":     {answers{status(200, `{"rows": 800}`)}, []int{10}, nil, 10, 0, ""},
		"partly refused":          {answers{status(400, partly)}, []int{10}, map[string]int{ReasonRefused: 3}, 7, 0, "too_old: 3, such as line 2"},
		"refused":                 {answers{status(400, `{"detail":"no JSON"}`)}, []int{10}, map[string]int{ReasonRefused: 10}, 0, 0, "no JSON"},
		"refused by something":    {answers{status(415, "<html>")}, []int{10}, map[string]int{ReasonRefused: 10}, 0, 0, "server answered 415: <html>"},
		"busy":                    {answers{status(503, ""), status(500, ""), status(408, "")}, []int{10, 10, 10, 10}, nil, 10, 0, "server answered 503"},
		"busy, with seconds":      {answers{status(429, "", "Retry-After", "70")}, []int{10, 10}, nil, 10, 70 * time.Second, ""},
		"no answer":               {answers{broken, broken}, []int{10, 10, 10}, nil, 10, 0, "connection reset"},
		"credentials are mended":  {answers{status(401, ""), status(403, "")}, []int{10, 10, 10}, nil, 10, 0, "server answered 401"},
		"address is mended":       {answers{status(404, ""), status(302, "")}, []int{10, 10, 10}, nil, 10, 0, ""},
		"too large":               {answers{tooLarge(9), tooLarge(9), tooLarge(9)}, []int{10, 5, 5}, nil, 10, 0, "smaller ones follow"},
		"much too large":          {answers{tooLarge(3), tooLarge(3), tooLarge(3), tooLarge(3), tooLarge(3), tooLarge(3)}, []int{10, 5, 3, 3, 3, 1}, nil, 10, 0, ""},
		"one is too large":        {answers{tooLarge(1), tooLarge(1), tooLarge(1), tooLarge(1), tooLarge(0), tooLarge(1)}, []int{10, 5, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, map[string]int{ReasonRowTooLarge: 1}, 9, 0, "row_too_large"},
		"halves, then busy":       {answers{tooLarge(9), tooLarge(9), status(503, "")}, []int{10, 5, 5, 5}, nil, 10, 0, ""},
		"halves, one of them bad": {answers{tooLarge(9), tooLarge(9), status(400, `{"stored":{"rows":1}}`)}, []int{10, 5, 5}, map[string]int{ReasonRefused: 4}, 6, 0, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &scripted{t: t, answers: c.answers}
				m, s, said := drive(t, h, 1)
				var pushes []int
				for _, call := range h.calls {
					pushes = append(pushes, call.rows)
				}
				require.Equal(t, c.pushes, pushes)
				for _, reason := range []string{ReasonRefused, ReasonRowTooLarge, ReasonSpoolCorrupt} {
					require.EqualValues(t, c.lost[reason], testutil.ToFloat64(m.errors.WithLabelValues("console", reason)), reason)
				}
				require.Equal(t, c.pushed, s.pushed.Load())
				if c.atLeast > 0 {
					require.GreaterOrEqual(t, h.calls[1].at.Sub(h.calls[0].at), c.atLeast)
				}
				require.Contains(t, said, c.says)
				if len(h.stored) > 0 && len(c.lost) == 0 {
					require.Equal(t, strings.Fields("0 1 2 3 4 5 6 7 8 9"), h.stored, "in order, none twice")
				}
			})
		})
	}
}

func TestARepeatedPushHasTheSameKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &scripted{t: t, answers: []func(http.ResponseWriter, int) error{broken, status(503, "")}}
		drive(t, h, 3)
		require.Len(t, h.calls, 5)
		require.Equal(t, h.calls[0].key, h.calls[1].key)
		require.Equal(t, h.calls[0].key, h.calls[2].key)
		require.NotEqual(t, h.calls[2].key, h.calls[3].key, "equal rows of another batch are other rows")
		require.NotEqual(t, h.calls[3].key, h.calls[4].key)
		require.LessOrEqual(t, len(h.calls[0].key), 128)
	})
}

func TestSmallerPushesAreRememberedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &scripted{t: t, answers: []func(http.ResponseWriter, int) error{tooLarge(5)}}
		_, s, _ := drive(t, h, 2)
		require.Equal(t, []int{10, 5, 5, 5, 5}, []int{h.calls[0].rows, h.calls[1].rows, h.calls[2].rows, h.calls[3].rows, h.calls[4].rows})
		time.Sleep(smallerFor)
		require.Greater(t, s.limit(), 1000)
	})
}

func TestRefusalsAreSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &scripted{t: t}
		for range 20 {
			h.answers = append(h.answers, status(400, `{"detail":"why"}`))
		}
		m, _, said := drive(t, h, 20)
		require.Equal(t, 200.0, testutil.ToFloat64(m.errors.WithLabelValues("console", ReasonRefused)))
		require.Equal(t, 1, strings.Count(said, "are lost"))
	})
}

func TestAPayloadThatCannotBeSplitIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, packed := range [][]byte{[]byte("no gzip"), rowsOf(t, 3), rowsOf(t, 10)[:40]} {
			_, err := part(packed, 2, 5)
			require.Error(t, err)
		}
		got, err := part(rowsOf(t, 10), 8, 2)
		require.NoError(t, err)
		rows, err := readRows(bytes.NewReader(got))
		require.NoError(t, err)
		require.Len(t, rows, 2)
		require.Equal(t, "8", rows[0]["Message"])
	})
}
