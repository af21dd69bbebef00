package fn

import (
	"github.com/endscope/endscope/logs/kql/value"
)

// bagFunctions work on property bags. Where one is needed and something else is there, the result is null.
func bagFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "bag_keys(bag: dynamic): dynamic", Help: "Returns the keys of a bag's first level."},
			Make: simple(func(a []value.Value) value.Value {
				b, ok := a[0].(*value.Bag)
				if !ok {
					return nil
				}
				keys := make(value.Array, b.Len())
				for i, k := range b.Keys() {
					keys[i] = k
				}
				return keys
			}),
		},
		{
			Signature: Signature{Text: "bag_has_key(bag: dynamic, key: string): bool", Help: "Says whether a bag has a key; a JSON path such as $.a.b leads to deeper ones."},
			Make: simple(func(a []value.Value) value.Value {
				path, ok := keyPath(a[1].(string))
				if !ok {
					return false
				}
				v := a[0]
				for _, key := range path {
					b, ok := v.(*value.Bag)
					if !ok {
						return false
					}
					if v, ok = b.Get(key); !ok {
						return false
					}
				}
				return true
			}),
		},
		{
			Signature: Signature{Text: "bag_merge(bag1: dynamic, bag2: dynamic, ...): dynamic", Help: "Returns a bag with the members of all; of a key that several have, the first counts."},
			Make: simple(func(a []value.Value) value.Value {
				merged := &value.Bag{}
				for _, v := range a {
					b, ok := v.(*value.Bag)
					if !ok {
						return nil
					}
					for i := range b.Len() {
						key, m := b.At(i)
						if _, there := merged.Get(key); !there {
							merged.Set(key, m)
						}
					}
				}
				return merged
			}),
		},
		{
			Signature: Signature{Text: "bag_remove_keys(bag: dynamic, keys: dynamic): dynamic", Help: "Returns a bag without some keys; JSON paths such as $.a.b lead to deeper ones."},
			Make: simple(func(a []value.Value) value.Value {
				b, ok := a[0].(*value.Bag)
				keys, ok2 := a[1].(value.Array)
				if !ok || !ok2 {
					return nil
				}
				for _, k := range keys {
					if key, ok := k.(string); ok {
						if path, ok := keyPath(key); ok {
							b = withoutKey(b, path)
						}
					}
				}
				return b
			}),
		},
		{
			Signature: Signature{Text: "bag_set_key(bag: dynamic, key: string, value: any): dynamic", Help: "Returns a bag with the value of one key set; a JSON path such as $.a.b leads to deeper ones."},
			TakesNull: true, // a null value is one
			Make: simple(func(a []value.Value) value.Value {
				b, ok := a[0].(*value.Bag)
				key, ok2 := a[1].(string)
				if !ok || !ok2 {
					return nil
				}
				path, ok := keyPath(key)
				if !ok {
					return nil
				}
				return withKey(b, path, value.Widen(a[2], value.Dynamic))
			}),
		},
		{
			Signature: Signature{Text: "bag_zip(keys: dynamic, values: dynamic): dynamic", Help: "Returns a bag of an array of keys and one of values; keys that are no strings are left out, and missing values are null."},
			TakesNull: true, // values may be
			Make: simple(func(a []value.Value) value.Value {
				keys, ok := a[0].(value.Array)
				if !ok {
					return nil
				}
				b := &value.Bag{}
				for i, k := range keys {
					if key, ok := k.(string); ok {
						b.Set(key, Element(a[1], int64(i)))
					}
				}
				return b
			}),
		},
		{
			Signature: Signature{Text: "treepath(object: dynamic): dynamic", Help: "Returns the paths to everything in a bag; [0] stands for the elements of an array."},
			Make: simple(func(a []value.Value) value.Value {
				switch a[0].(type) {
				case *value.Bag, value.Array:
					t := treePaths{paths: value.Array{}, seen: map[string]bool{}}
					t.walk("", a[0])
					return t.paths
				}
				return nil
			}),
		},
	}
}

// withoutKey returns a bag without what a path leads to. The bag itself is not changed.
func withoutKey(b *value.Bag, path []string) *value.Bag {
	m, ok := b.Get(path[0])
	if !ok {
		return b
	}
	if len(path) > 1 {
		deeper, ok := m.(*value.Bag)
		if !ok {
			return b
		}
		return withKey(b, path[:1], withoutKey(deeper, path[1:]))
	}
	out := &value.Bag{}
	for i := range b.Len() {
		if key, m := b.At(i); key != path[0] {
			out.Set(key, m)
		}
	}
	return out
}

// withKey returns a bag in which a path leads to v. Bags on the way are made where something else or nothing is. The bag itself is not changed.
func withKey(b *value.Bag, path []string, v value.Value) *value.Bag {
	if len(path) > 1 {
		deeper, ok := Path(b, path[0]).(*value.Bag)
		if !ok {
			deeper = &value.Bag{}
		}
		v = withKey(deeper, path[1:], v)
	}
	out := &value.Bag{}
	for i := range b.Len() {
		out.Set(b.At(i))
	}
	out.Set(path[0], v)
	return out
}

// treePaths collects paths, each once.
type treePaths struct {
	paths value.Array
	seen  map[string]bool
}

func (t *treePaths) walk(path string, v value.Value) {
	switch x := v.(type) {
	case *value.Bag:
		for i := range x.Len() {
			key, m := x.At(i)
			t.step(path+"['"+key+"']", m)
		}
	case value.Array:
		for _, m := range x {
			t.step(path+"[0]", m)
		}
	}
}

func (t *treePaths) step(path string, v value.Value) {
	if !t.seen[path] {
		t.seen[path] = true
		t.paths = append(t.paths, path)
	}
	t.walk(path, v)
}
