package fn

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestPathAndElement(t *testing.T) {
	b := bag("a", arr(1, "two", nil), "B", bag("c", 3))
	for _, c := range []struct {
		got  value.Value
		want string
	}{
		{Path(b, "a"), `[1,"two",null]`},
		{Path(Path(b, "B"), "c"), "3"},
		{Path(b, "b"), "null"}, // keys are case-sensitive
		{Path(arr(1), "a"), "null"},
		{Path("text", "a"), "null"},
		{Path(nil, "a"), "null"},
		{Element(Path(b, "a"), 0), "1"},
		{Element(Path(b, "a"), -2), `"two"`},
		{Element(Path(b, "a"), -3), "1"},
		{Element(Path(b, "a"), -4), "null"},
		{Element(Path(b, "a"), 3), "null"},
		{Element(Path(b, "a"), -1<<63), "null"},
		{Element(b, 0), "null"},
		{Element(nil, 0), "null"},
	} {
		if got := show(c.got); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestKeyPath(t *testing.T) {
	for key, want := range map[string]string{
		"a": "a", "a.b": "a.b", "": "", "$x": "$x", "$.a": "a", "$.a.b c.d": "a|b c|d", "$['a.b'].c": "a.b|c", `$["a"]["b"]`: "a|b", "$.a['b']": "a|b",
		"$": "none", "$.": "none", "$.a.": "none", "$.a..b": "none", "$.a[0]": "none", "$['a": "none", "$[0]": "none", "$['a']b": "none", "$.a[": "none",
	} {
		got := "none"
		if path, ok := keyPath(key); ok {
			got = strings.Join(path, "|")
		}
		if got != want {
			t.Errorf("key path %q is %s, want %s", key, got, want)
		}
	}
}

func FuzzKeyPath(f *testing.F) {
	f.Add("$.a['b'].c")
	f.Add(`$["a"]`)
	f.Add("$[")
	f.Fuzz(func(t *testing.T, key string) {
		path, ok := keyPath(key)
		if ok && len(path) == 0 {
			t.Fatalf("%q has a path without steps", key)
		}
		if !ok {
			return
		}
		// What is set under a path is there, and gone once it is removed.
		b := withKey(&value.Bag{}, path, int64(1))
		var v value.Value = b
		for _, k := range path {
			v = Path(v, k)
		}
		if v != int64(1) {
			t.Fatalf("%q leads to %v", key, v)
		}
		if left := withoutKey(b, path); show(left) == show(b) {
			t.Fatalf("%q is not removed from %s", key, show(b))
		}
	})
}

func TestBags(t *testing.T) {
	f := gives(t)
	b := bag("a", 1, "b", bag("c", "x", "d", nil))
	f(`["a","b"]`, "bag_keys", b)
	f("[]", "bag_keys", bag())
	f("null", "bag_keys", arr("a"))
	f("true", "bag_has_key", b, "a")
	f("false", "bag_has_key", b, "c")
	f("true", "bag_has_key", b, "$.b.c")
	f("true", "bag_has_key", b, "$.b.d") // it is there, and null
	f("false", "bag_has_key", b, "$.a.c")
	f("false", "bag_has_key", b, "$")
	f("false", "bag_has_key", arr("a"), "a")
	f("null", "bag_has_key", nil, "a")
	f(`{"a":1,"b":2,"c":3}`, "bag_merge", bag("a", 1, "b", 2), bag("b", 9, "c", 3))
	f(`{"a":1,"b":2,"c":3}`, "bag_merge", bag("a", 1), bag("b", 2), bag("c", 3))
	f("null", "bag_merge", bag("a", 1), nil)
	f("null", "bag_merge", bag("a", 1), arr(1))
	f(`{"b":{"c":"x","d":null}}`, "bag_remove_keys", b, arr("a", "zz"))
	f(`{"a":1,"b":{"d":null}}`, "bag_remove_keys", b, arr("$.b.c", "$.a.x", 5))
	f(`{}`, "bag_remove_keys", b, arr("a", "b"))
	f("null", "bag_remove_keys", arr(1), arr("a"))
	f("null", "bag_remove_keys", b, "a")
	f(`{"a":"new","b":{"c":"x","d":null}}`, "bag_set_key", b, "a", "new")
	f(`{"a":1,"b":{"c":"x","d":null},"e":1.5}`, "bag_set_key", b, "e", 1.5)
	f(`{"a":1,"b":{"c":"x","d":[7]}}`, "bag_set_key", b, "$.b.d", arr(7))
	f(`{"a":{"deep":{"er":1}},"b":{"c":"x","d":null}}`, "bag_set_key", b, "$.a.deep.er", int32(1))
	f(`{"a":null,"b":{"c":"x","d":null}}`, "bag_set_key", b, "a", nil)
	f("null", "bag_set_key", b, "$.a[0]", 1)
	f("null", "bag_set_key", nil, "a", 1)
	f(`{"x":1,"y":"two","z":null}`, "bag_zip", arr("x", "y", "z"), arr(1, "two"))
	f(`{"x":1,"z":3}`, "bag_zip", arr("x", 8, "z"), arr(1, 2, 3, 4))
	f(`{"x":null}`, "bag_zip", arr("x"), nil)
	f(`{"x":null}`, "bag_zip", arr("x"), 5)
	f("null", "bag_zip", "x", arr(1))
	if got := show(b); got != `{"a":1,"b":{"c":"x","d":null}}` {
		t.Errorf("the bag was changed: %s", got)
	}
}

func TestTreepath(t *testing.T) {
	f := gives(t)
	f(`["['a']","['b']"]`, "treepath", bag("a", 1, "b", "x"))
	f(`["['a']","['a'][0]","['a'][0]['x']","['a'][0]['y']","['b']","['b']['c']"]`, "treepath", bag("a", arr(1, bag("x", 1), bag("x", 2, "y", 3)), "b", bag("c", nil)))
	f(`["[0]"]`, "treepath", arr(1, 2))
	f("[]", "treepath", bag())
	f("null", "treepath", "text")
	f("null", "treepath", nil)
}

func TestPack(t *testing.T) {
	f := gives(t)
	f(`[1,"a",null,[2]]`, "pack_array", 1, "a", nil, arr(2))
	f(`[7]`, "pack_array", int32(7))
	f(`["01:00:00","2024-02-29T12:34:56.0000000Z"]`, "pack_array", value.Hour, testNow)
	for _, name := range []string{"bag_pack", "pack", "pack_dictionary"} {
		f(`{"a":1}`, name, "a", 1)
		f(`{"a":1,"b":{"c":null}}`, name, "a", int32(1), "b", bag("c", nil))
		f(`{"a":null,"b":"x"}`, name, "a", nil, "b", "x")
		f(`{"a":2}`, name, "a", 1, "a", 2)
		if msg := callError(t, name, "a", 1, "b"); !strings.Contains(msg, "3 arguments") {
			t.Error(msg)
		}
		callError(t, name, 1, "a")
	}
	if v := call(t, "pack_array", int32(7)).(value.Array)[0]; v != int64(7) {
		t.Errorf("an int in an array is a %T", v)
	}

	names, row := []string{"a", "b", "c"}, []value.Value{nil, "", int32(3)}
	if got := show(PackRow(names, row, false)); got != `{"a":null,"b":"","c":3}` {
		t.Error(got)
	}
	if got := show(PackRow(names, row, true)); got != `{"c":3}` {
		t.Error(got)
	}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := lib.Scalar("bag_pack_columns")
	eval, err := s.Make(testContext(), []Arg{{Type: value.Long, Name: "n"}, {Type: value.String, Name: "some text"}})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := eval([]value.Value{nil, "x"}); show(v) != `{"n":null,"some text":"x"}` || err != nil {
		t.Errorf("bag_pack_columns: %s, %v", show(v), err)
	}
	if msg := callError(t, "bag_pack_columns", 1, 2); !strings.Contains(msg, "argument 1 is not a column") {
		t.Error(msg)
	}
}

func TestUnsupportedFunctionsSayWhy(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]string{
		"ingestion_time": "TimeGenerated", "current_principal": "who runs", "extent_id": "extents", "cursor_after": "cursors",
		"geo_distance_from_nowhere": "globe", "cluster": "this server", "node_id": "graphs",
	} {
		if reason, ok := Unsupported(name); !ok || !strings.Contains(reason, why) {
			t.Errorf("%s: %q, %v", name, reason, ok)
		}
		if _, ok := lib.Scalar(name); ok {
			t.Errorf("%s is in the library", name)
		}
	}
	for _, name := range []string{"strlen", "geo", "no_such_function"} {
		if reason, ok := Unsupported(name); ok {
			t.Errorf("%s: %q", name, reason)
		}
	}
}

func TestSurroundings(t *testing.T) {
	f := gives(t)
	f(`"endscope"`, "current_cluster_endpoint")
	f(`"logs"`, "current_database")
	f("18", "estimate_data_size", "0123456789", 5)
	f("4", "estimate_data_size", int32(5))
	f("25", "estimate_data_size", testNow, value.UUID("01234567-89ab-cdef-0123-456789abcdef"), true)
	f("7", "estimate_data_size", bag("a", 1))
}

// dynamics draws values as a dynamic holds them.
func dynamics(depth int) *rapid.Generator[value.Value] {
	scalar := rapid.OneOf(
		rapid.Just[value.Value](nil),
		rapid.Map(rapid.Int64Range(-3, 3), func(n int64) value.Value { return n }),
		rapid.Map(rapid.SampledFrom([]float64{-1.5, 0, 2, inf, nan}), func(f float64) value.Value { return f }),
		rapid.Map(rapid.StringMatching("[ab$.]{0,3}"), func(s string) value.Value { return s }),
		rapid.Map(rapid.Bool(), func(b bool) value.Value { return b }),
		rapid.Map(rapid.Int64Range(0, int64(value.MaxTime)), func(n int64) value.Value { return value.Time(n) }),
		rapid.Map(rapid.Int64(), func(n int64) value.Value { return value.Span(n) }),
	)
	if depth == 0 {
		return scalar
	}
	deeper := dynamics(depth - 1)
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(deeper, 0, 4), func(vs []value.Value) value.Value { return append(value.Array{}, vs...) }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching("[ab]{1,2}"), deeper, 0, 3), func(m map[string]value.Value) value.Value {
			b := &value.Bag{}
			for _, k := range []string{"a", "b", "aa", "ab", "ba", "bb"} {
				if v, ok := m[k]; ok {
					b.Set(k, v)
				}
			}
			return b
		}))
}

