package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/process"
	"github.com/endscope/endscope/agent/records"
)

// DefaultContainer is the name of the model server's container where nobody gives one.
const DefaultContainer = "inference-server"

// Settings is what code passes to New.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing
	Record     func(records.Event)   // takes the rows; must not block. Required
	// Began is called when another start of the server begins. It must not call the Lifecycle. Nil for none.
	Began func()
	// Restart ends the server so that it starts again, for the reason "liveness" or "startup". Nil when the agent does not run the server itself.
	// Not nil, what happens to the process comes in through Process, and Find is not called.
	Restart func(reason string)
	// Outlives says that a server that the agent runs may live on when the agent is killed, so that one that is still there has not ended.
	Outlives bool
	// Find returns the instance's process, as process.Finder does. Nil when no process can be watched.
	Find func() (process.Main, error)
	// Wait returns once that process has ended, as process.Finder does. Nil looks with Find once a second.
	Wait func(ctx context.Context, m process.Main) error
	// OOMKills returns how many processes were killed for memory in the process's cgroup, and false where nobody can tell, as process.Finder does. It
	// says of a process that is not the agent's child whether that was its end. Nil for never.
	OOMKills func(process.Main) (int, bool)
	// Container and Image name what runs, in rows and in instance_info. DefaultContainer where Container is empty.
	Container, Image string
	// Command is the name of the program in instance_info where Find does not tell it. Empty for none.
	Command string
	// Target is host:port of the model server; it is the readiness probe (TCP) where the Config has none. Empty for none.
	Target string
	// Dir is where the state of the start is kept, so that an agent that starts again knows the server that ran on. Empty keeps nothing.
	Dir string
	// Foreign says that others, such as Kubernetes through Event and Restarted, tell of this container, too: the rows Created, Started, Killing and
	// BackOff, ends, failed probes, and restarts. The agent's own wait for theirs, and are told only when none comes.
	Foreign bool
}

// Kind is what happened to a process.
type Kind int

// The kinds of ProcessEvent.
const (
	Created Kind = iota // is about to be started; optional
	Started
	Exited
	Killing // is asked to end
	BackOff // waits before the next start
)

// ProcessEvent is one thing that happened to the server's process.
type ProcessEvent struct {
	Kind      Kind
	Time      time.Time
	PID       int
	ExitCode  int    // of Exited and BackOff; negative when it is not known
	Signal    string // that ended the process, such as SIGKILL; empty for none
	OOMKilled bool   // the kernel ended it for memory
	Attempt   int    // number of the start, as the supervisor counts; for the message only
	Wait      time.Duration
	Reason    string // of Killing: liveness, startup, or what the operator did; of Exited without a PID: why it could not be started
}

func (s *Settings) complete() error {
	if s.Record == nil {
		return errors.New("lifecycle: Record is required")
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.Container == "" {
		s.Container = DefaultContainer
	}
	if s.Target != "" && !isAddress(s.Target) {
		return fmt.Errorf("lifecycle: target %q is not host:port", s.Target)
	}
	return nil
}
