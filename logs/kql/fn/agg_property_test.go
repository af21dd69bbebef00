package fn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

// columnsOf adds rows to a fresh accumulator and returns its results.
func columnsOf(t *rapid.T, a *aggregation, name string, args []Arg, rows [][]value.Value) []value.Value {
	acc, err := a.accumulate(name, args, rows)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := acc.(MultiAccumulator); ok {
		return m.Results()
	}
	return []value.Value{acc.Result()}
}

func TestPercentilesAgreeWithSorting(t *testing.T) {
	a := newAggregation(t)
	rapid.Check(t, func(t *rapid.T) {
		// A narrow range makes many equal values.
		wide := rapid.SampledFrom([]int64{3, 1000, math.MaxInt64}).Draw(t, "range")
		values := rapid.SliceOfN(rapid.Int64Range(-wide, wide), 1, 2000).Draw(t, "values")
		tenths := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 12).Draw(t, "percentiles")
		args, rows := []Arg{column("n", value.Long)}, make([][]value.Value, len(values))
		for _, p := range tenths {
			args = append(args, constant(float64(p)/10))
		}
		for i, v := range values {
			rows[i] = []value.Value{v}
		}
		got := columnsOf(t, a, "percentiles", args, rows)
		sorted := slices.Sorted(slices.Values(values))
		for i, p := range tenths {
			// The smallest k with k/n >= p/1000, in integers.
			k := max((p*len(sorted)+999)/1000, 1)
			if want := sorted[k-1]; got[i] != value.Value(want) {
				t.Fatalf("percentile %d/10 of %d values is %v, want %d", p, len(values), got[i], want)
			}
		}
	})
}

func TestWeightedPercentilesAgreeWithRepeatedValues(t *testing.T) {
	a := newAggregation(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		var weighted, repeated [][]value.Value
		for range n {
			v, w := rapid.Int64Range(0, 20).Draw(t, "value"), rapid.Int64Range(0, 5).Draw(t, "weight")
			weighted = append(weighted, []value.Value{v, w})
			for range w {
				repeated = append(repeated, []value.Value{v})
			}
		}
		p := constant(float64(rapid.IntRange(0, 100).Draw(t, "p")))
		x, w := column("n", value.Long), column("w", value.Long)
		want := columnsOf(t, a, "percentile", []Arg{x, p}, repeated)[0]
		if got := columnsOf(t, a, "percentilew", []Arg{x, w, p}, weighted)[0]; got != want {
			t.Fatalf("percentilew gives %v, percentile of the repeated values %v", got, want)
		}
		digest := columnsOf(t, a, "tdigest", []Arg{x, w}, weighted)[0]
		d, ok := digestOf(digest)
		if !ok {
			if want != nil {
				t.Fatalf("no digest: %v", digest)
			}
			return
		}
		if got := d.percentile(p.Value.(float64)); got != want {
			t.Fatalf("the digest gives %v, percentile %v", got, want)
		}
	})
}

func TestVarianceAgreesWithTwoPasses(t *testing.T) {
	a := newAggregation(t)
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.SampledFrom([]float64{0, 1e3, 1e6}).Draw(t, "offset")
		xs := rapid.SliceOfN(rapid.Float64Range(-100, 100), 2, 200).Draw(t, "xs")
		rows, both, sum := make([][]value.Value, len(xs)), make([][]value.Value, len(xs)), 0.0
		for i, x := range xs {
			rows[i], both[i] = []value.Value{x + offset}, []value.Value{x + offset, x + offset}
			sum += x + offset
		}
		mean, squares := sum/float64(len(xs)), 0.0
		for _, r := range rows {
			d := r[0].(float64) - mean
			squares += d * d
		}
		for name, want := range map[string]float64{"variance": squares / float64(len(xs)-1), "variancep": squares / float64(len(xs)),
			"stdev": math.Sqrt(squares / float64(len(xs)-1)), "stdevp": math.Sqrt(squares / float64(len(xs)))} {
			got := columnsOf(t, a, name, []Arg{column("x", value.Real)}, rows)[0].(float64)
			if math.Abs(got-want) > 1e-7*(1+want) {
				t.Fatalf("%s is %v, want %v", name, got, want)
			}
		}
		x := column("x", value.Real)
		if v, c := columnsOf(t, a, "variance", []Arg{x}, rows)[0], columnsOf(t, a, "covariance", []Arg{x, x}, both)[0]; math.Abs(v.(float64)-c.(float64)) > 1e-7*(1+v.(float64)) {
			t.Fatalf("the covariance with itself is %v, the variance %v", c, v)
		}
	})
}

func TestInt128AgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Int64(), 1, 50).Draw(t, "xs")
		var s int128
		halves := 0.0
		for _, x := range xs {
			s.add(x)
			halves += float64(x) / 1024
		}
		if got := s.float() / 1024; math.Abs(got-halves) > 1e-6*math.Abs(halves)+64 {
			t.Fatalf("sum is %v, want about %v", got, halves)
		}
		same := int128{}
		for range xs {
			same.add(xs[0])
		}
		if got := same.mean(int64(len(xs))); got != xs[0] {
			t.Fatalf("the mean of %d times %d is %d", len(xs), xs[0], got)
		}
	})
}

