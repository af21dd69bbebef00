//go:build !linux

package process

import (
	"context"
	"errors"
	"time"
)

func sinceBoot() (time.Duration, error) { return 0, errors.ErrUnsupported }

func (f *Finder) waitPIDFD(context.Context, Main) error { return errors.ErrUnsupported }
