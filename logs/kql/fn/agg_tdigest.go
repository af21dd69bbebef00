package fn

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// A digest keeps every value up to digestExact of them and is exact until then. Above, it merges neighbours so that a part of the values
// near quantile q weighs at most 4q(1-q)/digestFine of all: the tails stay fine.
const (
	digestExact = 4096
	digestFine  = 500
)

// digest is a t-digest: values with weights, from which percentiles are read by nearest rank.
type digest struct {
	typ    value.Type // Long, Datetime, Timespan or Real
	parts  []part
	total  int64
	sorted bool
	room   int // so many parts, or digestExact, may there be before they are merged
}

// part is a value, or the mean of several, with the number of times it was seen.
type part struct {
	ticks  int64   // of Long, Datetime and Timespan
	real   float64 // of Real
	weight int64
}

var errDigestWeight = errors.New("tdigest(): the weights add up to more than 64 bits hold")

func (d *digest) add(p part) error {
	if d.total > math.MaxInt64-p.weight {
		return errDigestWeight
	}
	d.parts, d.sorted = append(d.parts, p), false
	d.total += p.weight
	if len(d.parts) > max(digestExact, d.room) {
		d.compress()
		d.room = 2 * len(d.parts)
	}
	return nil
}

// read makes a part of a value; false means that it is null or does not belong to the digest's type.
func (d *digest) read(v value.Value, weight int64) (part, bool) {
	if weight <= 0 {
		return part{}, false
	}
	if d.typ == value.Real {
		f, ok := realNotNaN(v)
		return part{real: f, weight: weight}, ok
	}
	i, ok := integral(v)
	return part{ticks: i, weight: weight}, ok
}

func (d *digest) write(p part) value.Value {
	if d.typ == value.Real {
		return p.real
	}
	return ticksWriter(d.typ)(p.ticks)
}

func (d *digest) sort() {
	if !d.sorted {
		slices.SortFunc(d.parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.ticks, b.ticks), cmp.Compare(a.real, b.real)) })
		d.sorted = true
	}
}

func (d *digest) compress() {
	d.sort()
	total, before := float64(d.total), int64(0)
	out := d.parts[:1]
	for _, p := range d.parts[1:] {
		last := &out[len(out)-1]
		both := last.weight + p.weight
		q := (float64(before) + float64(both)/2) / total
		if float64(both) <= 4*total*q*(1-q)/digestFine {
			share := float64(p.weight) / float64(both)
			// The difference needs all 64 bits, unsigned: p is not below last.
			apart := float64(uint64(p.ticks) - uint64(last.ticks))
			last.ticks = int64(uint64(last.ticks) + uint64(math.Round(apart*share)))
			last.real += (p.real - last.real) * share
			last.weight = both
			continue
		}
		before += last.weight
		out = append(out, p)
	}
	d.parts = out
}

// percentile returns the value at p in [0, 100], or null if the digest is empty.
func (d *digest) percentile(p float64) value.Value {
	if len(d.parts) == 0 {
		return nil
	}
	d.sort()
	rank, seen := int64(rankOf(p, float64(d.total))), int64(0)
	for _, part := range d.parts {
		if seen += part.weight; seen >= rank {
			return d.write(part)
		}
	}
	return d.write(d.parts[len(d.parts)-1])
}

// rank returns how many of the values are at most v.
func (d *digest) rank(v value.Value) (float64, bool) {
	limit, ok := value.ToFloat(v)
	ticks, isTicks := integral(v)
	if d.typ == value.Datetime || d.typ == value.Timespan {
		ok = isTicks && value.TypeOf(v) == d.typ
	}
	if !ok {
		return 0, false
	}
	seen := int64(0)
	for _, p := range d.parts {
		switch {
		case d.typ == value.Real && p.real <= limit, d.typ != value.Real && isTicks && p.ticks <= ticks,
			d.typ != value.Real && !isTicks && float64(p.ticks) <= limit:
			seen += p.weight
		}
	}
	return float64(seen), true
}

