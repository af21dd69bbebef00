package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// kindOfRequest is a part of the load: so many requests of a kind, and what their answers and rows must be.
type kindOfRequest struct {
	n            int
	method, path string
	body         int
	h2           bool
	status       int
	bytes        int // of the answer; -1 is not compared
	streaming    bool
	broken       bool // the stream breaks off after its 200
	tokens       bool // the answer tells its usage
}

var mixed = []kindOfRequest{
	{n: 100, method: "POST", path: "/score", body: 1024, status: 200, bytes: 1024},
	{n: 40, method: "POST", path: "/score", body: 16 << 10, h2: true, status: 200, bytes: 1024},
	{n: 30, method: "POST", path: "/v1/chat/completions", body: 100, status: 200, bytes: -1, tokens: true},
	{n: 30, method: "POST", path: "/v1/chat/completions?stream=1", body: 100, status: 200, bytes: -1, streaming: true, tokens: true},
	{n: 10, method: "POST", path: "/v1/chat/completions?stream=1", body: 100, h2: true, status: 200, bytes: -1, streaming: true, tokens: true},
	{n: 4, method: "POST", path: "/v1/chat/completions?stream=1&break=1", body: 100, status: 200, bytes: -1, streaming: true, broken: true},
	{n: 20, method: "GET", path: "/fail", status: 500, bytes: -1},
	{n: 10, method: "GET", path: "/missing", status: 404, bytes: -1},
}