// typed draws values of a declared type, now and then null.
func typed(name string) *rapid.Generator[value.Value] {
	g := map[string]*rapid.Generator[value.Value]{
		"dynamic": dynamics(2),
		"bool":    rapid.Map(rapid.Bool(), func(b bool) value.Value { return b }),
		"int":     rapid.Map(rapid.Int32(), func(n int32) value.Value { return n }),
		"long":    rapid.Map(rapid.OneOf(rapid.Int64Range(-4, 4), rapid.Int64()), func(n int64) value.Value { return n }),
		"real":    rapid.Map(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{nan, inf, -inf, 0, 1, -1})), func(f float64) value.Value { return f }),
		"decimal": rapid.Map(rapid.Int64(), func(n int64) value.Value { return value.Convert(n, value.Decimal) }),
		"datetime": rapid.Map(rapid.OneOf(rapid.Int64Range(0, int64(value.MaxTime)), rapid.SampledFrom([]int64{0, int64(value.MaxTime)})),
			func(n int64) value.Value { return value.Time(n) }),
		"timespan": rapid.Map(rapid.Int64(), func(n int64) value.Value { return value.Span(n) }),
		"string":   rapid.Map(rapid.OneOf(rapid.StringN(0, 6, 12), rapid.SampledFrom([]string{"year", "yyyy-MM-dd", "UTC", "1", "[1]", "hh:mm"})), func(s string) value.Value { return s }),
		"guid":     rapid.Just[value.Value](value.UUID("01234567-89ab-cdef-0123-456789abcdef")),
	}[name]
	return rapid.OneOf(g, g, g, rapid.Just(value.Zero(mustType(name))))
}

