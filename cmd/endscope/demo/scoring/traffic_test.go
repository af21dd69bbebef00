package scoring

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTrafficSaysWhatWasAskedAndHowItWent(t *testing.T) {
	url, _, said := serveRecorded(t, TrainBoosted(), Behaviour{Lookup: time.Millisecond})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ask := func(path, body, auth string) (id string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("User-Agent", "test/1")
		req.Header.Set("Authorization", auth)
		req.Header.Set(HeaderClientRequestID, "mine")
		resp, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.Header.Get(HeaderRequestID)
	}
	ids := []string{
		ask("/score", one(t, 50_000), Token("AADToken", "someone")),
		ask("/score", `{"data": []}`, Token("Key", "")),
		ask("/score", one(t, 0), "Bearer something else"),
		ask("/explain", one(t, 50_000), "Basic x"),
	}
	got, _ := said.all(t, 4)
	for i, want := range []Traffic{
		{Path: "/score", Status: 200, ModelStatus: 200, Auth: "AADToken", Identity: "someone", RequestSize: len(one(t, 50_000))},
		{Path: "/score", Status: 400, Auth: "Key", RequestSize: 12},
		{Path: "/score", Status: 424, ModelStatus: 500, RequestSize: len(one(t, 0))},
		{Path: "/explain", Status: 200, ModelStatus: 200, RequestSize: len(one(t, 50_000))},
	} {
		x := got[i]
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, x.ID)
		require.Equal(t, ids[i], x.ID)
		require.WithinDuration(t, time.Now(), x.Time, 10*time.Second)
		require.Positive(t, x.AnswerSize)
		require.Positive(t, x.Total)
		require.LessOrEqual(t, x.Received, x.Total)
		if want.ModelStatus == 0 {
			require.Zero(t, x.Answered, "the model was not asked")
		} else {
			require.GreaterOrEqual(t, x.Answered, x.Received)
			require.LessOrEqual(t, x.Answered, x.Total)
		}
		want.Method, want.Protocol, want.UserAgent, want.ClientID = "POST", "HTTP/1.1", "test/1", "mine"
		want.ID, want.Time, want.AnswerSize, want.Received, want.Answered, want.Total = x.ID, x.Time, x.AnswerSize, x.Received, x.Answered, x.Total
		require.Equal(t, want, x, "and nothing is held back")
	}
}

func TestTheConsoleNamesRequests(t *testing.T) {
	url, _, said := serveRecorded(t, TrainBoosted(), Behaviour{Lookup: time.Millisecond})
	for _, body := range []string{one(t, 50_000), `{"data": []}`, one(t, 0)} {
		post(t, url, body)
	}
	traffic, text := said.all(t, 3)
	for _, x := range traffic {
		status := map[int]string{200: "200 OK", 400: "400 Bad Request", 424: "424 Failed Dependency"}[x.Status]
		require.Regexp(t, `(?m)^INFO:     127\.0\.0\.1:\d+ - "POST /score HTTP/1\.1" `+status+` request_id=`+x.ID+`$`, text)
	}
	require.Regexp(t, `^INFO:     Started server process \[\d+\]\n`, text)
	require.Contains(t, text, "WARNING:  /score refused: data must hold 1 to 100 rows (got 0) (request_id="+traffic[1].ID+")\n")
	require.Contains(t, text, "ERROR:    Exception in the model (request_id="+traffic[2].ID+")\nTraceback (most recent call last):\n")
	require.Contains(t, text, "\nRuntimeError: row 0: ")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(regexp.MustCompile(`(?m)^\{.*\}$`).FindString(text)), &line))
	require.Equal(t, traffic[0].ID, line["request_id"])
	require.EqualValues(t, 1, line["rows"])
	require.GreaterOrEqual(t, line["latency_ms"], line["lookup_ms"])
	require.Positive(t, line["lookup_ms"])
}

func TestBatchesAreHeldBack(t *testing.T) {
	url, reg, said := serveRecorded(t, TrainLogistic(), Behaviour{})
	var r Request
	for range 80 {
		a, _ := NewGenerator(1).Next()
		r.Data = append(r.Data, a[:])
	}
	body, err := json.Marshal(r)
	require.NoError(t, err)
	status, _ := post(t, url, string(body))
	require.Equal(t, http.StatusOK, status)
	got, _ := said.all(t, 1)
	x := got[0]
	// What is over the burst takes its time at the rate.
	require.GreaterOrEqual(t, x.RequestDelay.Seconds(), float64(x.RequestSize-requestBurst)/bandwidthRate)
	require.GreaterOrEqual(t, x.AnswerDelay.Seconds(), float64(x.AnswerSize-1-answerBurst)/bandwidthRate)
	require.GreaterOrEqual(t, x.AnswerDelay, time.Millisecond)
	require.GreaterOrEqual(t, x.Received, x.RequestDelay)
	require.GreaterOrEqual(t, x.Total, x.RequestDelay+x.AnswerDelay)
	v := valuesOf(gathered(t, reg))
	require.InDelta(t, x.RequestDelay.Seconds(), v["endpoint_throttle_delay_seconds_total request"], 1e-9)
	require.InDelta(t, x.AnswerDelay.Seconds(), v["endpoint_throttle_delay_seconds_total response"], 1e-9)
}

func TestBandwidth(t *testing.T) {
	b := &bandwidth{burst: 1000}
	now := time.Now()
	require.Zero(t, b.take(1000, now))
	require.InDelta(t, 1.0/256, b.take(1024, now).Seconds(), 1e-6)
	require.Zero(t, b.take(900, now.Add(time.Second)), "what was owed is paid")
	require.Equal(t, longestDelay, b.take(1<<30, now.Add(2*time.Second)), "no wait is longer, whatever others sent")
	require.Equal(t, longestDelay, b.take(1, now.Add(2*time.Second)))
}
