package query

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The test in this file writes random series and evaluates random expressions over them twice: in a session and by the stock engine.

// randomSeries writes the samples of a series. They are made up such that what is rare elsewhere is common. Except that no two samples
// are for the same time: which of them the store shows depends on how it is read.
func randomSeries(t *rapid.T, app storage.AppenderV2, ls labels.Labels, kind string, span time.Duration, taken map[string]bool) {
	add := func(at time.Time, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, start time.Time) {
		for taken[ls.String()+at.String()] {
			at = at.Add(time.Millisecond)
		}
		taken[ls.String()+at.String()] = true
		// Some are refused, such as those that come too late.
		_, _ = app.Append(0, ls, millis(start), at.UnixMilli(), v, h, fh, storage.AppendV2Options{})
	}
	var (
		at      = testTime.Add(time.Duration(rapid.IntRange(0, int(span/time.Second)).Draw(t, "from")) * time.Second)
		every   = time.Duration(rapid.SampledFrom([]int{1000, 15_000, 15_000, 61_001}).Draw(t, "every")) * time.Millisecond
		n       = rapid.IntRange(1, 60).Draw(t, "samples")
		total   float64
		started time.Time
		h       = randomHistogram(t, kind)
	)
	for range n {
		what := rapid.IntRange(0, 40).Draw(t, "what")
		switch what {
		case 0:
			at = at.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "gap")) * time.Second)
		case 1:
			add(at, math.Float64frombits(value.StaleNaN), nil, nil, time.Time{})
			at = at.Add(every)
			continue
		case 2: // a reset
			total = 0
			h = randomHistogram(t, kind)
			if rapid.Bool().Draw(t, "started") {
				started = at.Add(-every / 2)
			}
		case 3: // late
			at = at.Add(-time.Duration(rapid.IntRange(1, 120).Draw(t, "late")) * time.Second)
		case 4:
			at = testTime.Add(at.Sub(testTime).Truncate(time.Minute)) // on the edge of a window
		}
		switch kind {
		case "float":
			total += float64(rapid.IntRange(0, 100).Draw(t, "increase")) / 8
			v := total
			if what == 5 {
				v = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), -3, 1e300}).Draw(t, "odd")
			}
			add(at, v, nil, nil, started)
		case "histogram", "gauge histogram", "custom":
			h = observed1(t, h)
			if what == 6 {
				add(at, 0, &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN)}, nil, time.Time{})
			} else {
				add(at, 0, h.Copy(), nil, started)
			}
		case "float histogram":
			h = observed1(t, h)
			add(at, 0, nil, h.ToFloat(nil), started)
		case "mixed":
			if rapid.IntRange(0, 5).Draw(t, "other") > 0 {
				add(at, total, nil, nil, time.Time{})
			} else {
				h = observed1(t, h)
				add(at, 0, h.Copy(), nil, time.Time{})
			}
		}
		at = at.Add(every)
	}
}

// randomHistogram returns an empty histogram with a layout.
func randomHistogram(t *rapid.T, kind string) *histogram.Histogram {
	h := &histogram.Histogram{}
	if kind == "custom" {
		h.Schema = histogram.CustomBucketsSchema
		h.CustomValues = rapid.SampledFrom([][]float64{{0.1, 0.5, 1, 5}, {0.1, 0.5, 1, 5}, {0.1, 1, 2, 5}}).Draw(t, "bounds")
		h.PositiveSpans = []histogram.Span{{Length: uint32(len(h.CustomValues) + 1)}}
	} else {
		h.Schema = rapid.SampledFrom([]int32{3, 3, 3, 0, 4}).Draw(t, "schema")
		h.ZeroThreshold = rapid.SampledFrom([]float64{1e-12, 1e-12, 1e-12, 0.01}).Draw(t, "zero")
		h.PositiveSpans = []histogram.Span{{Offset: int32(rapid.IntRange(-4, 8).Draw(t, "offset")), Length: 4}, {Offset: 2, Length: 2}}
		if n := rapid.IntRange(0, 2).Draw(t, "negative"); n > 0 {
			h.NegativeSpans = []histogram.Span{{Offset: 1, Length: uint32(n)}}
			h.NegativeBuckets = make([]int64, n)
		}
	}
	n := 0
	for _, s := range h.PositiveSpans {
		n += int(s.Length)
	}
	h.PositiveBuckets = make([]int64, n)
	if kind == "gauge histogram" {
		h.CounterResetHint = histogram.GaugeType
	}
	return h
}

