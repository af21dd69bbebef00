package kql

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// maxSeries bounds the elements of one series.
const maxSeries = 1 << 20

// seriesBins counts bins: bin k is from origin + k*step to origin + (k+1)*step.
type seriesBins struct {
	origin, step value.Value
	first, end   *int64      // bins of every series, the end exclusive; nil: those with data
	low, high    value.Value // bounds of rows, low inclusive; nil: none
	closed       bool        // high is inclusive
}

// bins computes the bounds of a run.
func (n *makeSeries) bins(r *run) (*seriesBins, error) {
	var vals [3]value.Value
	for i, x := range []expr{n.from, n.to, n.step} {
		if x == nil {
			continue
		}
		f, err := r.compile(x)
		if err != nil {
			return nil, err
		}
		if vals[i], err = f(nil); err != nil {
			return nil, err
		}
		if vals[i] == nil {
			return nil, errAt(n.at, "'make-series' operator: The %s is null.", []string{"from", "to", "step"}[i])
		}
	}
	b := &seriesBins{origin: zeroOf(n.axisZero()), step: vals[2], low: vals[0], high: vals[1], closed: n.inRange}
	if value.Compare(b.step, zeroOf(b.step)) <= 0 {
		return nil, errAt(n.at, "'make-series' operator: The step must be more than 0, and it is %s.", value.Text(b.step))
	}
	if b.low != nil && !n.inRange {
		b.origin = b.low
	}
	if b.low != nil {
		first := b.bin(b.low)
		b.first = &first
	}
	if b.high != nil {
		end := b.bin(b.high)
		if n.inRange || value.Compare(b.at(end), b.high) < 0 {
			end++
		}
		b.end = &end
	}
	return b, nil
}

// axisZero is a value of the axis' type.
func (n *makeSeries) axisZero() value.Value {
	switch n.axis.typ() {
	case value.Datetime:
		return value.Time(0)
	case value.Timespan:
		return value.Span(0)
	case value.Real:
		return 0.0
	}
	return int64(0)
}

// bin returns the bin of a value of the axis.
func (b *seriesBins) bin(v value.Value) int64 {
	floor := func(x, by int64) int64 {
		q := x / by
		if x%by < 0 {
			q--
		}
		return q
	}
	switch v := v.(type) {
	case value.Time:
		return floor(int64(v-b.origin.(value.Time)), int64(b.step.(value.Span)))
	case value.Span:
		return floor(int64(v-b.origin.(value.Span)), int64(b.step.(value.Span)))
	case int64:
		return floor(v-b.origin.(int64), b.step.(int64))
	}
	k := math.Floor((v.(float64) - b.origin.(float64)) / b.step.(float64))
	return int64(max(math.MinInt64/2, min(k, math.MaxInt64/2)))
}

// at returns where bin k begins.
func (b *seriesBins) at(k int64) value.Value {
	switch o := b.origin.(type) {
	case value.Time:
		return min(max(o+value.Time(k*int64(b.step.(value.Span))), 0), value.MaxTime)
	case value.Span:
		return o + value.Span(k)*b.step.(value.Span)
	case int64:
		return o + k*b.step.(int64)
	}
	return b.origin.(float64) + float64(k)*b.step.(float64)
}

// has says whether a row at v is in the series.
func (b *seriesBins) has(v value.Value) bool {
	if v == nil || isNaN(v) {
		return false
	}
	if b.low != nil && value.Compare(v, b.low) < 0 {
		return false
	}
	if b.high == nil {
		return true
	}
	c := value.Compare(v, b.high)
	return c < 0 || c == 0 && b.closed
}

func (n *makeSeries) open(r *run) (Rows, error) {
	m, err := n.maker(r)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &closing{Rows: &lazy{make: func() ([]Row, error) { return m.fold(in) }}, also: in}, nil
}

// seriesMaker makes series of rows.
type seriesMaker struct {
	n       *makeSeries
	r       *run
	bins    *seriesBins
	axis    evalFunc
	folder  *folder // by keys and bin
	outs    []evalFunc
	missing Row
}

