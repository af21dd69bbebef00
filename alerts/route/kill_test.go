package route

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

const (
	childDir  = "ENDSCOPE_ROUTE_TEST_DIR"
	childURL  = "ENDSCOPE_ROUTE_TEST_URL"
	childFrom = "ENDSCOPE_ROUTE_TEST_FROM"
)

// webhook posts what it is told: the key of the notification and its alerts.
type webhook struct {
	url, group, kind string
	index            int
}

type posting struct {
	Key      string
	Firing   []string
	Resolved []string
}

func (w webhook) SendResolved() bool { return true }

func (w webhook) Notify(ctx context.Context, all ...*alert.Alert) (bool, error) {
	group, _ := notify.GroupKey(ctx)
	p := posting{Key: fmt.Sprintf("%s/webhook/%d:%s", w.kind, w.index, group)}
	for _, a := range all {
		if a.Resolved() {
			p.Resolved = append(p.Resolved, string(a.Labels["name"]))
		} else {
			p.Firing = append(p.Firing, string(a.Labels["name"]))
		}
	}
	body, err := json.Marshal(p)
	if err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return true, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return true, err
}

// telling is a journal that says what is on disk.
type telling struct{ alerts.Journal }

func (j telling) SaveJournal(ctx context.Context, kind string, entries []alerts.JournalEntry) error {
	if err := j.Journal.SaveJournal(ctx, kind, entries); err != nil {
		return err
	}
	for _, e := range entries {
		text, err := json.Marshal(e.Key)
		if err != nil {
			return err
		}
		fmt.Printf("saved %s\n", text) // one write for each line
	}
	return nil
}

// child routes 200 alerts until it is killed; every fourth has resolved a while ago if the run says so.
func child() error {
	ctx := context.Background()
	from, err := time.Parse(time.RFC3339, os.Getenv(childFrom))
	if err != nil {
		return err
	}
	store, err := state.Open(ctx, state.DefaultConfig(), state.Settings{Path: filepath.Join(os.Getenv(childDir), "alerts.db")})
	if err != nil {
		return err
	}
	e, err := New(ctx, DefaultConfig(), Settings{
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Journal: telling{store},
		Integrations: func(g *alerts.ActionGroup) (grouped, single []notify.Integration, err error) {
			one := webhook{os.Getenv(childURL), g.Name, g.Name, 0}
			each := webhook{os.Getenv(childURL), g.Name, g.Name + eachSuffix, 1}
			return []notify.Integration{notify.NewIntegration(one, one, "webhook", 0, g.Name)}, []notify.Integration{notify.NewIntegration(each, each, "webhook", 1, g.Name)}, nil
		},
	})
	if err != nil {
		return err
	}
	policy, err := ParsePolicy([]byte(`{"route":{"group_by":["endpoint"],"group_wait":"100ms","group_interval":"1s"}}`))
	if err != nil {
		return err
	}
	if err := e.Reload(policy, []alerts.ActionGroup{{Name: "oncall", Enabled: true}}); err != nil {
		return err
	}
	var all []Alert
	for i := range 200 {
		a := Alert{ID: fmt.Sprint(i), StartsAt: from, Labels: map[string]string{"alertname": "Test", "name": fmt.Sprint(i), "endpoint": fmt.Sprintf("e%d", i%20), "action_groups": ",oncall,"}}
		if resolved := os.Getenv("ENDSCOPE_ROUTE_TEST_RESOLVED"); resolved != "" && i%4 == 0 {
			if a.EndsAt, err = time.Parse(time.RFC3339, resolved); err != nil {
				return err
			}
		}
		all = append(all, a)
	}
	if err := e.Put(ctx, all); err != nil {
		return err
	}
	fmt.Println("running")
	return e.Run(ctx)
}

// arrival is a posting with the run that sent it.
type arrival struct {
	run int
	posting
}

