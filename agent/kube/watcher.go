package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/endscope/endscope/agent/records"
)

const (
	busyFor       = time.Minute     // events come often after a pod has changed
	longestWait   = 2 * time.Minute // between two tries of a cluster that does not answer
	forbiddenWait = 5 * time.Minute // until events are asked for again that the Role does not allow
)

// API is what a Watcher asks; *Client is one.
type API interface {
	Pod(ctx context.Context, namespace, name string) (Pod, error)
	Events(ctx context.Context, namespace, podUID string) ([]Event, error)
}

// Settings is what code passes to NewWatcher. Callbacks may be nil; they are called one at a time, and must not block.
type Settings struct {
	Logger          *slog.Logger // nil discards
	API             API
	Namespace, Name string // of the pod
	UID             string // of the pod; a pod of that name with another one is not reported. Empty accepts any
	Container       string // the one that serves the model; empty stands for every one that is no init container
	Dir             string // where the watcher remembers what it has reported, over restarts of the agent

	Event   func(records.Event) // every event of the pod, once for each time that its count rises, and every end of a container
	Restart func(Restart)       // once for each restart of Container
	Phase   func(Phase)         // a part of a start of Container has ended
	Pod     func(Pod)           // what the cluster says, after every reading that succeeds
}

// Restart is one restart of a container.
type Restart struct {
	Container string
	Reason    string // how the container before ended, in Kubernetes' words: Error, OOMKilled, Completed …; "Unknown" where nobody saw it
	ExitCode  int    // -1 where nobody saw it
	ByProbe   bool   // the kubelet killed it because its liveness or startup probe failed
	Time      time.Time
}

// Phase is a part of the start of a container, with a resolution of one second unless the kubelet says more.
type Phase struct {
	Name       string // image_pull or model_download, as in the label phase of instance_start_duration_seconds
	Container  string
	Start, End time.Time
	Failed     bool
}

// Watcher asks the cluster for one pod and its events, and reports what is new. Make it with NewWatcher and use Run once.
type Watcher struct {
	cfg       Config
	set       Settings
	log       *slog.Logger
	memory    memory
	pod       Pod       // as it was last
	busy      time.Time // until when events are read in every round
	events    time.Time // when events are read next in a pod that is not busy
	forbidden time.Time // until when events are not asked for, since the Role does not allow it
	lastFail  string    // what was said last of a failure, so that it is said once
}

