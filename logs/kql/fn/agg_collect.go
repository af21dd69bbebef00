package fn

import "github.com/endscope/endscope/logs/kql/value"

// The largest sizes of collections: of the current functions, and of makelist and makeset, the old ones.
const (
	collectMax    = 1 << 20
	collectOldMax = 128
)

// collectAggregates make lists, sets and bags.
func collectAggregates() []Aggregate {
	list := func(name, help string, limit int64, nulls bool) Aggregate {
		return Aggregate{
			Signature:   Signature{Text: name + "(expr: any, [max_size: long]): dynamic", Help: help},
			DefaultName: prefixed("list"),
			Make: func(c *Context, args []Arg) (func() Accumulator, error) {
				size, err := constLong("the maximum size", args, 1, limit, 0)
				return func() Accumulator { return &makeList{budget: c.Budget, limit: min(size, limit), nulls: nulls} }, err
			},
		}
	}
	set := func(name, help string, limit int64) Aggregate {
		return Aggregate{
			Signature:   Signature{Text: name + "(expr: any, [max_size: long]): dynamic", Help: help},
			DefaultName: prefixed("set"),
			Make: func(c *Context, args []Arg) (func() Accumulator, error) {
				size, err := constLong("the maximum size", args, 1, limit, 0)
				return func() Accumulator {
					return &makeSet{makeList: makeList{budget: c.Budget, limit: min(size, limit)}, seen: map[string]struct{}{}}
				}, err
			},
		}
	}
	bag := func(name, prefix, help string) Aggregate {
		return Aggregate{
			Signature:   Signature{Text: name + "(expr: dynamic, [max_size: long]): dynamic", Help: help},
			DefaultName: prefixed(prefix),
			Make: func(c *Context, args []Arg) (func() Accumulator, error) {
				size, err := constLong("the maximum size", args, 1, collectMax, 0)
				return func() Accumulator {
					return &makeBag{budget: c.Budget, limit: min(size, collectMax), bag: &value.Bag{}}
				}, err
			},
		}
	}
	makeListOf := list("make_list", "Collects the values that are not null into an array; the elements of arrays count each.", collectMax, false)
	makeSetOf := set("make_set", "Collects the distinct values that are not null into an array; the elements of arrays count each.", collectMax)
	makeBagOf := bag("make_bag", "bag", "Merges property bags; of a key that is in several, one value stays.")
	return []Aggregate{
		makeListOf,
		conditional(makeListOf, "make_list_if(expr: any, predicate: bool, [max_size: long]): dynamic", "Collects the values of rows in which a predicate is true into an array.", "list", 1),
		list("make_list_with_nulls", "Collects all values into an array, nulls too.", collectMax, true),
		list("makelist", "Collects up to 128 values into an array: the old form of make_list.", collectOldMax, false),
		makeSetOf,
		conditional(makeSetOf, "make_set_if(expr: any, predicate: bool, [max_size: long]): dynamic", "Collects the distinct values of rows in which a predicate is true into an array.", "set", 1),
		set("makeset", "Collects up to 128 distinct values into an array: the old form of make_set.", collectOldMax),
		makeBagOf,
		conditional(makeBagOf, "make_bag_if(expr: dynamic, predicate: bool, [max_size: long]): dynamic", "Merges the property bags of rows in which a predicate is true.", "bag", 1),
		bag("make_dictionary", "dictionary", "Merges property bags: the old form of make_bag."),
	}
}

type makeList struct {
	budget func(int) error
	limit  int64
	nulls  bool
	list   value.Array
}

func (a *makeList) Add(args []value.Value) error { return elements(args, a.add) }

// elements calls add with the argument of a row, or where that is an array with every element of it: collections join arrays.
func elements(args []value.Value, add func(value.Value) error) error {
	list, ok := args[0].(value.Array)
	if !ok {
		return add(args[0])
	}
	for _, v := range list {
		if err := add(v); err != nil {
			return err
		}
	}
	return nil
}

func (a *makeList) add(v value.Value) error {
	if int64(len(a.list)) >= a.limit || v == nil && !a.nulls {
		return nil
	}
	a.list = append(a.list, asDynamic(v))
	return a.budget(16 + sizeOf(v))
}

func (a *makeList) Result() value.Value {
	if a.list == nil {
		return value.Array{}
	}
	return a.list
}

// makeSet keeps the values in the order in which they were first seen.
type makeSet struct {
	makeList
	seen map[string]struct{}
	key  []byte
}

func (a *makeSet) Add(args []value.Value) error { return elements(args, a.add) }

func (a *makeSet) add(v value.Value) error {
	if v == nil || int64(len(a.list)) >= a.limit {
		return nil
	}
	a.key = value.AppendKey(a.key[:0], v)
	if _, old := a.seen[string(a.key)]; old {
		return nil
	}
	a.seen[string(a.key)] = struct{}{}
	if err := a.budget(32 + len(a.key)); err != nil {
		return err
	}
	return a.makeList.add(v)
}

// makeBag keeps the first value of every key.
type makeBag struct {
	budget func(int) error
	limit  int64
	bag    *value.Bag
}

func (a *makeBag) Add(args []value.Value) error {
	b, ok := args[0].(*value.Bag)
	if !ok {
		return nil
	}
	for i := range b.Len() {
		if int64(a.bag.Len()) >= a.limit {
			return nil
		}
		key, v := b.At(i)
		if _, old := a.bag.Get(key); old {
			continue
		}
		a.bag.Set(key, v)
		if err := a.budget(64 + len(key) + sizeOf(v)); err != nil {
			return err
		}
	}
	return nil
}

func (a *makeBag) Result() value.Value { return a.bag }
