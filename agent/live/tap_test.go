package live

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/internal/liveframe"
)

func views(filters ...liveframe.Filter) (all []liveframe.View) {
	for i, f := range filters {
		all = append(all, liveframe.View{ID: i, Filter: f})
	}
	return all
}

func TestTheTapCountsEveryRequestOnceByEachView(t *testing.T) {
	paths := liveframe.Filter{Groups: []liveframe.Group{{Dimension: "path", Terms: []liveframe.Term{{Op: "eq", Values: []string{"/a"}}}}}}
	bad := liveframe.Filter{Groups: []liveframe.Group{{Dimension: "colour"}}}
	tap := newTap(views(liveframe.Filter{}, paths, bad))
	const workers, each = 8, 500
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				row := records.Traffic{
					Time: time.Unix(int64(i), 0), Method: "POST", Path: []string{"/a", "/b"}[i%2], Code: 200, Total: time.Duration(i+1) * time.Millisecond,
					RequestBytes: 10, ResponseBytes: 20, InputTokens: -1, OutputTokens: 5, RequestID: fmt.Sprint(w, i),
				}
				if i%10 == 0 {
					row.Code = 503
				}
				tap.count(&row)
			}
		})
	}
	all.Wait()
	taken, dropped := tap.take()
	require.Len(t, taken, 2, "a view that cannot be compiled has no answer")
	everything, some := taken[0], taken[1]
	require.EqualValues(t, workers*each, everything.Requests+dropped, "each is counted, or told")
	require.Equal(t, 1, some.View)
	require.EqualValues(t, everything.Requests, everything.Classes[2]+everything.Classes[5])
	require.Equal(t, everything.Failures, everything.Classes[5])
	require.Len(t, everything.Failing, liveframe.MaxFailing)
	require.Equal(t, everything.RequestBytes*2, everything.ResponseBytes)
	require.Nil(t, everything.InputTokens, "no answer told")
	require.EqualValues(t, 5*everything.Requests, *everything.OutputTokens)
	for i, r := range everything.Failing {
		require.Equal(t, 503, r.Status)
		require.True(t, i == 0 || !r.Time.Before(everything.Failing[i-1].Time), "in order of time")
	}
	require.Len(t, everything.Slowest, liveframe.MaxSlowest)
	require.Len(t, some.Slowest, liveframe.MaxSlowest)
	if dropped == 0 {
		for _, r := range everything.Slowest {
			require.Equal(t, float64(each), r.DurationMS, "each worker had one of these")
		}
		require.Equal(t, float64(each-1), some.Slowest[0].DurationMS)
	}
	taken, dropped = tap.take()
	require.Zero(t, taken[0].Requests)
	require.Empty(t, taken[0].Slowest)
	require.Empty(t, taken[0].Duration.Buckets)
	require.Zero(t, dropped)
}

func TestTheLongestRequestsAreShownLongestFirst(t *testing.T) {
	tap := newTap(views(liveframe.Filter{}))
	for _, ms := range []int{5, 80, 3, 40, 80, 1, 60} {
		tap.count(&records.Traffic{Code: 200, Total: time.Duration(ms) * time.Millisecond, RequestID: fmt.Sprint(ms)})
	}
	taken, _ := tap.take()
	var got []float64
	for _, r := range taken[0].Slowest {
		got = append(got, r.DurationMS)
	}
	require.Equal(t, []float64{80, 80, 60}, got)
	require.Empty(t, taken[0].Failing, "slow is not failed")
}

func TestFramesFitWhateverThePathsAre(t *testing.T) {
	for _, text := range []string{"&", "<", "\x01", "\xff"} {
		var all []liveframe.Filter
		for range 9 {
			all = append(all, liveframe.Filter{})
		}
		tap := newTap(views(all...))
		for range 50 {
			tap.count(&records.Traffic{Code: 500, Path: strings.Repeat(text, 512), RequestID: strings.Repeat(text, 128), Reason: strings.Repeat(text, 200)})
		}
		f := &liveframe.Frame{}
		f.Views, _ = tap.take()
		data, leftOut, err := f.Encode(0)
		require.NoError(t, err)
		require.LessOrEqual(t, len(data), liveframe.UsualBytes)
		require.Positive(t, leftOut)
		back, err := liveframe.DecodeFrame(data)
		require.NoError(t, err)
		require.EqualValues(t, 50, back.Views[8].Failures, "all are counted")
		if text == "&" || text == "<" {
			require.Equal(t, strings.Repeat(text, 512), back.Views[8].Failing[0].Path, "some are shown")
			require.NotContains(t, string(data), "\\u00", "no character takes six bytes")
		}
	}
	_, _, err := (&liveframe.Frame{}).Encode(5)
	require.ErrorContains(t, err, "larger than the 5")
}

