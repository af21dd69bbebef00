package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/scopes"
)

// follower reads a tail.
type follower struct {
	t      *testing.T
	res    *http.Response
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func (h *harness) follow(params url.Values) *follower {
	h.t.Helper()
	return h.followAt("/api/v1/logs/tail?" + params.Encode())
}

// followAt reads the events of a path.
func (h *harness) followAt(path string) *follower {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	require.NoError(h.t, err)
	return h.followRequest(req)
}

// followRequest reads the events that a request is answered with.
func (h *harness) followRequest(req *http.Request) *follower {
	h.t.Helper()
	ctx, cancel := context.WithCancel(req.Context())
	res, err := http.DefaultClient.Do(req.WithContext(ctx))
	require.NoError(h.t, err)
	f := &follower{h.t, res, bufio.NewScanner(res.Body), cancel}
	f.lines.Buffer(nil, 16<<20)
	h.t.Cleanup(f.close)
	return f
}

func (f *follower) close() {
	f.cancel()
	f.res.Body.Close()
}

// next returns the name and the data of the next event.
func (f *follower) next() (name, data string) {
	f.t.Helper()
	for f.lines.Scan() {
		switch line := f.lines.Text(); {
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			data = strings.TrimPrefix(line, "data: ")
		case line == "" && name != "":
			return name, data
		}
	}
	f.t.Fatalf("the stream ended: %v", f.lines.Err())
	return "", ""
}

func TestLogsTailShowsWhatIsStored(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs)
	f := h.follow(url.Values{"table": {console}, "scope": {"fraud"}, "filter": {"Message !has 'starting' and DeploymentName in ('blue', 'green')"}})
	require.Equal(t, 200, f.res.StatusCode)
	require.Equal(t, "text/event-stream", f.res.Header.Get("Content-Type"))
	name, data := f.next()
	require.Equal(t, "table", name)
	require.Contains(t, data, `{"columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"EndpointName","type":"string"}`)
	require.NotContains(t, data, "_ResourceId", "what queries compute is not there, so that no filter on it finds nothing")

	say(t, store, story()...)
	name, data = f.next()
	require.Equal(t, "rows", name)
	require.Contains(t, data, `"b-1"`)
	require.Contains(t, data, `"say \"hello\", world"`)
	require.Contains(t, data, `"=1+1"`)
	require.NotContains(t, data, "starting")
	require.NotContains(t, data, "out of memory")
	require.Contains(t, data, `["`+noon.Add(time.Minute).Format(time.RFC3339)+`","fraud"`)

	say(t, store, line{noon, "fraud", "blue", "b-0", "more", `{"level":1}`})
	_, data = f.next()
	require.Contains(t, data, `"{\"level\":1}"`)
}

func TestLogsTailTellsWhatItDropped(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs)
	f := h.follow(url.Values{"table": {console}})
	f.next()
	// The client does not read: what the socket does not take is dropped, and told when it reads again.
	long := strings.Repeat("x", 64<<10)
	const batch = 10
	lines := make([]line, batch)
	for i := range lines {
		lines[i] = line{noon, "fraud", "blue", "b-0", long, ""}
	}
	sent := 0
	for range 120 {
		say(t, store, lines...)
		sent += batch
	}
	got, told := 0, 0
	for got+told < sent {
		name, data := f.next()
		switch name {
		case "rows":
			got += strings.Count(data, `"fraud"`)
		case "dropped":
			var event struct{ Rows int }
			require.NoError(t, json.Unmarshal([]byte(data), &event))
			told += event.Rows
		}
	}
	require.Equal(t, sent, got+told, "each row is either there or counted")
	require.Positive(t, told, "all of it fits into the buffers, so this shows nothing")
}

func TestLogsTailShowsThatItIsThere(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs, func(o *options) { o.web.ReadTimeout = 200 * time.Millisecond })
	h.Server.tailBeat.Store(int64(100 * time.Millisecond))
	f := h.follow(url.Values{"table": {console}})
	f.next()
	for beats := 0; beats < 5; { // far longer than web.read_timeout
		require.True(t, f.lines.Scan(), "%v", f.lines.Err())
		if strings.HasPrefix(f.lines.Text(), ": ") {
			beats++
		}
	}
}