func (n *makeSeries) maker(r *run) (*seriesMaker, error) {
	m := &seriesMaker{n: n, r: r, missing: make(Row, len(n.defaults))}
	var err error
	if m.bins, err = n.bins(r); err != nil {
		return nil, err
	}
	if m.axis, err = r.compile(n.axis); err != nil {
		return nil, err
	}
	keys := append(slices.Clip(n.keys), &column{len(n.in.columns()), "", value.Long})
	if m.folder, err = r.newFolder(keys, n.aggs); err != nil {
		return nil, err
	}
	if m.outs, err = r.compileAll(n.outs); err != nil {
		return nil, err
	}
	defaults, err := r.compileAll(n.defaults)
	if err != nil {
		return nil, err
	}
	for i, f := range defaults {
		v, err := f(nil)
		if err != nil {
			return nil, err
		}
		m.missing[i] = asElement(v)
	}
	return m, nil
}

// oneSeries is the bins with data of one combination of keys.
type oneSeries struct {
	keys Row
	bins map[int64]Row // the element of each array
	low  int64
	high int64
}

func (m *seriesMaker) fold(in Rows) ([]Row, error) {
	cells, err := m.cells(in)
	if err != nil {
		return nil, err
	}
	n := m.n
	var order []*oneSeries
	byKey := map[string]*oneSeries{}
	var key []byte
	for _, cell := range cells {
		keys, bin := cell[:len(n.keys)], cell[len(n.keys)].(int64)
		key = key[:0]
		for _, v := range keys {
			key = value.AppendKey(key, v)
		}
		s := byKey[string(key)]
		if s == nil {
			s = &oneSeries{keys: keys, bins: map[int64]Row{}, low: bin, high: bin}
			byKey[string(key)] = s
			order = append(order, s)
		}
		s.low, s.high = min(s.low, bin), max(s.high, bin)
		elements := make(Row, len(m.outs))
		for i, f := range m.outs {
			v, err := f(cell)
			if err != nil {
				return nil, err
			}
			elements[i] = asElement(v)
		}
		s.bins[bin] = elements
	}
	if len(order) == 0 && n.nonEmpty && len(n.keys) == 0 {
		order = append(order, &oneSeries{high: -1})
	}
	out := make([]Row, 0, len(order))
	for _, s := range order {
		row, err := m.row(s)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// cells aggregates the rows by keys and bin: a row of keys, the bin and the results for each.
func (m *seriesMaker) cells(in Rows) ([]Row, error) {
	width := len(m.n.in.columns())
	wide := make(Row, width+1)
	for {
		batch, err := in.Next(m.r.ctx)
		if errors.Is(err, io.EOF) {
			return m.folder.rows(), nil
		}
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			v, err := m.axis(row)
			if err != nil {
				return nil, err
			}
			if !m.bins.has(v) {
				continue
			}
			copy(wide, row)
			wide[width] = m.bins.bin(v)
			if err := m.folder.add(wide); err != nil {
				return nil, err
			}
		}
	}
}

// row makes the arrays of one series.
func (m *seriesMaker) row(s *oneSeries) (Row, error) {
	bins, missing := m.bins, m.missing
	first, end := s.low, s.high+1
	if bins.first != nil {
		first = *bins.first
	}
	if bins.end != nil {
		end = *bins.end
	}
	if s.bins == nil && (bins.first == nil || bins.end == nil) {
		first, end = 0, 0 // no data says where the series is
	}
	length := max(0, end-first)
	if length > maxSeries {
		return nil, &LimitError{What: "elements of a series", Limit: fmt.Sprint(maxSeries), Hint: "use a larger step, or look at a shorter time"}
	}
	if err := m.r.budget.take(int(length) * 24 * (len(missing) + 1)); err != nil {
		return nil, err
	}
	arrays := make([]value.Array, len(missing)+1)
	for i := range arrays {
		arrays[i] = make(value.Array, length)
	}
	for k := range length {
		elements, ok := s.bins[first+k]
		if !ok {
			elements = missing
		}
		for i, v := range elements {
			arrays[i][k] = v
		}
		arrays[len(missing)][k] = bins.at(first + k)
	}
	row := append(Row(nil), s.keys...)
	for _, a := range arrays {
		row = append(row, a)
	}
	return row, nil
}

// asElement is a value as a dynamic holds it.
func asElement(v value.Value) value.Value {
	if v == nil {
		return nil
	}
	return implicit(v, value.Dynamic)
}
