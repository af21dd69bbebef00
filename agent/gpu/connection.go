package gpu

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// listInterval is how often the devices are listed again, so that a new device or another driver is noticed.
const listInterval = time.Minute

// firstBackoff is the wait after the first attempt; it doubles up to Config.RetryInterval.
const firstBackoff = 5 * time.Second

// connection keeps the Source open. Its methods are called by Collect and Close only; the driver calls run on its task, so that
// one that hangs stops neither.
type connection struct {
	cfg    Config
	log    *slog.Logger
	source Source
	events *eventLog

	task     task[listing]
	starting bool // the running task opens the source: no device may be read meanwhile

	open    bool
	driver  Driver
	watcher *watcher
	opened  time.Time // when the source was opened
	listed  time.Time // when the latest attempt to list the devices began

	reopen  error // why the source must be opened again; nil if it need not
	err     error // what Collect says until the next attempt
	next    time.Time
	backoff time.Duration
	seen    bool   // a GPU was found once: from then on, none is an error
	said    string // what was last logged about a GPU that cannot be had, so that it is said once
}

// listing is what one attempt to open or list gave.
type listing struct {
	opens   bool // it was an attempt to open
	driver  Driver
	devices []Device
	stream  Events
	err     error // with devices: some others did not answer, or there are no events
}

// needReopen asks for a new initialisation. The first reason stands.
func (c *connection) needReopen(why error) {
	if c.reopen == nil {
		c.reopen = why
	}
}

// settled says that everything answers. Once it has done so for long enough, the back-off begins anew.
func (c *connection) settled(now time.Time) {
	if now.Sub(c.opened) >= c.cfg.RetryInterval {
		c.backoff = 0
	}
}

// delay sets the earliest time of the next attempt to open.
func (c *connection) delay(now time.Time) {
	c.backoff = min(max(2*c.backoff, firstBackoff), c.cfg.RetryInterval)
	c.next = now.Add(c.backoff)
}

// start begins the attempt whose time has come. Busy says that a device call is running, which forbids closing the source;
// release gives all devices back.
func (c *connection) start(now time.Time, busy bool, release func()) {
	if c.task.running() {
		return
	}
	if c.watcher != nil {
		if err := c.watcher.broken.Load(); err != nil {
			c.needReopen(fmt.Errorf("record GPU events: %w", *err))
		}
	}
	switch {
	case c.open && c.reopen != nil && !now.Before(c.next) && !busy:
		c.log.Warn("initialising the GPU library again", "reason", c.reopen.Error())
		release()
		w := c.watcher
		c.watcher, c.open, c.reopen, c.starting = nil, false, nil, true
		c.task.start(func() listing {
			if err := closeSource(w, c.source); err != nil {
				c.log.Debug("closing the GPU library", "reason", err.Error())
			}
			return c.list(true)
		})
	case !c.open && !now.Before(c.next):
		c.starting = true
		c.task.start(func() listing { return c.list(true) })
	case c.open && now.Sub(c.listed) >= listInterval:
		c.listed = now
		c.task.start(func() listing { return c.list(false) })
	}
}

func closeSource(w *watcher, source Source) error {
	var err error
	if w != nil {
		err = w.stop()
	}
	return errors.Join(err, source.Close())
}

// list makes the driver calls of one attempt. It runs on the task and touches nothing of c that changes.
func (c *connection) list(opens bool) (l listing) {
	l.opens = opens
	defer func() {
		if p := recover(); p != nil {
			l.err = fmt.Errorf("list the GPUs: panic: %v", p)
		}
	}()
	if opens {
		if err := c.source.Open(); err != nil {
			l.err = fmt.Errorf("open the GPU driver: %w", err)
			return l
		}
		defer func() {
			if l.err != nil && len(l.devices) == 0 {
				_ = c.source.Close() // the error that matters is the one of the attempt
			}
		}()
	}
	var err error
	if l.driver, err = c.source.Driver(); err != nil {
		l.err = fmt.Errorf("ask for the driver's version: %w", err)
		if CodeOf(err).reopens() {
			return l
		}
	}
	if l.devices, err = c.source.Devices(); err != nil {
		l.err = errors.Join(fmt.Errorf("list the GPUs: %w", err), l.err)
	}
	if opens && c.cfg.Events && len(l.devices) > 0 {
		if l.stream, err = c.source.Events(l.devices); err != nil && !CodeOf(err).unsupported() {
			l.err = errors.Join(l.err, fmt.Errorf("record GPU events: %w", err))
		}
	}
	return l
}

// finish takes over what an attempt gave. It returns false when there is nothing to take.
func (c *connection) finish(now time.Time, expired <-chan struct{}) (listing, bool) {
	if !c.task.running() {
		return listing{}, false
	}
	l, ok := c.task.take(expired)
	if !ok {
		return l, false
	}
	c.starting = false
	c.err = l.err
	code := CodeOf(l.err)
	c.events.know(l.devices)
	if l.opens {
		c.events.unwatch()
		c.delay(now) // the earliest time of the next attempt
		c.opened, c.listed = now, now
		c.open = l.err == nil || len(l.devices) > 0
		c.driver = l.driver
		if l.stream != nil {
			c.watcher = startWatcher(l.stream, c.events, c.log)
		}
	}
	switch {
	case len(l.devices) > 0:
		c.seen = true
		if l.opens && c.said != "" {
			c.log.Info("found GPUs", "count", len(l.devices), "driver", l.driver.Version)
		}
		c.said = ""
		if l.err != nil && code.reopens() {
			c.needReopen(l.err)
		}
		if !l.opens && l.err == nil && l.driver != c.driver {
			c.needReopen(fmt.Errorf("the driver changed from %q to %q", c.driver.Version, l.driver.Version))
		}
	case c.open && l.err != nil:
		c.needReopen(l.err)
	case !c.seen && (l.err == nil || absent(l.err)):
		c.err = nil // no GPU is no failure
		if l.err != nil {
			c.next, c.backoff = now.Add(c.cfg.RetryInterval), 0
		}
		c.say(c.log.Info, "no GPU on this machine; its series are left out", l.err)
	case code == LibRMVersionMismatch:
		c.say(c.log.Error, "the GPU driver was upgraded under us: its library and its kernel module have different versions. Reload the module or reboot, then restart the agent", l.err)
	case l.err == nil:
		c.err = errors.New("the GPU driver lists no device any more")
	}
	return l, true
}

// say logs a message unless it was the last one.
func (c *connection) say(log func(string, ...any), message string, err error) {
	if c.said == message {
		return
	}
	c.said = message
	reason := "the driver lists no device"
	if err != nil {
		reason = err.Error()
	}
	log(message, "reason", reason, "next_try_within", c.cfg.RetryInterval)
}
