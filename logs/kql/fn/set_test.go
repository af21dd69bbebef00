package fn

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestSets(t *testing.T) {
	f := gives(t)
	f("[3,1,2]", "set_union", arr(3, 1, 3), arr(2, 1))
	f(`[1,"1",[1],null]`, "set_union", arr(1, "1"), arr(arr(1), nil), arr(1, arr(1)))
	f("[]", "set_union", arr(), arr())
	f("null", "set_union", arr(1), nil)
	f("null", "set_union", arr(1), 1)
	f("[1]", "set_intersect", arr(1, 2, 1), arr(1, 3))
	f(`["b"]`, "set_intersect", arr("a", "b", "c"), arr("b", "c"), arr("b"))
	f("[]", "set_intersect", arr(1), arr(2))
	f("null", "set_intersect", arr(1), "a")
	f("null", "set_intersect", "a", arr(1))
	f("[2]", "set_difference", arr(1, 2, 2), arr(1, 3))
	f("[4]", "set_difference", arr(1, 2, 4), arr(1), arr(2))
	f("[]", "set_difference", arr(1), arr(1.0))
	f("null", "set_difference", arr(1), bag())
	f("true", "set_has_element", arr("a", "b"), "b")
	f("false", "set_has_element", arr("a", "b"), "B")
	f("true", "set_has_element", arr(1, 2), int32(2))
	f("true", "set_has_element", arr(arr(1)), arr(1))
	f("false", "set_has_element", arr(nil), 1)
	f("null", "set_has_element", "ab", "a")
	f("true", "set_equals", arr(1, 2, 2), arr(2, 1))
	f("false", "set_equals", arr(1), arr(1, 2))
	f("false", "set_equals", arr(1, 3), arr(1, 2))
	f("null", "set_equals", arr(1), 1)
	f("0.25", "jaccard_index", arr(1, 2, 2), arr(2, 3, 4))
	f("1.0", "jaccard_index", arr(1, 1), arr(1))
	f("0.0", "jaccard_index", arr(1), arr())
	f("null", "jaccard_index", arr(1), nil)
	if v := call(t, "jaccard_index", arr(), arr()).(float64); !math.IsNaN(v) {
		t.Errorf("jaccard_index of empty arrays is %v", v)
	}
}

func TestSetLaws(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	eval := func(name string, a ...value.Value) value.Value {
		s, _ := lib.Scalar(name)
		e, err := s.Make(testContext(), make([]Arg, len(a)))
		if err != nil {
			t.Fatal(err)
		}
		v, err := e(a)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) value.Value {
			return append(value.Array{}, rapid.SliceOfN(dynamics(1), 0, 6).Draw(t, name)...)
		}
		a, b := draw("a"), draw("b")
		both, onlyA, onlyB := eval("set_intersect", a, b), eval("set_difference", a, b), eval("set_difference", b, a)
		union := eval("set_union", a, b)
		if n := len(both.(value.Array)) + len(onlyA.(value.Array)) + len(onlyB.(value.Array)); n != len(union.(value.Array)) {
			t.Fatalf("%s and %s have %d distinct elements by parts and %d together", show(a), show(b), n, len(union.(value.Array)))
		}
		if eval("set_equals", union, eval("set_union", onlyB, both, onlyA)) != true {
			t.Fatalf("the parts of %s and %s do not make their union", show(a), show(b))
		}
		for _, v := range union.(value.Array) {
			if v != nil && eval("set_has_element", a, v) == false && eval("set_has_element", b, v) == false {
				if f, ok := v.(float64); !ok || !math.IsNaN(f) {
					t.Fatalf("%s comes from nowhere", show(v))
				}
			}
		}
	})
}
