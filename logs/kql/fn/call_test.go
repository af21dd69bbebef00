package fn

import (
	"sync"
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/endscope/endscope/logs/kql/value"
)

// testNow is the instant at which the queries of tests run: 2024-02-29T12:34:56Z.
var testNow = func() value.Time { t, _ := value.MakeTime(2024, 2, 29, 12, 34, 56, 0); return t }()

// testContext is a Context without limits.
func testContext() *Context {
	return &Context{Now: testNow, Budget: func(int) error { return nil }}
}

// testLibrary is the library that all tests call.
var testLibrary = sync.OnceValues(NewLibrary)

// call calls a scalar function as a query with constant arguments would: through the library, with the arguments converted to the declared
// types, and with the null rule. A Go int is a long. It fails the test when the call is a semantic error or an error of a row.
func call(t testing.TB, name string, args ...value.Value) value.Value {
	t.Helper()
	v, err := tryCall(t, true, name, args...)
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return v
}

// callRows is call with arguments that are not known before the row, as columns are.
func callRows(t testing.TB, name string, args ...value.Value) value.Value {
	t.Helper()
	v, err := tryCall(t, false, name, args...)
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return v
}

// callError is call for calls that must fail. It returns the text of the error.
func callError(t testing.TB, name string, args ...value.Value) string {
	t.Helper()
	v, err := tryCall(t, true, name, args...)
	if err == nil {
		t.Fatalf("%s%v = %v, want an error", name, args, v)
	}
	return err.Error()
}

func tryCall(t testing.TB, constant bool, name string, args ...value.Value) (value.Value, error) {
	t.Helper()
	lib, err := testLibrary()
	if err != nil {
		t.Fatal(err)
	}
	s, ok := lib.Scalar(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	if n := len(args); n < s.MinArgs() || s.MaxArgs() >= 0 && n > s.MaxArgs() {
		t.Fatalf("%s takes %d to %d arguments, not %d", name, s.MinArgs(), s.MaxArgs(), n)
	}
	known := make([]Arg, len(args))
	vals := make([]value.Value, len(args))
	hasNull := false
	for i, a := range args {
		vals[i] = declared(t, s, i, a)
		known[i].Type = argType(s.Param(i).Types, vals[i])
		if constant {
			known[i].Const, known[i].Value = true, vals[i]
		}
		hasNull = hasNull || vals[i] == nil
	}
	result, ok := value.TypeByName(s.Returns)
	if s.Returns == "same" {
		result, ok = known[0].Type, true
	}
	if s.Result != nil {
		if result, err = s.Result(known); err != nil {
			return nil, err
		}
	} else if !ok {
		t.Fatalf("%s: the result %s needs a Result function", name, s.Returns)
	}
	eval, err := s.Make(testContext(), known)
	if err != nil {
		return nil, err
	}
	if hasNull && !s.TakesNull {
		return value.Zero(result), nil
	}
	v, err := eval(vals)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return value.Zero(result), nil
	}
	if got := value.TypeOf(v); result != value.Dynamic && got != result {
		t.Errorf("%s%v is a %v, declared as %v", name, args, got, result)
	}
	return v, nil
}

// declared converts an argument to the type that the signature declares for it, as the binder does.
func declared(t testing.TB, s *Scalar, i int, a value.Value) value.Value {
	t.Helper()
	if n, ok := a.(int); ok {
		a = int64(n)
	}
	types := s.Param(i).Types
	if len(types) > 1 || types[0] == "any" || types[0] == "number" || a == nil {
		return a
	}
	want, _ := value.TypeByName(types[0])
	switch x := a.(type) {
	case int64:
		switch want {
		case value.Int:
			return int32(x)
		case value.Real:
			return float64(x)
		case value.Decimal:
			return apd.New(x, 0)
		}
	case int32:
		switch want {
		case value.Long:
			return int64(x)
		case value.Real:
			return float64(x)
		}
	}
	if value.TypeOf(a) != want && want != value.Dynamic {
		t.Fatalf("%s: argument %d is %T, declared as %v", s.Name, i, a, types)
	}
	return a
}

// argType returns the static type of an argument: of a null, the first declared type.
func argType(types []string, v value.Value) value.Type {
	if v != nil {
		if len(types) == 1 && types[0] == "dynamic" {
			return value.Dynamic
		}
		return value.TypeOf(v)
	}
	if t, ok := value.TypeByName(types[0]); ok {
		return t
	}
	return value.Dynamic
}

// arr makes an array of its arguments; a Go int is a long.
func arr(vs ...value.Value) value.Array {
	a := make(value.Array, len(vs))
	for i, v := range vs {
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		a[i] = v
	}
	return a
}

// bag makes a bag of keys and values in turn.
func bag(kv ...value.Value) *value.Bag {
	b := &value.Bag{}
	for i := 0; i < len(kv); i += 2 {
		v := kv[i+1]
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		b.Set(kv[i].(string), v)
	}
	return b
}

// show writes a value unambiguously for comparison: text as JSON, other scalars with their Go type.
func show(v value.Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case int64, int32, bool, string, float64, value.Array, *value.Bag:
		return string(value.AppendJSON(nil, x))
	}
	return value.Text(v)
}
