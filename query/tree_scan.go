package query

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/endscope/endscope/scopes"
)

// Listing costs what the answer needs: names come from the index; the newest sample of an instance comes from its
// heartbeats over the last few minutes; only for instances that have stopped are older samples read, and only instances
// that never had a heartbeat are looked at through all their series.

// recentWindow is how far back a ready instance's newest sample may be: Prometheus's look-back.
const recentWindow = 5 * time.Minute

// olderWindows returns how far back is looked for instances that are missing, one after the other, because most of them left recently and
// reading costs what the time holds.
func olderWindows() []time.Duration { return []time.Duration{time.Hour, 4 * time.Hour, 12 * time.Hour} }

// gpuSeries are gauges that every GPU, also a MIG slice, has at least one of, and each at most once.
var gpuSeries = []string{"gpu_utilization_ratio", "gpu_memory_utilization_ratio", "gpu_temperature_celsius"}

// instance is what is known of one instance.
type instance struct {
	path  scopes.Path
	last  int64 // time of the newest sample, milliseconds
	ready bool
	gpus  int
}

// sighting is what the series of one instance say within some time.
type sighting struct {
	last int64 // newest sample that is no stale marker
	live int64 // newest sample of a series that no stale marker ended; 0 where all ended
}

// instances lists the visible instances at or below a scope; the zero Path means all.
func (p *Planner) instances(ctx context.Context, under scopes.Path) ([]instance, error) {
	now := p.set.Now()
	oldest := now.Add(-p.cfg.ScopeLookback)
	all, err := p.open(oldest, now)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	found, err := listInstances(ctx, all, oldest, now, under)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, nil
	}
	var names, silent []scopes.Path
	for path, beating := range found {
		names = append(names, path)
		if !beating {
			silent = append(silent, path)
		}
	}
	seen, err := p.sightings(ctx, names, silent, under, now)
	if err != nil {
		return nil, fmt.Errorf("read newest samples: %w", err)
	}
	var list []instance
	missing := false
	for _, path := range names {
		s, ok := seen[path]
		if !ok {
			continue // the index still has the name, the samples are older than the look-back
		}
		in := instance{path: path, last: s.last, ready: s.live > now.Add(-p.cfg.InstanceMissingAfter).UnixMilli()}
		missing = missing || !in.ready
		list = append(list, in)
	}
	return list, p.countGPUs(ctx, list, under, now, missing)
}

// countGPUs sets gpus of every instance: for a ready one what its recent series show, otherwise what the look-back shows.
func (p *Planner) countGPUs(ctx context.Context, list []instance, under scopes.Path, now time.Time, missing bool) error {
	count := func(since time.Duration) (map[scopes.Path]int, error) {
		q, err := p.open(now.Add(-since), now)
		if err != nil {
			return nil, err
		}
		defer q.Close()
		devices := map[scopes.Path]map[string]bool{}
		err = eachSeries(ctx, q, now.Add(-since), now, true, func(s storage.Series) error {
			ls := s.Labels()
			path := scopes.Of(ls)
			if devices[path] == nil {
				devices[path] = map[string]bool{}
			}
			id := ls.Get("gpu") // the index; MIG slices have their device's, and UUIDs of their own
			if id == "" {
				id = ls.Get("uuid")
			}
			devices[path][strings.Clone(id)] = true
			return nil
		}, append([]*labels.Matcher{nameMatcher(gpuSeries)}, under.Matchers()...)...)
		counts := make(map[scopes.Path]int, len(devices))
		for path, ids := range devices {
			counts[path] = len(ids)
		}
		return counts, err
	}
	recent, err := count(recentWindow)
	if err != nil {
		return fmt.Errorf("count GPUs: %w", err)
	}
	var ever map[scopes.Path]int
	if missing {
		if ever, err = count(p.cfg.ScopeLookback); err != nil {
			return fmt.Errorf("count GPUs: %w", err)
		}
	}
	for i := range list {
		list[i].gpus = recent[list[i].path]
		if !list[i].ready {
			list[i].gpus = ever[list[i].path]
		}
	}
	return nil
}

// sightings finds the newest samples of the named instances, going back in time only for those not found yet.
func (p *Planner) sightings(ctx context.Context, names, silent []scopes.Path, under scopes.Path, now time.Time) (map[scopes.Path]sighting, error) {
	seen := make(map[scopes.Path]sighting, len(names))
	heartbeat := nameMatcher(heartbeats)
	spans := []time.Duration{0, min(recentWindow, p.cfg.ScopeLookback)}
	for _, older := range olderWindows() {
		spans = append(spans, min(older, p.cfg.ScopeLookback))
	}
	spans = append(spans, p.cfg.ScopeLookback)
	for i := 1; i < len(spans); i++ {
		from, to := now.Add(-spans[i]), now.Add(-spans[i-1])
		notSeen := func(p scopes.Path) bool { _, ok := seen[p]; return !ok }
		left := filter(names, notSeen)
		if len(left) == 0 || spans[i] == spans[i-1] {
			continue
		}
		look := func(ms ...*labels.Matcher) error {
			q, err := p.open(from, to) // one for each selection: they have a limit on series
			if err != nil {
				return err
			}
			defer q.Close()
			return eachSeries(ctx, q, from, to, false, func(s storage.Series) error { return record(seen, s) }, ms...)
		}
		var err error
		if i == 1 {
			err = look(append([]*labels.Matcher{heartbeat}, under.Matchers()...)...) // nearly all of them, in one selection
		} else {
			err = eachGroup(left, func(ms []*labels.Matcher) error { return look(append(ms, heartbeat)...) })
		}
		if err == nil {
			err = eachGroup(filter(silent, notSeen), func(ms []*labels.Matcher) error { return look(append(ms, notRollup())...) })
		}
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// record notes the newest samples of a series.
func record(seen map[scopes.Path]sighting, s storage.Series) error {
	path := scopes.Of(s.Labels())
	if path.Level() != scopes.LevelInstance {
		return nil
	}
	var last int64
	stale := false
	var h *histogram.FloatHistogram
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		switch kind {
		case chunkenc.ValFloat:
			_, v := it.At()
			stale = value.IsStaleNaN(v)
		default:
			_, h = it.AtFloatHistogram(h)
			stale = value.IsStaleNaN(h.Sum)
		}
		if !stale {
			last = it.AtT()
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if last == 0 {
		return nil // nothing but stale markers
	}
	have := seen[path]
	have.last = max(have.last, last)
	if !stale {
		have.live = max(have.live, last)
	}
	seen[path] = have
	return nil
}
