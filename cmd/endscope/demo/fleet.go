package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

// How long instances may take to start and to stop. Stopping includes the end of the server and the agent's last pushes, of samples and of
// logs.
const (
	startTimeout      = 30 * time.Second
	stopTimeout       = 12 * time.Second
	serverStopTimeout = 3 * time.Second
)

// fleet is the sample instances: an agent each, which runs the scoring server, and one more for each second container.
type fleet struct {
	program     string // path of this program
	dir         string // data of the demo
	server      string // URL of the server
	interval    time.Duration
	simulateGPU bool
	roles       []role
	log         *slog.Logger
	started     chan []*target // gets the targets once, when all instances are ready
}

// target is where a running instance answers.
type target struct {
	role
	url  string
	pid  int           // of its agent
	gone chan struct{} // closed when the agent has ended
}

// process is one running agent.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin *os.File // nothing is written to it; the scoring server ends when it is closed, whatever becomes of us
	out   string   // the file of what the agent says
	gone  chan struct{}
	err   error // why it ended; read only after gone is closed
}

// run starts the agents and keeps them until ctx ends, or until no instance is left. An agent that ends by itself is said in the log and
// not started again: that is what an instance that went missing looks like.
func (f *fleet) run(ctx context.Context) error {
	places, err := f.prepare()
	if err != nil {
		return err
	}
	var agents, mounts []*process
	defer func() { stop(append(agents, mounts...)) }()
	var starting, kept sync.WaitGroup
	release := make(chan struct{})
	defer kept.Wait()
	defer close(release)
	starting.Add(1)
	kept.Go(func() {
		// The kernel ends a child with the thread that started it (see start), so that thread is kept.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		agents, mounts, err = f.start(places)
		starting.Done()
		<-release
	})
	starting.Wait()
	if err != nil {
		return err
	}
	targets, err := f.ready(ctx, places, agents)
	if err != nil || targets == nil {
		return err
	}
	f.started <- targets
	var left, side sync.WaitGroup
	defer side.Wait()
	watch := func(p *process) {
		<-p.gone
		if ctx.Err() == nil {
			f.log.Warn("an agent of the sample endpoint has ended; the demo goes on without it", "agent", p.name, "why", p.why())
		}
	}
	for _, p := range agents {
		left.Go(func() { watch(p) })
	}
	for _, p := range mounts {
		side.Go(func() { watch(p) })
	}
	all := make(chan struct{})
	go func() {
		left.Wait()
		close(all)
	}()
	select {
	case <-ctx.Done():
		stop(append(agents, mounts...))
		<-all
		return nil
	case <-all:
		stop(mounts)
		return errors.New("every sample instance has ended")
	}
}

// mapping is the file that tells agents what the metrics of scoring servers mean.
func (f *fleet) mapping() string { return filepath.Join(f.dir, "scorer.yaml") }

// mountConfig is the file of what no flag can tell the agent of a second container.
func (f *fleet) mountConfig() string { return filepath.Join(f.dir, mountContainer+".yaml") }

// prepare writes the files that agents read and finds out where instances can listen.
func (f *fleet) prepare() ([]place, error) {
	if err := os.MkdirAll(filepath.Join(f.dir, "agents"), 0o755); err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(f.mapping(), []byte(scoring.Mapping()), 0o644), os.WriteFile(f.mountConfig(), []byte(mountConfig), 0o644)); err != nil {
		return nil, err
	}
	free, err := freeAddresses(2 * len(f.roles))
	if err != nil {
		return nil, err
	}
	places := make([]place, len(f.roles))
	for i := range places {
		places[i] = place{proxy: free[2*i], server: free[2*i+1]}
	}
	return places, nil
}

// start starts an agent for each role, and one for each second container. What it has started it returns with an error, too.
func (f *fleet) start(places []place) (agents, mounts []*process, err error) {
	for i, r := range f.roles {
		p, err := f.startOne(r.instance, f.serverAgent(r, places[i]))
		if err != nil {
			return agents, mounts, err
		}
		agents = append(agents, p)
		if r.mount {
			p, err := f.startOne(r.instance+"-"+mountContainer, f.mountAgent(r))
			if err != nil {
				return agents, mounts, err
			}
			mounts = append(mounts, p)
		}
	}
	return agents, mounts, nil
}

func (f *fleet) startOne(name string, command []string) (_ *process, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("start %s: %w", name, err)
		}
	}()
	p := &process{name: name, out: filepath.Join(f.dir, "agents", name+".log"), gone: make(chan struct{})}
	out, err := os.OpenFile(p.out, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	stdin, open, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	p.stdin = open
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, out, out
	// A process group of its own, so that Ctrl-C reaches only the demo, which stops agents in order. And the kernel ends the agent, which
	// has the kernel end its server, with the thread that started it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, open.Close())
	}
	go func() {
		if p.err = p.cmd.Wait(); p.err == nil {
			p.err = errors.New("exit status 0")
		}
		_ = p.stdin.Close()
		close(p.gone)
	}()
	return p, nil
}

// why says why an agent has ended, with the last that it said.
func (p *process) why() error {
	text, err := os.ReadFile(p.out)
	if err != nil || len(text) == 0 {
		return p.err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Errorf("%w: %s", p.err, lines[len(lines)-1])
}

// ready waits until every scoring server says that it is ready; its agent listens by then. It returns nil targets when ctx ends first.
func (f *fleet) ready(ctx context.Context, places []place, agents []*process) ([]*target, error) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.Now().Add(startTimeout)
	var targets []*target
	for i, p := range agents {
		for !healthy(ctx, client, "http://"+places[i].server+"/health") {
			select {
			case <-ctx.Done():
				return nil, nil
			case <-p.gone:
				return nil, fmt.Errorf("start %s: its agent ended before the server was ready: %w", p.name, p.why())
			case <-time.After(50 * time.Millisecond):
			}
			if time.Now().After(deadline) {
				return nil, fmt.Errorf("start %s: it is not ready after %s; see %s", p.name, startTimeout, p.out)
			}
		}
		targets = append(targets, &target{role: f.roles[i], url: "http://" + places[i].proxy, pid: p.cmd.Process.Pid, gone: p.gone})
	}
	return targets, nil
}

func healthy(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// stop asks all agents to end, and ends those that do not. It returns when none is left; a second call does nothing.
func stop(processes []*process) {
	for _, p := range processes {
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
