package demo

import "syscall"

// dieWithParent puts a child into a process group of its own, so that Ctrl-C reaches only the demo, which stops its children in order;
// and has the kernel end the child with the thread that started it.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
