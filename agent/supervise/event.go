package supervise

import (
	"fmt"
	"time"
)

// EventKind says what happened to the child.
type EventKind string

// What can happen to the child, in this order; BackOff is left out before a restart that is made at once.
const (
	Created EventKind = "created"  // it is about to be started
	Started EventKind = "started"  // it runs
	Killing EventKind = "killing"  // it was told to end, or is killed because it did not
	Exited  EventKind = "exited"   // it ended, or could not be started
	BackOff EventKind = "back_off" // it will be started again after Wait
)

// ProcessEvent is one thing that happened to the child.
type ProcessEvent struct {
	Kind      EventKind
	Time      time.Time
	Attempt   int           // 1 for the first start
	PID       int           // 0 where it never ran
	ExitCode  int           // of Exited and BackOff: 128+signal after a signal; 126 and 127 where it could not be started
	Signal    string        // of Exited: the signal that ended it, such as SIGKILL; empty where it exited
	OOMKilled bool          // of Exited: the kernel killed processes of the cgroup for want of memory while it ran
	Ran       time.Duration // of Exited: since Started
	Wait      time.Duration // of BackOff: until the next start
	Reason    string        // why, in words; may be empty
}

// ExitError is what Run returns when the child has ended with another code than 0 and is not started again.
type ExitError struct {
	Code   int    // the exit code that the agent should end with
	Signal string // the signal that ended the child, where one did
	Err    error  // why it could not be started, where it could not
}

func (e *ExitError) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("the server could not be started: %v", e.Err)
	case e.Signal != "":
		return fmt.Sprintf("the server was ended by %s", e.Signal)
	}
	return fmt.Sprintf("the server ended with exit code %d", e.Code)
}

func (e *ExitError) Unwrap() error { return e.Err }
