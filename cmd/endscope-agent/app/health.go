package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/records"
)

// gpuEvent is the Name of the event rows about the health of GPUs.
const gpuEvent = "GPUHealth"

// gpuHealth writes a health event of a GPU where people look for causes: as a row of the event log, and between the lines of the console.
func (i *instance) gpuHealth(e gpu.HealthEvent) {
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	text := healthText(e)
	i.recorder.Event(records.Event{Time: at, Name: gpuEvent, Message: text, Properties: healthProperties(e)})
	if !e.Past {
		i.recorder.Console(records.Console{Time: at, Container: i.container(), Image: i.image(), Stream: "agent", Message: "[endscope] " + text})
	}
}

// healthText says what happened in one line.
func healthText(e gpu.HealthEvent) string {
	var b strings.Builder
	if e.GPU >= 0 {
		fmt.Fprintf(&b, "GPU %d", e.GPU)
	} else {
		fmt.Fprintf(&b, "GPU %s", e.UUID)
	}
	if e.Kind == "xid" {
		fmt.Fprintf(&b, ": XID %d", e.XID)
		if e.Name != "" {
			fmt.Fprintf(&b, " (%s)", e.Name)
		}
	} else {
		fmt.Fprintf(&b, ": %s", e.Kind)
		if e.Name != "" && e.Name != e.Kind {
			fmt.Fprintf(&b, " (%s)", e.Name)
		}
	}
	fmt.Fprintf(&b, ", %s", e.Severity)
	if e.Count > 1 {
		fmt.Fprintf(&b, ", %d times", e.Count)
	}
	for _, part := range []string{e.Meaning, e.NextStep} {
		if part != "" {
			fmt.Fprintf(&b, ". %s", strings.TrimSuffix(part, "."))
		}
	}
	b.WriteString(".")
	if e.PID > 0 {
		fmt.Fprintf(&b, " Process %d (%s)", e.PID, e.Process)
		switch e.Owner {
		case gpu.OwnerInstance:
			b.WriteString(", of this instance.")
		case gpu.OwnerOther:
			b.WriteString(", not of this instance.")
		default:
			b.WriteString(".")
		}
	}
	return b.String()
}

func healthProperties(e gpu.HealthEvent) map[string]any {
	p := map[string]any{"kind": e.Kind, "severity": e.Severity, "uuid": e.UUID, "count": e.Count}
	set := func(key string, value any, there bool) {
		if there {
			p[key] = value
		}
	}
	set("gpu", e.GPU, e.GPU >= 0)
	set("gpuInstance", e.GPUInstance, e.GPUInstance >= 0)
	set("xid", e.XID, e.Kind == "xid")
	set("name", e.Name, e.Name != "")
	set("meaning", e.Meaning, e.Meaning != "")
	set("nextStep", e.NextStep, e.NextStep != "")
	set("pid", e.PID, e.PID > 0)
	set("process", e.Process, e.Process != "")
	set("owner", e.Owner, e.Owner != "")
	set("detail", e.Message, e.Message != "")
	set("past", true, e.Past)
	return p
}