func TestAKillLosesNothingAndRepeatsOnlyWhatWasUnderWay(t *testing.T) {
	var mu sync.Mutex
	var arrived []arrival
	run := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var p posting
		if json.NewDecoder(r.Body).Decode(&p) != nil {
			return
		}
		mu.Lock()
		arrived = append(arrived, arrival{run, p})
		mu.Unlock()
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
	}))
	defer server.Close()
	dir, from := t.TempDir(), time.Now().Add(-time.Minute).UTC()
	program, err := os.Executable()
	require.NoError(t, err)
	saved := map[int][]string{} // by run
	play := func(resolved string, until func(elapsed time.Duration) bool) {
		mu.Lock()
		run++
		mu.Unlock()
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), childDir+"="+dir, childURL+"="+server.URL, childFrom+"="+from.Format(time.RFC3339), "ENDSCOPE_ROUTE_TEST_RESOLVED="+resolved)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		running, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			s := bufio.NewScanner(out)
			s.Buffer(nil, 1<<20)
			for s.Scan() {
				if s.Text() == "running" {
					close(running)
				} else if text, ok := strings.CutPrefix(s.Text(), "saved "); ok {
					var key string
					if json.Unmarshal([]byte(text), &key) == nil {
						saved[run] = append(saved[run], key)
					}
				}
			}
		}()
		select {
		case <-running:
		case <-ended:
			t.Fatal(said.String())
		case <-time.After(time.Minute):
			t.Fatal("the child does not start: " + said.String())
		}
		began := time.Now()
		for !until(time.Since(began)) {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, cmd.Process.Kill())
		<-ended
		_ = cmd.Wait() // it was killed
	}
	after := func(arrivals int) func(time.Duration) bool { // in the midst of sending
		mu.Lock()
		had := len(arrived)
		mu.Unlock()
		return func(elapsed time.Duration) bool {
			mu.Lock()
			defer mu.Unlock()
			return len(arrived) >= had+arrivals || elapsed > 5*time.Second
		}
	}
	told := func(want int, of func(posting) []string) func(time.Duration) bool {
		return func(elapsed time.Duration) bool {
			mu.Lock()
			defer mu.Unlock()
			one, each := map[string]bool{}, map[string]bool{}
			for _, a := range arrived {
				for _, name := range of(a.posting) {
					if strings.HasPrefix(a.Key, "oncall"+eachSuffix) {
						each[name] = true
					} else {
						one[name] = true
					}
				}
			}
			return len(one) >= want && len(each) >= want || elapsed > 2*time.Minute
		}
	}
	check := func(want int, of func(posting) []string, first int) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		count := map[string]int{}
		durable := map[string]int{} // the run that saved a key
		for r := first; r <= run; r++ {
			for _, key := range saved[r] {
				if _, ok := durable[key]; !ok {
					durable[key] = r
				}
			}
		}
		repeated := 0
		for _, a := range arrived {
			if a.run < first {
				continue
			}
			if r, ok := durable[a.Key]; ok {
				require.LessOrEqual(t, a.run, r, "%s was told again in run %d, though run %d had it on disk", a.Key, a.run, r)
			}
			for _, name := range of(a.posting) {
				count[a.Key[:strings.Index(a.Key, ":")]+" "+name]++
			}
		}
		require.Len(t, count, 2*want, "every alert reaches both receivers")
		for _, n := range count {
			repeated += n - 1
		}
		t.Logf("%d notifications, %d alerts repeated in %d runs", len(arrived), repeated, run-first+1)
	}
	firing := func(p posting) []string { return p.Firing }
	resolvedOnes := func(p posting) []string { return p.Resolved }

	for range 8 {
		play("", after(1+rand.IntN(40)))
	}
	all := told(200, firing)
	play("", func(elapsed time.Duration) bool { return all(elapsed) && elapsed > 1500*time.Millisecond })
	check(200, firing, 1)

	first, end := run+1, time.Now().UTC().Format(time.RFC3339)
	for range 4 {
		play(end, after(1+rand.IntN(20)))
	}
	all = told(50, resolvedOnes)
	play(end, func(elapsed time.Duration) bool { return all(elapsed) && elapsed > 1500*time.Millisecond })
	check(50, resolvedOnes, first)

	// Nothing has changed any more: nobody is told anything.
	mu.Lock()
	before := len(arrived)
	mu.Unlock()
	play(end, func(elapsed time.Duration) bool { return elapsed > 2500*time.Millisecond })
	mu.Lock()
	defer mu.Unlock()
	repeats := slices.Clone(arrived[before:])
	repeats = slices.DeleteFunc(repeats, func(a arrival) bool {
		return slices.Contains(saved[run], a.Key) && !slices.Contains(saved[run-1], a.Key)
	})
	require.Empty(t, repeats)
}
