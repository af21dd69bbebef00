package fn

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestArrays(t *testing.T) {
	f := gives(t)
	x := arr(10, 20, 30, 40)
	f("4", "array_length", x)
	f("0", "array_length", arr())
	f("null", "array_length", bag("a", 1))
	f("null", "arraylength", "text")
	f("[40,30,20,10]", "array_reverse", x)
	f("[]", "array_reverse", arr())
	f("null", "array_reverse", 5)
	f("100.0", "array_sum", x)
	f("2.5", "array_sum", arr(1, 1.5))
	f("null", "array_sum", arr(1, "two"))
	f("0.0", "array_sum", arr())
	f("[10,20,30,40]", "array_concat", x)
	f(`[1,"a",[2]]`, "array_concat", arr(1), arr("a"), arr(arr(2)))
	f("null", "array_concat", arr(1), 2)
	f("null", "array_concat", arr(1), nil)
}

func TestArrayIndexOf(t *testing.T) {
	f := gives(t)
	x := arr("a", "b", "c", "b", "d", "b")
	f("1", "array_index_of", x, "b")
	f("-1", "array_index_of", x, "B")
	f("3", "array_index_of", x, "b", 2)
	f("5", "array_index_of", x, "b", -2)
	f("1", "array_index_of", x, "b", -99)
	f("-1", "array_index_of", x, "b", 99)
	f("-1", "array_index_of", x, "d", 0, 4)
	f("4", "array_index_of", x, "d", 0, 5)
	f("4", "array_index_of", x, "d", 1, int64(1<<63-1))
	f("5", "array_index_of", x, "b", 0, -1, 3)
	f("-1", "array_index_of", x, "b", 0, -1, 4)
	f("-1", "array_index_of", x, "b", 0, 0)
	f("null", "array_index_of", x, "b", 0, -2)
	f("null", "array_index_of", x, "b", 0, -1, -1)
	f("1", "array_index_of", arr(1, 2.0), 2)
	f("0", "array_index_of", arr(testNow), testNow)
	f("0", "array_index_of", arr(5), int32(5))
	f("null", "array_index_of", "abc", "b")
}

func TestArraySliceAndSplit(t *testing.T) {
	f := gives(t)
	x := arr(1, 2, 3, 4, 5)
	f("[2,3]", "array_slice", x, 1, 2)
	f("[3,4,5]", "array_slice", x, 2, -1)
	f("[2,3]", "array_slice", x, -4, -3)
	f("[1,2,3,4,5]", "array_slice", x, -99, 99)
	f("[]", "array_slice", x, 3, 2)
	f("[]", "array_slice", arr(), 0, 0)
	f("null", "array_slice", "abc", 0, 1)
	f("[[1,2],[3,4,5]]", "array_split", x, 2)
	f("[[1,2,3,4],[5]]", "array_split", x, -1)
	f("[[],[1,2,3,4,5]]", "array_split", x, 0)
	f("[[1,2,3,4,5],[]]", "array_split", x, 99)
	f("[[1],[2,3],[4,5]]", "array_split", x, arr(1, 3))
	f("[[1,2],[3],[4,5]]", "array_split", x, arr(2, -2))
	f("[[1,2,3],[],[2,3,4,5]]", "array_split", x, arr(3, 1))
	f("null", "array_split", x, arr("a"))
	f("null", "array_split", 1, 1)
}

func TestArrayIff(t *testing.T) {
	f := gives(t)
	for _, name := range []string{"array_iff", "array_iif"} {
		f("[1,5,3]", name, arr(true, false, true), arr(1, 2, 3), arr(4, 5, 6))
		f(`["y","n","y"]`, name, arr(2, 0, 0.5), "y", "n")
		f("[null,null]", name, arr("true", nil), 1, 0)
		f("[1,null]", name, arr(true, true), arr(1), arr(3, 4))
		f("[null,2]", name, arr(true, false), nil, int32(2))
		f("null", name, true, 1, 2)
	}
}

func TestArrayShift(t *testing.T) {
	f := gives(t)
	x := arr(1, 2, 3, 4)
	f("[2,3,4,1]", "array_rotate_left", x, 1)
	f("[4,1,2,3]", "array_rotate_left", x, -1)
	f("[3,4,1,2]", "array_rotate_left", x, 402)
	f("[1,2,3,4]", "array_rotate_left", x, int64(-1<<63))
	f("[4,1,2,3]", "array_rotate_right", x, 1)
	f("[2,3,4,1]", "array_rotate_right", x, -5)
	f("[]", "array_rotate_right", arr(), 3)
	f("null", "array_rotate_right", 1, 1)
	f("[3,4,null,null]", "array_shift_left", x, 2)
	f("[3,4,0,0]", "array_shift_left", x, 2, 0)
	f(`["x",1,2,3]`, "array_shift_left", x, -1, "x")
	f("[null,null,null,null]", "array_shift_left", x, 99)
	f("[null,1,2,3]", "array_shift_right", x, 1)
	f("[9,9,1,2]", "array_shift_right", x, 2, int32(9))
	f("[3,4,null,null]", "array_shift_right", x, -2, nil)
	f("[7,7,7,7]", "array_shift_right", x, int64(-1<<63), 7)
	f("null", "array_shift_right", "x", 1)
	f("null", "array_shift_right", x, nil)
}

func TestRotationsTurnBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := value.Array(rapid.SliceOfN(dynamics(0), 0, 6).Draw(t, "x"))
		by := rapid.OneOf(rapid.Int64Range(-8, 8), rapid.Int64()).Draw(t, "by")
		if got := rotated(rotated(x, by, 1).(value.Array), by, -1); show(got) != show(x) {
			t.Fatalf("%s turned by %d and back is %s", show(x), by, show(got))
		}
	})
}

func TestArraySort(t *testing.T) {
	f := gives(t)
	f("[1,2,3]", "array_sort_asc", arr(3, 1, 2))
	f("[3,2,1]", "array_sort_desc", arr(3, 1, 2))
	f("[]", "array_sort_asc", arr())
	f(`["a","b",null,null]`, "array_sort_asc", arr(nil, "b", nil, "a"))
	f(`["b","a",null,null]`, "array_sort_desc", arr(nil, "b", nil, "a"))
	f(`[1.5,2,"A","a",[1]]`, "array_sort_asc", arr(arr(1), "a", 2, "A", 1.5))
	f(`[2,1.5,"a","A",[1]]`, "array_sort_desc", arr(arr(1), "a", 2, "A", 1.5))
	f(`[[1,2,3],["b","c","a"],null,[true,true,false]]`, "array_sort_asc", arr(3, 1, 2), arr("a", "b", "c"), arr(1), arr(false, true, true))
	f(`[[3,2,1],["a","c","b"],null]`, "array_sort_desc", arr(3, 1, 2), arr("a", "b", "c"), nil)
	f("null", "array_sort_asc", nil)

	if got := show(call(t, "array_sort_asc", arr(nil, 2, nil, 1), false)); got != "[null,null,1,2]" {
		t.Errorf("nulls first: %s", got)
	}
	if got := show(call(t, "array_sort_desc", arr(nil, 2, nil, 1), true)); got != "[2,1,null,null]" {
		t.Errorf("nulls last: %s", got)
	}
	if msg := callError(t, "array_sort_asc", false); !strings.Contains(msg, "argument 1 must be an array") {
		t.Error(msg)
	}
	if msg := callError(t, "array_sort_asc", arr(1), false, arr(1)); !strings.Contains(msg, "argument 2 must be an array") {
		t.Error(msg)
	}
	callError(t, "array_sort_asc", arr(1), 5)
	callError(t, "array_sort_asc", "b")
	if _, err := tryCall(t, false, "array_sort_desc", arr(1), true); err == nil || !strings.Contains(err.Error(), "constant") {
		t.Errorf("the place of nulls from a row: %v", err)
	}
}

func TestArraySortColumns(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := lib.Scalar("array_sort_desc")
	a, b, last := Arg{Type: value.Dynamic, Name: "names"}, Arg{Type: value.Dynamic}, Arg{Type: value.Bool, Const: true, Value: true}
	for _, c := range []struct {
		args []Arg
		want string
	}{
		{[]Arg{a}, ""},
		{[]Arg{a, last}, ""},
		{[]Arg{a, b}, "names_sorted array1_sorted"},
		{[]Arg{b, a, b, last}, "array0_sorted names_sorted array2_sorted"},
	} {
		columns, err := s.Columns(c.args)
		var names []string
		for _, col := range columns {
			if col.Type != value.Dynamic {
				t.Errorf("%s is a %s", col.Name, col.Type)
			}
			names = append(names, col.Name)
		}
		if got := strings.Join(names, " "); got != c.want || err != nil {
			t.Errorf("columns %q, %v, want %q", got, err, c.want)
		}
	}
}

func TestSortedArraysAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := value.Array(rapid.SliceOfN(dynamics(1), 0, 8).Draw(t, "x"))
		direction := rapid.SampledFrom([]int{1, -1}).Draw(t, "direction")
		places := make(value.Array, len(x))
		for i := range places {
			places[i] = int64(i)
		}
		both := sortArrays([]value.Value{x, places}, direction, true).(value.Array)
		sorted, from := both[0].(value.Array), both[1].(value.Array)
		seen := map[value.Value]bool{}
		for i, v := range sorted {
			if seen[from[i]] || show(v) != show(x[from[i].(int64)]) {
				t.Fatalf("%s sorted is %s from %s", show(x), show(sorted), show(from))
			}
			seen[from[i]] = true
			if i == 0 || v == nil {
				continue
			}
			p := sorted[i-1]
			if p == nil || sortGroup(p) > sortGroup(v) || sortGroup(p) == sortGroup(v) && value.Compare(p, v)*direction > 0 {
				t.Fatalf("%s before %s", show(p), show(v))
			}
		}
	})
}

func TestRange(t *testing.T) {
	f := gives(t)
	f("[1,4,7]", "range", 1, 8, 3)
	f("[1,2,3]", "range", 1, 3)
	f("[5,3,1]", "range", 5, 0, -2)
	f("[]", "range", 3, 1)
	f("[2]", "range", 2, 2, 5)
	f("[0.0,0.5,1.0]", "range", 0, 1, 0.5)
	f("[1.5,0.5]", "range", 1.5, 0, -1)
	f("null", "range", 1, 5, 0)
	f("null", "range", 1, nil)
	f("null", "range", 1.0, 5, nan)
	f("[9223372036854775805,9223372036854775807]", "range", int64(1<<63-3), int64(1<<63-1), 2)
	f("[-9223372036854775808,-1,9223372036854775806]", "range", int64(-1<<63), int64(1<<63-1), int64(1<<63-1))
	f(`["01:00:00","02:00:00","03:00:00"]`, "range", value.Hour, 3*value.Hour)
	f(`["00:30:00","00:15:00","00:00:00"]`, "range", 30*value.Minute, value.Span(0), -15*value.Minute)
	f(`["2024-02-28T00:00:00.0000000Z","2024-02-29T00:00:00.0000000Z"]`, "range", tm("2024-02-28"), tm("2024-02-29T12:00:00"), value.Day)
	f(`["2024-02-28T00:00:00.0000000Z","2024-02-28T01:00:00.0000000Z"]`, "range", tm("2024-02-28"), tm("2024-02-28T01:00:00"))
	callError(t, "range", 1, testNow)
	callError(t, "range", testNow, testNow, 1)
	callError(t, "range", 1, 5, value.Hour)
	callError(t, "range", "a", "b")
	for _, v := range []value.Value{
		call(t, "range", 1, 5_000_000_000),
		call(t, "range", 0.0, 1e300),
		call(t, "range", int64(1<<63-1), int64(-1<<63), -1),
	} {
		if n := len(v.(value.Array)); n != 1048576 {
			t.Errorf("a long range has %d elements", n)
		}
	}
}

func TestRepeatAndZip(t *testing.T) {
	f := gives(t)
	f("[7,7,7]", "repeat", 7, 3)
	f(`["a"]`, "repeat", "a", 1)
	f("[]", "repeat", "a", 0)
	f("null", "repeat", "a", -1)
	f("null", "repeat", "a", nil)
	f("[null,null]", "repeat", nil, 2)
	if msg := callError(t, "repeat", 1, 1<<40); !strings.Contains(msg, "1099511627776 is above the limit of 16777216") {
		t.Error(msg)
	}
	f(`[[1,"a"],[2,"b"]]`, "zip", arr(1, 2), arr("a", "b"))
	f(`[[1,"a",true],[2,null,null]]`, "zip", arr(1, 2), arr("a"), arr(true))
	f("[]", "zip", arr(), arr())
	f("null", "zip", arr(1), 2)
	f("null", "zip", arr(1), nil)
}

func TestLongArraysCountAgainstTheBudget(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	spent, full := 0, errors.New("the query needs too much memory")
	c := &Context{Budget: func(n int) error {
		if spent += n; spent > 1<<20 {
			return full
		}
		return nil
	}}
	for name, args := range map[string][]value.Value{
		"range":  {int64(1), int64(100_000)},
		"repeat": {"x", int64(100_000)},
		"zip":    {make(value.Array, 100_000), arr(1)},
	} {
		s, _ := lib.Scalar(name)
		eval, err := s.Make(c, make([]Arg, len(args)))
		if err != nil {
			t.Fatal(err)
		}
		spent = 0
		if _, err := eval(args); !errors.Is(err, full) {
			t.Errorf("%s: %v after %d bytes", name, err, spent)
		}
		spent = 0
		if _, err := eval([]value.Value{arr(1, 2), arr(3)}); name == "zip" && (err != nil || spent != 0) {
			t.Errorf("%s of short arrays: %v after %d bytes", name, err, spent)
		}
	}
}
