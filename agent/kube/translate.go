package kube

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// storageInitializer is the init container with which KServe downloads a model.
const storageInitializer = "storage-initializer"

// combined stands in front of messages that the kubelet has joined because they came too often.
const combined = "(combined from similar events): "

// maxMessage bounds a message in the log; the kubelet's own bound is 1 KiB.
const maxMessage = 8 << 10

// row is an event as a row of the log. The name is the kubelet's reason, but for failed probes, which say which probe it was.
func row(e Event, repeated int) records.Event {
	kind := "Normal"
	if e.Warning {
		kind = "Warning"
	}
	props := map[string]any{"source": "kubernetes", "type": kind, "reportedBy": e.Component, "count": e.Count}
	if repeated > 1 {
		props["repeated"] = repeated // how many times since the row before, this one included
	}
	if e.Count > 1 {
		props["firstTime"] = e.First.UTC().Format(time.RFC3339)
	}
	if e.Container != "" {
		props["container"] = e.Container
	}
	name := probeName(e)
	if name != e.Reason {
		props["reason"] = e.Reason
	}
	return records.Event{Time: e.Last, Name: name, Message: clip(e.Message, maxMessage), Properties: props}
}

// probeName returns the name under which an event is kept.
func probeName(e Event) string {
	if e.Reason != "Unhealthy" {
		return e.Reason
	}
	for _, probe := range []string{"Liveness", "Readiness", "Startup"} {
		if strings.HasPrefix(strings.TrimPrefix(e.Message, combined), probe+" probe") { // failed: …, or errored: …
			return probe + "ProbeFailed"
		}
	}
	return e.Reason
}

// killedByProbe reports whether an event says that a container is killed because a probe failed.
func killedByProbe(e Event) bool {
	return e.Reason == "Killing" && (strings.Contains(e.Message, "failed liveness probe") || strings.Contains(e.Message, "failed startup probe"))
}

// endRow is the end of a container as a row of the log; the kubelet makes no event of it.
func endRow(c Container, end *Terminated) records.Event {
	name, message := "Terminated", fmt.Sprintf("Container %s ended with exit code %d (%s)", c.Name, end.ExitCode, end.Reason)
	if end.Reason == "OOMKilled" {
		name, message = "OOMKilled", fmt.Sprintf("Container %s was killed because it ran out of memory (exit code %d)", c.Name, end.ExitCode)
	}
	if end.Message != "" {
		message += ": " + end.Message
	}
	props := map[string]any{"source": "kubernetes", "container": c.Name, "exitCode": end.ExitCode, "reason": end.Reason}
	if end.Signal != 0 {
		props["signal"] = end.Signal
	}
	if !end.StartedAt.IsZero() {
		props["startedAt"] = end.StartedAt.UTC().Format(time.RFC3339)
	}
	return records.Event{Time: end.FinishedAt, Name: name, Message: clip(message, maxMessage), Properties: props}
}

// pullTime matches how long a pull took; the second time is there since Kubernetes 1.27 and includes the wait for other pulls.
var pullTime = regexp.MustCompile(`^Successfully pulled image ".*" in ([0-9a-zµ.]+)(?: \(([0-9a-zµ.]+) including waiting\))?`)

// pull returns the pull of an image that an event ends. Pulls that were not needed are none.
func pull(e Event, events []Event) (Phase, bool) {
	message := strings.TrimPrefix(e.Message, combined)
	p := Phase{Name: "image_pull", Container: e.Container, End: e.Last}
	switch {
	case e.Reason == "Failed" && strings.HasPrefix(message, "Failed to pull image"):
		p.Failed = true
	case e.Reason == "Pulled" && strings.HasPrefix(message, "Successfully pulled"):
		if m := pullTime.FindStringSubmatch(message); m != nil {
			took := m[2]
			if took == "" {
				took = m[1]
			}
			if d, err := time.ParseDuration(took); err == nil && d >= 0 && d < 24*time.Hour {
				p.Start = p.End.Add(-d)
				return p, true
			}
		}
	default:
		return p, false
	}
	for _, other := range events { // the last one that began before the end; a later one is another attempt
		if other.Reason == "Pulling" && other.Container == e.Container && !other.Last.After(e.Last) && other.Last.After(p.Start) {
			p.Start = other.Last
		}
	}
	return p, !p.Start.IsZero()
}
