package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Settings is what code passes to New.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing
	Command    []string              // the program, found on the PATH, and its arguments. Required
	Dir        string                // where it runs; empty for the agent's own folder
	Env        []string              // nil for the agent's own environment
	Stdin      *os.File              // nil for none
	// Stdout and Stderr get a copy of what the child prints, where Config.Passthrough says so. nil for none.
	Stdout, Stderr io.Writer
	// Output gives the writer that gets what one run of the child prints to stream (stdout or stderr). Its Write must not block. It is closed when the
	// stream has ended. May be nil.
	Output func(stream string) io.WriteCloser
	// Event is told what happens, in order, by one goroutine. It must not block. May be nil.
	Event func(ProcessEvent)
	// Signals are those that the agent gets. SIGTERM and SIGINT end the child and then Run; all others are passed on. May be nil.
	Signals <-chan os.Signal
	// Root is where proc and sys are found; empty means /.
	Root string
}

// Supervisor runs the child. Make it with New. PID and Restart are safe for concurrent use.
type Supervisor struct {
	cfg     Config
	set     Settings
	log     *slog.Logger
	pid     atomic.Int64
	restart chan string
	lost    prometheus.Counter
}

// New returns a supervisor that has not started anything yet.
func New(cfg Config, set Settings) (*Supervisor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	if len(set.Command) == 0 || set.Command[0] == "" {
		return nil, errors.New("exec: a command is required: endscope-agent exec -- python server.py")
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Event == nil {
		set.Event = func(ProcessEvent) {}
	}
	if set.Root == "" {
		set.Root = "/"
	}
	s := &Supervisor{cfg: cfg, set: set, log: set.Logger, restart: make(chan string, 1)}
	s.lost = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "agent_exec_passthrough_lost_bytes_total", Help: "Bytes of the server's output that were not written to the agent's own, because that is slower. They are in the console log.",
	})
	if set.Registerer != nil {
		if err := set.Registerer.Register(s.lost); err != nil {
			return nil, fmt.Errorf("exec: register metrics: %w", err)
		}
	}
	return s, nil
}

// PID returns the process id of the running child, and 0 while none runs.
func (s *Supervisor) PID() int { return int(s.pid.Load()) }

// Restart ends the running child, as SIGTERM to the agent would, and starts it again, whatever its exit code; unless Config.Restart is never, which
// ends Run. Reason says why, such as "failed its liveness probe". It returns at once, and does nothing while no child runs or one is already being ended.
func (s *Supervisor) Restart(reason string) {
	if s.PID() == 0 {
		return
	}
	select {
	case s.restart <- reason:
	default:
	}
}

// Run starts the child and keeps it running until ctx ends, a signal ends it, or it ended and is not to be started again. The child is gone when Run
// returns. The error is nil when ctx has ended or the child's exit code is 0, and an *ExitError otherwise. It is called once.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.adoptOrphans()()
	var reaping sync.WaitGroup
	defer reaping.Wait()
	reapCtx, stopReaping := context.WithCancel(ctx)
	defer stopReaping()
	reaping.Go(func() { s.reapOrphans(reapCtx) })

	var stdout, stderr *passthrough
	if s.cfg.Passthrough {
		lost := func(n int) { s.lost.Add(float64(n)) }
		if s.set.Stdout != nil {
			stdout = newPassthrough(s.set.Stdout, lost)
			defer stdout.close()
		}
		if s.set.Stderr != nil {
			stderr = newPassthrough(s.set.Stderr, lost)
			defer stderr.close()
		}
	}
	waits := backoff{min: s.cfg.BackoffMin, max: s.cfg.BackoffMax, reset: s.cfg.BackoffReset}
	for attempt := 1; ; attempt++ {
		select {
		case <-s.restart: // asked of a child that is gone
		default:
		}
		if ctx.Err() != nil {
			return nil
		}
		r := &run{s: s, attempt: attempt}
		r.run(ctx, stdout, stderr)
		if ctx.Err() != nil {
			return nil
		}
		if done, err := s.after(r); done {
			return err
		}
		wait := waits.wait(r.ran)
		if wait > 0 {
			s.log.Warn("server has ended; it will be started again after a wait", "exit_code", r.code, "attempt", attempt, "wait", wait)
			s.set.Event(ProcessEvent{Kind: BackOff, Time: time.Now(), Attempt: attempt, ExitCode: r.code, Wait: wait, Reason: r.reason})
			if ended, err := s.pause(ctx, wait, r); ended {
				return err
			}
		}
	}
}

// after decides what follows the end of a run.
func (s *Supervisor) after(r *run) (done bool, err error) {
	switch {
	case r.startErr != nil && r.attempt == 1 && (errors.Is(r.startErr, exec.ErrNotFound) || errors.Is(r.startErr, os.ErrNotExist) || errors.Is(r.startErr, os.ErrPermission) || errors.Is(r.startErr, syscall.ENOEXEC)):
		return true, r.exitError() // a typing error does not go away by itself
	case r.stopped == stopForGood:
		return true, r.exitError()
	case s.cfg.Restart == RestartNever, s.cfg.Restart == RestartOnFailure && r.code == 0 && r.stopped != stopToRestart:
		return true, r.exitError()
	}
	return false, nil
}

// pause waits for the next start. Signals end the wait or, with no process to pass them on to, are ignored.
func (s *Supervisor) pause(ctx context.Context, wait time.Duration, r *run) (ended bool, err error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	signals := s.set.Signals
	for {
		select {
		case <-timer.C:
			return false, nil
		case <-ctx.Done():
			return true, nil
		case sig, ok := <-signals:
			if !ok {
				signals = nil
			} else if sig == syscall.SIGTERM || sig == os.Interrupt {
				return true, r.exitError()
			}
		}
	}
}
