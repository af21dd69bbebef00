//go:build !linux || !cgo

package main

import (
	"errors"
	"time"
)

// device stands for the one of Linux.
type device struct{}

func openDevice(int, uint64) (*device, error) { return nil, errors.New("the load needs Linux and cgo") }
func (*device) about() string                 { return "" }
func (*device) spin(int, time.Duration) error { return nil }
func (*device) fault() error                  { return nil }
func (*device) sms() int                      { return 0 }

func (*device) copyOnce(bool, uint64) error { return nil }
func (*device) copied() (up, down uint64)   { return 0, 0 }