func TestABusyTapDropsAndTells(t *testing.T) {
	tap := newTap(views(liveframe.Filter{}))
	for i := range tap.stripes {
		tap.stripes[i].mu.Lock()
	}
	tap.count(&records.Traffic{Code: 200})
	for i := range tap.stripes {
		tap.stripes[i].mu.Unlock()
	}
	taken, dropped := tap.take()
	require.Zero(t, taken[0].Requests)
	require.EqualValues(t, 1, dropped)
}

func TestReadingsAreTheLastOnes(t *testing.T) {
	gpu := &agent.Desc{Name: "gpu_utilization_ratio", Labels: []string{"gpu", "uuid"}}
	memory := &agent.Desc{Name: "gpu_memory_utilization_ratio", Labels: []string{"gpu", "uuid"}}
	cpu := &agent.Desc{Name: "instance_cpu_utilization_ratio"}
	now := time.Unix(1000, 0)
	var r readings
	r.take("scrape", []agent.Reading{{Desc: gpu, Value: 0.9, LabelValues: []string{"7", "x"}}}, now)
	r.take("gpu", []agent.Reading{
		{Desc: gpu, Value: 0.5, LabelValues: []string{"10", "b"}}, {Desc: gpu, Value: 0.25, LabelValues: []string{"2", "a"}},
		{Desc: memory, Value: 1.1, LabelValues: []string{"2", "a"}},
	}, now)
	r.take("host", []agent.Reading{{Desc: cpu, Value: 0.75}}, now)
	r.take("scrape", []agent.Reading{{Desc: gpu, Value: 0.9, LabelValues: []string{"7", "x"}}}, now)
	var f liveframe.Frame
	r.fill(&f, now.Add(3*time.Second))
	require.Equal(t, 0.75, *f.CPU)
	require.Nil(t, f.Memory)
	require.EqualValues(t, 3000, f.GPUAgeMS)
	require.Len(t, f.GPUs, 2, "its own collector is believed")
	require.Equal(t, "2", f.GPUs[0].GPU)
	require.Equal(t, 1.0, *f.GPUs[0].Memory)
	require.Nil(t, f.GPUs[1].Memory)
}

func TestTheServersClockIsFollowed(t *testing.T) {
	begin := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	for _, skew := range []time.Duration{0, 300 * time.Millisecond, -time.Hour, 26 * time.Hour} {
		server := func(now time.Time) time.Time { return now.Add(skew) }
		var l lease
		now := begin
		for _, delay := range []time.Duration{400 * time.Millisecond, 20 * time.Millisecond, 90 * time.Millisecond} {
			require.True(t, l.take(&liveframe.Ask{LeaseMS: 10000, TimeMS: server(now.Add(-delay)).UnixMilli()}, now))
			now = now.Add(2 * time.Second)
		}
		require.InDelta(t, skew.Seconds(), l.ahead().Seconds(), 0.021, "the fastest message says it best")
		sent := 0
		var last int64
		for range 10 {
			now = now.Add(l.untilNext(now)) // the timer is on time
			second, over, whole := l.ended(now)
			require.True(t, over)
			require.Equal(t, server(now).Add(300*time.Millisecond).Unix()-1, second)
			if whole {
				sent++
				require.True(t, last == 0 || second == last+1, "no second is left out, and none comes twice")
				last = second
			}
		}
		require.Equal(t, 9, sent, "the first second was not whole")
		_, over, _ := l.ended(now.Add(50 * time.Millisecond))
		require.False(t, over)
		_, over, whole := l.ended(now.Add(5 * time.Second))
		require.True(t, over && !whole, "what stands for five seconds is no second")
		require.False(t, l.take(&liveframe.Ask{}, now))
	}
}

// BenchmarkRequest shows what a request costs while nobody watches, and while somebody does.
func BenchmarkRequest(b *testing.B) {
	row := records.Traffic{Method: "POST", Path: "/score", Code: 200, Total: time.Millisecond, InputTokens: -1, OutputTokens: -1}
	for name, t := range map[string]*tap{"nobody": nil, "watched": newTap(views(liveframe.Filter{}))} {
		b.Run(name, func(b *testing.B) {
			l := &Live{}
			l.tap.Store(t)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					mine := row
					l.Request(&mine)
				}
			})
		})
	}
}
