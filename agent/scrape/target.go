package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/endscope/endscope/agent"
)

// TargetInfo is what is known of a target after its last scrape.
type TargetInfo struct {
	URL      string   // of its page, as it was found
	Kinds    []string // of server; empty where no mapping knows the page
	Version  string   // of the server, as it tells it; "" where it is not known
	Series   int      // on its last page
	Mapped   int      // canonical series that the last page gave
	Metrics  []string // their names, sorted
	Scraped  time.Time
	Duration time.Duration
	Err      error // of the last scrape; nil after a good one
}

// candidates are the paths of a target's page where the URL has none: the usual one, TensorFlow Serving's, TensorRT-LLM's and Envoy's.
func candidates() []string {
	return []string{"/metrics", "/monitoring/prometheus/metrics", "/prometheus/metrics", "/stats/prometheus"}
}

// target is one page that is scraped. scrape is called by one goroutine at a time; info at any time.
type target struct {
	url     *url.URL
	name    string   // value of the label target
	paths   []string // that may hold the page; one where the operator named it
	at      int      // the one that did
	forced  []string // kinds that the operator named
	job     string   // that the operator named
	several bool     // whether the agent has other targets
	raw     bool
	fetch   fetcher
	page    *page
	mapper  *mapper
	engine  *engine
	own     ownDescs
	log     *slog.Logger
	probe   versionProbe

	readings []agent.Reading
	mapped   int                    // of readings: the canonical ones, which come first
	descs    map[string]*agent.Desc // of raw readings
	key      []byte
	kinds    []string
	found    []int
	label    string // value of the label job
	names    uint64 // of the page, when it was last planned for
	evicted  uint64
	versions map[string]version
	dropped  map[string]float64 // since the agent started
	flaps    float64
	warned   bool
	panicked bool
	began    time.Time

	mu   sync.Mutex
	last TargetInfo
}

func (t *target) info() TargetInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	info := t.last
	info.Kinds, info.Metrics, info.Version = slices.Clone(info.Kinds), slices.Clone(info.Metrics), t.probe.text()
	return info
}

// scrape gets the page and returns its readings, the target's own ones too, with an error that names the target where not all of it could be had. The readings are the
// target's until its next scrape.
func (t *target) scrape(ctx context.Context, now time.Time) ([]agent.Reading, error) {
	begin := time.Now()
	mapped, err := t.read(ctx, now)
	read := mapped >= 0
	t.mapped = max(mapped, 0)
	took := time.Since(begin)
	if err != nil {
		err = fmt.Errorf("target %s: %w", t.pageURL(), err)
	}
	t.remember(now, took, mapped, err)
	t.addOwn(read && (err == nil || errors.Is(err, errPartial)), took)
	return t.readings, err
}

// errPartial marks the error of a page that was read to its end, but for some samples.
var errPartial = errors.New("some samples were left out")

func (t *target) pageURL() string {
	u := *t.url
	if len(t.paths) > 1 {
		u.Path = t.paths[t.at]
	}
	return u.Redacted()
}

