package supervise

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName returns a signal's name as kill -l has it: SIGTERM.
func signalName(sig os.Signal) string {
	if s, ok := sig.(syscall.Signal); ok {
		if name := unix.SignalName(s); name != "" {
			return name
		}
		return fmt.Sprintf("signal %d", int(s))
	}
	return sig.String()
}

// passesOn reports whether a signal is meant for the server. The others tell a process about its own children, pipes and threads.
func passesOn(sig os.Signal) bool {
	return sig != syscall.SIGCHLD && sig != syscall.SIGPIPE && sig != syscall.SIGURG
}

// childAttr puts the child into a session and a group of its own, so that the terminal's Ctrl-C comes once, through the agent.
func childAttr(dieWithAgent bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if dieWithAgent {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}

// growPipe lets the child print more before it has to wait for the reader. Failing to is no harm.
func growPipe(f *os.File) { _, _ = unix.FcntlInt(f.Fd(), unix.F_SETPIPE_SZ, 1<<20) }

// awaitExit returns when the child has ended, and leaves it to be waited for, so that its number stays its own.
func awaitExit(pid int) {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}

// killGroup kills every process of the child's group.
func killGroup(pid int) { _ = unix.Kill(-pid, unix.SIGKILL) }
