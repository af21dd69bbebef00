package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

// conditionFunctions choose between values and test for null.
func conditionFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text:    "iff(if: bool, then: any, else: any): any",
				Help:    "Returns then where the condition is true, and else where it is false or null.",
				Aliases: []string{"iif"},
			},
			Result:    func(args []Arg) (value.Type, error) { return CommonArgType(args[1:]) },
			TakesNull: true,
			Lazy:      iff,
			Make:      eager(iff),
		},
		{
			Signature: Signature{
				Text: "case(predicate: bool, then: any, else: any, ...): any",
				Help: "Returns the value after the first predicate that is true, and the last argument where none is.",
			},
			Result: func(args []Arg) (value.Type, error) {
				if len(args)%2 == 0 {
					return 0, fmt.Errorf("expected pairs of a predicate and a value, and a value for else: an odd number of arguments, got %d", len(args))
				}
				for i := 0; i+1 < len(args); i += 2 {
					if t := args[i].Type; t != value.Bool && t != value.Dynamic {
						return 0, fmt.Errorf("argument %d is a predicate and must be a bool, got %s", i+1, t)
					}
				}
				return CommonArgType(caseResults(args))
			},
			TakesNull: true,
			Lazy:      caseOf,
			Make:      eager(caseOf),
		},
		{
			Signature: Signature{
				Text: "coalesce(first: any, second: any, ...): any",
				Help: "Returns the first value that is not null, or, of strings, not empty.",
			},
			Result:    CommonArgType,
			TakesNull: true,
			Lazy:      coalesce,
			Make:      eager(coalesce),
		},
		extremeOf("min_of", "Returns the smallest of the values that are not null.", func(order int) bool { return order < 0 }),
		extremeOf("max_of", "Returns the largest of the values that are not null.", func(order int) bool { return order > 0 }),
		{
			Signature: Signature{Text: "not(expression: bool): bool", Help: "Returns the opposite of a bool; null for null."},
			Make:      simple(func(a []value.Value) value.Value { return a[0] == false }),
		},
		{
			Signature: Signature{Text: "isnull(expression: any): bool", Help: "Says whether a value is null. A string never is; see isempty()."},
			TakesNull: true,
			Make:      simple(func(a []value.Value) value.Value { return a[0] == nil }),
		},
		{
			Signature: Signature{Text: "isnotnull(expression: any): bool", Help: "Says whether a value is not null. A string never is null.", Aliases: []string{"notnull"}},
			TakesNull: true,
			Make:      simple(func(a []value.Value) value.Value { return a[0] != nil }),
		},
		{
			Signature: Signature{
				Text: "around(value: any, center: any, delta: any): bool",
				Help: "Says whether a number, datetime or timespan lies within delta of center, both ends included.",
			},
			Result: func(args []Arg) (value.Type, error) {
				t, err := value.ArithType("-", args[1].Type, args[2].Type)
				if v := args[0].Type; err != nil || t != v && t != value.Dynamic && v != value.Dynamic && !(value.Numeric(t) && value.Numeric(v)) {
					return 0, fmt.Errorf("cannot compare a %s with a %s and a distance that is a %s", v, args[1].Type, args[2].Type)
				}
				return value.Bool, nil
			},
			Make: simple(func(a []value.Value) value.Value {
				low, high := value.Arith("-", a[1], a[2]), value.Arith("+", a[1], a[2])
				if low == nil || high == nil {
					return nil
				}
				return value.Compare(low, a[0]) <= 0 && value.Compare(a[0], high) <= 0
			}),
		},
		{
			Signature: Signature{
				Text: "assert(condition: bool, message: string): bool",
				Help: "Ends the query with the message when a constant condition is not true.",
			},
			TakesNull: true,
			Make: func(_ *Context, args []Arg) (Eval, error) {
				switch {
				case !args[0].Const || !args[1].Const:
					return nil, fmt.Errorf("the condition and the message must be constants, not values of a row")
				case args[0].Value != true:
					return nil, fmt.Errorf("has failed with message: '%v'", args[1].Value)
				}
				return func([]value.Value) (value.Value, error) { return true, nil }, nil
			},
		},
	}
}

func iff(_ *Context, args []Arg) (LazyEval, error) {
	t, err := CommonArgType(args[1:])
	if err != nil {
		return nil, err
	}
	convert := convertTo(t)
	return func(arg func(int) (value.Value, error)) (value.Value, error) {
		test, err := arg(0)
		if err != nil {
			return nil, err
		}
		i := 2
		if test == true {
			i = 1
		}
		v, err := arg(i)
		return convert(v), err
	}, nil
}

func caseOf(_ *Context, args []Arg) (LazyEval, error) {
	t, err := CommonArgType(caseResults(args))
	if err != nil {
		return nil, err
	}
	convert, last := convertTo(t), len(args)-1
	return func(arg func(int) (value.Value, error)) (value.Value, error) {
		chosen := last
		for i := 0; i < last; i += 2 {
			test, err := arg(i)
			if err != nil {
				return nil, err
			}
			if value.Convert(test, value.Bool) == true {
				chosen = i + 1
				break
			}
		}
		v, err := arg(chosen)
		return convert(v), err
	}, nil
}

func coalesce(_ *Context, args []Arg) (LazyEval, error) {
	t, err := CommonArgType(args)
	if err != nil {
		return nil, err
	}
	convert, missing, n := convertTo(t), value.Zero(t), len(args)
	return func(arg func(int) (value.Value, error)) (value.Value, error) {
		for i := range n {
			v, err := arg(i)
			if err != nil {
				return nil, err
			}
			if v == nil {
				continue
			}
			if v = convert(v); t == value.Dynamic || v != missing {
				return v, nil
			}
		}
		return missing, nil
	}, nil
}

// caseResults returns the arguments of case() that can be its result.
func caseResults(args []Arg) []Arg {
	var results []Arg
	for i := 1; i < len(args); i += 2 {
		results = append(results, args[i])
	}
	return append(results, args[len(args)-1])
}

// extremeOf declares min_of or max_of. better says of the order of a value and the best one so far whether the value is better.
func extremeOf(name, help string, better func(order int) bool) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(first: any, second: any, ...): any", Help: help},
		Result:    CommonArgType,
		TakesNull: true,
		Make: func(_ *Context, args []Arg) (Eval, error) {
			t, err := CommonArgType(args)
			if err != nil {
				return nil, err
			}
			convert := convertTo(t)
			return func(a []value.Value) (value.Value, error) {
				var best value.Value
				for _, v := range a {
					if v == nil {
						continue
					}
					if v = convert(v); v != nil && (best == nil || better(value.Compare(v, best))) {
						best = v
					}
				}
				return convert(best), nil
			}, nil
		},
	}
}
