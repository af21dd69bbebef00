package demo

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

// tables is a server that takes rows of logs as it is told to.
type tables struct {
	mu     sync.Mutex
	rows   map[string][]string
	answer func(push int, table string) (status int, body string)
	pushes int
}

func (s *tables) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, body := http.StatusOK, `{"rows":1}`
	table := strings.TrimPrefix(r.URL.Path, "/api/v1/logs/")
	if s.answer != nil {
		status, body = s.answer(s.pushes, table)
	}
	s.pushes++
	z, err := gzip.NewReader(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "application/x-ndjson" {
		status = http.StatusUnsupportedMediaType
	} else if status == http.StatusOK {
		for lines := bufio.NewScanner(z); lines.Scan(); {
			s.rows[table] = append(s.rows[table], lines.Text())
		}
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (s *tables) get(table string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows["AmlOnlineEndpoint"+table+"Log"]
}

// newSender returns a sender to s, its counters by their labels, and what ends it.
func newSender(t *testing.T, s *tables) (*logSender, func() map[string]float64, func()) {
	s.rows = map[string][]string{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	reg := prometheus.NewRegistry()
	counts, err := scoring.NewCollection(reg)
	require.NoError(t, err)
	sender := newLogSender(server.URL, 10*time.Millisecond, counts, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done, last := make(chan error, 1), make(chan struct{})
	close(last)
	go func() { done <- sender.run(ctx, last) }()
	end := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(end)
	return sender, func() map[string]float64 {
		families, err := reg.Gather()
		require.NoError(t, err)
		out := map[string]float64{}
		for _, f := range families {
			for _, m := range f.Metric {
				if v := m.GetCounter().GetValue(); v != 0 {
					key := ""
					for _, l := range m.Label {
						key += " " + l.GetValue()
					}
					out[key[1:]] = v
				}
			}
		}
		return out
	}, end
}

func TestSenderPushesWhatWaitsAndTheRestAtItsEnd(t *testing.T) {
	s := &tables{}
	sender, counts, end := newSender(t, s)
	logs := &journal{role: cast()[3], sender: sender, counts: sender.counts}
	logs.traffic(scoring.Traffic{
		Time: time.Now(), Method: "POST", Path: "/score", Protocol: "HTTP/1.1", Status: 424, ModelStatus: 500, RequestSize: 5, AnswerSize: 6, ID: "a",
		Received: 2 * time.Millisecond, Answered: 4500 * time.Microsecond, Total: 5 * time.Millisecond, RequestDelay: time.Millisecond, UserAgent: strings.Repeat("u", 71),
	})
	logs.traffic(scoring.Traffic{Status: 499})
	_, _ = io.WriteString(logs, "one\ntwo\n")
	logs.hear(strings.NewReader(`{"time":"2026-01-02T03:04:05Z","container":"model-mount","name":"BackOff","message":"waits"}` + "\nnonsense\n" +
		`{"time":"2026-01-02T03:04:06Z","container":"model-mount","message":"three"}` + "\n"))
	require.Eventually(t, func() bool {
		return len(s.get("Traffic")) == 2 && len(s.get("Console")) == 3 && len(s.get("Event")) == 1
	}, 10*time.Second, time.Millisecond)
	var row map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.get("Traffic")[0]), &row))
	delete(row, "TimeGenerated")
	require.Equal(t, map[string]any{
		"EndpointName": "credit-default", "DeploymentName": "green", "InstanceId": "green-2", "Method": "POST", "Path": "/score", "Protocol": "HTTP/1.1",
		"ResponseCode": 424., "ResponseCodeReason": "Failed Dependency", "ModelStatusCode": 500., "ModelStatusReason": "Internal Server Error",
		"RequestPayloadSize": 5., "ResponsePayloadSize": 6., "UserAgent": strings.Repeat("u", 70), "XRequestId": "a",
		"RequestDurationMs": 2., "ResponseDurationMs": 4., "TotalDurationMs": 5., "RequestThrottlingDelayMs": 1., "ResponseThrottlingDelayMs": 0.,
	}, row)
	require.Contains(t, s.get("Traffic")[1], `"ResponseCodeReason":"Client Closed Request"`)
	require.NotContains(t, s.get("Traffic")[1], "Model", "what was not asked has no status")
	require.NotContains(t, s.get("Traffic")[1], "ResponseDurationMs", "and no time")
	require.JSONEq(t, `{"TimeGenerated":"2026-01-02T03:04:06Z","EndpointName":"credit-default","DeploymentName":"green","InstanceId":"green-2",
		"ContainerName":"model-mount","ContainerImageName":"model-mount:1","Message":"three"}`, s.get("Console")[2])
	require.Contains(t, s.get("Console")[1], `"ContainerName":"inference-server","ContainerImageName":"credit-default-green:2","Message":"two"`)
	require.JSONEq(t, `{"TimeGenerated":"2026-01-02T03:04:05Z","EndpointName":"credit-default","DeploymentName":"green","InstanceId":"green-2",
		"Name":"BackOff","Message":"waits"}`, s.get("Event")[0])

	for range 2*maxPushRows + 1 {
		sender.add(scoring.EventConsole, "line")
	}
	end()
	require.Len(t, s.get("Console"), 3+2*maxPushRows+1)
	require.Equal(t, map[string]float64{"console": 3, "event": 1}, counts(), "nothing is dropped")
	sender.add(scoring.EventConsole, "too late")
	require.Equal(t, 1.0, counts()["undelivered console"])
}

func TestSenderTriesAgainWhatMayPassAndCountsWhatIsRefused(t *testing.T) {
	s := &tables{answer: func(push int, table string) (int, string) {
		switch {
		case push == 0:
			return http.StatusTooManyRequests, "{}"
		case push == 1:
			return http.StatusServiceUnavailable, "not ready"
		case strings.Contains(table, "Console"):
			return http.StatusBadRequest, `{"type":"/problems/partly-refused","detail":"1 row refused","stored":{"rows":2}}`
		case strings.Contains(table, "Event"):
			return http.StatusNotFound, "no such table"
		}
		return http.StatusOK, ""
	}}
	sender, counts, _ := newSender(t, s)
	sender.add(scoring.EventTraffic, "row")
	for range 3 {
		sender.add(scoring.EventConsole, "row")
	}
	sender.add(scoring.EventLife, "row")
	require.Eventually(t, func() bool { return counts()["refused event"] == 1 }, 10*time.Second, time.Millisecond)
	require.Equal(t, []string{`"row"`}, s.get("Traffic"), "once")
	require.Equal(t, map[string]float64{"refused console": 1, "refused event": 1}, counts())
}

func TestSenderIsBounded(t *testing.T) {
	s := &tables{answer: func(int, string) (int, string) { return http.StatusServiceUnavailable, "" }}
	sender, counts, end := newSender(t, s)
	for range maxQueuedRows + maxPushRows + 10 {
		sender.add(scoring.EventTraffic, "row")
	}
	// Whether a batch was under way when the queue was full decides who is dropped first, not how many.
	began := time.Now()
	end()
	require.Less(t, time.Since(began), 2*lastPush, "who does not answer is not waited for")
	require.Equal(t, map[string]float64{"queue_full traffic": maxPushRows + 10, "undelivered traffic": maxQueuedRows}, counts())
}
