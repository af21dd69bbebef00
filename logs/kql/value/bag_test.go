package value

import (
	"strconv"
	"testing"
)

func TestBagKeepsOrderAndFindsKeys(t *testing.T) {
	for _, n := range []int{0, 1, bagScan, bagScan + 1, 100} {
		b := &Bag{}
		for i := range n {
			b.Set(strconv.Itoa(i), int64(i))
		}
		if n > 0 {
			b.Set("0", "again") // keeps its place
		}
		if b.Len() != n {
			t.Fatalf("%d keys: Len is %d", n, b.Len())
		}
		for i := range n {
			want := Value(int64(i))
			if i == 0 {
				want = "again"
			}
			if v, ok := b.Get(strconv.Itoa(i)); !ok || v != want {
				t.Errorf("%d keys: key %d is %v, %v", n, i, v, ok)
			}
			if k, v := b.At(i); k != strconv.Itoa(i) || v != want || b.Keys()[i] != k {
				t.Errorf("%d keys: pair %d is %s, %v", n, i, k, v)
			}
		}
		if v, ok := b.Get("none"); ok {
			t.Errorf("%d keys: a missing key is %v", n, v)
		}
	}
}

func TestZeroAndTypeOf(t *testing.T) {
	if Zero(String) != "" || Zero(Long) != nil {
		t.Error("Zero")
	}
	for _, c := range []struct {
		v    Value
		want Type
	}{{true, Bool}, {int32(1), Int}, {int64(1), Long}, {1.5, Real}, {dec(t, "1"), Decimal}, {Time(0), Datetime}, {Span(0), Timespan}, {"", String},
		{UUID(""), GUID}, {Array{}, Dynamic}, {&Bag{}, Dynamic}} {
		if got := TypeOf(c.v); got != c.want {
			t.Errorf("TypeOf(%#v) = %v, want %v", c.v, got, c.want)
		}
	}
}
