package ingest

import (
	"bytes"
	"math"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// series is one series as a sender spells it, with what it is stored as. Only the atomic fields change after it is made.
type series struct {
	raw     []byte                 // the key: the labels as sent, in the encoding of remote write 1.0
	labels  labels.Labels          // after relabelling; sorted and valid
	dropped bool                   // relabelling drops this series
	ref     atomic.Uint64          // the store's reference, 0 until known; a stale one is harmless, the store then looks at the labels
	meta    atomic.Uint64          // fingerprint of the metadata that was last taken over for it
	next    *series                // another series with the same hash
	follow  atomic.Pointer[series] // what came after it last time: senders repeat their order, and this needs no lookup
	gone    atomic.Bool            // no longer in the cache

	// Only append functions, which never run at the same time, touch these.
	epoch  uint64  // the opening of the store that ref belongs to
	lastT  int64   // time and value of the sample that the store took last, which it may not have committed yet
	lastV  float64 //
	newest int64   // time of the newest sample that the store took since it was opened
}

// refIn returns the store's reference, 0 if it belongs to an earlier opening of the store: then another series may have it.
func (s *series) refIn(epoch uint64) storage.SeriesRef {
	if s.epoch != epoch {
		s.epoch = epoch
		s.lastT, s.newest = math.MinInt64, math.MinInt64
		s.ref.Store(0)
	}
	return s.storageRef()
}

// start returns st, or 0 where the store would not use it: it puts a zero at a counter's start only before the series' first
// sample after it. Senders repeat the start with every sample, and finding that out costs the store more.
func (s *series) start(st int64) int64 {
	if st <= s.newest {
		return 0
	}
	return st
}

// conflict returns an error if the store was just given another value for the same time. The store itself would notice only among
// committed samples, and drop the second one without a word at the commit.
func (s *series) conflict(t int64, v float64) error {
	if t == s.lastT && math.Float64bits(v) != math.Float64bits(s.lastV) {
		return storage.ErrDuplicateSampleForTimestamp
	}
	return nil
}

// cost is roughly what a cached series takes: the struct, its map entry, both copies of its labels.
func (s *series) cost() int64 { return int64(len(s.raw)) + int64(s.labels.ByteSize()) + 192 }

const cacheShards = 64

// seriesCache finds series by the bytes of their labels as sent, so that a known series costs one hash and one comparison
// instead of a parsed, sorted, validated and relabelled label set. It is bounded by bytes; when full, arbitrary entries of the
// shard make room.
type seriesCache struct {
	perShard int64
	shards   [cacheShards]cacheShard
	evicted  atomic.Int64

	goneMu sync.Mutex
	gone   map[chunks.HeadSeriesRef]struct{} // what forget has still to look for
}

type cacheShard struct {
	mu     sync.RWMutex
	series map[uint64]*series
	cost   int64
	_      [24]byte // keep neighbours' locks off this cache line
}

func newSeriesCache(size int64) *seriesCache {
	c := &seriesCache{perShard: size / cacheShards, gone: map[chunks.HeadSeriesRef]struct{}{}}
	for i := range c.shards {
		c.shards[i].series = map[uint64]*series{}
	}
	return c
}

// after returns the series that followed prev last time if its key is raw, else nil.
func after(prev *series, raw []byte) *series {
	if prev == nil {
		return nil
	}
	s := prev.follow.Load()
	if s == nil || !bytes.Equal(s.raw, raw) || s.gone.Load() {
		return nil
	}
	return s
}

// get returns the series whose key equals raw and raw's hash; nil when there is none. raw is not kept.
func (c *seriesCache) get(raw []byte) (*series, uint64) {
	hash := xxhash.Sum64(raw)
	shard := &c.shards[hash%cacheShards]
	shard.mu.RLock()
	s := shard.series[hash]
	shard.mu.RUnlock()
	for s != nil && !bytes.Equal(s.raw, raw) {
		s = s.next
	}
	return s, hash
}

// put adds s under its hash.
func (c *seriesCache) put(hash uint64, s *series) {
	shard := &c.shards[hash%cacheShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	for other := shard.series[hash]; other != nil; other = other.next {
		if bytes.Equal(other.raw, s.raw) {
			return // another request was faster
		}
	}
	shard.cost += s.cost()
	for key, old := range shard.series {
		if shard.cost <= c.perShard {
			break
		}
		c.drop(shard, key, old)
	}
	s.next = shard.series[hash]
	shard.series[hash] = s
}

// drop removes the chain under key. The caller holds the shard's lock.
func (c *seriesCache) drop(shard *cacheShard, key uint64, chain *series) {
	delete(shard.series, key)
	for ; chain != nil; chain = chain.next {
		shard.cost -= chain.cost()
		chain.gone.Store(true)
		chain.follow.Store(nil) // or what was evicted would keep what it leads to
		c.evicted.Add(1)
	}
}

// forget removes what the store no longer has in memory, so that series that ended do not fill the cache. The store calls this thousands
// of times in a row with few series each, most often none; the cache is looked through once an eighth of it is gone.
func (c *seriesCache) forget(gone map[chunks.HeadSeriesRef]labels.Labels) {
	if len(gone) == 0 {
		return
	}
	c.goneMu.Lock()
	defer c.goneMu.Unlock()
	for ref := range gone {
		c.gone[ref] = struct{}{}
	}
	if entries, _ := c.size(); 8*len(c.gone) < entries {
		return
	}
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.Lock()
		for key, s := range shard.series {
			if _, ok := c.gone[chunks.HeadSeriesRef(s.ref.Load())]; ok {
				c.drop(shard, key, s)
			}
		}
		shard.mu.Unlock()
	}
	clear(c.gone)
}

// size returns the number of entries and their cost in bytes.
func (c *seriesCache) size() (entries int, cost int64) {
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.RLock()
		entries += len(shard.series)
		cost += shard.cost
		shard.mu.RUnlock()
	}
	return entries, cost
}

func (s *series) storageRef() storage.SeriesRef { return storage.SeriesRef(s.ref.Load()) }
