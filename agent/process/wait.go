package process

import (
	"context"
	"time"
)

// Wait returns nil once this very process has ended, and the context's error when that ends first. The kernel tells the end at once; where it cannot,
// the process is looked at once a second.
func (f *Finder) Wait(ctx context.Context, m Main) error {
	if err := f.waitPIDFD(ctx, m); err == nil || ctx.Err() != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for f.alive(m) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
