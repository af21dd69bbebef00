package kit

import (
	"fmt"
	"syscall"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// Usage is the CPU time used up to one moment by the servers, by this process and by the whole machine.
type Usage struct {
	Servers, Own time.Duration
	Machine      subproc.Machine
}

// ReadUsage returns the usage of the given processes, which must be running.
func ReadUsage(servers ...*subproc.Process) (u Usage, err error) {
	for _, p := range servers {
		used, err := p.CPU()
		if err != nil {
			return u, err
		}
		u.Servers += used
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return u, fmt.Errorf("read this process's CPU time: %w", err)
	}
	u.Own = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	u.Machine, err = subproc.ReadMachine()
	return u, err
}
