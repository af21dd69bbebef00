package records

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
	"github.com/endscope/endscope/scopes"
)

// Settings is what code passes to New.
type Settings struct {
	DataDir    string       // the spools are in logs/traffic and its neighbours below it
	Server     string       // URL of the Endscope server
	HTTPClient *http.Client // with the agent's credentials; see agent.HTTPClientConfig
	Identity   scopes.Path  // whose rows these are
	Registerer prometheus.Registerer
	Logger     *slog.Logger // nil discards
}

// Stats is what waits of one log, and what went.
type Stats struct {
	Kind        Kind
	Table       string // the server's name for it
	QueuedRows  int    // in memory
	QueuedBytes int64
	SpoolRows   int   // on disk
	SpoolBytes  int64 // compressed
	SpoolOldest time.Time
	Pushed      int64 // rows that the server has, since the start
}

// Recorder takes rows, keeps them on disk and pushes them. Make it with New, use Run once, and Close it in the end. One that is not enabled takes
// rows and forgets them.
type Recorder struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	traffic *table[Traffic]
	console *table[Console]
	event   *table[Event]
	all     []stage
	close   sync.Once
}

// stage is a table of rows of any type.
type stage interface {
	run(stop <-chan struct{})
	flush() error
	leave() error
	stats() Stats
	drainer() *push.Drainer
}

// New opens the spools. Errors: those of Config.Validate; spool.ErrLocked when another agent uses the folder; an error of the file system.
func New(cfg Config, set Settings) (*Recorder, error) {
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Recorder{cfg: cfg, log: set.Logger}
	if !cfg.Enabled {
		return r, nil
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.HTTPClient == nil || set.Registerer == nil || set.Identity.Instance == "" || set.DataDir == "" {
		return nil, errors.New("a recorder of logs needs an HTTP client, a registerer, a folder and the identity of an instance")
	}
	r.metrics = newMetrics()
	var err error
	if r.traffic, err = open(r, set, KindTraffic, cfg.Spool.Traffic, trafficSize, (*lines).traffic); err == nil {
		if r.console, err = open(r, set, KindConsole, cfg.Spool.Console, consoleSize, (*lines).console); err == nil {
			r.event, err = open(r, set, KindEvent, cfg.Spool.Event, eventSize, (*lines).event)
		}
	}
	if err == nil {
		err = r.metrics.register(set.Registerer, r.Stats)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func open[T any](r *Recorder, set Settings, kind Kind, bounds spool.Config, size func(*T) int64, encode func(*lines, []byte, *T) []byte) (*table[T], error) {
	t := &table[T]{
		kind: kind, cfg: r.cfg, metrics: r.metrics, log: set.Logger.With("log", string(kind)),
		queue: newQueue(r.cfg.MaxQueue, int64(r.cfg.MaxQueueBytes), r.cfg.BatchRows, size),
		lines: &lines{constant: constantFields(set.Identity, r.cfg.Columns), maxMessage: int(r.cfg.MaxMessage)},
		turn:  make(chan struct{}, 1), left: make(chan struct{}), together: min(4<<20, int(bounds.MaxBytes)/4),
		events: r.metrics.events.WithLabelValues(string(kind)), encode: encode, packer: newPacker(), sayFull: push.OnceAMinute(), sayDisk: push.OnceAMinute(),
	}
	var err error
	t.spool, err = spool.Open(bounds, spool.Settings{
		Dir: filepath.Join(set.DataDir, "logs", string(kind)), Logger: t.log,
		OnDrop: func(reason spool.Reason, n int) { r.metrics.dropped(kind, "spool_"+string(reason), n) },
	})
	if err != nil {
		return nil, fmt.Errorf("%s log: %w", kind, err)
	}
	t.sender = newSender(kind, r.cfg.Send.url(set.Server, kind), set.HTTPClient, r.cfg.Send, t.spool, r.metrics, t.log)
	r.all = append(r.all, t)
	return t, nil
}

// Traffic records one request. It never waits: where there is no room, the row is dropped and counted.
func (r *Recorder) Traffic(row Traffic) {
	if r.traffic != nil {
		r.traffic.record(&row, trafficSize(&row))
	}
}

// Console records one line. It never waits: where there is no room, the row is dropped and counted, and Console returns false.
func (r *Recorder) Console(row Console) (taken bool) {
	return r.console == nil || r.console.record(&row, consoleSize(&row))
}

// Event records one thing that happened. It never waits: where there is no room, the row is dropped and counted. Properties must not be changed
// after the call.
func (r *Recorder) Event(row Event) {
	if r.event != nil {
		r.event.record(&row, eventSize(&row))
	}
}

// AppendConsole writes rows to the disk and returns when they are there, in their order. It waits, until ctx ends, for as long as the spool is full:
// it never pushes out what is in it. After an error none of the rows is kept (of many megabytes the first may be); the caller gives them again.
// It does not hold on to rows.
func (r *Recorder) AppendConsole(ctx context.Context, rows []Console) error {
	if r.console == nil || len(rows) == 0 {
		return nil
	}
	return r.console.append(ctx, rows)
}

// Dropped counts rows that their producer dropped. With n = 0 it makes the counter of that reason be there from the start.
func (r *Recorder) Dropped(kind Kind, reason string, n int) {
	if r.metrics != nil {
		r.metrics.dropped(kind, reason, n)
	}
}

// Flush returns when every row that was recorded before is on disk, or with the reason why some are not.
func (r *Recorder) Flush(ctx context.Context) error {
	var errs []error
	for _, s := range r.all {
		errs = append(errs, ctx.Err(), s.flush())
	}
	return errors.Join(errs...)
}

// Stats tells what waits, by log.
func (r *Recorder) Stats() []Stats {
	var all []Stats
	for _, s := range r.all {
		all = append(all, s.stats())
	}
	return all
}

// Run writes rows to disk and pushes them until ctx ends. Then it writes what is in memory and pushes what waits, for at most
// send.shutdown_timeout; the rest stays on disk for the next start. It returns nil. Call it once.
func (r *Recorder) Run(ctx context.Context) error {
	if len(r.all) == 0 {
		<-ctx.Done()
		return nil
	}
	stop := make(chan struct{})
	sendCtx, cutSending := context.WithCancel(context.WithoutCancel(ctx))
	defer cutSending()
	var writing, sending sync.WaitGroup
	for _, s := range r.all {
		writing.Go(func() { s.run(stop) })
		sending.Go(func() { s.drainer().Run(sendCtx, stop) })
	}
	<-ctx.Done()
	close(stop)
	writing.Wait()
	_ = r.Flush(context.WithoutCancel(ctx)) // said in the log; Close tries again
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Send.ShutdownTimeout)
	defer cancel()
	defer context.AfterFunc(deadline, cutSending)()
	sending.Wait()
	for _, s := range r.all {
		sending.Go(func() { s.drainer().Flush(deadline) })
	}
	sending.Wait()
	for _, s := range r.Stats() {
		if s.SpoolRows > 0 {
			r.log.Warn("agent stops with rows of a log in the spool; they are pushed at the next start", "log", string(s.Kind), "rows", s.SpoolRows)
		}
	}
	return nil
}

// Close writes what is still in memory and closes the spools. It may be called without Run, but not during it; a second call returns nil.
func (r *Recorder) Close() error {
	var errs []error
	r.close.Do(func() {
		for _, s := range r.all {
			errs = append(errs, s.leave())
		}
	})
	return errors.Join(errs...)
}
