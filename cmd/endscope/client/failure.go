package client

import (
	"context"
	"errors"
	"fmt"
)

// failed says why an answer did not come: in the words of the command where it was its timeout or an interrupt that ended the wait.
func (c *connection) failed(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("ask %s: no answer within %s (--timeout)", c.server, c.timeout)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	}
	return fmt.Errorf("ask %s: %w", c.server, err)
}

// broken says why an answer, of which a part is printed, has no end.
func (c *connection) broken(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the answer of %s is not whole: it did not end within %s (--timeout)", c.server, c.timeout)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: the answer is not whole")
	}
	return fmt.Errorf("the answer of %s is not whole: %w", c.server, err)
}
