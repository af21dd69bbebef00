package gpu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/agent"
)

// closeTimeout is how long Close waits for driver calls that have not come back.
const closeTimeout = 3 * time.Second

// Collector implements agent.Collector over one Source.
type Collector struct {
	settings Settings
	cfg      Config
	log      *slog.Logger
	series   *series
	events   *eventLog
	conn     connection
	began    time.Time // when the agent's own counts began

	devices []*device

	known   map[string]*memory // by UUID; outlives a device that is lost
	sharer  *sharer
	summary summary

	notifier *notifier // nil without Settings.OnEvent
	kernel   atomic.Pointer[kernelLog]
	asked    bool // the kernel's log was tried
	unsaved  bool // writing down what was told has failed; the notifier's
	closed   bool
	present  atomic.Bool // see Present

	denied   map[Reading]float64
	deniedOf map[deniedKey]bool // what denied has counted
	failed   map[failedKey]float64
}

type deniedKey struct {
	uuid    string
	reading Reading
}

type failedKey struct {
	reading Reading
	code    Code
}

// memory is what stays known of a device when it stops answering.
type memory struct {
	id       identity
	lastRead time.Time // zero if it never answered
	down     Code      // the code with which it left; Success while it is here
	previous edges
	occupied occupied
	slices   map[string]*occupied // by the UUID of the GPU instance's first MIG device

	pcie, nvlink traffic
}

// edges holds the latest values of counters and flags whose rise is a health event.
type edges struct{ pending, failure, hardwareThermal, recoveries Value }

func newCollector(cfg Config, s Settings, table *healthTable) *Collector {
	events := newEventLog(table)
	c := &Collector{
		settings: s,
		cfg:      cfg, log: s.Logger, series: newSeries(), events: events, began: time.Now(),
		conn:     connection{cfg: cfg, log: s.Logger, source: s.Source, events: events},
		sharer:   newSharer(s),
		known:    map[string]*memory{},
		denied:   map[Reading]float64{},
		deniedOf: map[deniedKey]bool{},
		failed:   map[failedKey]float64{},
	}
	if s.OnEvent != nil {
		c.startNotifier()
	}
	return c
}

// Name returns "gpu".
func (c *Collector) Name() string { return "gpu" }

// Describe lists everything that Collect may emit.
func (c *Collector) Describe() []*agent.Desc { return c.series.all() }

// Collect reads every device that answers within Config.DeviceTimeout, or within nine tenths of what ctx leaves if that is less.
// It returns no error on a machine without a GPU. Its error names each device that was left out, and why.
func (c *Collector) Collect(ctx context.Context, r *agent.Round) error {
	wait := c.cfg.DeviceTimeout
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)*9/10)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	expired := ctx.Done()

	err := c.connect(expired)
	if !c.conn.starting {
		err = errors.Join(err, c.read(r, expired))
	}
	c.emitOwn(r)
	return err
}

// connect opens or lists when that is due, and says what is wrong with the driver as a whole. It waits for the source to open;
// listing goes on beside the devices' rounds, and a later round takes what it gave.
func (c *Collector) connect(expired <-chan struct{}) error {
	c.reap()
	c.finish(closed)
	c.conn.start(time.Now(), c.busy(), c.releaseAll)
	if c.conn.starting {
		c.finish(expired)
	}
	if c.conn.task.running() {
		if hanging := time.Since(c.conn.task.since); c.conn.starting || hanging > c.cfg.DeviceTimeout {
			return fmt.Errorf("the GPU driver has not answered for %s (open and list)", hanging.Round(time.Millisecond))
		}
	}
	return c.conn.err
}

// finish takes what opening or listing gave, if it has ended.
func (c *Collector) finish(expired <-chan struct{}) {
	l, ok := c.conn.finish(time.Now(), expired)
	switch {
	case !ok:
	case l.opens:
		if len(l.devices) > 0 {
			c.present.Store(true)
		} else if l.err == nil || absent(l.err) {
			c.present.Store(false)
		}
		for _, d := range l.devices {
			c.adopt(newDevice(d))
		}
		if len(l.devices) > 0 {
			c.readKernelLog()
		}
	default:
		if l.err == nil && !c.lists(l.devices) {
			c.conn.needReopen(errors.New("the GPUs of this machine are others than before"))
		}
		for _, d := range l.devices {
			d.Release() // listed only to compare
		}
	}
}

// lists reports whether devices are those that we read.
func (c *Collector) lists(devices []Device) bool {
	return len(devices) == len(c.devices) && !slices.ContainsFunc(devices, func(d Device) bool {
		return !slices.ContainsFunc(c.devices, func(have *device) bool { return have.info.UUID == d.Info().UUID })
	})
}

