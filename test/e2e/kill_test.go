package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// writer pushes numbered requests, each until it is acknowledged, over every death of the server, and remembers which were.
type writer struct {
	name       string
	url        string
	v2         bool // remote write 2.0
	scattered  bool // times go to and fro instead of forward
	histograms bool // native histograms instead of floats
	series     int  // in each request, one sample of each
	start      time.Time

	acked   int // requests 0 … acked-1 were acknowledged; read only after run has returned
	refused error
}

const (
	spacing = 20 * time.Millisecond
	cycle   = 7919 // requests until a scattered writer would repeat a time; a prime
)

// at returns the time of request k, in Unix milliseconds. A scattered writer leaps: each request is far from the one before.
func (w *writer) at(k int) int64 {
	if w.scattered {
		k = k * 3001 % cycle
	}
	return w.start.Add(time.Duration(k) * spacing).UnixMilli()
}

// value returns the value of one series in request k; it tells which series and request it is of.
func (w *writer) value(series, k int) float64 { return float64(series*1_000_000 + k) }

func (w *writer) body(k int) ([]byte, error) {
	var v1 prompb.WriteRequest
	var v2 writev2.Request
	symbols := writev2.NewSymbolTable()
	for i := range w.series {
		ls := labels.FromStrings(model.MetricNameLabel, "e2e_value", "series", fmt.Sprint(i), "writer", w.name)
		h := tsdbutil.GenerateTestHistogram(int64(k))
		switch {
		case w.v2 && w.histograms:
			v2.Timeseries = append(v2.Timeseries, writev2.TimeSeries{LabelsRefs: symbols.SymbolizeLabels(ls, nil), Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, w.at(k), h)}})
		case w.v2:
			v2.Timeseries = append(v2.Timeseries, writev2.TimeSeries{LabelsRefs: symbols.SymbolizeLabels(ls, nil), Samples: []writev2.Sample{{Timestamp: w.at(k), Value: w.value(i, k)}}})
		case w.histograms:
			v1.Timeseries = append(v1.Timeseries, prompb.TimeSeries{Labels: prompb.FromLabels(ls, nil), Histograms: []prompb.Histogram{prompb.FromIntHistogram(w.at(k), h)}})
		default:
			v1.Timeseries = append(v1.Timeseries, prompb.TimeSeries{Labels: prompb.FromLabels(ls, nil), Samples: []prompb.Sample{{Timestamp: w.at(k), Value: w.value(i, k)}}})
		}
	}
	raw, err := v1.Marshal()
	if w.v2 {
		v2.Symbols = symbols.Symbols()
		raw, err = v2.Marshal()
	}
	return snappy.Encode(nil, raw), err
}

