package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How long instances may take to start and to stop. Stopping includes the agent's last pushes, and those of the logs.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 6 * time.Second
)

// fleet is the processes of the sample instances.
type fleet struct {
	program   string // path of this program
	arg0      string // its name, as it was called
	instances []*instance
	stderr    io.Writer
	log       *slog.Logger
	started   chan []*target // gets the targets once, when all instances listen
}

// target is where a running instance answers.
type target struct {
	role
	url  string
	pid  int
	gone chan struct{} // closed when the process has ended
}

// process is one running instance.
type process struct {
	cmd   *exec.Cmd
	stdin *teller // closing it also stops the process, whatever becomes of us
	said  chan struct{}
	line  string // the first that it printed; read only after said is closed
	gone  chan struct{}
	err   error // why it ended; read only after gone is closed
}

// run starts the instances and keeps them until ctx ends, or until none is left. One that ends by itself is said in the log and
// not started again: that is what an instance that went missing looks like.
func (f *fleet) run(ctx context.Context) error {
	var processes []*process
	defer func() { stop(processes) }()
	var starting, kept sync.WaitGroup
	release := make(chan struct{})
	defer kept.Wait()
	defer close(release)

	var err error
	starting.Add(1)
	kept.Go(func() {
		// The kernel ends a child with the thread that started it (see dieWithParent), so that thread is kept.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		processes, err = f.start()
		starting.Done()
		<-release
	})
	starting.Wait()
	if err != nil {
		return err
	}
	targets, err := addresses(ctx, f.instances, processes)
	if err != nil || targets == nil {
		return err
	}
	f.started <- targets
	var mounts, left sync.WaitGroup
	defer mounts.Wait()
	for i, p := range processes {
		if i := f.instances[i]; i.mount {
			mounts.Go(func() { f.keepMount(ctx, i, p) })
		}
		left.Go(func() {
			<-p.gone
			if ctx.Err() == nil {
				f.log.Warn("sample instance has ended; the demo goes on without it", "instance", f.instances[i].role.instance, "why", p.err)
			}
		})
	}
	all := make(chan struct{})
	go func() {
		left.Wait()
		close(all)
	}()
	select {
	case <-ctx.Done():
		stop(processes)
		<-all
		return nil
	case <-all:
		return errors.New("every sample instance has ended")
	}
}

func (f *fleet) start() ([]*process, error) {
	var started []*process
	for _, i := range f.instances {
		p, err := f.startOne(i)
		if err != nil {
			return started, fmt.Errorf("start %s: %w", i.role.instance, err)
		}
		started = append(started, p)
	}
	return started, nil
}

func (f *fleet) startOne(i *instance) (*process, error) {
	cmd := exec.Command(f.program, i.args()...)
	cmd.Args[0] = f.arg0
	cmd.SysProcAttr = dieWithParent()
	cmd.Stderr = f.stderr
	cmd.WaitDelay = time.Second
	stdin, told, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		_, _ = stdin.Close(), told.Close()
		return nil, err
	}
	cmd.Stdin, cmd.Stdout = stdin, in
	p := &process{cmd: cmd, stdin: &teller{pipe: told}, said: make(chan struct{}), gone: make(chan struct{})}
	p.stdin.tell(serverContainer, lifePulled, "Container image %q is present on this machine", i.image(serverContainer))
	p.stdin.tell(serverContainer, lifeCreated, "Created container %s", serverContainer)
	err = cmd.Start()
	_, _ = stdin.Close(), in.Close()
	if err != nil {
		_ = out.Close()
		p.stdin.close()
		return nil, err
	}
	p.stdin.tell(serverContainer, lifeStarted, "Started container %s", serverContainer)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n') // ends with the process
		p.line = strings.TrimSpace(text)
		close(p.said)
	}()
	go p.probe()
	go func() {
		p.err = cmd.Wait()
		_ = out.Close() // ends a read that waits for a process that is gone
		if p.err == nil {
			p.err = errors.New("exit status 0")
		}
		close(p.gone)
	}()
	return p, nil
}

// addresses waits until every process has said where it listens. It returns nil targets when ctx ends first.
func addresses(ctx context.Context, instances []*instance, processes []*process) ([]*target, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errSlowStart)
	defer cancel()
	var targets []*target
	for n, p := range processes {
		name := instances[n].role.instance
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errSlowStart) {
				return nil, fmt.Errorf("start %s: %w", name, errSlowStart)
			}
			return nil, nil
		case <-p.said:
			addr, ok := strings.CutPrefix(p.line, announce)
			if !ok {
				<-p.gone
				return nil, fmt.Errorf("start %s: it ended before it listened: %w", name, p.err)
			}
			targets = append(targets, &target{role: instances[n].role, url: "http://" + addr, pid: p.cmd.Process.Pid, gone: p.gone})
		}
	}
	return targets, nil
}

var errSlowStart = fmt.Errorf("it does not listen after %s", startTimeout)

// stop asks all processes to end, and ends those that do not. It returns when none is left; a second call does nothing.
func stop(processes []*process) {
	for _, p := range processes {
		p.stdin.tell(serverContainer, lifeKilling, "Stopping container %s", serverContainer)
		p.stdin.close()
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	deadline := time.NewTimer(stopTimeout)
	defer deadline.Stop()
	late := false
	for _, p := range processes {
		if !late {
			select {
			case <-p.gone:
			case <-deadline.C:
				late = true
			}
		}
		if late {
			_ = p.cmd.Process.Kill()
			<-p.gone
		}
	}
}
