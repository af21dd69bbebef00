package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { http.DefaultClient.CloseIdleConnections() }))
}

func TestPushCountsRefusedRequests(t *testing.T) {
	l, err := build(t.Context(), fleetPlan(1, true), proto1, time.Now())
	require.NoError(t, err)
	var n, bytes atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Encoding") != "snappy" || r.URL.Path != "/w" || r.ContentLength != int64(len(body)) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		bytes.Add(int64(len(body)))
		switch n.Add(1) {
		case 10:
			http.Error(w, "too busy", http.StatusServiceUnavailable)
		case 20:
			w.Header().Set("Connection", "close")
		case 30:
			http.Error(w, "no", http.StatusBadRequest)
		}
	}))
	defer srv.Close()
	p, err := push(t.Context(), strings.TrimPrefix(srv.URL, "http://"), "/w", proto1, l)
	require.NoError(t, err)
	require.Equal(t, 2, p.failed)
	require.Regexp(t, "^(503 .*too busy|400 .*no)$", p.failure.Error())
	require.Len(t, p.acks, l.requests()-2)
	require.Less(t, len(p.laterAcks), len(p.acks))
	require.Positive(t, p.laterRate)
	require.EqualValues(t, l.bytes, bytes.Load())
}

func TestPushFailsEveryRequestWithoutAServer(t *testing.T) {
	l, err := build(t.Context(), fleetPlan(1, true), proto2, time.Now())
	require.NoError(t, err)
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	p, err := push(t.Context(), strings.TrimPrefix(srv.URL, "http://"), "/w", proto2, l)
	require.NoError(t, err)
	require.Equal(t, l.requests(), p.failed)
}

func TestVerifyNamesWhatIsMissing(t *testing.T) {
	l, err := build(t.Context(), bulkPlan(1, true), proto1, time.Now())
	require.NoError(t, err)
	answer := `{"status":"success","data":{"resultType":"vector","result":[]}}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) }))
	defer srv.Close()
	addr := strings.TrimPrefix(srv.URL, "http://")
	require.ErrorContains(t, verify(t.Context(), addr, l, 300*time.Millisecond), ": 0 of ")
	answer = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"480"]}]}}`
	l.expect = map[string]int{"instance_load1": 480}
	require.NoError(t, verify(t.Context(), addr, l, 10*time.Second))
	l.expect["gpu_power_watts"] = 481
	require.ErrorContains(t, verify(t.Context(), addr, l, 300*time.Millisecond), "gpu_power_watts: 480 of 481 samples")
}

func TestQuantile(t *testing.T) {
	require.Zero(t, quantile(nil, 0.5))
	d := []time.Duration{1, 2, 3, 4}
	require.Equal(t, time.Duration(3), quantile(d, 0.5))
	require.Equal(t, time.Duration(4), quantile(d, 0.99))
	require.Equal(t, time.Duration(4), quantile(d, 1))
}
