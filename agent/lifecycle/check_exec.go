package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// execCheck runs a command in a process group of its own, which is killed as a whole when the time is up.
type execCheck []string

func (c execCheck) close() {}

func (c execCheck) check(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for those who left the group and hold the output open
	var out head
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what the command left behind; an error says that nothing was
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() {
		return nil
	}
	detail := fmt.Sprintf("command %s", c[0])
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		detail += " did not end in time"
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		detail += fmt.Sprintf(" exited with code %d", exit.ExitCode())
	case errors.As(err, &exit):
		detail += " ended: " + exit.ProcessState.String()
	default:
		return fmt.Errorf("%s did not run: %s", detail, oneLine(err.Error()))
	}
	if text := oneLine(out.String()); text != "" {
		detail += ": " + text
	}
	return errors.New(detail)
}

// head keeps the first bytes that are written and swallows the rest.
type head struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if room := 4*maxDetail - h.text.Len(); room > 0 {
		h.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}
