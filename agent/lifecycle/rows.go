package lifecycle

import (
	"fmt"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// Names of the event log: those that managed endpoints have.
const (
	rowCreated   = "Created"
	rowStarted   = "Started"
	rowLiveness  = "LivenessProbeFailed"
	rowReadiness = "ReadinessProbeFailed"
	rowKilling   = "Killing"
	rowBackOff   = "BackOff"
)

// Names of the event log that are ours.
const (
	rowStartup    = "StartupProbeFailed"
	rowUnhealthy  = "Unhealthy"
	rowExited     = "Exited"
	rowOOM        = "OOMKilled"
	rowReady      = "Ready"
	rowNotReady   = "NotReady"
	rowAttached   = "Attached"
	rowStartPhase = "StartPhase"
)

// rowTerminated is Kubernetes' name for an end that is not OOMKilled.
const rowTerminated = "Terminated"

// row writes one event. Properties begin with the container.
func (l *Lifecycle) row(at time.Time, name, message string, properties map[string]any) {
	if properties == nil {
		properties = map[string]any{}
	}
	properties["container"] = l.set.Container
	e := records.Event{Time: at, Name: name, Message: message, Properties: properties}
	if l.set.Foreign && l.foreign.keep(e) {
		return
	}
	l.set.Record(e)
}

func (p probe) row() string {
	switch p {
	case liveness:
		return rowLiveness
	case startup:
		return rowStartup
	}
	return rowReadiness
}

func (p probe) title() string {
	switch p {
	case liveness:
		return "Liveness"
	case startup:
		return "Startup"
	}
	return "Readiness"
}

// cause says how a process ended, for people, and when: "exited with code 1 after 5s". What never ran has no time.
func (e ProcessEvent) cause(when string) string {
	switch {
	case e.Kind == Exited && e.PID == 0 && e.Reason != "":
		return "could not be started: " + oneLine(e.Reason)
	case e.OOMKilled && e.Signal != "":
		return "was killed for lack of memory (" + e.Signal + ")" + when
	case e.OOMKilled:
		return "was killed for lack of memory" + when
	case e.Signal != "":
		return "was ended by " + e.Signal + when
	case e.ExitCode > 128 && e.ExitCode < 160:
		return fmt.Sprintf("exited with code %d (its shell's way to say signal %d)%s", e.ExitCode, e.ExitCode-128, when)
	case e.ExitCode >= 0:
		return fmt.Sprintf("exited with code %d%s", e.ExitCode, when)
	}
	return "ended" + when + ", and how is not known, as it is not the agent's child"
}

// reason is the label of instance_restarts_total for the next start.
func (e ProcessEvent) reason() string {
	switch {
	case e.OOMKilled:
		return reasonOOM
	case e.Signal != "":
		return signalReason(e.Signal)
	case e.ExitCode == 0:
		return reasonExit
	case e.ExitCode == 128+2, e.ExitCode == 128+9, e.ExitCode == 128+15, e.ExitCode == 128+1:
		return reasonSignal
	case e.ExitCode > 0:
		return reasonCrash
	}
	return reasonUnknown
}

// signalReason tells signals that somebody sends from those that a fault of the program raises.
func signalReason(name string) string {
	switch name {
	case "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGSTOP":
		return reasonSignal
	}
	return reasonCrash
}

// flood lets the rows of one probe's failures through up to a rate and counts the rest.
type flood struct {
	since  time.Time // of the current window; zero when none is open
	rows   int
	more   int       // failures that gave no row and are not summed up yet
	first  time.Time // of them
	last   time.Time // of them
	detail string    // of the last of them
}

const (
	floodWindow = time.Minute
	floodRows   = 6 // rows in a window: all, at the default period of 10 s
)

// pass says whether the failure gets a row.
func (f *flood) pass(at time.Time, detail string) bool {
	if f.since.IsZero() || at.Sub(f.since) >= floodWindow {
		f.since, f.rows = at, 0
	}
	if f.rows < floodRows {
		f.rows++
		return true
	}
	if f.more++; f.more == 1 {
		f.first = at
	}
	f.last, f.detail = at, detail
	return false
}

// due returns how many failures wait to be told, since when and why the last one failed, when it is time to or with now. Each is returned once.
func (f *flood) due(at time.Time, now bool) (n int, since time.Time, detail string) {
	if f.more == 0 || !now && at.Sub(f.since) < floodWindow {
		return 0, time.Time{}, ""
	}
	n, f.more = f.more, 0
	return n, f.first, f.detail
}
