package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/internal/config"
)

// script is a cluster in memory: what it says of the pod and its events can be changed between rounds.
type script struct {
	mu                sync.Mutex
	pod               Pod
	events            []Event
	podErr, eventsErr error
	pods, lists       []time.Time // when it was asked
}

func (s *script) Pod(context.Context, string, string) (Pod, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods = append(s.pods, time.Now())
	p := s.pod
	p.Containers = append([]Container(nil), p.Containers...)
	return p, s.podErr
}

func (s *script) Events(context.Context, string, string) ([]Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = append(s.lists, time.Now())
	return append([]Event(nil), s.events...), s.eventsErr
}

// change changes what the cluster says while a watcher runs.
func (s *script) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *script) asked() (pods, lists int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pods), len(s.lists)
}

// journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), text)
}

// heard is what a watcher has reported.
type heard struct {
	events   []records.Event
	restarts []Restart
	phases   []Phase
	pods     int
}

func (h *heard) names() []string {
	var out []string
	for _, e := range h.events {
		out = append(out, e.Time.UTC().Format("15:04:05 ")+e.Name)
	}
	return out
}

func watcher(t *testing.T, api API, dir string, change func(*Settings)) (*Watcher, *heard) {
	t.Helper()
	h := &heard{}
	set := Settings{
		API: api, Namespace: "models", Name: podName, Container: "model", Dir: dir,
		Event: func(e records.Event) { h.events = append(h.events, e) }, Restart: func(r Restart) { h.restarts = append(h.restarts, r) },
		Phase: func(p Phase) { h.phases = append(h.phases, p) }, Pod: func(Pod) { h.pods++ },
	}
	if change != nil {
		change(&set)
	}
	w, err := NewWatcher(DefaultConfig(), set)
	require.NoError(t, err)
	return w, h
}

// turn is one round of a watcher, as Run makes it.
func turn(t *testing.T, w *Watcher) {
	t.Helper()
	require.NoError(t, w.round(t.Context(), time.Now()))
	require.NoError(t, w.memory.save(w.set.Dir))
}

func TestWhatTheClusterRecordedBecomesRows(t *testing.T) {
	c := newCluster(t, nil)
	c.answer = func(w http.ResponseWriter, r *http.Request) {
		name := "events.json"
		if strings.Contains(r.URL.Path, "/pods/") {
			name = "pod.json"
		}
		say(recorded(t, name))(w, r)
	}
	dir := filepath.Join(t.TempDir(), "data")
	w, h := watcher(t, c.client(t, time.Minute), dir, nil)
	turn(t, w)
	require.Equal(t, []string{
		"20:00:00 Scheduled", "20:00:01 Pulling", "20:01:37 Pulled", "20:09:13 BackOff", "20:09:25 BackOff", "20:09:29 Pulled",
		"20:01:37 Created", "20:09:30 Created", "20:01:37 Started", "20:09:30 Started", "20:01:50 ReadinessProbeFailed", "20:10:20 ReadinessProbeFailed", "20:09:12 OOMKilled",
	}, h.names())
	last := h.events[11]
	require.Equal(t, records.Event{
		Time: at("2026-11-27T20:10:20Z"), Name: "ReadinessProbeFailed",
		Message: `Readiness probe failed: Get "http://10.1.2.3:8000/health": dial tcp 10.1.2.3:8000: connect: connection refused`,
		Properties: map[string]any{
			"source": "kubernetes", "reason": "Unhealthy", "type": "Warning", "reportedBy": "kubelet", "container": "model", "count": 31, "repeated": 30,
			"firstTime": "2026-11-27T20:01:50Z",
		},
	}, last)
	require.Equal(t, "Container model was killed because it ran out of memory (exit code 137)", h.events[12].Message)
	require.Equal(t, 137, h.events[12].Properties["exitCode"])
	require.Equal(t, []Phase{
		{Name: "image_pull", Container: "model", Start: at("2026-11-27T20:00:01.322Z"), End: at("2026-11-27T20:01:37Z")},
		{Name: "model_download", Container: "storage-initializer", Start: at("2026-11-27T20:00:05Z"), End: at("2026-11-27T20:01:35Z")},
	}, h.phases)
	require.Empty(t, h.restarts, "nobody can tell whether the restarts before the first round were counted already")
	require.Equal(t, 1, h.pods)

	// Neither the next round nor a restarted agent says it again.
	turn(t, w)
	require.Len(t, h.events, 13)
	again, h2 := watcher(t, c.client(t, time.Minute), dir, nil)
	turn(t, again)
	require.Empty(t, h2.events)
	require.Empty(t, h2.phases)
}

