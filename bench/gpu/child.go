package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// load is what a child does: for a part of each tenth of a second it runs kernels of some blocks, and then it copies.
type load struct {
	duty   float64 // 0 to 1
	blocks int     // 0: as many as fill the GPU
	up     int     // MiB that it copies to the GPU in each tenth of a second
	down   int     // MiB that it copies from the GPU
}

// chunk is how much is copied at once, in MiB.
const chunk = 32

// period is the length of one turn of a load.
const period = 100 * time.Millisecond

// serve is the child process: it holds memory on the first GPU and follows commands ("load DUTY BLOCKS UP DOWN", "copied", "fault") on in until it ends.
func serve(mib uint64, in io.Reader, out io.Writer) error {
	runtime.LockOSThread() // a CUDA context belongs to a thread
	defer runtime.UnlockOSThread()
	d, err := openDevice(0, mib<<20)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready", d.about())
	var current atomic.Pointer[load]
	var wrong, asked atomic.Bool
	current.Store(&load{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			l := load{}
			switch lines.Text() {
			case "fault":
				wrong.Store(true)
			case "copied":
				asked.Store(true)
			default:
				if _, err := fmt.Sscanf(lines.Text(), "load %g %d %d %d", &l.duty, &l.blocks, &l.up, &l.down); err == nil {
					current.Store(&l)
				}
			}
		}
	}()
	for {
		select {
		case <-done:
			return nil
		default:
		}
		if wrong.Swap(false) {
			fmt.Fprintln(out, "fault", d.fault())
		}
		if asked.Swap(false) {
			up, down := d.copied()
			fmt.Fprintln(out, "copied", up, down)
		}
		l := current.Load()
		began := time.Now()
		if l.duty > 0 {
			blocks := l.blocks
			if blocks == 0 {
				blocks = 8 * d.sms()
			}
			if err := d.spin(blocks, time.Duration(l.duty*float64(period))); err != nil {
				return err
			}
		}
		for mib := 0; mib < l.up+l.down; mib += chunk {
			if err := d.copyOnce(mib >= l.up, chunk<<20); err != nil {
				return err
			}
		}
		if l.duty < 1 {
			time.Sleep(period - time.Since(began))
		}
	}
}

// child is a child process seen from its parent.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // what it says; closed at its end
	mib   uint64
	about string
}

// startChild starts a child and waits until it holds its memory.
func startChild(ctx context.Context, mib uint64, stderr io.Writer) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-child", "-mib", strconv.FormatUint(mib, 10))
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, in: in, lines: make(chan string, 10), mib: mib}
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	select {
	case line, ok := <-c.lines:
		about, ready := strings.CutPrefix(line, "ready ")
		if !ok || !ready {
			return nil, errors.Join(fmt.Errorf("a child cannot use the GPU: %s", line), c.stop())
		}
		c.about = about
	case <-time.After(time.Minute):
		return nil, errors.Join(errors.New("a child is not ready after a minute"), c.stop())
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) set(l load) error {
	_, err := fmt.Fprintf(c.in, "load %g %d %d %d\n", l.duty, l.blocks, l.up, l.down)
	return err
}

// answer gives the child a command and returns what it says.
func (c *child) answer(command string) (string, error) {
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		return "", err
	}
	select {
	case line, ok := <-c.lines:
		if !ok {
			return "", fmt.Errorf("the child has ended (asked %q)", command)
		}
		return line, nil
	case <-time.After(30 * time.Second):
		return "", fmt.Errorf("the child has not answered %q after 30 s", command)
	}
}

// copied returns the bytes that the child copied to the GPU and from it so far.
func (c *child) copied() (up, down float64, err error) {
	line, err := c.answer("copied")
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscanf(line, "copied %g %g", &up, &down); err != nil {
		return 0, 0, fmt.Errorf("the child said %q: %w", line, err)
	}
	return up, down, nil
}

// stop kills the child and waits for its end.
func (c *child) stop() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	for range c.lines { // until its output ends
	}
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}
