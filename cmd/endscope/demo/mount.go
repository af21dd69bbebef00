package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// How long is waited before a container that ended is started again: twice as long each time.
const (
	firstBackOff = time.Second
	lastBackOff  = 5 * time.Minute
)

// modelStore is where models would be. Nobody listens there.
const modelStore = "127.0.0.1:1"

// mountModels is the second container of an instance: it looks for a newer model, and fails, as it cannot reach where models are.
func mountModels(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "INFO:     looking for a newer model at %s\n", modelStore)
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", modelStore)
	if err == nil {
		err = errors.Join(fmt.Errorf("%s is no store of models", modelStore), conn.Close())
	}
	fmt.Fprintf(out, "ERROR:    the model cannot be mounted\nTraceback (most recent call last):\n  File \"/app/mount.py\", line 23, in fetch\n    connection = connect(store)\nConnectionError: %v\n", err)
	return err
}

// keepMount runs the second container of an instance and starts it again whenever it ends, until ctx or the instance ends.
func (f *fleet) keepMount(ctx context.Context, i *instance, p *process) {
	// As in run: the kernel ends a child with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	mount := *i
	mount.container = mountContainer
	p.stdin.tell(mountContainer, lifePulled, "Container image %q is present on this machine", i.image(mountContainer))
	for backOff := firstBackOff; ; backOff = min(2*backOff, lastBackOff) {
		cmd := exec.CommandContext(ctx, f.program, mount.args()...)
		cmd.Args[0] = f.arg0
		cmd.SysProcAttr = dieWithParent()
		cmd.WaitDelay = time.Second
		p.stdin.tell(mountContainer, lifeCreated, "Created container %s", mountContainer)
		p.stdin.tell(mountContainer, lifeStarted, "Started container %s", mountContainer)
		out, err := cmd.Output() // and what it says on standard error, which is the same, is not for the demo's user
		for line := range strings.Lines(string(out)) {
			p.stdin.printed(mountContainer, strings.TrimSuffix(line, "\n"))
		}
		if ctx.Err() != nil {
			return
		}
		p.stdin.tell(mountContainer, lifeBackOff, "Back-off of %s before restarting failed container %s: %v", backOff, mountContainer, err)
		if !wait(ctx, backOff) {
			return
		}
	}
}
