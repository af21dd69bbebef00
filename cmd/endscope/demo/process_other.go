//go:build !linux

package demo

import "syscall"

// dieWithParent puts a child into a process group of its own. Where the kernel does not end children with their parent, they end when
// their standard input does.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
