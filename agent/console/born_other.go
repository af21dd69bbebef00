//go:build !linux

package console

import (
	"syscall"
	"time"
)

func born(string) (time.Time, bool) { return time.Time{}, false }

func childAttr() *syscall.SysProcAttr { return nil }
