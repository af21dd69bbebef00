package kql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/semaphore"
)

// BusyError says that too many queries run already. The client should ask again.
type BusyError struct {
	Key    string // of the configuration
	Limit  int
	Waited time.Duration
}

func (e *BusyError) Error() string {
	if e.Waited > 0 {
		return fmt.Sprintf("%d are running already (%s), and none ended within %s; ask again", e.Limit, e.Key, e.Waited)
	}
	return fmt.Sprintf("%d are running already (%s); ask again", e.Limit, e.Key)
}

// Gate bounds how many queries run at a time, and counts them. It is safe for concurrent use.
type Gate struct {
	cfg      Config
	places   *semaphore.Weighted
	running  prometheus.Gauge
	duration *prometheus.HistogramVec
}

// The results that queries are counted by.
const (
	resultOK      = "ok"
	resultPartial = "partial" // a limit cut the answer
	resultError   = "error"
	resultBusy    = "busy"
)

// NewGate makes a gate. One registerer serves one gate.
func NewGate(cfg Config, reg prometheus.Registerer) *Gate {
	f := promauto.With(reg)
	g := &Gate{
		cfg: cfg, places: semaphore.NewWeighted(int64(cfg.MaxConcurrent)),
		running: f.NewGauge(prometheus.GaugeOpts{Name: "endscope_log_queries_running", Help: "KQL queries that are being answered."}),
		duration: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "endscope_log_query_duration_seconds", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
			Help: "Time of a KQL query from its request to its last row, waiting for its turn included, by result: ok, partial (a limit cut it), error, or busy (it had no turn).",
		}, []string{"result"}),
	}
	for _, result := range []string{resultOK, resultPartial, resultError, resultBusy} {
		g.duration.WithLabelValues(result)
	}
	return g
}

// Config returns the limits in force.
func (g *Gate) Config() Config { return g.cfg }

// Enter waits for a turn. The caller must call leave when the query has ended, with its error; a *LimitError that cut an answer counts as
// partial. Errors: *BusyError, ctx's.
func (g *Gate) Enter(ctx context.Context) (leave func(error), err error) {
	started := time.Now()
	observe := func(result string) { g.duration.WithLabelValues(result).Observe(time.Since(started).Seconds()) }
	if !g.places.TryAcquire(1) {
		waiting, cancel := context.WithTimeout(ctx, g.cfg.MaxWait)
		defer cancel()
		if err := g.places.Acquire(waiting, 1); err != nil {
			observe(resultBusy)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, &BusyError{Key: "log_query.max_concurrent", Limit: g.cfg.MaxConcurrent, Waited: g.cfg.MaxWait}
		}
	}
	g.running.Inc()
	return func(err error) {
		g.running.Dec()
		g.places.Release(1)
		var limit *LimitError
		switch {
		case err == nil:
			observe(resultOK)
		case errors.As(err, &limit) && (limit.What == "rows" || limit.What == "bytes"):
			observe(resultPartial)
		default:
			observe(resultError)
		}
	}, nil
}