func model(restarts int, state, last State) Container {
	return Container{Name: "model", Image: "m:1", RestartCount: restarts, State: state, LastState: last}
}

func ended(id, reason string, code int, begin, end string) State {
	return State{Terminated: &Terminated{Reason: reason, ExitCode: code, ContainerID: id, StartedAt: at(begin), FinishedAt: at(end)}}
}

func TestRestartsAreCountedOnceWithTheirReason(t *testing.T) {
	api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u", Containers: []Container{model(0, State{}, State{}), {Name: "sidecar", RestartCount: 4}}}}
	dir := t.TempDir()
	w, h := watcher(t, api, dir, nil)
	turn(t, w)
	require.Empty(t, h.restarts)

	// It ended, and waits for its restart: an end, and no restart yet.
	a := ended("a", "Error", 1, "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")
	a.Terminated.Message = "CUDA out of memory"
	api.pod.Containers[0] = model(0, a, State{})
	turn(t, w)
	require.Equal(t, []string{"00:01:00 Terminated"}, h.names())
	require.Equal(t, "Container model ended with exit code 1 (Error): CUDA out of memory", h.events[0].Message)
	require.Empty(t, h.restarts)

	// The same end is now that of the container before.
	api.pod.Containers[0] = model(1, State{}, a)
	api.pod.Containers[1].RestartCount++ // no matter of the instance
	turn(t, w)
	require.Len(t, h.events, 1)
	require.Equal(t, []Restart{{Container: "model", Reason: "Error", ExitCode: 1, Time: at("2026-01-01T00:01:00Z")}}, h.restarts)

	// Killed by the kubelet for its liveness probe; the agent was restarted in between.
	w, h = watcher(t, api, dir, nil)
	api.events = []Event{
		{UID: "k0", Reason: "Killing", Container: "model", Message: "Container model failed liveness probe, will be restarted", Count: 1, First: at("2026-01-01T00:00:30Z"), Last: at("2026-01-01T00:00:30Z")},
		{UID: "k1", Reason: "Killing", Container: "model", Message: "Container model failed liveness probe, will be restarted", Count: 1, First: at("2026-01-01T00:04:30Z"), Last: at("2026-01-01T00:04:30Z")},
	}
	api.pod.Containers[0] = model(2, State{}, ended("b", "Error", 137, "2026-01-01T00:02:00Z", "2026-01-01T00:05:00Z"))
	turn(t, w)
	require.Equal(t, []string{"00:00:30 Killing", "00:04:30 Killing", "00:05:00 Terminated"}, h.names())
	require.Equal(t, []Restart{{Container: "model", Reason: "Error", ExitCode: 137, ByProbe: true, Time: at("2026-01-01T00:05:00Z")}}, h.restarts)

	// Three restarts between two rounds: nobody saw why the first two happened.
	h.restarts = nil
	api.pod.Containers[0] = model(5, State{}, ended("c", "OOMKilled", 137, "2026-01-01T00:06:00Z", "2026-01-01T00:07:00Z"))
	turn(t, w)
	require.Equal(t, []Restart{
		{Container: "model", Reason: "Unknown", ExitCode: -1}, {Container: "model", Reason: "Unknown", ExitCode: -1},
		{Container: "model", Reason: "OOMKilled", ExitCode: 137, Time: at("2026-01-01T00:07:00Z")},
	}, h.restarts)

	// A kubelet that has forgotten the dead containers counts from 0 again; that is no restart. The next one is.
	h.restarts, h.events = nil, nil
	api.pod.Containers[0] = model(0, State{}, State{})
	turn(t, w)
	require.Empty(t, h.restarts)
	api.pod.Containers[0] = model(1, State{}, State{})
	turn(t, w)
	require.Equal(t, []Restart{{Container: "model", Reason: "Unknown", ExitCode: -1}}, h.restarts)
	// A state from before, that the API says again, is no new end.
	api.pod.Containers[0] = model(1, State{}, a)
	turn(t, w)
	require.Empty(t, h.events)

	// An absurd count does not keep the agent busy.
	h.restarts = nil
	api.pod.Containers[0] = model(1<<30, State{}, State{})
	turn(t, w)
	require.Len(t, h.restarts, maxMissed+1)
}