// TestDistinctCounts checks the estimate against the truth at counts below and above the exact part, and that merging sketches of overlapping
// sets, of one size or two, counts their union.
func TestDistinctCounts(t *testing.T) {
	limits := []float64{0.016, 0.008, 0.004, 0.0028, 0.002}
	for accuracy, limit := range limits {
		bits := hllBits(int64(accuracy))
		for _, n := range []int{1, 1000, hllExact, hllExact + 1, 20_000, 300_000} {
			h := newHLL(bits)
			for i := range n {
				h.add(int64(i))
				if i%3 == 0 {
					h.add(int64(i))
				}
			}
			got := float64(h.count())
			if n <= hllExact && got != float64(n) {
				t.Errorf("accuracy %d counts %v of %d", accuracy, got, n)
			}
			if off := math.Abs(got-float64(n)) / float64(n); off > 3*limit {
				t.Errorf("accuracy %d counts %v of %d: off by %.4f", accuracy, got, n, off)
			}
		}
	}
}

// TestDcountIsExactWhereItCan counts more distinct values than a sketch keeps exactly, in two groups that share what is kept.
func TestDcountIsExactWhereItCan(t *testing.T) {
	var dcount Aggregate
	for _, a := range distinctAggregates() {
		if strings.HasPrefix(a.Signature.Text, "dcount(") {
			dcount = a
		}
	}
	grown := 0
	next, err := dcount.Make(&Context{Budget: func(n int) error { grown += n; return nil }}, []Arg{column("x", value.Long)})
	require.NoError(t, err)
	few, many := next(), next()
	for i := range 20_000 {
		require.NoError(t, few.Add([]value.Value{int64(i)}))
		require.NoError(t, few.Add([]value.Value{int64(i)}))
	}
	const n = dcountExact + dcountExact/4
	for i := range n {
		require.NoError(t, many.Add([]value.Value{int64(i)}))
	}
	require.Equal(t, int64(20_000), few.Result())
	require.InEpsilon(t, n, many.Result(), 0.05, "estimated once the room for exact ones is used up")
	require.Less(t, grown, 32<<20)
}

func TestMergedSketchesEqualOneSketch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{10, 3000, 9000})
		nA, nB, shift := size.Draw(t, "a"), size.Draw(t, "b"), size.Draw(t, "shift")
		bitsA, bitsB := hllBits(rapid.Int64Range(0, 2).Draw(t, "accuracy a")), hllBits(rapid.Int64Range(0, 2).Draw(t, "accuracy b"))
		a, b, whole := newHLL(bitsA), newHLL(bitsB), newHLL(min(bitsA, bitsB))
		for i := range nA {
			a.add(int64(i))
			whole.add(int64(i))
		}
		for i := range nB {
			b.add(int64(i + shift))
			whole.add(int64(i + shift))
		}
		left, ok1 := hllOf(a.value())
		right, ok2 := hllOf(b.value())
		if !ok1 || !ok2 {
			t.Fatal("a sketch does not read back")
		}
		left.merge(right)
		if left.registers == nil != (whole.registers == nil) {
			// The merge counts by registers as soon as one of the two does.
			if whole.registers == nil {
				whole.spill()
			}
		}
		if got, want := left.count(), whole.count(); got != want {
			t.Fatalf("merged %d, as one %d", got, want)
		}
	})
}

func TestSketchAggregates(t *testing.T) {
	a := newAggregation(t)
	x, flag := column("n", value.Long), column("p", value.Bool)
	one, _ := a.accumulate("hll", []Arg{x}, longs(1, 2, 3, 3))
	two, _ := a.accumulate("hll_if", []Arg{x, flag}, pairs(int64(3), true, int64(4), true, int64(5), false))
	merged, _ := a.accumulate("hll_merge", []Arg{column("h", value.Dynamic)}, rows1(one.Result(), nil, two.Result()))
	for _, c := range []struct {
		sketch value.Value
		want   value.Value
	}{
		{one.Result(), int64(3)}, {two.Result(), int64(2)}, {merged.Result(), int64(4)}, {call(t, "hll_merge", one.Result(), two.Result()), int64(4)},
		{call(t, "hll_merge", nil, two.Result()), int64(2)}, {value.Array{}, nil}, {"x", nil}, {value.Array{value.Array{int64(1), int64(99)}, value.Array{}, ""}, nil},
	} {
		if got := call(t, "dcount_hll", c.sketch); got != c.want {
			t.Errorf("dcount_hll(%v) = %v, want %v", c.sketch, got, c.want)
		}
	}
}

