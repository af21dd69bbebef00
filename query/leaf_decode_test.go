package query

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// randomTimes returns ascending times, mostly regular.
func randomTimes(t *rapid.T, n int) []int64 {
	at := rapid.Int64Range(-1<<40, 1<<45).Draw(t, "first")
	out := make([]int64, n)
	for i := range out {
		at += rapid.OneOf(rapid.Just(int64(15_000)), rapid.Int64Range(14_900, 15_100), rapid.Int64Range(1, 1<<40)).Draw(t, "distance")
		out[i] = at
	}
	return out
}

func TestFloatChunksReadAsUpstreamReadsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := chunkenc.NewXORChunk()
		app, err := c.Appender()
		require.NoError(t, err)
		v := 0.0
		for _, at := range randomTimes(t, rapid.IntRange(1, 130).Draw(t, "n")) {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				v = rapid.Float64().Draw(t, "any")
			case 1:
				v += float64(rapid.IntRange(0, 9).Draw(t, "more"))
			case 2:
				v = rapid.SampledFrom([]float64{0, 1, math.Inf(-1), math.NaN(), math.Float64frombits(value.StaleNaN)}).Draw(t, "special")
			}
			app.Append(0, at, v)
		}
		type sample struct {
			t int64
			v uint64
		}
		var want, got []sample
		for it := c.Iterator(nil); it.Next() != chunkenc.ValNone; {
			at, v := it.At()
			want = append(want, sample{at, math.Float64bits(v)})
		}
		r := newFloatReader(c.Bytes())
		for r.next() {
			got = append(got, sample{r.t, r.x.v})
		}
		require.NoError(t, r.err)
		require.Equal(t, want, got)
		from, to := want[0].t, want[rapid.IntRange(0, len(want)-1).Draw(t, "to")].t
		r = newFloatReader(c.Bytes())
		part, _ := r.appendTo(nil, from, to)
		require.NoError(t, r.err)
		for _, w := range want {
			if w.t <= to && !value.IsStaleNaN(math.Float64frombits(w.v)) {
				require.Equal(t, w, sample{part[0].t, math.Float64bits(part[0].v)})
				part = part[1:]
			}
		}
		require.Empty(t, part)

		r = newFloatReader(c.Bytes()[:rapid.IntRange(0, len(c.Bytes())-1).Draw(t, "cut")])
		n := 0
		for r.next() {
			n++
		}
		require.True(t, n < len(want) && r.err != nil || n == 0 || n == len(want))
	})
}

func TestHistogramChunksReadAsUpstreamReadsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"histogram", "gauge histogram"}).Draw(t, "kind")
		c := chunkenc.NewHistogramChunk()
		app, err := c.Appender()
		require.NoError(t, err)
		h := randomHistogram(t, kind)
		for _, at := range randomTimes(t, rapid.IntRange(1, 100).Draw(t, "n")) {
			h = observed1(t, h)
			if rapid.IntRange(0, 9).Draw(t, "jump") == 0 {
				n := rapid.Uint64Range(1, 1<<62).Draw(t, "by")
				h.Count, h.ZeroCount, h.PositiveBuckets[0] = n, n, int64(n/2)
			}
			next, _, _, err := app.AppendHistogram(nil, 0, at, h.Copy(), false)
			require.NoError(t, err)
			if next != nil {
				break // a reset; one chunk is enough
			}
		}
		if rapid.Bool().Draw(t, "stale") {
			_, _, _, err := app.AppendHistogram(nil, 0, 1<<61, &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN), CounterResetHint: h.CounterResetHint}, false)
			require.NoError(t, err)
		}
		var d histogramDecoder
		require.True(t, d.start(c.Bytes()))
		it := c.Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			require.True(t, d.time())
			live, err := d.body()
			require.NoError(t, err)
			at, want := it.AtFloatHistogram(nil)
			require.Equal(t, at, d.t)
			require.Equal(t, live, !value.IsStaleNaN(want.Sum))
			if live {
				var got histogram.FloatHistogram
				d.into(&got)
				require.Equal(t, want.CounterResetHint, got.CounterResetHint)
				require.True(t, want.Equals(&got), "%v, not %v", &got, want)
			}
		}
		require.False(t, d.time())

		if cut := c.Bytes()[:rapid.IntRange(0, len(c.Bytes())-1).Draw(t, "cut")]; d.start(cut) {
			for d.time() {
				if _, err := d.body(); err != nil {
					return
				}
			}
		}
	})
}
