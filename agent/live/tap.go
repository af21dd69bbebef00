package live

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/internal/liveframe"
)

// stripes is how many requests can be counted at the same time.
const stripes = 8

// tap counts requests by the views that are watched.
type tap struct {
	asked   []liveframe.View
	views   []tapView
	stripes [stripes]stripe
	dropped atomic.Int64
}

type tapView struct {
	liveframe.View
	matcher *liveframe.Matcher
}

type stripe struct {
	mu    sync.Mutex
	views []tally
	_     [64]byte // neighbours are not slowed down
}

// tally is what one stripe has counted of one view since it was emptied.
type tally struct {
	traffic  liveframe.Traffic
	input    int64
	output   int64
	told     [2]bool // whether an answer told of input and output tokens
	duration liveframe.Counts
	failing  []liveframe.Request
	slowest  []liveframe.Request // the longest first
}

// newTap makes a tap for the views that can be compiled. A filter that cannot be is left out: then no frame answers for it, and
// the server says that the instance is silent.
func newTap(views []liveframe.View) *tap {
	t := &tap{asked: views}
	for _, v := range views {
		if m, err := liveframe.Compile(v.Filter); err == nil {
			t.views = append(t.views, tapView{v, m})
		}
	}
	for i := range t.stripes {
		t.stripes[i].views = make([]tally, len(t.views))
	}
	return t
}

// count counts a request that has ended. It does not wait.
func (t *tap) count(row *records.Traffic) {
	first := rand.N(stripes)
	for i := range stripes {
		s := &t.stripes[(first+i)%stripes]
		if s.mu.TryLock() {
			s.count(t.views, row)
			s.mu.Unlock()
			return
		}
	}
	t.dropped.Add(1)
}

func (s *stripe) count(views []tapView, row *records.Traffic) {
	facts := liveframe.Facts{
		Method: row.Method, Path: row.Path, Status: row.Code, ModelStatus: row.ModelCode, Model: row.Model, StreamError: row.StreamError,
		Streaming: row.Streaming, Duration: row.Total,
	}
	for i := range views {
		if views[i].matcher.Takes(&facts) {
			s.views[i].add(row)
		}
	}
}

func (v *tally) add(row *records.Traffic) {
	t := &v.traffic
	t.Requests++
	t.Classes[liveframe.ClassOf(row.Code)]++
	t.RequestBytes += max(row.RequestBytes, 0)
	t.ResponseBytes += max(row.ResponseBytes, 0)
	v.duration.Observe(row.Total.Seconds())
	if row.InputTokens >= 0 {
		v.input, v.told[0] = v.input+row.InputTokens, true
	}
	if row.OutputTokens >= 0 {
		v.output, v.told[1] = v.output+row.OutputTokens, true
	}
	v.slow(row)
	if row.Code < 400 && row.StreamError == "" {
		return
	}
	t.Failures++
	r := requestOf(row)
	if len(v.failing) < liveframe.MaxFailing {
		v.failing = append(v.failing, r)
	} else if i := rand.N(t.Failures); i < liveframe.MaxFailing { // each failure has the same chance
		v.failing[i] = r
	}
}

// slow keeps the request where it is one of the longest.
func (v *tally) slow(row *records.Traffic) {
	n := len(v.slowest)
	if n < liveframe.MaxSlowest || milliseconds(row.Total) > v.slowest[n-1].DurationMS {
		v.keepSlow(requestOf(row))
	}
}

func (v *tally) keepSlow(r liveframe.Request) {
	at := slices.IndexFunc(v.slowest, func(o liveframe.Request) bool { return o.DurationMS < r.DurationMS })
	if at < 0 {
		at = len(v.slowest)
	}
	v.slowest = slices.Insert(v.slowest, at, r)
	v.slowest = v.slowest[:min(len(v.slowest), liveframe.MaxSlowest)]
}

func requestOf(row *records.Traffic) liveframe.Request {
	return liveframe.Request{
		Time: row.Time, Method: row.Method, Path: row.Path, Status: row.Code, ModelStatus: row.ModelCode,
		DurationMS: milliseconds(row.Total), Reason: row.Reason, StreamError: row.StreamError, RequestID: row.RequestID,
	}
}

func milliseconds(d time.Duration) float64 { return max(float64(d)/float64(time.Millisecond), 0) }

// take returns what was counted since the last call, and how many requests were not.
func (t *tap) take() (all []liveframe.Traffic, dropped int64) {
	sums := make([]tally, len(t.views))
	for i := range t.stripes {
		s := &t.stripes[i]
		s.mu.Lock()
		for j := range s.views {
			sums[j].merge(&s.views[j])
			s.views[j] = tally{}
		}
		s.mu.Unlock()
	}
	for i := range sums {
		all = append(all, sums[i].finish(t.views[i].ID))
	}
	return all, t.dropped.Swap(0)
}

func (v *tally) merge(o *tally) {
	if o.traffic.Requests == 0 {
		return
	}
	a, b := &v.traffic, &o.traffic
	a.Requests += b.Requests
	a.Failures += b.Failures
	a.RequestBytes += b.RequestBytes
	a.ResponseBytes += b.ResponseBytes
	for i, n := range b.Classes {
		a.Classes[i] += n
	}
	v.input, v.output = v.input+o.input, v.output+o.output
	v.told[0], v.told[1] = v.told[0] || o.told[0], v.told[1] || o.told[1]
	v.duration.Merge(&o.duration)
	v.failing = append(v.failing, o.failing...)
	for _, r := range o.slowest {
		v.keepSlow(r)
	}
}

func (v *tally) finish(id int) liveframe.Traffic {
	t := v.traffic
	t.View, t.Duration = id, v.duration.Histogram()
	if v.told[0] {
		t.InputTokens = &v.input
	}
	if v.told[1] {
		t.OutputTokens = &v.output
	}
	rand.Shuffle(len(v.failing), func(i, j int) { v.failing[i], v.failing[j] = v.failing[j], v.failing[i] })
	t.Failing = v.failing[:min(len(v.failing), liveframe.MaxFailing)]
	slices.SortFunc(t.Failing, func(x, y liveframe.Request) int { return x.Time.Compare(y.Time) })
	t.Slowest = v.slowest
	for _, list := range [][]liveframe.Request{t.Failing, t.Slowest} {
		for i := range list {
			list[i].Trim()
		}
	}
	return t
}