// observed1 returns a histogram with more observations.
func observed1(t *rapid.T, h *histogram.Histogram) *histogram.Histogram {
	h = h.Copy()
	more := func(buckets []int64) {
		for range rapid.IntRange(0, 2).Draw(t, "observations") {
			if len(buckets) == 0 {
				return
			}
			i := rapid.IntRange(0, len(buckets)-1).Draw(t, "bucket")
			n := rapid.Uint64Range(1, 5).Draw(t, "n")
			buckets[i] += int64(n)
			if i+1 < len(buckets) {
				buckets[i+1] -= int64(n)
			}
			h.Count += n
			h.Sum += float64(n) * 0.3
		}
	}
	more(h.PositiveBuckets)
	more(h.NegativeBuckets)
	if h.Schema != histogram.CustomBucketsSchema && rapid.IntRange(0, 3).Draw(t, "small") == 0 {
		h.ZeroCount++
		h.Count++
	}
	return h
}

// randomStore returns a store with samples in blocks, in the head and out of order, and the names of its series by kind.
func randomStore(t *rapid.T, dir string) (*promtsdb.DB, []string) {
	opts := promtsdb.DefaultOptions()
	opts.EnableSTAsZeroSample = true
	opts.RetentionDuration = math.MaxInt64
	opts.OutOfOrderTimeWindow = (2 * time.Hour).Milliseconds()
	opts.SamplesPerChunk = 12
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	require.NoError(t, err)
	names, taken := map[string]bool{}, map[string]bool{}
	span := 20 * time.Minute
	for range rapid.IntRange(1, 12).Draw(t, "series") {
		kind := rapid.SampledFrom([]string{"float", "float", "histogram", "histogram", "histogram", "gauge histogram", "float histogram", "custom", "mixed"}).Draw(t, "kind")
		name := strings.ReplaceAll(kind, " ", "_") + rapid.SampledFrom([]string{"", "_total"}).Draw(t, "suffix")
		if rapid.IntRange(0, 9).Draw(t, "together") == 0 {
			name = "all"
		}
		names[name] = true
		ls := labels.FromStrings(model.MetricNameLabel, name,
			"endpoint", rapid.SampledFrom([]string{"credit", "fraud"}).Draw(t, "endpoint"),
			"instance", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "instance"),
			"code", rapid.SampledFrom([]string{"", "200", "404"}).Draw(t, "code"))
		app := db.AppenderV2(context.Background())
		randomSeries(t, app, ls, kind, span, taken)
		require.NoError(t, app.Commit())
	}
	if rapid.IntRange(0, 3).Draw(t, "compact") == 0 {
		require.NoError(t, db.CompactHead(promtsdb.NewRangeHead(db.Head(), testTime.UnixMilli(), testTime.Add(10*time.Minute).UnixMilli())))
	}
	return db, slices.Sorted(maps.Keys(names))
}