// value writes the digest as [[type], [values], [weights]]. An empty one is null.
func (d *digest) value() value.Value {
	if len(d.parts) == 0 {
		return nil
	}
	d.sort()
	values, weights := make(value.Array, len(d.parts)), make(value.Array, len(d.parts))
	for i, p := range d.parts {
		values[i], weights[i] = d.write(p), p.weight
	}
	return value.Array{value.Array{d.typ.String()}, values, weights}
}

// digestOf reads what value wrote, also after a way through JSON. False means that v is no digest.
func digestOf(v value.Value) (*digest, bool) {
	a, _ := v.(value.Array)
	if len(a) != 3 {
		return nil, false
	}
	head, _ := a[0].(value.Array)
	values, ok1 := a[1].(value.Array)
	weights, ok2 := a[2].(value.Array)
	if len(head) != 1 || !ok1 || !ok2 || len(values) != len(weights) {
		return nil, false
	}
	name, _ := head[0].(string)
	d := &digest{}
	switch name {
	case "long":
		d.typ = value.Long
	case "real":
		d.typ = value.Real
	case "datetime":
		d.typ = value.Datetime
	case "timespan":
		d.typ = value.Timespan
	default:
		return nil, false
	}
	for i, e := range values {
		w, _ := value.ToLong(weights[i])
		p, ok := d.read(value.Convert(e, d.typ), w)
		if !ok || d.add(p) != nil {
			return nil, false
		}
	}
	return d, true
}

// digestType is the type that a digest of values of type t keeps.
func digestType(t value.Type) value.Type {
	switch t {
	case value.Int, value.Long:
		return value.Long
	case value.Datetime, value.Timespan:
		return t
	}
	return value.Real
}

func tdigestAggregates() []Aggregate {
	merge := func(name, help string) Aggregate {
		return Aggregate{
			Signature:   Signature{Text: name + "(tdigest: dynamic): dynamic", Help: help},
			DefaultName: prefixed("merge_tdigests"),
			Make:        accumulators(func() Accumulator { return &mergeDigest{} }),
		}
	}
	return []Aggregate{
		{
			Signature: Signature{Text: "tdigest(expr: number|timespan|datetime|dynamic, [weight: number]): dynamic", Help: "Keeps a digest of the values, for percentile_tdigest and others."},
			Make: func(c *Context, args []Arg) (func() Accumulator, error) {
				t := digestType(args[0].Type)
				return func() Accumulator { return &makeDigest{budget: c.Budget, digest: digest{typ: t}} }, nil
			},
		},
		merge("tdigest_merge", "Merges digests."),
		merge("merge_tdigest", "Merges digests: another name of tdigest_merge."),
		merge("merge_tdigests", "Merges digests: another name of tdigest_merge."),
	}
}

type makeDigest struct {
	budget func(int) error
	digest digest
}

func (a *makeDigest) Add(args []value.Value) error {
	weight := int64(1)
	if len(args) > 1 {
		weight, _ = value.ToLong(args[1])
	}
	p, ok := a.digest.read(args[0], weight)
	if !ok {
		return nil
	}
	before := cap(a.digest.parts)
	if err := a.digest.add(p); err != nil {
		return err
	}
	if grown := cap(a.digest.parts) - before; grown > 0 {
		return a.budget(24 * grown)
	}
	return nil
}

func (a *makeDigest) Result() value.Value { return a.digest.value() }

type mergeDigest struct{ digest *digest }

func (a *mergeDigest) Add(args []value.Value) error {
	d, ok := digestOf(args[0])
	if !ok {
		return nil
	}
	if a.digest == nil {
		a.digest = &digest{typ: d.typ}
	}
	if a.digest.typ != d.typ {
		return errors.New("tdigest_merge(): digests of " + a.digest.typ.String() + " and of " + d.typ.String() + " values do not merge")
	}
	for _, p := range d.parts {
		if err := a.digest.add(p); err != nil {
			return err
		}
	}
	return nil
}

func (a *mergeDigest) Result() value.Value {
	if a.digest == nil {
		return nil
	}
	return a.digest.value()
}
