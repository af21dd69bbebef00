package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestExactlyTheGoodSamplesAreStored sends any mix of good and bad samples in any order and both versions: exactly the good ones are
// stored, and exactly the bad ones are refused, each for its reason.
func TestExactlyTheGoodSamplesAreStored(t *testing.T) {
	h := newHarness(t)
	hour := time.Hour.Milliseconds()
	kinds := []string{"good", "good", "good", "late_good", "nameless", "bad_utf8", "twice", "long", "bad_endpoint", "ahead", "too_old", "conflict"}
	check := 0
	rapid.Check(t, func(rt *rapid.T) {
		check++
		want := map[string][]point{}
		refused := map[Reason]int{}
		stored := 0
		var before, req prompb.WriteRequest
		n := rapid.IntRange(1, 20).Draw(rt, "series")
		for i := range n {
			name := fmt.Sprintf("m%d_%d", check, i)
			key := labels.FromStrings("__name__", name).String()
			for _, k := range rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 3).Draw(rt, "kinds") {
				v := rapid.Float64Range(-1e9, 1e9).Draw(rt, "value")
				bad := func(reason Reason, at int64, pairs ...string) {
					refused[reason]++
					s := prompb.TimeSeries{Samples: []prompb.Sample{{Timestamp: at, Value: v}}}
					for j := 0; j < len(pairs); j += 2 {
						s.Labels = append(s.Labels, prompb.Label{Name: pairs[j], Value: pairs[j+1]})
					}
					req.Timeseries = append(req.Timeseries, s)
				}
				good := func(at int64) {
					if len(want[key]) > 0 { // one good sample of each series; a second would be one of other times
						return
					}
					want[key] = []point{{t: at, v: v}}
					stored++
					req.Timeseries = append(req.Timeseries, s1([]prompb.Sample{{Timestamp: at, Value: v}}, "__name__", name))
				}
				switch k {
				case "good":
					good(h.start)
				case "late_good":
					good(h.start - hour/2)
				case "nameless":
					bad(ReasonNoName, h.start, "a", name)
				case "bad_utf8":
					bad(ReasonLabel, h.start, "__name__", name, "a", "\xff")
				case "twice":
					bad(ReasonDuplicateLabel, h.start, "__name__", name, "a", "1", "a", "2")
				case "long":
					bad(ReasonLabelLimit, h.start, "__name__", name, "a", strings.Repeat("x", 5000))
				case "bad_endpoint":
					bad(ReasonIdentity, h.start, "__name__", name, "endpoint", "-")
				case "ahead":
					bad(ReasonFuture, h.start+hour, "__name__", name+"_ahead")
				case "too_old":
					before.Timeseries = append(before.Timeseries, s1(at(h.start, 1), "__name__", name+"_old"))
					want[labels.FromStrings("__name__", name+"_old").String()] = []point{{t: h.start, v: 1}}
					bad(ReasonTooOld, h.start-2*hour, "__name__", name+"_old")
				case "conflict":
					before.Timeseries = append(before.Timeseries, s1(at(h.start, 1), "__name__", name+"_conflict"))
					want[labels.FromStrings("__name__", name+"_conflict").String()] = []point{{t: h.start, v: 1}}
					v = 2
					bad(ReasonDuplicate, h.start, "__name__", name+"_conflict")
				}
			}
		}
		require.NoError(rt, h.v1(&before).Err())
		var r Result
		if rapid.Bool().Draw(rt, "2.0") {
			r = h.v2(v2Of(&req))
		} else {
			r = h.v1(&req)
		}
		require.Equal(rt, stored, r.Samples)
		require.Equal(rt, refused, r.ByReason(), "%v", r.Err())
		got := h.stored()
		prefix := fmt.Sprintf(`{__name__="m%d_`, check)
		for key := range got {
			if !strings.HasPrefix(key, prefix) {
				delete(got, key)
			}
		}
		require.Equal(rt, want, got)
	})
}
