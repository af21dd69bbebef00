package fn

import (
	"strings"
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestCommonType(t *testing.T) {
	for _, c := range []struct {
		types []value.Type
		want  value.Type
		err   string
	}{
		{[]value.Type{value.String, value.String}, value.String, ""},
		{[]value.Type{value.Int, value.Long}, value.Long, ""},
		{[]value.Type{value.Long, value.Real, value.Int}, value.Real, ""},
		{[]value.Type{value.Real, value.Decimal}, value.Decimal, ""},
		{[]value.Type{value.Dynamic, value.String}, value.String, ""},
		{[]value.Type{value.Datetime, value.Dynamic, value.Datetime}, value.Datetime, ""},
		{[]value.Type{value.Dynamic}, value.Dynamic, ""},
		{[]value.Type{value.Dynamic, value.Long, value.Int}, value.Dynamic, ""},
		{[]value.Type{value.Long, value.Dynamic, value.Real}, value.Real, ""},
		{[]value.Type{value.String, value.Long}, 0, "string and long"},
		{[]value.Type{value.Dynamic, value.Datetime, value.Timespan}, 0, "datetime and timespan"},
		{[]value.Type{value.Bool, value.Int}, 0, "bool and int"},
	} {
		got, err := CommonType(c.types)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v: error %v, want one of %s", c.types, err, c.err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%v: %v, %v, want %v", c.types, got, err, c.want)
		}
	}

	null := Arg{Type: value.Int, Const: true}
	if got, err := CommonArgType([]Arg{null, {Type: value.String}}); got != value.String || err != nil {
		t.Errorf("a constant null and a string: %v, %v", got, err)
	}
	if got, err := CommonArgType([]Arg{null, {Type: value.Datetime, Const: true}, null}); err == nil {
		t.Errorf("nulls of int and datetime: %v", got)
	}
	if got, err := CommonArgType([]Arg{null, null}); got != value.Int || err != nil {
		t.Errorf("nulls alone: %v, %v", got, err)
	}
}

func TestIffAndCase(t *testing.T) {
	f := gives(t)
	for _, name := range []string{"iff", "iif"} {
		f("1", name, true, 1, 2)
		f("2", name, false, 1, 2)
		f("2", name, nil, 1, 2)
		f("1.0", name, true, 1, 2.5)
		f("null", name, true, nil, 2)
		f(`"x"`, name, false, nil, "x")
		f(`""`, name, true, nil, "x")
		f("[1]", name, true, arr(1), arr(2))
		callError(t, name, true, 1, "x")
	}
	f(`"small"`, "case", true, "small", true, "medium", "large")
	f(`"medium"`, "case", nil, "small", true, "medium", "large")
	f(`"large"`, "case", false, "small", false, "medium", "large")
	f("3.5", "case", false, 1, 3.5)
	f("null", "case", true, nil, 1)
	callError(t, "case", true, 1, true, 2)
	callError(t, "case", true, 1, "x", 2, 3)
	callError(t, "case", true, "a", 1)
	// A dynamic beside a string becomes one.
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := lib.Scalar("iff")
	args := []Arg{{Type: value.Bool}, {Type: value.Dynamic}, {Type: value.String}}
	if typ, err := s.Result(args); typ != value.String || err != nil {
		t.Fatalf("iff(bool, dynamic, string) is %v, %v", typ, err)
	}
	eval, err := s.Make(testContext(), args)
	if err != nil {
		t.Fatal(err)
	}
	for want, v := range map[string]value.Value{"5": int64(5), "": nil, "[1,2]": arr(1, 2), "text": "text"} {
		if got, err := eval([]value.Value{true, v, "else"}); got != want || err != nil {
			t.Errorf("iff(true, dynamic %v, string) = %v, %v, want %q", v, got, err, want)
		}
	}
}

func TestCoalesce(t *testing.T) {
	f := gives(t)
	f("1", "coalesce", nil, 1, 2)
	f("2.0", "coalesce", nil, nil, 2.0)
	f("1.0", "coalesce", 1, 2.0)
	f(`"b"`, "coalesce", "", "b", "c")
	f(`""`, "coalesce", "", "")
	f("null", "coalesce", nil, nil)
	f("[]", "coalesce", nil, arr(), arr(1))
	f("2024-02-29T12:34:56.0000000Z", "coalesce", nil, testNow)
	callError(t, "coalesce", 1, "a")
}

func TestNullTests(t *testing.T) {
	f := gives(t)
	f("true", "isnull", nil)
	f("false", "isnull", "")
	f("false", "isnull", arr())
	f("false", "isnull", 0)
	f("false", "isnotnull", nil)
	f("true", "isnotnull", "")
	f("true", "notnull", bag())
	f("true", "not", false)
	f("false", "not", true)
	f("null", "not", nil)
}

