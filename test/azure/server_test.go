package azure

import (
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The resources of the tests, in the spelling of Azure's documentation.
const (
	subscription = "/subscriptions/00000000-0000-0000-0000-000000000001"
	workspace    = subscription + "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
	fraud        = workspace + "/onlineEndpoints/fraud"
	fraudBlue    = fraud + "/deployments/blue"
	credit       = workspace + "/onlineEndpoints/credit"

	endpoints   = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
	deployments = endpoints + "/deployments"
)

// minutes is how long the story is that the store holds.
const minutes = 60

// server is the real thing over TLS on loopback, with an hour of a known story in its store.
type server struct {
	t     *testing.T
	http  *httptest.Server
	begin time.Time // of the story, aligned to the hour

	mu   sync.Mutex
	seen []string // "METHOD address" of every request
}

// instance is what one instance does in every minute of the story.
type instance struct {
	path     string
	cpu      float64
	requests []request
}

type request struct {
	status  string
	seconds float64
	count   int
}

// story says what happens: fraud answers 25 requests a minute, 20 of them by blue; one of green's fails; credit answers 2.
var story = []instance{
	{"fraud/blue/b-0", 0.25, []request{{"200", 0.1, 10}}},
	{"fraud/blue/b-1", 0.75, []request{{"200", 0.1, 10}}},
	{"fraud/green/g-0", 0.5, []request{{"200", 0.4, 4}, {"500", 0.8, 1}}},
	{"credit/blue/c-0", 0.125, []request{{"200", 0.2, 2}}},
}

// start returns a server whose options a test may change.
func start(t *testing.T, change ...func(*web.Config, *web.Settings, *query.Config)) *server {
	t.Helper()
	s := &server{t: t, begin: time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)}
	options := promtsdb.DefaultOptions()
	options.EnableSTAsZeroSample = true // as our store does
	db, err := promtsdb.Open(t.TempDir(), nil, nil, options, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s.tell(db)

	config, settings, queries := web.DefaultConfig(), web.Settings{}, query.DefaultConfig()
	settings.Listen, settings.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	settings.Registerer, settings.Gatherer = prometheus.NewRegistry(), prometheus.NewRegistry()
	settings.Retention = 93 * 24 * time.Hour
	settings.Logs = s.logsAPI(t)
	for _, f := range change {
		f(&config, &settings, &queries)
	}
	engine, err := query.NewEngine(queries, query.Settings{Logger: settings.Logger, Registerer: prometheus.NewRegistry(), Queryable: db})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	settings.DrillDown, err = query.NewPlanner(query.DefaultDrillDownConfig(), query.PlannerSettings{Catalogue: catalogue, Engine: engine, Now: time.Now})
	require.NoError(t, err)
	handler, err := web.New(config, settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, handler.Close()) })

	s.http = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r.Method+" "+r.RequestURI)
		s.mu.Unlock()
		handler.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.http.Close)
	return s
}

// tell writes the story: one sample of every series at the end of each minute, so that every minute's window has the same in it.
func (s *server) tell(db *promtsdb.DB) {
	s.t.Helper()
	app := db.AppenderV2(s.t.Context())
	write := func(at time.Time, v float64, h *histogram.Histogram, ls labels.Labels) {
		_, err := app.Append(0, ls, s.begin.UnixMilli(), at.UnixMilli(), v, h, nil, storage.AppendV2Options{})
		require.NoError(s.t, err)
	}
	for minute := 1; minute <= minutes; minute++ {
		at := s.begin.Add(time.Duration(minute) * time.Minute)
		for _, i := range story {
			write(at, i.cpu, nil, labelsOf(i, "instance_cpu_utilization_ratio"))
			for _, r := range i.requests {
				write(at, 0, observed(r.seconds, r.count*minute), labelsOf(i, "endpoint_request_duration_seconds", "status_code", r.status))
			}
		}
	}
	require.NoError(s.t, app.Commit())
}

func labelsOf(i instance, name string, extra ...string) labels.Labels {
	names := strings.Split(i.path, "/")
	return labels.FromStrings(append([]string{model.MetricNameLabel, name, scopes.LabelEndpoint, names[0],
		scopes.LabelDeployment, names[1], scopes.LabelInstance, names[2]}, extra...)...)
}

// observed is a native histogram of a number of equal observations; a bucket's bounds lie 9 % apart.
func observed(v float64, count int) *histogram.Histogram {
	const schema = 3
	return &histogram.Histogram{Schema: schema, ZeroThreshold: 1e-12, Count: uint64(count), Sum: v * float64(count),
		PositiveSpans:   []histogram.Span{{Offset: int32(math.Ceil(math.Log2(v) * math.Pow(2, schema))), Length: 1}},
		PositiveBuckets: []int64{int64(count)}}
}

// at returns the time of a minute of the story as Azure's answers write it.
func (s *server) at(minute int) string {
	return s.begin.Add(time.Duration(minute) * time.Minute).Format(time.RFC3339)
}

// span is the first minutes of the story.
func (s *server) span(minutes int) string { return s.at(0) + "/" + s.at(minutes) }

// requests returns what was asked so far, and forgets it.
func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := slices.Clone(s.seen)
	s.seen = nil
	return seen
}

// ask sends a request and returns the status, the body as JSON, and the headers.
func (s *server) ask(method, target, body string) (int, map[string]any, http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.http.URL+target, strings.NewReader(body))
	require.NoError(s.t, err)
	client := s.http.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	var out map[string]any
	require.NoError(s.t, json.Unmarshal(text, &out), "%s %s: %d %s", method, target, res.StatusCode, text)
	return res.StatusCode, out, res.Header
}

// ok asks for what must be answered.
func (s *server) ok(method, target, body string) map[string]any {
	s.t.Helper()
	status, out, _ := s.ask(method, target, body)
	require.Equal(s.t, http.StatusOK, status, "%s: %v", target, out)
	return out
}
