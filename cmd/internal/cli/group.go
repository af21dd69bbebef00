package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/oklog/run"
)

// Group runs named parts together: the first to return interrupts the others, one after the other in the order in which they
// were added, each of them to its end before the next is told. So the order of Add is the order of shutdown.
type Group struct {
	group run.Group
	log   *slog.Logger
	mu    sync.Mutex
	errs  []error
}

// NewGroup returns an empty group that ends when ctx ends.
func NewGroup(ctx context.Context, log *slog.Logger) *Group {
	g := &Group{log: log}
	stop := make(chan struct{})
	g.group.Add(func() error {
		select {
		case <-ctx.Done():
		case <-stop:
		}
		return nil
	}, func(error) { close(stop) })
	return g
}

// Add adds a part whose run blocks, and returns nil when its context ends.
func (g *Group) Add(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	g.group.Add(func() error {
		defer close(done)
		err := run(ctx)
		if err == nil && ctx.Err() == nil {
			err = errors.New("ended without being told to")
		}
		if err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.errs = append(g.errs, fmt.Errorf("%s: %w", name, err))
		}
		return err
	}, func(error) {
		g.log.Debug("stopping", "part", name)
		cancel()
		<-done
	})
}

// Run blocks until every part has ended, and returns the errors of all, the first that failed first.
func (g *Group) Run() error {
	_ = g.group.Run() // also in errs
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.errs...)
}

// Cleanup is a stack of named things to close: last opened, first closed. Safe for concurrent use; the zero value is empty.
type Cleanup struct {
	mu    sync.Mutex
	names []string
	funcs []func() error
}

// Add puts a closer on the stack.
func (c *Cleanup) Add(name string, f func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names, c.funcs = append(c.names, name), append(c.funcs, f)
}

// Close calls what was added, once, and returns every error with its name.
func (c *Cleanup) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for i := len(c.funcs) - 1; i >= 0; i-- {
		if err := c.funcs[i](); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", c.names[i], err))
		}
	}
	c.names, c.funcs = nil, nil
	return errors.Join(errs...)
}