func (c *Collector) adopt(d *device) {
	c.devices = append(c.devices, d)
	id := identity{strconv.Itoa(d.info.Index), d.info.UUID, d.info.Model}
	if m := c.known[d.info.UUID]; m != nil {
		m.id = id
		m.previous = edges{} // counters may have begun anew
		m.lapse()
	} else {
		c.known[d.info.UUID] = &memory{id: id, occupied: occupied{began: c.began}}
	}
	for _, kind := range []string{healthLost, healthReset} {
		c.events.count(d.info.UUID, kind, severityCritical, 0)
	}
}

// Present reports whether there is a GPU: the driver has listed one, and has neither gone since nor said that there is none. It stays
// true while the driver or a GPU does not answer, so that what stands in for its readings does not come and go. Safe for concurrent
// use.
func (c *Collector) Present() bool { return c.present.Load() }

// busy reports whether a device call is running.
func (c *Collector) busy() bool {
	return slices.ContainsFunc(c.devices, func(d *device) bool { return d.task.running() })
}

// releaseAll gives back the devices, of which none is busy.
func (c *Collector) releaseAll() {
	for _, d := range c.devices {
		d.Release()
	}
	c.devices = nil
}

// reap drops late answers: they belong to a round that is over.
func (c *Collector) reap() {
	for _, d := range c.devices {
		if d.task.running() {
			if late, ok := d.task.poll(); ok {
				c.log.Info("gpu answers again", "gpu", d.String(), "after", time.Since(d.task.since))
				c.known[d.info.UUID].noteTraffic(time.Now(), &late)
				c.noteFaults(d, late)
			}
		}
	}
}

// read makes one round of every device that is not hanging, all at the same time.
func (c *Collector) read(r *agent.Round, expired <-chan struct{}) error {
	var errs []error
	var started []*device
	for _, d := range c.devices {
		if d.task.running() {
			c.known[d.info.UUID].lapse()
			errs = append(errs, d.hung())
			continue
		}
		d.task.start(d.read)
		started = append(started, d)
	}
	c.summary.begin(c.devices, c.conn.driver)
	begun := false
	well := len(started) == len(c.devices) && len(started) > 0 && c.conn.err == nil
	for _, d := range started {
		result, ok := d.task.take(expired)
		if !ok {
			well = false
			c.known[d.info.UUID].lapse()
			errs = append(errs, d.hung())
			continue
		}
		if !begun && c.sharer.pids != nil {
			begun = true
			c.sharer.begin(time.Now())
		}
		if err := c.take(r, d, result); err != nil {
			well = false
			errs = append(errs, err)
		}
	}
	if well {
		c.conn.settled(time.Now())
	}
	return errors.Join(errs...)
}

// take turns the answers of one device into readings, and its faults into counts.
func (c *Collector) take(r *agent.Round, d *device, result deviceRound) error {
	m := c.known[d.info.UUID]
	m.noteTraffic(time.Now(), &result)
	if err := c.noteFaults(d, result); err != nil {
		m.lapse()
		return err
	}
	c.noteEdges(d.info.UUID, m, &result.whole)
	m.lastRead = r.Time
	m.down = Success
	c.summary.answered(d, &result, r.Time)
	c.emitDevice(r, d, m, &result)
	return nil
}

// Close gives back the devices and the source, waiting a few seconds for calls that have not come back. When they do not, the
// library is left as it is, for closing it under a running call can end the process.
func (c *Collector) Close() error {
	expired := make(chan struct{})
	timer := time.AfterFunc(closeTimeout, func() { close(expired) })
	defer timer.Stop()
	return errors.Join(c.closeDriver(expired), c.closeEvents(expired))
}

func (c *Collector) closeDriver(expired <-chan struct{}) error {
	if c.conn.task.running() {
		l, ok := c.conn.finish(time.Now(), expired)
		if !ok {
			return errors.New("close the GPU driver: a call to open it has not come back")
		}
		for _, d := range l.devices {
			d.Release()
		}
	}
	for _, d := range c.devices {
		if d.task.running() {
			if _, ok := d.task.take(expired); !ok {
				return fmt.Errorf("close the GPU driver: %w", d.hung())
			}
		}
	}
	c.releaseAll()
	if !c.conn.open {
		return nil
	}
	w := c.conn.watcher
	c.conn.watcher, c.conn.open = nil, false
	var closing task[error]
	closing.start(func() error { return closeSource(w, c.conn.source) })
	err, ok := closing.take(expired)
	if !ok {
		return errors.New("close the GPU driver: it has not answered")
	}
	return err
}
