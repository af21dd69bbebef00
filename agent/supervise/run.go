package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// stop says why a child was told to end.
type stop int

const (
	notStopped    stop = iota
	stopForGood        // by a signal or the end of ctx
	stopToRestart      // by Restart
)

// run is one life of the child. Its results are read after run has returned.
type run struct {
	s       *Supervisor
	attempt int

	stopped  stop
	reason   string // of a stop
	startErr error
	code     int
	signal   string
	ran      time.Duration
}

func (r *run) exitError() error {
	if r.code == 0 {
		return nil
	}
	return &ExitError{Code: r.code, Signal: r.signal, Err: r.startErr}
}

func (r *run) event(e ProcessEvent) {
	e.Time, e.Attempt = time.Now(), r.attempt
	r.s.set.Event(e)
}

// run starts the child and returns when it, and everything that it has started, is gone.
func (r *run) run(ctx context.Context, stdout, stderr *passthrough) {
	s := r.s
	r.event(ProcessEvent{Kind: Created})
	killsBefore, _ := oomKills(s.set.Root)
	cmd, readers, err := r.prepare(stdout, stderr)
	if err == nil {
		started, exited := make(chan error, 1), make(chan struct{})
		began := time.Now()
		go func() {
			// The kernel kills the child with the thread that started it, where DieWithAgent asks for that, so the thread is kept until the child has ended.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			defer close(exited)
			err := cmd.Start()
			closeWriters(cmd)
			started <- err
			if err == nil {
				awaitExit(cmd.Process.Pid)
				killGroup(cmd.Process.Pid) // while nobody else can have its number
				_ = cmd.Wait()
			}
		}()
		if err = <-started; err == nil {
			s.pid.Store(int64(cmd.Process.Pid))
			s.log.Info("server started", "pid", cmd.Process.Pid, "attempt", r.attempt)
			r.event(ProcessEvent{Kind: Started, PID: cmd.Process.Pid})
			r.attend(ctx, cmd.Process, exited)
			s.pid.Store(0)
			r.ran = time.Since(began)
			s.killOrphans()
		}
		<-exited
	}
	for _, o := range readers {
		o.finish()
	}
	e := ProcessEvent{Kind: Exited, Ran: r.ran, Reason: r.reason}
	if err != nil {
		r.startErr, r.code = err, startCode(err)
		e.Reason = err.Error()
		s.log.Error("server could not be started", "command", s.set.Command[0], "err", err)
	} else {
		r.code, r.signal = exitCode(cmd.ProcessState)
		e.PID, e.Signal = cmd.Process.Pid, r.signal
		killsAfter, ok := oomKills(s.set.Root)
		e.OOMKilled = ok && killsAfter > killsBefore
		s.log.Info("server ended", "pid", e.PID, "exit_code", r.code, "signal", r.signal, "ran", r.ran, "oom_killed", e.OOMKilled)
	}
	e.ExitCode = r.code
	r.event(e)
}

// prepare makes the command and its pipes.
func (r *run) prepare(stdout, stderr *passthrough) (*exec.Cmd, []*reader, error) {
	s := r.s
	cmd := exec.Command(s.set.Command[0], s.set.Command[1:]...)
	cmd.Dir, cmd.Env = s.set.Dir, s.set.Env
	if s.set.Stdin != nil {
		cmd.Stdin = s.set.Stdin
	}
	cmd.SysProcAttr = childAttr(s.cfg.DieWithAgent)
	if cmd.Err != nil {
		return nil, nil, cmd.Err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		_, _ = outRead.Close(), outWrite.Close()
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	growPipe(outRead)
	growPipe(errRead)
	cmd.Stdout, cmd.Stderr = outWrite, errWrite
	readers := make([]*reader, 0, 2)
	for _, p := range []struct {
		name string
		pipe *os.File
		pass *passthrough
	}{{"stdout", outRead, stdout}, {"stderr", errRead, stderr}} {
		if s.set.Output != nil {
			readers = append(readers, startReader(p.pipe, s.set.Output(p.name), p.pass))
		} else {
			readers = append(readers, startReader(p.pipe, nil, p.pass))
		}
	}
	return cmd, readers, nil
}

// closeWriters closes the agent's own ends of the child's pipes, so that they end with the child.
func closeWriters(cmd *exec.Cmd) {
	for _, w := range []any{cmd.Stdout, cmd.Stderr} {
		if f, ok := w.(*os.File); ok {
			_ = f.Close()
		}
	}
}

// attend passes signals on and ends the child when that is wanted. It returns when the child has ended.
func (r *run) attend(ctx context.Context, child *os.Process, exited <-chan struct{}) {
	s := r.s
	signals, done := s.set.Signals, ctx.Done()
	var deadline <-chan time.Time
	end := func(why stop, sig os.Signal, reason string) {
		if r.stopped == notStopped || why == stopForGood {
			r.stopped, r.reason = why, reason
		}
		_ = child.Signal(sig)
		if deadline != nil {
			return
		}
		timer := time.NewTimer(s.cfg.StopTimeout)
		defer func() { deadline = timer.C }()
		s.log.Info("server is told to end", "pid", child.Pid, "signal", fmt.Sprint(sig), "why", reason)
		r.event(ProcessEvent{Kind: Killing, PID: child.Pid, Reason: reason})
	}
	for {
		select {
		case <-exited:
			return
		case <-done:
			done = nil
			end(stopForGood, syscall.SIGTERM, "the agent is stopping")
		case reason := <-s.restart:
			if r.stopped == notStopped {
				end(stopToRestart, syscall.SIGTERM, reason)
			}
		case sig, ok := <-signals:
			switch {
			case !ok:
				signals = nil
			case sig == syscall.SIGTERM || sig == os.Interrupt:
				end(stopForGood, sig, "the agent got "+signalName(sig))
			case passesOn(sig):
				_ = child.Signal(sig)
			}
		case <-deadline:
			reason := fmt.Sprintf("it did not end within %s", s.cfg.StopTimeout)
			s.log.Warn("server is killed", "pid", child.Pid, "why", reason)
			r.event(ProcessEvent{Kind: Killing, PID: child.Pid, Reason: reason})
			killGroup(child.Pid)
			_ = child.Kill() // it may have left its group
		}
	}
}

// exitCode returns the code as shells tell it, and the name of the signal where one ended the process.
func exitCode(p *os.ProcessState) (int, string) {
	if p == nil {
		return 255, "" // somebody else has waited for it
	}
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal()), signalName(w.Signal())
	}
	return p.ExitCode(), ""
}

// startCode is the exit code of shells for a program that cannot be started.
func startCode(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return 127
	}
	return 126
}
