package process

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot returns how long the machine has run, sleep included.
func sinceBoot() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0, err
	}
	return time.Duration(t.Nano()), nil
}

// waitPIDFD returns nil once the process has ended, and an error where the kernel cannot tell.
func (f *Finder) waitPIDFD(ctx context.Context, m Main) error {
	if f.set.Root != "/" {
		return errors.ErrUnsupported
	}
	fd, err := unix.PidfdOpen(m.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !f.alive(m) { // the id may have been given to another one before we held on to it
		return nil
	}
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for ctx.Err() == nil {
		n, err := unix.Poll(polled, 200)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return ctx.Err()
}