func TestEveryContainerCountsWhereNoneIsNamed(t *testing.T) {
	api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u", Containers: []Container{{Name: "init", Init: true}, model(0, State{}, State{}), {Name: "sidecar"}}}}
	w, h := watcher(t, api, t.TempDir(), func(s *Settings) { s.Container = "" })
	turn(t, w)
	api.pod.Containers[0].RestartCount, api.pod.Containers[1].RestartCount, api.pod.Containers[2].RestartCount = 1, 1, 1
	api.pod.Containers[0].State = ended("i", "Error", 2, "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")
	turn(t, w)
	require.Len(t, h.restarts, 2)
	require.Equal(t, []string{"00:01:00 Terminated"}, h.names(), "an init container that fails is told")
	api.pod.Containers[0].State = ended("j", "Completed", 0, "2026-01-01T00:02:00Z", "2026-01-01T00:03:00Z")
	turn(t, w)
	require.Len(t, h.events, 1, "one that has done its work is not")
}

func event(uid, reason, message string, count int, last string) Event {
	return Event{UID: uid, Reason: reason, Message: message, Container: "model", Count: count, First: at("2026-01-01T00:00:00Z"), Last: at(last)}
}

func TestAnEventIsReportedWhenItsCountRises(t *testing.T) {
	api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u", Containers: []Container{model(0, State{}, State{})}}}
	dir := t.TempDir()
	w, h := watcher(t, api, dir, nil)
	for _, message := range []string{"Liveness probe failed: timeout", "Liveness probe errored: x", "(combined from similar events): Liveness probe failed: HTTP 503"} {
		require.Equal(t, "LivenessProbeFailed", row(event("x", "Unhealthy", message, 1, "2026-01-01T00:00:00Z"), 1).Name)
	}
	require.Equal(t, "StartupProbeFailed", row(event("x", "Unhealthy", "Startup probe failed: x", 1, "2026-01-01T00:00:00Z"), 1).Name)
	require.Equal(t, "Unhealthy", row(event("x", "Unhealthy", "something else", 1, "2026-01-01T00:00:00Z"), 1).Name)
	require.Len(t, row(event("x", "Failed", strings.Repeat("x", 1<<20), 1, "2026-01-01T00:00:00Z"), 1).Message, maxMessage+len("…"))

	api.events = []Event{event("1", "Unhealthy", "Liveness probe failed: timeout", 1, "2026-01-01T00:00:00Z"), event("2", "FailedScheduling", "0/3 nodes are available", 1, "2026-01-01T00:00:00Z")}
	turn(t, w)
	api.events[0].Count, api.events[0].Last = 4, at("2026-01-01T00:00:30Z")
	turn(t, w)
	api.events[0].Count = 2 // an answer from an older cache
	turn(t, w)
	require.Equal(t, []string{"00:00:00 LivenessProbeFailed", "00:00:00 FailedScheduling", "00:00:30 LivenessProbeFailed"}, h.names())
	require.Equal(t, 3, h.events[2].Properties["repeated"])

	// What the cluster has forgotten is forgotten, so that the memory stays small.
	api.events = api.events[:1]
	turn(t, w)
	require.Equal(t, map[string]int{"1": 4}, w.memory.Events)

	// A list that was cut forgets nothing.
	api.events, api.eventsErr = []Event{event("3", "Pulled", "", 1, "2026-01-01T00:00:00Z")}, fmt.Errorf("x: %w", ErrTooManyEvents)
	require.ErrorIs(t, w.round(t.Context(), time.Now()), ErrTooManyEvents)
	require.Equal(t, map[string]int{"1": 4, "3": 1}, w.memory.Events)

	// Another pod of the same name, as a StatefulSet makes it, begins anew.
	api.pod.UID, api.eventsErr = "u2", nil
	h.events = nil
	turn(t, w)
	require.Equal(t, []string{"00:00:00 Pulled"}, h.names())
	w, h = watcher(t, api, dir, func(s *Settings) { s.UID = "u" })
	require.ErrorContains(t, w.round(t.Context(), time.Now()), "has the UID u2 and not u: it is a newer one of the same name")
	require.Empty(t, h.events)
}