// run pushes until ctx ends or a request is refused for good; acks counts every acknowledgement.
func (w *writer) run(ctx context.Context, client *http.Client, acks *atomic.Int64) {
	for w.acked < cycle {
		body, err := w.body(w.acked)
		if err != nil {
			w.refused = err
			return
		}
		for ok := false; !ok; {
			if ctx.Err() != nil {
				return
			}
			status, text := w.post(ctx, client, body)
			ok = status/100 == 2
			if !ok && status != 0 && status/100 != 5 && status != http.StatusTooManyRequests {
				w.refused = fmt.Errorf("request %d of %s: %d: %s", w.acked, w.name, status, text)
				return
			}
			if !ok { // dead or not ready
				select {
				case <-ctx.Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		}
		w.acked++
		acks.Add(1)
	}
}

// post returns the status of the answer, or 0 when there was none.
func (w *writer) post(ctx context.Context, client *http.Client, body []byte) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	if w.v2 {
		req.Header.Set("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
		req.Header.Set("X-Prometheus-Remote-Write-Version", "2.0.0")
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil && resp.StatusCode/100 != 2 { // an acknowledgement counts once its status line is here
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// check wants every acknowledged sample of the writer from the server, with its value, and nothing that was never sent.
func (w *writer) check(t *testing.T, ctx context.Context, base string) {
	t.Helper()
	end := w.start.Add(cycle * spacing)
	found, err := instant(ctx, base, fmt.Sprintf("e2e_value{writer=%q}[%dms]", w.name, end.Sub(w.start).Milliseconds()+1000), end)
	require.NoError(t, err)
	require.Len(t, found, w.series, w.name)
	for _, e := range found {
		var series int
		_, err := fmt.Sscan(e.Metric["series"], &series)
		require.NoError(t, err)
		sent := make(map[int64]int, w.acked+1)
		for k := range w.acked + 1 { // the last one may have been stored without an acknowledgement
			sent[w.at(k)] = k
		}
		stored := make(map[int64]bool, w.acked)
		for _, p := range e.Values {
			k, ok := sent[p.at]
			require.True(t, ok, "%s: a sample at %d that was never sent", w.name, p.at)
			require.Equal(t, w.value(series, k), p.value, w.name)
			stored[p.at] = true
		}
		for _, p := range e.Histograms {
			k, ok := sent[p.at]
			require.True(t, ok, "%s: a histogram at %d that was never sent", w.name, p.at)
			h := tsdbutil.GenerateTestHistogram(int64(k))
			require.Equal(t, float64(h.Count), p.count, w.name)
			require.Equal(t, h.Sum, p.sum, w.name)
			stored[p.at] = true
		}
		lost := 0
		for k := range w.acked {
			if !stored[w.at(k)] {
				lost++
			}
		}
		require.Zero(t, lost, "%s, series %d: acknowledged samples that are missing, of %d", w.name, series, w.acked)
	}
}

// TestKilledServerKeepsWhatItAcknowledged kills the server again and again while writers of every kind push, each time after a random number of
// acknowledgements, and once while it starts.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	s := programs.NewServer(t, bin)
	s.Start()
	s.Ready(20 * time.Second)

	start := time.Now().Add(-30 * time.Minute)
	var writers []*writer
	for _, v2 := range []bool{false, true} {
		for _, scattered := range []bool{false, true} {
			for _, histograms := range []bool{false, true} {
				w := &writer{name: fmt.Sprintf("v2=%t scattered=%t histograms=%t", v2, scattered, histograms), url: s.URL(), v2: v2, scattered: scattered, histograms: histograms, series: 10, start: start}
				if histograms {
					w.series = 2
				}
				writers = append(writers, w)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(writers)}, Timeout: 20 * time.Second}
	var acks atomic.Int64
	var running sync.WaitGroup
	for _, w := range writers {
		running.Go(func() { w.run(ctx, client, &acks) })
	}
	defer func() {
		stop()
		running.Wait()
		client.CloseIdleConnections()
	}()

	more := func(n int64) { // waits for n more acknowledgements
		t.Helper()
		want := acks.Load() + n
		require.NoError(t, s.Proc.Await(programs.Within(t, 30*time.Second), func(context.Context) error {
			if got := acks.Load(); got < want {
				return fmt.Errorf("%d of %d acknowledgements", got, want)
			}
			return nil
		}))
	}
	for i := range 6 {
		if i == 3 { // while the log is being read again
			select {
			case <-time.After(time.Duration(r.IntN(200)) * time.Millisecond):
			case <-s.Proc.Exited():
				t.Fatalf("the server has ended: %s", s.Proc.Tail())
			}
		} else {
			more(200 + r.Int64N(600))
		}
		s.Proc.Kill()
		s.Start()
	}
	more(200)
	stop()
	running.Wait()
	for _, w := range writers {
		require.NoError(t, w.refused)
		require.Positive(t, w.acked, w.name)
	}
	for _, w := range writers {
		w.check(t, t.Context(), s.URL())
	}
	t.Logf("%d requests acknowledged", acks.Load())

	// A clean end is a restart like any other.
	require.NoError(t, s.Proc.Stop(programs.Within(t, 20*time.Second)))
	s.Start()
	s.Ready(20 * time.Second)
	for _, w := range writers {
		w.check(t, t.Context(), s.URL())
	}
}
