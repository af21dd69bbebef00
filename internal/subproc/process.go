package subproc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is one running program with its process group.
type Process struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
	err    error // what Wait returned; read only after exited is closed
}

// Start runs the program with args, both its outputs appended to the file log. The program and everything that it starts are
// killed when the calling process dies, when Kill is called, and, after a while, by Stop; the caller must call one of the two.
// It returns an error when the log cannot be opened or the program cannot be started.
func Start(log, program string, args ...string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", filepath.Base(program), err)
	}
	defer out.Close() // the child has its own descriptor
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	p := &Process{cmd: cmd, log: log, exited: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// PID returns the process id, which is also that of the group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed once the process has ended and been waited for.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Kill ends the whole process group at once with SIGKILL and waits until the process is gone. It may be called more than once.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // ESRCH: gone already
	<-p.exited
}

// Stop asks the process to end with SIGTERM and waits. It returns an error that ends with the tail of the log when the process
// exits with another code than 0, or when it has to be killed because it is still there at ctx's end.
func (p *Process) Stop(ctx context.Context) error {
	_ = syscall.Kill(p.PID(), syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not end after SIGTERM: %w\n%s", p, ctx.Err(), p.Tail())
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // whatever it left behind
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p, p.err, p.Tail())
	}
	return nil
}

// Tail returns the last 4 KiB of the process's output.
func (p *Process) Tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	if len(b) > 4096 {
		b = b[len(b)-4096:]
	}
	return strings.TrimSpace(string(b))
}

// String names the program and its process id.
func (p *Process) String() string { return fmt.Sprintf("%s[%d]", filepath.Base(p.cmd.Path), p.PID()) }

// Await calls ready every few milliseconds until it returns nil. It gives up when ctx ends or the process does, with an error that
// holds ready's last error and the tail of the log.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := Await(ctx, ready)
	if err == nil {
		return nil
	}
	select {
	case <-p.exited:
		return fmt.Errorf("%s has ended (%v): %w\n%s", p, p.err, err, p.Tail())
	default:
		return fmt.Errorf("%s is not ready: %w\n%s", p, err, p.Tail())
	}
}

// Await calls ready until it returns nil, with a pause of 5 ms that grows to 100 ms. When ctx ends first it returns ctx's error
// joined with ready's last one.
func Await(ctx context.Context, ready func(context.Context) error) error {
	for pause := 5 * time.Millisecond; ; pause = min(pause*3/2, 100*time.Millisecond) {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