// NewWatcher reads what earlier watchers in the same folder have reported; a file that cannot be read is said in the log and replaced.
func NewWatcher(cfg Config, set Settings) (*Watcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.API == nil || set.Namespace == "" || set.Name == "" || set.Dir == "" {
		return nil, errors.New("kube: an API, namespace, name and folder are required")
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Watcher{cfg: cfg, set: set, log: set.Logger}
	var err error
	if w.memory, err = remember(set.Dir); err != nil {
		w.log.Warn("what was reported of the pod cannot be read; events of the last hour may be reported again", "err", err)
	}
	return w, nil
}

// Run asks until ctx ends, at once and then on the interval, later when the cluster does not answer. It returns nil.
func (w *Watcher) Run(ctx context.Context) error {
	for failed := 0; ; {
		err := w.round(ctx, time.Now())
		kept := w.memory.save(w.set.Dir)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			failed = 0
		} else {
			failed++
		}
		w.say(errors.Join(err, kept))
		wait := w.cfg.Interval
		for range min(failed, 8) {
			wait = min(2*wait, max(longestWait, w.cfg.Interval))
		}
		if e, ok := errors.AsType[*APIError](err); ok {
			wait = max(wait, e.RetryAfter)
		}
		wait += time.Duration((rand.Float64() - 0.5) * 0.2 * float64(wait)) // many agents begin together
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// say logs a failure when it is another than the last, and its end.
func (w *Watcher) say(err error) {
	switch text := fmt.Sprint(err); {
	case err == nil && w.lastFail != "":
		w.log.Info("the pod can be followed again")
		w.lastFail = ""
	case err != nil && text != w.lastFail:
		w.log.Warn("the pod cannot be followed", "err", err)
		w.lastFail = text
	}
}

// round asks once. Events are reported before what the containers' states say, so that a restart knows of the probe that caused it.
func (w *Watcher) round(ctx context.Context, now time.Time) error {
	pod, err := w.set.API.Pod(ctx, w.set.Namespace, w.set.Name)
	if err != nil {
		return err
	}
	if w.set.UID != "" && pod.UID != w.set.UID {
		return fmt.Errorf("pod %s/%s has the UID %s and not %s: it is a newer one of the same name", pod.Namespace, pod.Name, pod.UID, w.set.UID)
	}
	if !reflect.DeepEqual(pod, w.pod) || !pod.ready() {
		w.busy = now.Add(busyFor)
	}
	w.pod = pod
	if w.memory.Pod != pod.UID {
		w.memory = newMemory(pod)
	}
	var events []Event
	if !now.Before(w.forbidden) && (now.Before(w.busy) || !now.Before(w.events)) {
		events, err = w.set.API.Events(ctx, pod.Namespace, pod.UID)
		refused, ok := errors.AsType[*APIError](err)
		switch {
		case ok && refused.Code == http.StatusForbidden:
			w.forbidden = now.Add(forbiddenWait)
		case err == nil, errors.Is(err, ErrTooManyEvents):
			w.events = now.Add(w.cfg.SteadyInterval)
			w.report(events, err == nil)
		}
	}
	w.containers(pod, events)
	if w.set.Pod != nil {
		w.set.Pod(pod)
	}
	return err
}

// ready reports whether every container of the pod is ready, or has done its work.
func (p Pod) ready() bool {
	for _, c := range p.Containers {
		if !c.Ready && !c.Init {
			return false
		}
	}
	return len(p.Containers) > 0
}

// concerns reports whether a container is the one whose restarts and phases are asked for.
func (w *Watcher) concerns(c Container) bool {
	return c.Name == w.set.Container || w.set.Container == "" && !c.Init
}

// report turns new events, and those whose count has risen, into rows and phases. Where the list is complete, what is not in it is forgotten.
func (w *Watcher) report(events []Event, complete bool) {
	slices.SortStableFunc(events, func(a, b Event) int { return a.Last.Compare(b.Last) })
	seen := map[string]int{}
	for _, e := range events {
		before := w.memory.Events[e.UID]
		seen[e.UID] = max(e.Count, before)
		if e.Count <= before {
			continue
		}
		w.memory.dirty = true
		if w.set.Event != nil {
			again := e.Count - before
			if before == 0 && e.First.Before(e.Last) { // the first time is known, too
				once := e
				once.Last, once.Count = e.First, 1
				w.set.Event(row(once, 1))
				again = max(again-1, 1)
			}
			w.set.Event(row(e, again))
		}
		if p, ok := pull(e, events); ok && w.set.Phase != nil && (w.set.Container == "" || p.Container == w.set.Container) {
			w.set.Phase(p)
		}
	}
	if complete || len(w.memory.Events) > 2*maxEvents {
		w.memory.dirty = w.memory.dirty || len(seen) != len(w.memory.Events)
		w.memory.Events = seen
		return
	}
	for uid, n := range seen {
		w.memory.Events[uid] = n
	}
}

// maxMissed bounds how often Restart is called for restarts that happened between two rounds.
const maxMissed = 1000

// containers reports what the states of the containers tell: ends, restarts, and the download of KServe's model.
func (w *Watcher) containers(pod Pod, events []Event) {
	for _, c := range pod.Containers {
		for _, end := range []*Terminated{c.LastState.Terminated, c.State.Terminated} {
			if end == nil || !w.memory.ended(c.Name, end) {
				continue
			}
			if c.Name == storageInitializer && w.set.Phase != nil && !end.StartedAt.IsZero() {
				w.set.Phase(Phase{Name: "model_download", Container: c.Name, Start: end.StartedAt, End: end.FinishedAt, Failed: end.ExitCode != 0})
			}
			if w.set.Event != nil && (!c.Init || end.ExitCode != 0) {
				w.set.Event(endRow(c, end))
			}
		}
		missed := w.memory.restarted(c.Name, c.RestartCount)
		if w.set.Restart == nil || !w.concerns(c) {
			continue
		}
		for range min(missed-1, maxMissed) {
			w.set.Restart(Restart{Container: c.Name, Reason: "Unknown", ExitCode: -1})
		}
		if missed > 0 {
			w.set.Restart(restart(c, events))
		}
	}
}

// restart describes the last restart of c.
func restart(c Container, events []Event) Restart {
	r := Restart{Container: c.Name, Reason: "Unknown", ExitCode: -1}
	end := c.LastState.Terminated
	if end == nil {
		return r
	}
	r.Reason, r.ExitCode, r.Time = end.Reason, end.ExitCode, end.FinishedAt
	for _, e := range events {
		// The kubelet kills first and waits for the grace period; times have whole seconds.
		if e.Container == c.Name && killedByProbe(e) && !e.Last.Before(end.StartedAt.Truncate(time.Second)) && !e.Last.After(end.FinishedAt.Add(2*time.Second)) {
			r.ByProbe = true
		}
	}
	return r
}