func TestAround(t *testing.T) {
	f := gives(t)
	f("true", "around", 5, 4, 1)
	f("false", "around", 6, 4, 1)
	f("true", "around", 3.0, 4, 1.5)
	f("true", "around", tm("2024-01-01T00:01:00"), tm("2024-01-01"), value.Minute)
	f("false", "around", tm("2024-01-01T00:01:00.0000001"), tm("2024-01-01"), value.Minute)
	f("true", "around", value.Hour, value.Day, 23*value.Hour)
	f("null", "around", nil, 1, 1)
	callError(t, "around", testNow, testNow, 5)
	callError(t, "around", "a", 5, 5)
}

func TestAssert(t *testing.T) {
	if v := call(t, "assert", true, "never"); v != true {
		t.Errorf("assert(true) = %v", v)
	}
	for _, v := range []value.Value{false, nil} {
		if msg := callError(t, "assert", v, "n must be positive"); msg != "has failed with message: 'n must be positive'" {
			t.Error(msg)
		}
	}
	if _, err := tryCall(t, false, "assert", true, "x"); err == nil || !strings.Contains(err.Error(), "constants") {
		t.Errorf("assert of a row: %v", err)
	}
}

func TestConversions(t *testing.T) {
	f := gives(t)
	for _, name := range []string{"tostring", "string"} {
		f(`"17"`, name, 17)
		f(`""`, name, nil)
		f(`"[1,\"a\"]"`, name, arr(1, "a"))
	}
	for _, name := range []string{"toint", "int"} {
		f("17", name, "17")
		f("2", name, 2.9)
		f("null", name, int64(1)<<40)
		f("null", name, "seven")
	}
	for _, name := range []string{"tolong", "long"} {
		f("17", name, "17")
		f("255", name, "0xff")
		f("-2", name, -2.9)
		f("null", name, "")
	}
	for _, name := range []string{"todouble", "toreal", "real", "double"} {
		f("1.5", name, "1.5")
		f("3.0", name, 3)
		f("null", name, "x")
	}
	for _, name := range []string{"todecimal", "decimal"} {
		f("1.50", name, "1.50")
		f("3", name, 3)
		f("null", name, "x")
	}
	for _, name := range []string{"tobool", "toboolean", "bool", "boolean"} {
		f("true", name, "true")
		f("false", name, 0)
		f("true", name, 17)
		f("null", name, "maybe")
	}
	for _, name := range []string{"todatetime", "datetime", "date"} {
		f("2024-02-29T00:00:00.0000000Z", name, "2024-02-29")
		f("2024-02-29T12:34:56.0000000Z", name, testNow)
		f("null", name, "yesterday")
	}
	for _, name := range []string{"totimespan", "totime", "timespan", "time"} {
		f("1.02:03:04", name, "1.02:03:04")
		f("00:05:00", name, 5*value.Minute)
		f("null", name, "long")
	}
	for _, name := range []string{"toguid", "guid", "uuid", "uniqueid"} {
		f("01234567-89ab-cdef-0123-456789abcdef", name, "0123456789ABCDEF0123456789abcdef")
		f("null", name, "0123")
		f("null", name, nil)
	}
}

func TestParseJSON(t *testing.T) {
	f := gives(t)
	for _, name := range []string{"parse_json", "todynamic", "parsejson", "toobject"} {
		f(`{"a":[1,2.5,"x",null,true]}`, name, ` {"a": [1, 2.5, "x", null, true]} `)
		f(`"not json"`, name, "not json")
		f("17", name, "17")
		f("null", name, "")
		f("null", name, "null")
		f("null", name, nil)
		f("17", name, int32(17))
		f("[1]", name, arr(1))
	}
	// A string that a dynamic holds is not read again.
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := lib.Scalar("parse_json")
	eval, err := s.Make(testContext(), []Arg{{Type: value.Dynamic}})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := eval([]value.Value{`{"a":1}`}); v != `{"a":1}` || err != nil {
		t.Errorf("parse_json of a dynamic string = %v, %v", v, err)
	}
}

func TestGettype(t *testing.T) {
	f := gives(t)
	f(`"string"`, "gettype", "a")
	f(`"long"`, "gettype", 1)
	f(`"int"`, "gettype", int32(1))
	f(`"real"`, "gettype", 1.5)
	f(`"decimal"`, "gettype", decimal("1"))
	f(`"bool"`, "gettype", true)
	f(`"datetime"`, "gettype", testNow)
	f(`"timespan"`, "gettype", value.Hour)
	f(`"guid"`, "gettype", value.UUID("01234567-89ab-cdef-0123-456789abcdef"))
	f(`"array"`, "gettype", arr())
	f(`"dictionary"`, "gettype", bag())
	f(`"null"`, "gettype", nil)
	for want, v := range map[string]value.Value{"int": int64(1), "long": int64(1) << 40, "string": "a", "real": 0.5, "bool": false, "timespan": value.Day} {
		if got := dynamicType(v); got != want {
			t.Errorf("the type of a dynamic %v is %s, want %s", v, got, want)
		}
	}
}