// TestDigestIsCloseToTheRank compresses, and checks that percentiles stay within a part of the rank that shrinks towards the tails.
func TestDigestIsCloseToTheRank(t *testing.T) {
	for _, typ := range []value.Type{value.Long, value.Real, value.Datetime} {
		d := digest{typ: typ}
		const n = 200_000
		random := rand.New(rand.NewPCG(1, 2))
		for _, i := range random.Perm(n) {
			v := map[value.Type]value.Value{value.Long: int64(i), value.Real: float64(i), value.Datetime: value.Time(i)}[typ]
			p, _ := d.read(v, 1)
			if err := d.add(p); err != nil {
				t.Fatal(err)
			}
		}
		if len(d.parts) > 2*digestExact {
			t.Errorf("%s: %d parts of %d values", typ, len(d.parts), n)
		}
		for _, p := range []float64{0, 0.1, 1, 25, 50, 75, 99, 99.9, 100} {
			v := d.percentile(p)
			got, _ := integral(v)
			if f, ok := v.(float64); ok {
				got = int64(f)
			}
			want, room := p/100*n, n*(0.0001+0.01*p/100*(1-p/100))
			if math.Abs(float64(got)-want) > room {
				t.Errorf("%s: percentile %v is %d, want about %.0f", typ, p, got, want)
			}
		}
	}
}

func TestDigestFunctions(t *testing.T) {
	a := newAggregation(t)
	acc, _ := a.accumulate("tdigest", []Arg{column("n", value.Long)}, longs(10, 20, 30, 40))
	numbers := acc.Result()
	acc, _ = a.accumulate("tdigest", []Arg{column("t", value.Timespan)}, rows1(value.Minute, value.Hour))
	spans := acc.Result()
	text := string(value.AppendJSON(nil, spans))
	parsed, _ := value.ParseJSON(text)
	for _, c := range []struct {
		name string
		args []value.Value
		want string
	}{
		{"percentile_tdigest", []value.Value{numbers, int64(50)}, "20"},
		{"percentile_tdigest", []value.Value{numbers, 100.0, "string"}, `"40"`},
		{"percentile_tdigest", []value.Value{spans, 1.0, "timespan"}, `"00:01:00"`},
		{"percentile_tdigest", []value.Value{parsed, 99.0}, `"01:00:00"`},
		{"percentile_tdigest", []value.Value{"no digest", 99.0}, "null"},
		{"percentiles_array_tdigest", []value.Value{numbers, 1.0, 99.0}, "[10,40]"},
		{"percentiles_array_tdigest", []value.Value{numbers, value.Array{int64(1), 99.0}}, "[10,40]"},
		{"percentiles_array_tdigest", []value.Value{value.Array{}, 1.0}, "[null]"},
		{"rank_tdigest", []value.Value{numbers, int64(30)}, "3.0"},
		{"rank_tdigest", []value.Value{numbers, 9.5}, "0.0"},
		{"rank_tdigest", []value.Value{spans, value.Hour}, "2.0"},
		{"rank_tdigest", []value.Value{spans, int64(5)}, "null"},
		{"percentrank_tdigest", []value.Value{numbers, int64(30)}, "75.0"},
		{"percentrank_tdigest", []value.Value{numbers, 45.0}, "100.0"},
		{"percentrank_tdigest", []value.Value{value.Array{}, 45.0}, "null"},
		{"tdigest_merge", []value.Value{numbers, numbers}, `[["long"],[10,10,20,20,30,30,40,40],[1,1,1,1,1,1,1,1]]`},
		{"merge_tdigest", []value.Value{nil, spans}, text},
		{"merge_tdigests", []value.Value{"none", nil}, "null"},
	} {
		if got := string(value.AppendJSON(nil, call(t, c.name, c.args...))); got != c.want {
			t.Errorf("%s%v = %s, want %s", c.name, c.args, got, c.want)
		}
	}
	if got := callError(t, "percentile_tdigest", numbers, 101.0); got != `percentile_tdigest(): the percentile must be a number from 0 to 100 (got "101.0")` {
		t.Error(got)
	}
	if got := callError(t, "percentile_tdigest", numbers, 1.0, "no type"); got != `the type must be given as typeof(name of a type) (got "no type")` {
		t.Error(got)
	}
	if got := callError(t, "tdigest_merge", numbers, spans); got != "tdigest_merge(): digests of long and of timespan values do not merge" {
		t.Error(got)
	}
}

func BenchmarkPercentiles(b *testing.B) {
	const rows = 1 << 20
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]value.Value, rows)
	for i := range values {
		values[i] = int64(random.ExpFloat64() * 1e6)
	}
	l, err := NewLibrary()
	if err != nil {
		b.Fatal(err)
	}
	for _, ps := range [][]float64{{95}, {50, 95, 99}} {
		b.Run(fmt.Sprint(len(ps)), func(b *testing.B) {
			agg, _ := l.Aggregate("percentiles")
			args := []Arg{column("n", value.Long)}
			for _, p := range ps {
				args = append(args, constant(p))
			}
			make1, _ := agg.Make(&Context{Budget: func(int) error { return nil }}, args)
			buffer := make([]value.Value, len(args))
			b.ReportAllocs()
			for b.Loop() {
				acc := make1()
				for _, v := range values {
					buffer[0] = v
					_ = acc.Add(buffer)
				}
				acc.(MultiAccumulator).Results()
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