// read gets and parses the page and adds its readings, of which it returns the number of canonical ones, which come first; -1 when there is no page.
func (t *target) read(ctx context.Context, now time.Time) (mapped int, err error) {
	t.readings = t.readings[:0]
	defer func() { // the parser is not ours, and a page is hostile
		if p := recover(); p != nil {
			if !t.panicked {
				t.panicked = true
				t.log.Error("reading a page panicked; said once for each target", "target", t.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			}
			t.readings = t.readings[:0]
			mapped, err = -1, fmt.Errorf("panic: %v", p)
		}
	}()
	err = t.get(ctx)
	if err != nil && len(t.page.order) == 0 {
		return -1, err
	}
	for reason, n := range t.page.dropped {
		t.dropped[reason] += float64(n)
	}
	clear(t.page.dropped)
	t.adapt(ctx)
	t.readings = t.mapper.apply(t.page, now, t.readings)
	for reason, n := range t.page.dropped {
		t.dropped[reason] += float64(n)
	}
	if t.mapper.flaps > 0 {
		t.flaps += float64(t.mapper.flaps)
		t.mapper.flaps = 0
		if !t.warned {
			t.warned = true
			t.log.Warn("counters fall and come back: several processes seem to answer for one page in turn; scrape each, or let the server merge them", "target", t.name)
		}
	}
	if t.mapper.resets > 0 {
		t.mapper.resets = 0
		t.probe.restart()
	}
	mapped = len(t.readings)
	t.addRaw(now)
	if err == nil && t.page.first != nil {
		err = fmt.Errorf("%w: %w", errPartial, t.page.first)
	}
	return mapped, err
}

// get fetches and parses the page, trying each path that may hold it, from the last good one on.
func (t *target) get(ctx context.Context) error {
	t.page.order = t.page.order[:0]
	var first error
	for i := range t.paths {
		u := *t.url
		at := (t.at + i) % len(t.paths)
		u.Path = t.paths[at]
		body, typ, err := t.fetch.get(ctx, u.String())
		if err == nil {
			err = t.page.read(body, typ)
		}
		var status *statusError
		if errors.As(err, &status) && (status.code == http.StatusNotFound || status.code == http.StatusMethodNotAllowed) || errors.Is(err, errNotMetrics) {
			if first == nil {
				first = err
			}
			continue
		}
		if err == nil || len(t.page.order) > 0 {
			t.at = at
		}
		return err
	}
	return first
}

// adapt finds out what the page is when its names have changed, and plans for it.
func (t *target) adapt(ctx context.Context) {
	if t.page.evicted != t.evicted {
		t.evicted = t.page.evicted
		t.mapper.evict(t.page)
		t.names = 0
		t.forgetDescs()
	}
	changed := t.page.names != t.names
	if changed {
		t.names = t.page.names
		t.found = t.engine.detect(t.page, t.forced)
		kinds := make([]string, 0, len(t.found))
		for _, i := range t.found {
			kinds = append(kinds, t.engine.mappings[i].Kind)
		}
		if !slices.Equal(kinds, t.kinds) && (len(kinds) > 0 || t.kinds == nil) { // a page that is empty while its server starts keeps its name
			t.kinds = kinds
		}
	}
	label := t.job
	if label == "" {
		label = unknownKind
		if len(t.kinds) > 0 {
			label = t.kinds[0]
		}
	}
	if label != t.label {
		t.label = label
		t.forgetDescs()
	}
	versions := t.probe.versions(ctx, t)
	if changed || versions != nil {
		if versions != nil {
			t.versions = versions
		}
		t.mapper.replan(t.engine.plan(t.page, t.found, t.versions))
	}
}

// forgetDescs makes the descriptions of raw series be made anew.
func (t *target) forgetDescs() {
	clear(t.descs)
	for _, f := range t.page.families {
		for _, s := range f.series {
			s.desc = nil
		}
	}
}

func (t *target) addOwn(ok bool, took time.Duration) {
	add := func(d *agent.Desc, v float64, start time.Time, values ...string) {
		t.readings = append(t.readings, agent.Reading{Desc: d, Value: v, Start: start, LabelValues: append(values, t.name)})
	}
	success := 0.0
	if ok {
		success = 1
	}
	kind := unknownKind
	if len(t.kinds) > 0 {
		kind = strings.Join(t.kinds, ",")
	}
	add(t.own.success, success, time.Time{}, kind)
	add(t.own.duration, took.Seconds(), time.Time{})
	if ok {
		add(t.own.series, float64(len(t.page.order)), time.Time{})
	}
	add(t.own.inconsistent, t.flaps, t.began)
	for _, reason := range dropReasons() {
		add(t.own.dropped, t.dropped[reason], t.began, reason)
	}
}

func (t *target) remember(now time.Time, took time.Duration, mapped int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last.URL, t.last.Scraped, t.last.Duration, t.last.Err = t.pageURL(), now, took, err
	t.last.Series, t.last.Mapped = 0, max(mapped, 0)
	t.last.Kinds, t.last.Metrics = append(t.last.Kinds[:0], t.kinds...), t.last.Metrics[:0]
	if mapped < 0 {
		return
	}
	t.last.Series = len(t.page.order)
	for _, r := range t.readings[:mapped] {
		t.last.Metrics = append(t.last.Metrics, r.Desc.Name)
	}
	slices.Sort(t.last.Metrics)
	t.last.Metrics = slices.Compact(t.last.Metrics)
}
