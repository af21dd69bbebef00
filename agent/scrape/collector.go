package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/config"
)

// Settings is what code passes. Its zero value is valid.
type Settings struct {
	Logger *slog.Logger // nil discards
	// Proxy says that the agent's own proxy measures the endpoint, so that scraped endpoint_* series would count twice.
	Proxy bool
	// GPU, where it is set, tells whether the agent reads GPUs itself, so that scraped gpu_* series would be double. It is called once in every round.
	GPU func() bool
}

// Collector is the agent.Collector called "scrape".
type Collector struct {
	targets []*target
	client  *http.Client
	metrics map[string]*canonical
	own     ownDescs
	several bool
	proxy   bool
	gpu     func() bool
	gpus    bool // what gpu said in this round
}

// New returns a collector for cfg, which it validates. It reads the files that cfg names, and fetches nothing yet.
func New(cfg Config, set Settings) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	metrics := canonicalMetrics()
	mappings, err := loadMappings(cfg.Mappings, metrics)
	if err != nil {
		return nil, within("mappings", err)
	}
	client, err := cfg.HTTPClient.ClientBeside()
	if err != nil {
		return nil, err
	}
	log := set.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Collector{client: client, metrics: metrics, own: newOwnDescs(), several: len(cfg.Targets) > 1, proxy: set.Proxy, gpu: set.GPU}
	engine := newEngine(mappings)
	if err := engine.knowsAll(cfg.Targets); err != nil {
		return nil, err
	}
	hosts := map[string]int{}
	for _, text := range cfg.Targets {
		u, _, err := parseTarget(text)
		if err != nil {
			return nil, err
		}
		hosts[u.Host]++
	}
	for _, text := range cfg.Targets {
		u, kinds, err := parseTarget(text)
		if err != nil {
			return nil, err
		}
		t := &target{
			url: u, name: u.Host, paths: []string{u.Path}, forced: kinds, job: cfg.Job, several: c.several, raw: cfg.Raw,
			fetch: fetcher{client: client, max: int64(cfg.MaxBody)}, engine: engine, own: c.own, log: log, probe: versionProbe{client: client},
			page:  newPage(limits{cfg.MaxSeries, cfg.MaxLabels, int(cfg.MaxLabelName), int(cfg.MaxLabelValue)}),
			descs: map[string]*agent.Desc{}, dropped: map[string]float64{}, began: time.Now(), last: TargetInfo{URL: u.Redacted()},
		}
		if hosts[u.Host] > 1 {
			t.name = u.Host + u.EscapedPath()
			if u.RawQuery != "" {
				t.name += "?" + u.RawQuery
			}
		}
		if u.Path == "" || u.Path == "/" {
			t.paths = candidates()
		}
		t.page.wanted = engine.wanted
		t.mapper = &mapper{
			engine: engine, silent: c.silent, max: cfg.MaxSeries, outputs: map[outputKey]*output{}, feeds: map[feedKey]map[any]*feed{}, claimed: map[string]uint64{}, kins: map[kinKey]*kin{},
		}
		if c.several {
			t.mapper.target = t.name
		}
		c.targets = append(c.targets, t)
	}
	return c, nil
}

// silent tells whether the agent measures the canonical series itself.
func (c *Collector) silent(name string) bool {
	return c.proxy && strings.HasPrefix(name, "endpoint_") || c.gpus && strings.HasPrefix(name, "gpu_")
}

// knowsAll returns a *config.FieldError for each kind of the targets that no mapping has, joined.
func (e *engine) knowsAll(targets []string) error {
	var known []string
	for _, m := range e.mappings {
		known = append(known, m.Kind)
	}
	var errs []error
	for i, text := range targets {
		_, kinds, err := parseTarget(text)
		if err != nil {
			return err
		}
		for _, k := range kinds {
			if !slices.Contains(known, k) {
				errs = append(errs, config.Invalid(fmt.Sprintf("targets[%d]", i), quoted(k), "must have kinds that a mapping has, which are "+strings.Join(known, ", ")+didYouMean(k, known)))
			}
		}
	}
	return errors.Join(errs...)
}

// Name returns "scrape".
func (c *Collector) Name() string { return "scrape" }

// Describe lists the collector's own series and the canonical ones; those of the pages are not known before.
func (c *Collector) Describe() []*agent.Desc {
	all := c.own.list()
	for _, name := range sorted(c.metrics) {
		if m := c.metrics[name]; c.several {
			all = append(all, m.withOf)
		} else {
			all = append(all, &m.Desc)
		}
	}
	return all
}

// Targets returns what is known of each target, in the order of the configuration. It may be called at any time.
func (c *Collector) Targets() []TargetInfo {
	var all []TargetInfo
	for _, t := range c.targets {
		all = append(all, t.info())
	}
	return all
}

// Collect scrapes all targets at once. What the good ones gave is in r when others fail; the error joins theirs, and each names its target. A target has until a little
// before the deadline of ctx, so that one that hangs does not cost the others their round.
func (c *Collector) Collect(ctx context.Context, r *agent.Round) error {
	if by, ok := ctx.Deadline(); ok {
		left := time.Until(by)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left-max(left/20, min(100*time.Millisecond, left/4)))
		defer cancel()
	}
	c.gpus = c.gpu != nil && c.gpu()
	results := make([][]agent.Reading, len(c.targets))
	errs := make([]error, len(c.targets))
	var all sync.WaitGroup
	for i, t := range c.targets {
		all.Go(func() { results[i], errs[i] = t.scrape(ctx, r.Time) })
	}
	all.Wait()
	if c.several {
		c.once(results)
	}
	total := len(r.Readings)
	for _, readings := range results {
		total += len(readings)
	}
	if cap(r.Readings) < total {
		grown := make([]agent.Reading, len(r.Readings), total)
		copy(grown, r.Readings)
		r.Readings = grown
	}
	for _, readings := range results {
		r.Readings = append(r.Readings, readings...)
	}
	return errors.Join(errs...)
}

// once leaves each GPU's readings to the first target that gives them: a server and an exporter beside it read the same device. A GPU is told by its uuid; one without is left alone.
func (c *Collector) once(results [][]agent.Reading) {
	type reading struct{ name, uuid string }
	owner := map[reading]int{}
	for i, readings := range results {
		t := c.targets[i]
		mapped := t.mapped
		results[i] = slices.DeleteFunc(readings, func(r agent.Reading) bool {
			if mapped--; mapped < 0 || !strings.HasPrefix(r.Desc.Name, "gpu_") {
				return false
			}
			key := reading{r.Desc.Name, r.LabelValues[slices.Index(r.Desc.Labels, "uuid")]}
			first, owned := owner[key]
			if key.uuid == "" || owned && first == i {
				return false
			}
			if !owned {
				owner[key] = i
				return false
			}
			t.dropped[dropOverlap]++ // told in the next round
			return true
		})
	}
}

// Close ends what is under way in the background.
func (c *Collector) Close() error {
	for _, t := range c.targets {
		t.probe.close()
	}
	c.client.CloseIdleConnections()
	return nil
}