func TestLogsTailRefusesWhatIsWrong(t *testing.T) {
	_, logs := withLogs(t, func(c *kql.Config) { c.MaxTails = 1 })
	h := start(t, logs)
	for query, want := range map[string]struct {
		status int
		body   string
	}{
		"":              {400, `must be given, as one of AmlOnlineEndpointTrafficLog, `},
		"table=Nothing": {404, `there is no log table \"Nothing\"; there are AmlOnlineEndpointTrafficLog`},
		"table=" + console + "&filter=Mesage+has+1":     {400, `Did you mean 'Message'? (line 1, column 1)","line":1,"column":1`},
		"table=" + console + "&filter=true+|+take+1":    {400, `A filter is one condition`},
		"table=" + console + "&filter=_ResourceId+==+1": {400, `'_ResourceId'`},
		"table=" + console + "&scope=a/b/c/d":           {400, `a/b/c/d`},
		"table=" + console + "&since=1":                 {400, `not known here`},
	} {
		got := h.get("/api/v1/logs/tail?" + query)
		require.Equal(t, want.status, got.status, "%s: %s", query, got.body)
		require.Contains(t, got.body, want.body, query)
	}
	first := h.follow(url.Values{"table": {console}})
	first.next()
	got := h.get("/api/v1/logs/tail?table=" + console)
	require.Equal(t, 429, got.status)
	require.Contains(t, got.body, "log_query.max_tails")
	first.close()
	require.Eventually(t, func() bool { return h.Server.tails.Load() == 0 }, 10*time.Second, time.Millisecond, "a client that leaves gives its place back")
	h.follow(url.Values{"table": {console}}).next()
}

func TestLogsTailShowsWhatIsGranted(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs, func(o *options) {
		o.settings.Grants = func(*http.Request) scopes.Grants {
			p, err := scopes.ParsePattern("*/green")
			require.NoError(t, err)
			return scopes.GrantScopes(p)
		}
	})
	f := h.follow(url.Values{"table": {console}})
	f.next()
	say(t, store, story()...)
	_, data := f.next()
	require.Contains(t, data, "=1+1")
	require.NotContains(t, data, "blue")
}

func TestLogsTailEndsWithTheServer(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs)
	f := h.follow(url.Values{"table": {console}})
	f.next()
	began := time.Now()
	require.NoError(t, h.Server.Close())
	require.Less(t, time.Since(began), 5*time.Second)
	rest := 0
	for f.lines.Scan() {
		rest++
	}
	require.LessOrEqual(t, rest, 1, "the stream has ended")
}

func TestLogsSchemaAndFormat(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs)
	got := h.get("/api/v1/logs/schema")
	require.Equal(t, 200, got.status)
	for _, part := range []string{
		`{"name":"AmlOnlineEndpointConsoleLog","help":"`, `{"name":"TimeGenerated","type":"datetime","help":"`, `{"name":"summarize","signature":"summarize [Name =]`,
		`{"name":"strlen","signature":"strlen(`, `{"name":"countif","signature":"countif(`, `{"name":"bag_unpack","signature":"bag_unpack(`, `{"name":"prev","signature":"prev(`,
	} {
		require.Contains(t, got.body, part)
	}
	require.Equal(t, 304, h.do(http.MethodGet, "/api/v1/logs/schema", "", http.Header{"If-None-Match": {got.header.Get("ETag")}}).status)

	got = h.ask("/api/v1/logs/format", map[string]any{"query": "T|where a==1|take 5 // five"}, nil)
	require.Equal(t, 200, got.status)
	require.JSONEq(t, `{"query":"T\n| where a == 1\n| take 5 // five"}`, got.body)
	got = h.ask("/api/v1/logs/format", map[string]any{"query": "T |"}, nil)
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, `"line":1,"column":`)
	require.Equal(t, 400, h.ask("/api/v1/logs/format", map[string]any{"text": "T"}, nil).status)
}
