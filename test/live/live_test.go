package live

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// bin is the folder of the two programs, built once before any test runs.
var bin string

func TestMain(m *testing.M) { os.Exit(programs.Main(m, &bin)) }

// patience is how long a condition may take on a machine that is busy with other tests.
const patience = 2 * time.Minute

// second is what the tests read of an event.
type second struct {
	Second    time.Time
	Instances struct{ Answered, Connected, Known int }
	Total     *struct {
		Traffic *struct {
			Requests, Failures int64
			Status             map[string]int64
			Duration           *struct{ P99 float64 }
		}
		CPU *struct{ Mean float64 }
	}
	Failing []struct{ Scope, Path, Reason string }
}

// watcher reads the events of a scope.
type watcher struct {
	t     *testing.T
	lines *bufio.Scanner
	ended bool
}

func watch(t *testing.T, url string) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var res *http.Response
	require.Eventually(t, func() bool { // until the agent is known
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		require.NoError(t, err)
		if res, err = http.DefaultClient.Do(req); err != nil {
			return false
		}
		if res.StatusCode != http.StatusOK {
			res.Body.Close()
			return false
		}
		return true
	}, patience, 100*time.Millisecond)
	t.Cleanup(func() {
		cancel()
		res.Body.Close()
	})
	w := &watcher{t: t, lines: bufio.NewScanner(res.Body)}
	w.lines.Buffer(nil, 1<<20)
	return w
}

// next returns the next second, and nil when the server has said that the stream ends, or it broke.
func (w *watcher) next() *second {
	w.t.Helper()
	name := ""
	for w.lines.Scan() {
		line := w.lines.Text()
		if after, ok := strings.CutPrefix(line, "event: "); ok {
			name = after
			w.ended = w.ended || name == "end"
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && name == "second" {
			s := &second{}
			require.NoError(w.t, json.Unmarshal([]byte(data), s))
			return s
		}
	}
	return nil
}

// until reads until a second fits.
func (w *watcher) until(fits func(*second) bool) *second {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		s := w.next()
		require.NotNil(w.t, s, "the stream has ended")
		if fits(s) {
			return s
		}
	}
	w.t.Fatal("no such second came")
	return nil
}

func answered(s *second) bool { return s.Instances.Answered == 1 && s.Total.Traffic != nil }

func TestARequestIsSeenWithinTwoSeconds(t *testing.T) {
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer model.Close()
	server := programs.NewServer(t, bin)
	server.Start()
	server.Ready(patience)
	proxy := programs.FreeAddr(t)
	programs.Run(t, filepath.Join(bin, "endscope-agent"), "run", "--server", server.URL(), "--endpoint", "chat", "--deployment", "blue", "--instance", "i-1",
		"--data-dir", t.TempDir(), "--metrics.listen", "", "--proxy.listen", proxy, "--proxy.target", model.URL, "--live.backoff-max", "2s")

	all := watch(t, server.URL()+"/api/v1/live?scope=chat")
	failing := watch(t, server.URL()+"/api/v1/live?scope=chat/blue&filter=statusCodeClass%20eq%20%275xx%27")
	all.until(answered)
	send := func(path string) time.Time {
		res, err := http.Get("http://" + proxy + path)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return time.Now()
	}

	// The best of some, because what a busy machine adds is none of ours. Of each it is measured how long after its end the request was in an event.
	best := time.Hour
	for range 5 {
		all.until(answered) // just after the end of a second, which is when waiting is longest
		sent := send("/score?secret=1")
		s := all.until(func(s *second) bool { return answered(s) && s.Total.Traffic.Requests > 0 })
		delay := time.Since(sent)
		t.Logf("seen after %s", delay.Round(time.Millisecond))
		require.Equal(t, map[string]int64{"2xx": 1}, s.Total.Traffic.Status)
		require.Positive(t, s.Total.Traffic.Duration.P99)
		best = min(best, delay)
	}
	require.Less(t, best, 2*time.Second)

	send("/broken?secret=1")
	s := failing.until(func(s *second) bool { return answered(s) && s.Total.Traffic.Requests > 0 })
	require.EqualValues(t, 1, s.Total.Traffic.Requests, "only what meets the filter counts")
	require.Equal(t, "chat/blue/i-1", s.Failing[0].Scope)
	require.Equal(t, "/broken", s.Failing[0].Path, "without the query")
	require.NotNil(t, s.Total.CPU)
	body, err := subproc.Get(programs.Within(t, patience), server.URL()+"/metrics", nil)
	require.NoError(t, err)
	require.Contains(t, string(body), "\nendscope_live_watchers 2\n")

	// The server restarts: watchers are told, and the agent comes back by itself.
	require.NoError(t, server.Proc.Stop(programs.Within(t, patience)))
	for all.next() != nil {
	}
	require.True(t, all.ended, "the last event says that the server stops")
	server.Start()
	server.Ready(patience)
	again := watch(t, server.URL()+"/api/v1/live?scope=*")
	again.until(answered)
	send("/score")
	again.until(func(s *second) bool { return answered(s) && s.Total.Traffic.Requests > 0 })
}