func mustType(name string) value.Type {
	t, ok := value.TypeByName(name)
	if !ok {
		panic("no type " + name)
	}
	return t
}

// TestNoArgumentsPanic calls every function of this file's neighbours with arguments of the types that they declare. Whatever the values,
// the call must not panic, and what it returns must have the type that it declares.
func TestNoArgumentsPanic(t *testing.T) {
	all := []string{"dynamic", "bool", "int", "long", "real", "decimal", "datetime", "timespan", "string", "guid"}
	numbers := []string{"int", "long", "real", "decimal"}
	var table []Scalar
	for _, family := range [][]Scalar{
		datetimeCalendarFunctions(), datetimePartsFunctions(), datetimeArithFunctions(), datetimeMakeFunctions(), datetimeFormatFunctions(),
		datetimeZoneFunctions(), mathBasicFunctions(), mathTrigFunctions(), mathBitsFunctions(), mathSpecialFunctions(), mathBinFunctions(),
		conditionFunctions(), convertFunctions(), bagFunctions(), packFunctions(), arrayFunctions(), arrayShiftFunctions(), arraySortFunctions(),
		setFunctions(), miscFunctions(),
	} {
		table = append(table, family...)
	}
	for i := range table {
		if err := table[i].parse(); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := &table[rapid.IntRange(0, len(table)-1).Draw(t, "function")]
		most := s.MaxArgs()
		if most < 0 {
			most = s.MinArgs() + 3
		}
		args := make([]Arg, rapid.IntRange(s.MinArgs(), most).Draw(t, "n"))
		vals := make([]value.Value, len(args))
		isNull := false
		for i := range args {
			names := s.Param(i).Types
			switch names[0] {
			case "any":
				names = all
			case "number":
				names = numbers
			}
			name := rapid.SampledFrom(names).Draw(t, "type")
			vals[i] = typed(name).Draw(t, "value")
			args[i] = Arg{Type: mustType(name), Name: "c"}
			if rapid.Bool().Draw(t, "constant") {
				args[i].Const, args[i].Value = true, vals[i]
			}
			isNull = isNull || vals[i] == nil
		}
		result, _ := value.TypeByName(s.Returns)
		if s.Result != nil {
			var err error
			if result, err = s.Result(args); err != nil {
				return
			}
		}
		eval, err := s.Make(testContext(), args)
		if err != nil || isNull && !s.TakesNull {
			return
		}
		before := show(append(value.Array{}, vals...))
		v, err := eval(vals)
		if err != nil {
			return
		}
		if v != nil && result != value.Dynamic && value.TypeOf(v) != result {
			t.Fatalf("%s(%s) = %v, a %T where %v is declared", s.Name, before, v, v, result)
		}
		if _, isInt := v.(int32); isInt && result == value.Dynamic {
			t.Fatalf("%s(%s) is a dynamic int", s.Name, before)
		}
		if after := show(append(value.Array{}, vals...)); after != before {
			t.Fatalf("%s changed its arguments from %s to %s", s.Name, before, after)
		}
	})
}