func TestPullsOfImages(t *testing.T) {
	pulling := event("p", "Pulling", `Pulling image "m:1"`, 1, "2026-01-01T00:00:10Z")
	other := pulling
	other.Container = "sidecar"
	later := event("l", "Pulling", `Pulling image "m:1"`, 1, "2026-01-01T00:05:00Z")
	for name, c := range map[string]struct {
		event  Event
		events []Event
		want   Phase
		ok     bool
	}{
		"with a wait": {
			event: event("e", "Pulled", `Successfully pulled image "m:1" in 2.5s (30.25s including waiting). Image size: 12 bytes.`, 1, "2026-01-01T00:01:00Z"),
			want:  Phase{Start: at("2026-01-01T00:00:29.75Z"), End: at("2026-01-01T00:01:00Z")}, ok: true,
		},
		"before 1.27": {
			event: event("e", "Pulled", `Successfully pulled image "m:1" in 1m2.5s`, 1, "2026-01-01T00:02:00Z"), want: Phase{Start: at("2026-01-01T00:00:57.5Z"), End: at("2026-01-01T00:02:00Z")}, ok: true,
		},
		"without a time": {
			event: event("e", "Pulled", `Successfully pulled image "m:1"`, 1, "2026-01-01T00:02:00Z"), events: []Event{other, pulling, later},
			want: Phase{Start: at("2026-01-01T00:00:10Z"), End: at("2026-01-01T00:02:00Z")}, ok: true,
		},
		"failed": {
			event: event("e", "Failed", `Failed to pull image "m:1": not found`, 1, "2026-01-01T00:00:20Z"), events: []Event{pulling},
			want: Phase{Start: at("2026-01-01T00:00:10Z"), End: at("2026-01-01T00:00:20Z"), Failed: true}, ok: true,
		},
		"nobody saw its begin": {event: event("e", "Failed", `Failed to pull image "m:1": not found`, 1, "2026-01-01T00:00:20Z"), events: []Event{other, later}},
		"not needed":           {event: event("e", "Pulled", `Container image "m:1" already present on machine`, 1, "2026-01-01T00:00:20Z"), events: []Event{pulling}},
		"another failure":      {event: event("e", "Failed", "Error: ImagePullBackOff", 1, "2026-01-01T00:00:20Z"), events: []Event{pulling}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := pull(c.event, c.events)
			require.Equal(t, c.ok, ok)
			if ok {
				c.want.Name, c.want.Container = "image_pull", "model"
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestACorruptMemoryIsSaidAndReplaced(t *testing.T) {
	for _, text := range []string{"", "{", "null", `{"pod":"u"}`, strings.Repeat("x", maxMemory+1)} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, memoryFile), []byte(text), 0o600))
		var log bytes.Buffer
		api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u"}, events: []Event{event("1", "Pulled", "", 1, "2026-01-01T00:00:00Z")}}
		w, h := watcher(t, api, dir, func(s *Settings) { s.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		require.Contains(t, log.String(), "may be reported again")
		turn(t, w)
		require.Len(t, h.events, 1)
		m, err := remember(dir)
		require.NoError(t, err)
		require.Equal(t, "u", m.Pod)
	}
}

func TestHowOftenTheClusterIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u", Containers: []Container{model(0, State{}, State{})}}}
		w, _ := watcher(t, api, t.TempDir(), nil)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		count := func(d time.Duration) (pods, lists int) {
			p, l := api.asked()
			time.Sleep(d)
			synctest.Wait()
			pods, lists = api.asked()
			return pods - p, lists - l
		}
		synctest.Wait()
		pods, _ := api.asked()
		require.Equal(t, 1, pods, "the first question is asked at once")

		pods, lists := count(10 * time.Minute) // it is not ready: events in every round
		require.InDelta(t, 60, pods, 7)
		require.Equal(t, pods, lists)

		api.change(func() { api.pod.Containers[0].Ready = true })
		count(busyFor + 30*time.Second) // it has just changed
		pods, lists = count(10 * time.Minute)
		require.InDelta(t, 60, pods, 7)
		require.InDelta(t, 16, lists, 6, "every thirty seconds, in the round that comes next")

		api.change(func() { api.podErr = errors.New("down") })
		count(10 * time.Minute)
		pods, lists = count(20 * time.Minute)
		require.InDelta(t, 10, pods, 2, "every two minutes")
		require.Zero(t, lists)
		api.change(func() { api.podErr = &APIError{Code: 429, RetryAfter: 30 * time.Minute} })
		count(35 * time.Minute)
		pods, _ = count(2 * time.Hour)
		require.InDelta(t, 4, pods, 1, "as the server says")

		api.change(func() {
			api.podErr, api.eventsErr = nil, &APIError{Verb: "list", Resource: "events", Namespace: "models", Code: 403}
			api.pod.Containers[0].Ready = false
		})
		count(time.Hour)
		pods, lists = count(time.Hour)
		require.Greater(t, pods, 300, "a missing Role for events does not keep the pod from being read")
		require.InDelta(t, 12, lists, 2, "and is tried every five minutes")
		stop()
		require.NoError(t, <-done)
	})
}

func TestAFailureIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u"}, podErr: errors.New("down")}
		w, h := watcher(t, api, t.TempDir(), func(s *Settings) { s.Logger = slog.New(slog.NewTextHandler(log, nil)) })
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, log.count("cannot be followed"))
		api.change(func() { api.podErr = nil })
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, log.count("can be followed again"))
		stop()
		require.NoError(t, <-done)
		require.Positive(t, h.pods)
	})
}

func TestAFolderThatCannotBeWrittenStopsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	synctest.Test(t, func(t *testing.T) {
		api := &script{pod: Pod{Namespace: "models", Name: podName, UID: "u", Containers: []Container{model(0, State{}, State{})}}, events: []Event{event("1", "Pulled", "", 1, "2026-01-01T00:00:00Z")}}
		w, h := watcher(t, api, t.TempDir(), nil)
		w.set.Dir = filepath.Join(file, "dir")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		require.NoError(t, <-done)
		require.Greater(t, len(api.pods), 4, "the pace is kept")
		require.Len(t, h.events, 1)
	})
}

func TestWatcherWantsItsSettings(t *testing.T) {
	_, err := NewWatcher(DefaultConfig(), Settings{})
	require.ErrorContains(t, err, "are required")
	for key, change := range map[string]func(*Config){
		"events": func(c *Config) { c.Events = "on" }, "interval": func(c *Config) { c.Interval = time.Millisecond },
		"steady_interval": func(c *Config) { c.SteadyInterval = time.Second }, "timeout": func(c *Config) { c.Timeout = 0 },
	} {
		c := DefaultConfig()
		change(&c)
		_, err := NewWatcher(c, Settings{})
		fields := config.Fields(err)
		require.Len(t, fields, 1, key)
		require.Equal(t, key, fields[0].Key)
	}
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte(`{"pod":"u","events":{"a":1},"restarts":{"m":1},"ends":{"m":{"id":"x","time":"2026-01-01T00:00:00Z"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMemory(text)
		if err != nil {
			return
		}
		w, _ := watcher(t, &script{pod: Pod{Namespace: "models", Name: podName, UID: m.Pod, Containers: []Container{model(1, State{}, State{})}}}, t.TempDir(), nil)
		w.memory = m
		turn(t, w)
	})
}
