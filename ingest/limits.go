package ingest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/endscope/endscope/scopes"
)

// SeriesLimitError refuses a new series because too many are active.
type SeriesLimitError struct {
	Endpoint string // "" for the limit over all
	Limit    int
}

func (e *SeriesLimitError) Error() string {
	if e.Endpoint == "" {
		return fmt.Sprintf("new series refused: %d series are active, the limit of ingest.max_series", e.Limit)
	}
	return fmt.Sprintf("new series refused: endpoint %q has %d active series, the limit of ingest.max_series_per_endpoint", e.Endpoint, e.Limit)
}

// SeriesLimiter counts the active series of the store and refuses new ones beyond the limits. It is the TSDB's
// SeriesLifecycleCallback, so it counts exactly what is in memory, also over restarts and head garbage collection. It refuses
// nothing before the first write, that is during replay: what was acknowledged stays.
type SeriesLimiter struct {
	max, perEndpoint int
	enforce          atomic.Bool

	mu        sync.Mutex
	total     int
	endpoints map[string]int
	onDelete  func(map[chunks.HeadSeriesRef]labels.Labels)
	onReset   func()
}

func newSeriesLimiter(max, perEndpoint int) *SeriesLimiter {
	return &SeriesLimiter{max: max, perEndpoint: perEndpoint, endpoints: map[string]int{}}
}

// limitedEndpoint returns the endpoint whose limit counts a series, "" for none. Those that the server writes itself are not held
// against an endpoint's limit.
func limitedEndpoint(ls labels.Labels) string {
	if scopes.Reserved(ls) {
		return ""
	}
	return ls.Get(scopes.LabelEndpoint)
}

// PreCreation returns a *SeriesLimitError when one more series would be too many.
func (l *SeriesLimiter) PreCreation(ls labels.Labels) error {
	if !l.enforce.Load() {
		return nil
	}
	if strings.HasPrefix(ls.Get(model.MetricNameLabel), scopes.RollupPrefix) {
		return nil // a few marks, without which the server would answer wrongly
	}
	endpoint := limitedEndpoint(ls)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.max > 0 && l.total >= l.max {
		return &SeriesLimitError{Limit: l.max}
	}
	if endpoint != "" && l.perEndpoint > 0 && l.endpoints[endpoint] >= l.perEndpoint {
		return &SeriesLimitError{Endpoint: endpoint, Limit: l.perEndpoint}
	}
	return nil
}

// PostCreation counts a new series.
func (l *SeriesLimiter) PostCreation(ls labels.Labels) {
	endpoint := limitedEndpoint(ls)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	if endpoint != "" {
		l.endpoints[endpoint]++
	}
}

// PostDeletion forgets series that left memory.
func (l *SeriesLimiter) PostDeletion(gone map[chunks.HeadSeriesRef]labels.Labels) {
	l.mu.Lock()
	for _, ls := range gone {
		l.total--
		if endpoint := limitedEndpoint(ls); endpoint != "" {
			if l.endpoints[endpoint]--; l.endpoints[endpoint] <= 0 {
				delete(l.endpoints, endpoint)
			}
		}
	}
	l.mu.Unlock()
	if l.onDelete != nil {
		l.onDelete(gone)
	}
}

// Reset forgets all series. The store calls replay again after it.
func (l *SeriesLimiter) Reset() {
	l.enforce.Store(false)
	if l.onReset != nil {
		l.onReset()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total = 0
	clear(l.endpoints)
}

// Active returns the number of active series.
func (l *SeriesLimiter) Active() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}