// randomLeaf returns the text of a leaf, or of something close to one.
func randomLeaf(t *rapid.T, names []string, window string) string {
	sel := rapid.SampledFrom(names).Draw(t, "name")
	if rapid.IntRange(0, 3).Draw(t, "matched") == 0 {
		sel += rapid.SampledFrom([]string{`{code="200"}`, `{endpoint="credit"}`, `{code=~"2.."}`, `{instance!="a"}`}).Draw(t, "matcher")
	}
	fn := rapid.SampledFrom([]string{"increase", "increase", "increase", "sum_over_time", "count_over_time", "min_over_time", "max_over_time"}).Draw(t, "function")
	over := fmt.Sprintf("%s[%s]", sel, window)
	if fn == "increase" {
		over += " anchored"
	}
	if rapid.IntRange(0, 4).Draw(t, "offset") == 0 {
		over += rapid.SampledFrom([]string{" offset 1m", " offset 7m30s", " offset -2m"}).Draw(t, "by")
	}
	e := fmt.Sprintf("%s(%s)", fn, over)
	if rapid.IntRange(0, 2).Draw(t, "stat") == 0 {
		e = rapid.SampledFrom([]string{"histogram_count", "histogram_sum"}).Draw(t, "statistic") + "(" + e + ")"
	}
	op := rapid.SampledFrom([]string{"sum", "sum", "sum", "min", "max", "group", "count"}).Draw(t, "op")
	by := rapid.SampledFrom([]string{"", "endpoint", "endpoint, instance", "code", "instance, endpoint, code, nothing"}).Draw(t, "by")
	return fmt.Sprintf("%s by (%s) (%s)", op, by, e)
}

// randomTree returns the text of an expression with leaves.
func randomTree(t *rapid.T, names []string, window string) string {
	leaf := func() string { return randomLeaf(t, names, window) }
	switch rapid.IntRange(0, 9).Draw(t, "shape") {
	case 0:
		return fmt.Sprintf("(%s / %s) * 1000", leaf(), leaf())
	case 1:
		return fmt.Sprintf("histogram_quantile(0.9, %s) * 1000", leaf())
	case 2:
		l := leaf()
		return fmt.Sprintf("(%s or (%s * 0)) / %s", leaf(), l, l)
	case 3:
		return fmt.Sprintf(`sum by (class) (label_replace(%s, "class", "${1}xx", "code", "([1-5])..")) * 0.2`, leaf())
	case 4:
		return fmt.Sprintf("max_over_time(%s[4m1ms:1m])", randomLeaf(t, names, "1m"))
	case 5:
		return fmt.Sprintf("avg_over_time((%s * 2)[5m:90s] offset 1m)", randomLeaf(t, names, "90s"))
	case 6:
		return fmt.Sprintf("%s unless %s", leaf(), leaf())
	case 7:
		return fmt.Sprintf("%s + on () group_left () sum(%s)", leaf(), rapid.SampledFrom(names).Draw(t, "selector"))
	}
	return leaf()
}

func TestSessionsAnswerAsTheEngineDoes(tt *testing.T) {
	root := tt.TempDir()
	n := 0
	rapid.Check(tt, func(t *rapid.T) {
		n++
		db, names := randomStore(t, fmt.Sprintf("%s/%d", root, n))
		defer db.Close()
		e, _ := newEngine(tt, db, func(c *Config) { c.Lookback = 4 * time.Minute })
		ctx := all(context.Background())
		for range 5 {
			window := time.Duration(rapid.SampledFrom([]int{60, 90, 300, 1200}).Draw(t, "window")) * time.Second
			start := testTime.Add(time.Duration(rapid.IntRange(-300, 600).Draw(t, "start")) * time.Second)
			step := window
			if rapid.IntRange(0, 4).Draw(t, "wide") == 0 {
				step = window * 3 / 2
			}
			end := start.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "steps")) * step)
			text := randomTree(t, names, model.Duration(window).String())
			want, wantNotes, wantErr := e.Range(ctx, parse(tt, text), start, end, step)
			got, gotErr := e.NewSession().Range(ctx, parse(tt, text), start, end, step)
			about := fmt.Sprintf("%s from %s to %s by %s", text, start, end, step)
			if wantErr != nil {
				require.Error(t, gotErr, "%s: want %v", about, wantErr)
				require.Equal(t, wantErr.Error(), gotErr.Error(), about)
				continue
			}
			require.NoError(t, gotErr, about)
			requireSameMatrix(t, want, got.Matrix, about)
			require.ElementsMatch(t, notes(wantNotes), notes(got.Annotations), about)
		}
	})
}
