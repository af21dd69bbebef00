package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/live"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is a server over a real store on a loopback port.
type harness struct {
	t        *testing.T
	Server   *Server
	store    *tsdb.Store
	url      string           // with the route prefix, without a slash at its end
	ingest   *ingest.Ingester // nil without pushes
	registry *prometheus.Registry
	logs     *syncBuffer
	rows     *logMemory // where pushed logs go
}

// options change what a harness is made of before it is made.
type options struct {
	web      Config
	query    query.Config
	settings Settings
	ingest   *ingest.Config // nil: there are no pushes
	idle     bool           // the store is never opened
}

// start makes a server, lets it run and stops it when the test ends.
func start(t *testing.T, change ...func(*options)) *harness {
	t.Helper()
	o := options{web: DefaultConfig(), query: query.DefaultConfig()}
	h := &harness{t: t, registry: prometheus.NewRegistry(), logs: &syncBuffer{}}
	log := slog.New(slog.NewTextHandler(h.logs, nil))
	o.settings = Settings{Listen: "127.0.0.1:0", Logger: log, Registerer: h.registry, Gatherer: h.registry}
	dir := t.TempDir()
	cfg := tsdb.DefaultConfig()
	cfg.Sync = tsdb.SyncOff
	o.settings.Prometheus = &PrometheusAPI{DataDir: dir, Version: "0.1.0", Revision: "abc"}
	for _, f := range change {
		f(&o)
	}
	var err error
	storeSettings := tsdb.Settings{Dir: dir, Logger: log, Registerer: h.registry}
	if o.ingest != nil {
		h.ingest, err = ingest.New(*o.ingest, ingest.Settings{Logger: log, Registerer: h.registry})
		require.NoError(t, err)
		storeSettings.Series = h.ingest.Series()
		o.settings.Ingest = h.ingest
		h.rows = &logMemory{}
		require.NoError(t, h.ingest.UseLogStore(h.rows))
		o.settings.LogsPush = h.ingest
	}
	h.store, err = tsdb.Open(cfg, storeSettings)
	require.NoError(t, err)
	if h.ingest != nil {
		h.ingest.UseStore(h.store)
	}
	engine, err := query.NewEngine(o.query, query.Settings{Logger: log, Registerer: h.registry, Queryable: h.store})
	require.NoError(t, err)
	if p := o.settings.Prometheus; p != nil {
		p.Engine, p.Parser, p.Queryable, p.Exemplars, p.Store = engine, engine.Parser(), engine.Queryable(), query.GuardExemplars(h.store), h.store
	}
	h.Server, err = New(o.web, o.settings)
	require.NoError(t, err)
	h.url = h.Server.ExternalURL().String()

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- h.Server.Run(ctx) }()
	if o.idle {
		done <- nil
	} else {
		go func() { done <- h.store.Run(ctx) }()
		require.Eventually(t, func() bool { return h.store.Ready() == nil }, 10*time.Second, time.Millisecond)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		require.NoError(t, engine.Close())
		require.NoError(t, h.store.Close())
	})
	return h
}

// sample is one sample, or a histogram, with an optional exemplar.
type sample struct {
	labels   labels.Labels
	at       time.Time
	value    float64
	hist     *histogram.Histogram
	exemplar string // trace_id
}

func (h *harness) write(samples ...sample) {
	h.t.Helper()
	var failed error
	err := h.store.Write(h.t.Context(), func(app storage.AppenderV2) {
		for _, s := range samples {
			var opts storage.AppendV2Options
			if s.exemplar != "" {
				opts.Exemplars = []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", s.exemplar), Value: s.value, Ts: s.at.UnixMilli(), HasTs: true}}
			}
			_, err := app.Append(0, s.labels, 0, s.at.UnixMilli(), s.value, s.hist, nil, opts)
			failed = errors.Join(failed, err)
		}
	})
	require.NoError(h.t, errors.Join(err, failed))
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

func (h *harness) get(path string) reply { return h.do(http.MethodGet, path, "", nil) }

// do sends a request to a path below the route prefix. A body is sent as a form unless header says otherwise.
func (h *harness) do(method, path, body string, header http.Header) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	require.NoError(h.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(h.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(h.t, err)
	return reply{res.StatusCode, res.Header, string(text)}
}

// count returns the value of a counter or gauge of the server, and NaN where there is none.
func (h *harness) count(name string, ls ...string) float64 {
	h.t.Helper()
	families, err := h.registry.Gather()
	require.NoError(h.t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			got := map[string]string{}
			for _, l := range m.GetLabel() {
				got[l.GetName()] = l.GetValue()
			}
			all := true
			for i := 0; i < len(ls); i += 2 {
				all = all && got[ls[i]] == ls[i+1]
			}
			if all {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return math.NaN()
}

// series are labels of an instance's series.
func series(name, endpoint, deployment, instance string, extra ...string) labels.Labels {
	return labels.FromStrings(append([]string{model.MetricNameLabel, name, scopes.LabelEndpoint, endpoint,
		scopes.LabelDeployment, deployment, scopes.LabelInstance, instance}, extra...)...)
}

// fakeMetadata is what an ingester would have kept.
type fakeMetadata []scrape.MetricMetadata

func (m fakeMetadata) ListMetadata() []scrape.MetricMetadata { return m }
func (m fakeMetadata) SizeMetadata() int                     { return 0 }
func (m fakeMetadata) LengthMetadata() int                   { return len(m) }
func (m fakeMetadata) GetMetadata(name string) (scrape.MetricMetadata, bool) {
	for _, md := range m {
		if md.MetricFamily == name {
			return md, true
		}
	}
	return scrape.MetricMetadata{}, false
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct{ text atomic.Value }

func (b *syncBuffer) Write(p []byte) (int, error) {
	for {
		old := b.text.Load()
		before, _ := old.(string)
		if old == nil {
			if b.text.CompareAndSwap(nil, string(p)) {
				return len(p), nil
			}
			continue
		}
		if b.text.CompareAndSwap(old, before+string(p)) {
			return len(p), nil
		}
	}
}

func (b *syncBuffer) String() string {
	s, _ := b.text.Load().(string)
	return s
}

// replaying is a store that is not ready.
type replaying struct {
	*tsdb.Store
	err error
}

func (r replaying) Ready() error { return r.err }

// withEverything makes every route exist.
func withEverything(o *options) {
	o.settings.DrillDown, o.settings.Logs, o.settings.Live = &query.Planner{}, &LogsAPI{}, &live.Hub{}
	o.settings.Alerts, o.settings.Resources = emptyAlerts(), &resources.Store{}
	withIngest(nil)(o)
}

// withIngest adds the push routes over the harness's store.
func withIngest(change func(*ingest.Config)) func(*options) {
	return func(o *options) {
		o.ingest = new(ingest.Config)
		*o.ingest = ingest.DefaultConfig()
		if change != nil {
			change(o.ingest)
		}
	}
}
