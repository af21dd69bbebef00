package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// Settings are what the code around an Ingester hands to it.
type Settings struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // the clock that "too far ahead" is judged by
}

// Ingester takes pushes of every protocol. Store must be set before the first one, and the log store before the first of logs.
type Ingester struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	store    Store
	logs     LogStore // nil: there are no log tables
	cache    *seriesCache
	limiter  *SeriesLimiter
	metadata *Metadata
	deltas   *deltaSums
	metrics  *metrics
	epoch    atomic.Uint64 // counts openings of the store: references belong to one
	inFlight atomic.Int64  // bytes of all requests in progress
	batches  sync.Pool
	buffers  sync.Pool

	logTables map[string]*logTable
	lokiRoles map[string]lokiRole
}

// New returns an Ingester without a store; the store needs its Series first, then UseStore completes it.
func New(cfg Config, set Settings) (*Ingester, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	for _, rules := range []*[]*relabel.Config{&cfg.RelabelConfigs, &cfg.Logs.Loki.RelabelConfigs} {
		ready, err := relabelRules("relabel_configs", *rules)
		if err != nil {
			return nil, fmt.Errorf("ingest: %w", err)
		}
		*rules = ready
	}
	in := &Ingester{
		cfg:      cfg,
		log:      set.Logger,
		now:      set.Now,
		cache:    newSeriesCache(int64(cfg.SeriesCache)),
		limiter:  newSeriesLimiter(cfg.MaxSeries, cfg.MaxSeriesPerEndpoint),
		metadata: newMetadata(cfg.MetadataEntries),
		deltas:   newDeltaSums(cfg.OTLP.MaxDeltaSeries, cfg.OTLP.DeltaStaleness),

		lokiRoles: lokiRoles(&cfg.Logs.Loki),
	}
	if in.now == nil {
		in.now = time.Now
	}
	in.limiter.onDelete = in.cache.forget
	in.epoch.Store(1)
	in.limiter.onReset = func() { in.epoch.Add(1) }
	in.batches.New = func() any { return &Batch{in: in, builder: labels.NewScratchBuilder(16)} }
	in.buffers.New = func() any { return new([]byte) }
	in.metrics = newMetrics(set.Registerer, in)
	return in, nil
}

// UseStore sets where batches go. It must be called once, before the first push.
func (in *Ingester) UseStore(s Store) { in.store = s }

// Series counts and limits the active series; the store calls it.
func (in *Ingester) Series() *SeriesLimiter { return in.limiter }

// Metadata holds what pushes told about their metrics.
func (in *Ingester) Metadata() *Metadata { return in.metadata }

// Config returns the limits in force.
func (in *Ingester) Config() Config { return in.cfg }

// Commit stores the batch durably and frees it. Errors are the store's: the sender should retry.
func (in *Ingester) Commit(ctx context.Context, b *Batch) (Result, error) {
	defer b.Discard()
	var err error
	if len(b.samples)+len(b.histos)+len(b.exemplars) > 0 {
		err = in.store.Write(ctx, b.append)
	}
	if err != nil {
		in.metrics.failed.Inc()
		return Result{}, err
	}
	r := b.result
	in.metrics.samples.Add(float64(r.Samples))
	in.metrics.histograms.Add(float64(r.Histograms))
	in.metrics.exemplars.Add(float64(r.Exemplars))
	for _, x := range r.refused {
		in.metrics.refused.WithLabelValues(string(x.Reason)).Add(float64(x.Count))
	}
	return r, nil
}

// write is the common path of both remote-write versions: inflate, decode, commit.
func (in *Ingester) write(ctx context.Context, body []byte, decode func(*Batch, []byte) error) (Result, error) {
	msg, free, err := in.inflateSnappy(body)
	if err != nil {
		return Result{}, err
	}
	defer free()
	b := in.NewBatch()
	if err := decode(b, msg); err != nil {
		b.Discard()
		return Result{}, err
	}
	return in.Commit(ctx, b)
}

// inflateSnappy inflates a snappy block into a buffer that is used again when free is called.
func (in *Ingester) inflateSnappy(body []byte) (msg []byte, free func(), err error) {
	size, err := in.snappySize(body)
	if err != nil {
		return nil, nil, err
	}
	release, err := in.Reserve(int64(size))
	if err != nil {
		return nil, nil, err
	}
	buf := in.buffers.Get().(*[]byte)
	free = func() {
		in.buffers.Put(buf)
		release()
	}
	if cap(*buf) < size {
		*buf = make([]byte, size)
	}
	if msg, err = s2.Decode((*buf)[:size], body); err != nil {
		free()
		return nil, nil, malformed("snappy: %s", err)
	}
	return msg, free, nil
}

// snappySize returns the size that a snappy block claims to have when inflated, and refuses claims that are over the limit or that
// no snappy block of this length can keep: the densest element makes 64 bytes from 3.
func (in *Ingester) snappySize(body []byte) (int, error) {
	size, err := s2.DecodedLen(body)
	if err != nil {
		return 0, malformed("snappy: %s", err)
	}
	if size > int(in.cfg.MaxDecoded) {
		return 0, &Error{TooLarge, fmt.Sprintf("the body inflates to %d bytes, the limit of ingest.max_decoded is %s", size, in.cfg.MaxDecoded)}
	}
	if size > 64*len(body)/3+64 {
		return 0, malformed("snappy: a block of %d bytes claims to inflate to %d, which no snappy block can", len(body), size)
	}
	return size, nil
}

// Reserve counts bytes that a request holds in memory, and refuses it with a Busy *Error when all requests together would hold more
// than ingest.max_in_flight. The caller calls release when it is done.
func (in *Ingester) Reserve(bytes int64) (release func(), err error) {
	if err := in.reserve(bytes); err != nil {
		return nil, err
	}
	return func() { in.inFlight.Add(-bytes) }, nil
}

func (in *Ingester) reserve(bytes int64) error {
	if now := in.inFlight.Add(bytes); now > int64(in.cfg.MaxInFlight) {
		in.inFlight.Add(-bytes)
		in.metrics.busy.Inc()
		return &Error{Busy, fmt.Sprintf("pushes in progress hold %d bytes, this one of %d would pass the limit of ingest.max_in_flight, %s", now-bytes, bytes, in.cfg.MaxInFlight)}
	}
	return nil
}
