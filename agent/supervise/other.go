//go:build !linux

package supervise

import (
	"context"
	"os"
	"syscall"
)

func (s *Supervisor) adoptOrphans() func()        { return func() {} }
func (s *Supervisor) reapOrphans(context.Context) {}
func (s *Supervisor) killOrphans()                {}
func signalName(sig os.Signal) string             { return sig.String() }
func passesOn(sig os.Signal) bool {
	return sig != syscall.SIGCHLD && sig != syscall.SIGPIPE && sig != syscall.SIGURG
}
func childAttr(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
func growPipe(*os.File)                   {}
func awaitExit(int)                       {}
func killGroup(pid int)                   { _ = syscall.Kill(-pid, syscall.SIGKILL) }