// TestEverythingAtOnce runs the model server under the agent with every part on, sends requests of every kind, and wants each of them, each line and
// each event back from the server, once.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	printed := filepath.Join(t.TempDir(), "printed")
	a := newAgent(t, s).scraped()
	a.start(a.modelCommand("-ready-after", "1500ms", "-printed", printed)...)
	a.await(t, s.is(`instance_ready{`+identity+`}`, 1))

	sent := map[string]kindOfRequest{} // by id
	var (
		mu  sync.Mutex
		all sync.WaitGroup
	)
	one, two := newClient(t, a.url(), false), newClient(t, a.url(), true)
	for _, k := range mixed {
		all.Go(func() {
			c := one
			if k.h2 {
				c = two
			}
			for range k.n {
				got := c.send(t.Context(), k.method, k.path, k.body)
				if got.status != k.status || (got.err != nil) != k.broken || k.bytes >= 0 && got.bytes != k.bytes || got.requestID == "" {
					t.Errorf("%s %s: %+v", k.method, k.path, got)
				}
				mu.Lock()
				sent[got.requestID] = k
				mu.Unlock()
			}
		})
	}
	// Clients that leave before there is an answer, once the model server has the request.
	aborted := newClient(t, a.url(), false)
	all.Go(func() {
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			var leaving sync.WaitGroup
			leaving.Go(func() { aborted.send(ctx, "GET", "/hang", 0) })
			came := a.proc.Await(programs.Within(t, patience()), a.hanging("1"))
			cancel()
			leaving.Wait()
			left := a.proc.Await(programs.Within(t, patience()), a.hanging("0"))
			if err := errors.Join(came, left); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	total := 5
	for _, k := range mixed {
		total += k.n
	}
	require.Len(t, sent, total-5, "every answer has an id of its own")

	t.Run("rows of requests", func(t *testing.T) {
		a.await(t, s.holds(trafficLog, "true", total))
		rows, err := s.rows(t.Context(), trafficLog)
		require.NoError(t, err)
		left := map[string]bool{}
		for _, c := range aborted.sent() {
			left[c.clientID] = true
		}
		for _, r := range rows {
			requireIdentity(t, r)
			if r.number("ResponseCode") == 499 {
				require.True(t, left[r.text("XMSClientRequestId")], "a request that was not aborted: %v", r)
				delete(left, r.text("XMSClientRequestId"))
				continue
			}
			k, ok := sent[r.text("XRequestId")]
			require.True(t, ok, "a request that was not sent, or whose row came twice: %v", r)
			delete(sent, r.text("XRequestId"))
			path, _, _ := strings.Cut(k.path, "?")
			protocol := "HTTP/1.1"
			if k.h2 {
				protocol = "HTTP/2.0"
			}
			require.Equal(t, []any{k.method, path, protocol, k.status, k.status, k.body},
				[]any{r.text("Method"), r.text("Path"), r.text("Protocol"), r.number("ResponseCode"), r.number("ModelStatusCode"), r.number("RequestPayloadSize")})
			if k.bytes >= 0 {
				require.Equal(t, k.bytes, r.number("ResponsePayloadSize"))
			}
			require.Equal(t, k.streaming, r.property("Streaming") == true, "%v", r)
			require.Equal(t, k.broken, r.property("StreamError") == "model_reset", "%v", r)
			if k.tokens {
				require.Equal(t, []any{float64(promptTokens), float64(answerTokens), "Qwen/Qwen3-8B"}, []any{r.property("InputTokens"), r.property("OutputTokens"), r.property("Model")})
			}
			require.LessOrEqual(t, r.number("RequestDurationMs"), r.number("ResponseDurationMs"))
			require.LessOrEqual(t, r.number("ResponseDurationMs"), r.number("TotalDurationMs"))
		}
		require.Empty(t, left, "aborted requests without a row")
		require.Empty(t, sent, "requests without a row")
	})

	want := map[string]int{"499": 5}
	completions, streams := 0, 0
	for _, k := range mixed {
		want[fmt.Sprint(k.status)] += k.n
		if k.tokens {
			completions += k.n
		}
		if k.streaming {
			streams += k.n
		}
	}
	t.Run("series of requests", func(t *testing.T) {
		a.await(t, s.is(`sum(histogram_count(endpoint_request_duration_seconds{`+identity+`}))`, float64(total)))
		got, err := s.by(t.Context(), "status_code", `sum by (status_code) (histogram_count(endpoint_request_duration_seconds))`)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for expr, want := range map[string]int{
			`sum(histogram_count(endpoint_request_duration_seconds{streaming="true"}))`: streams,
			`endpoint_stream_errors_total{reason="model_reset"}`:                        4,
			`sum(endpoint_stream_errors_total)`:                                         4,
			`endpoint_tokens_total{direction="input"}`:                                  completions * promptTokens,
			`endpoint_tokens_total{direction="output"}`:                                 completions * answerTokens,
			`histogram_count(endpoint_request_size_bytes)`:                              total - 5, // of those that the model answered
			`endpoint_requests_in_flight`:                                               0,
			`endpoint_data_collection_events_total{type="traffic"}`:                     total,
			`sum(endpoint_data_collection_errors_total)`:                                0,
			`sum(agent_dropped_samples_total)`:                                          0,
			`agent_collector_success{collector="scrape"}`:                               1,
			`agent_collector_success{collector="host"}`:                                 1,
		} {
			a.await(t, s.is(expr, float64(want)))
		}
	})

	t.Run("what the model server says, as it says it and in the canonical form", func(t *testing.T) {
		for _, expr := range []string{
			`sum(model_tokens_total{direction="input",model="Qwen/Qwen3-8B"})`, `sum({"vllm:prompt_tokens_total",job="vllm",model_name="Qwen/Qwen3-8B"})`,
		} {
			a.await(t, s.is(expr, float64(completions*promptTokens)))
		}
		for _, expr := range []string{
			`sum(model_requests_finished_total{reason="stop"})`, `sum({"vllm:request_success_total"})`, `sum(histogram_count(model_request_duration_seconds))`,
			`sum({"vllm:e2e_request_latency_seconds_count"} or histogram_count({"vllm:e2e_request_latency_seconds"}))`,
		} {
			a.await(t, s.is(expr, float64(completions)))
		}
		a.await(t, s.is(`model_cache_utilization_ratio`, 0.625))
	})

	t.Run("lines of the console", func(t *testing.T) {
		text, err := os.ReadFile(printed)
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
		a.await(t, s.holds(consoleLog, "true", len(lines)))
		rows, err := s.rows(t.Context(), consoleLog)
		require.NoError(t, err)
		var got []string
		for _, r := range rows {
			requireIdentity(t, r)
			got = append(got, r.text("Message"))
		}
		slices.Sort(lines)
		slices.Sort(got)
		require.Equal(t, lines, got)
		// A request leads to the lines that it printed.
		joined, err := s.kql(t.Context(), consoleLog+` | where Message has "Traceback" | extend XRequestId = extract("while (.+)", 1, Message) | join kind=inner (`+trafficLog+`) on XRequestId`)
		require.NoError(t, err)
		require.Len(t, joined, 20)
	})

	t.Run("events", func(t *testing.T) {
		rows, err := s.rows(t.Context(), eventLog)
		require.NoError(t, err)
		names := map[string]int{}
		var order []string
		for _, r := range rows {
			requireIdentity(t, r)
			if r.text("Name") == "StartPhase" {
				continue // has the time at which the phase began
			}
			if names[r.text("Name")]++; names[r.text("Name")] == 1 {
				order = append(order, r.text("Name"))
			}
		}
		require.Equal(t, []string{"Created", "Started", "ReadinessProbeFailed", "Ready"}, order[:4])
		require.Equal(t, []int{1, 1, 1}, []int{names["Created"], names["Started"], names["Ready"]})
		for expr, want := range map[string]float64{
			`instance_state{state="ready"}`: 1, `sum(instance_state)`: 1, `sum(instance_restarts_total)`: 0,
			`histogram_count(instance_start_duration_seconds{phase="total",outcome="success"})`:         1,
			`histogram_count(instance_start_duration_seconds{phase="weights_load",outcome="success"})`:  1,
			`histogram_count(instance_start_duration_seconds{phase="first_request",outcome="success"})`: 1,
			`histogram_sum(instance_start_duration_seconds{phase="weights_load",outcome="success"})`:    0.25,
		} {
			a.await(t, s.is(expr, want))
		}
	})

	t.Run("exemplars name requests", func(t *testing.T) {
		var found []map[string]string
		a.await(t, func(ctx context.Context) (err error) {
			if found, err = s.exemplars(ctx, "endpoint_request_duration_seconds"); err == nil && len(found) == 0 {
				err = errors.New("there are no exemplars")
			}
			return err
		})
		for _, labels := range found {
			require.NoError(t, s.holds(trafficLog, fmt.Sprintf("XRequestId == %q", labels["request_id"]), 1)(t.Context()))
		}
	})

	t.Run("everything is of one instance", func(t *testing.T) {
		groups, err := s.promql(t.Context(), `group by (endpoint, deployment, instance) ({__name__!=""})`)
		require.NoError(t, err)
		require.Len(t, groups, 1)
		require.Equal(t, map[string]string{"endpoint": endpoint, "deployment": deployment, "instance": instance}, groups[0].labels)
	})

	t.Run("check says what is there", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), filepath.Join(bin, "endscope-agent"), append([]string{"check"}, a.flags...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		for _, line := range []string{
			"ok    identity: " + endpoint + "/" + deployment + "/" + instance, "ok    server: " + s.URL(), "ok    logs: the server takes rows of all three logs",
			"ok    scrape http://" + a.model + "/metrics: vllm", "model_tokens_total", "ok    model server: " + a.model + " takes connections",
		} {
			require.Contains(t, string(out), line)
		}
		require.NotContains(t, string(out), "FAIL")
	})

	// A clean end: the server is told, what it says last is kept, and nothing is left in the spools.
	require.NoError(t, a.proc.Stop(programs.Within(t, patience())))
	require.NoError(t, s.holds(consoleLog, `Message == "bye"`, 1)(t.Context()))
	require.NoError(t, s.holds(eventLog, `Name == "Killing"`, 1)(t.Context()))
	gone, err := s.promql(t.Context(), `{`+identity+`}`)
	require.NoError(t, err)
	require.Empty(t, gone, "an instance that left is stale at once")
	_, err = http.Get("http://" + a.model + "/health")
	require.Error(t, err, "the model server has ended with its agent")
}

func requireIdentity(t *testing.T, r row) {
	t.Helper()
	require.Equal(t, []string{endpoint, deployment, instance}, []string{r.text("EndpointName"), r.text("DeploymentName"), r.text("InstanceId")}, "%v", r)
}

// hanging is a condition: so many requests hang in the model server.
func (a *agent) hanging(want string) func(context.Context) error {
	return func(ctx context.Context) error {
		got, err := subproc.Get(ctx, "http://"+a.model+"/hanging", nil)
		if err == nil && string(got) != want {
			err = fmt.Errorf("%s requests hang, want %s", got, want)
		}
		return err
	}
}
