package fn

import "github.com/endscope/endscope/logs/kql/value"

// schemaAggregates describe the shapes of dynamic values.
func schemaAggregates() []Aggregate {
	return []Aggregate{{
		Signature:   Signature{Text: "buildschema(expr: dynamic): dynamic", Help: "Returns the smallest schema that admits all values."},
		DefaultName: prefixed("schema"),
		Make:        accumulators(func() Accumulator { return &buildSchema{} }),
	}}
}

type buildSchema struct{ schema schema }

func (a *buildSchema) Add(args []value.Value) error { a.schema.admit(args[0]); return nil }
func (a *buildSchema) Result() value.Value          { return a.schema.value() }

// indexer is the key under which a schema describes the elements of an array.
const indexer = "`indexer`"

// schema is the types seen at one place: names of scalar types, and one shape for all bags and arrays there.
type schema struct {
	scalars []string // in the order in which they were seen
	keys    []string // of bags, likewise
	members map[string]*schema
	shaped  bool // a bag or array was seen
}

func (s *schema) admit(v value.Value) {
	switch v := v.(type) {
	case nil:
	case *value.Bag:
		s.shaped = true
		for i := range v.Len() {
			key, e := v.At(i)
			s.member(key).admit(e)
		}
	case value.Array:
		s.shaped = true
		elements := s.member(indexer)
		for _, e := range v {
			elements.admit(e)
		}
	default:
		s.scalar(v)
	}
}

func (s *schema) member(key string) *schema {
	m := s.members[key]
	if m == nil {
		m = &schema{}
		if s.members == nil {
			s.members = map[string]*schema{}
		}
		s.members[key] = m
		s.keys = append(s.keys, key)
	}
	return m
}

func (s *schema) scalar(v value.Value) {
	name := value.TypeOf(v).String()
	if name == "real" {
		name = "double"
	}
	for _, old := range s.scalars {
		if old == name {
			return
		}
	}
	s.scalars = append(s.scalars, name)
}

// value writes the schema: one type by itself, several as an array.
func (s *schema) value() value.Value {
	var all value.Array
	for _, name := range s.scalars {
		all = append(all, name)
	}
	if s.shaped {
		b := &value.Bag{}
		for _, key := range s.keys {
			b.Set(key, s.members[key].value())
		}
		all = append(all, b)
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}
