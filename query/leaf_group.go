package query

import (
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/kahansum"
)

// leafCells are the aggregated values of a group of series, one for each window. They are kept in segments, so that a group that
// exists only for a while takes room only for that.
type leafCells struct {
	leaf     *leaf
	held     *leafBudget
	segments []*leafSegment
	ignored  bool // histograms; that was noted
}

const segmentLength = 64

type leafSegment struct {
	v, c  [segmentLength]float64 // c compensates v
	n     [segmentLength]int32   // how many values were aggregated
	flags [segmentLength]cellFlags
	h     *[segmentLength]*histogramSum
}

type cellFlags uint8

const (
	cellFloat     cellFlags = 1 << iota // has floats
	cellHistogram                       // has histograms
	cellFailed                          // histograms do not go together
	cellReset                           // a reset was hinted at
	cellNotReset                        // no reset was hinted at
)

func newLeafCells(l *leaf, held *leafBudget) *leafCells {
	return &leafCells{leaf: l, held: held, segments: make([]*leafSegment, (l.grid.n+segmentLength-1)/segmentLength)}
}

func (c *leafCells) segment(window int) (*leafSegment, int) {
	s := c.segments[window/segmentLength]
	if s == nil {
		s = &leafSegment{}
		c.segments[window/segmentLength] = s
	}
	return s, window % segmentLength
}

// addFloat aggregates a value of a series.
func (c *leafCells) addFloat(window int, v float64) {
	s, i := c.segment(window)
	s.n[i]++
	if s.flags[i]&cellFailed != 0 {
		return
	}
	first := s.flags[i] == 0
	s.flags[i] |= cellFloat
	if first {
		c.held.take(1)
	}
	switch c.leaf.op {
	case parser.SUM:
		if first {
			s.v[i] = v
		} else {
			s.v[i], s.c[i] = kahansum.Inc(v, s.v[i], s.c[i])
		}
	case parser.MIN:
		if first || s.v[i] > v || math.IsNaN(s.v[i]) {
			s.v[i] = v
		}
	case parser.MAX:
		if first || s.v[i] < v || math.IsNaN(s.v[i]) {
			s.v[i] = v
		}
	}
}

// histogram returns the sum of a window that a series' histogram is to be added to, and nil if it is counted and no more. The caller
// calls added when it has added it.
func (c *leafCells) histogram(window int, hint histogram.CounterResetHint, notes *annotations.Annotations) *histogramSum {
	switch c.leaf.op {
	case parser.MIN, parser.MAX:
		if !c.ignored {
			c.ignored = true
			notes.Add(annotations.NewHistogramIgnoredInAggregationInfo(c.leaf.op.String(), posrange.PositionRange{}))
		}
		return nil
	case parser.COUNT, parser.GROUP:
		c.addFloat(window, 0)
		return nil
	}
	s, i := c.segment(window)
	if s.flags[i]&cellFailed != 0 {
		return nil
	}
	s.n[i]++
	flags := cellHistogram
	switch hint {
	case histogram.CounterReset:
		flags |= cellReset
	case histogram.NotCounterReset:
		flags |= cellNotReset
	}
	s.flags[i] |= flags
	if s.h == nil {
		s.h = &[segmentLength]*histogramSum{}
	}
	if s.h[i] == nil {
		s.h[i] = &histogramSum{}
	}
	return s.h[i]
}

// added completes an addition of a histogram to a window's sum.
func (c *leafCells) added(window int, err error) {
	s, i := c.segment(window)
	if s.n[i] == 1 {
		c.held.take(s.h[i].samples())
	}
	if err != nil {
		s.flags[i] |= cellFailed
	}
}

// join adds the cells of series that come after those of c.
func (c *leafCells) join(other *leafCells, notes *annotations.Annotations) {
	for k, from := range other.segments {
		if from == nil {
			continue
		}
		if c.segments[k] == nil {
			c.segments[k] = from
			continue
		}
		to := c.segments[k]
		for i := range segmentLength {
			if from.flags[i] != 0 && to.flags[i]&cellFailed == 0 {
				c.joinCell(to, from, i, notes)
			}
		}
	}
}

func (c *leafCells) joinCell(to, from *leafSegment, i int, notes *annotations.Annotations) {
	before := to.flags[i]
	to.flags[i] |= from.flags[i]
	to.n[i] += from.n[i]
	if from.flags[i]&cellFloat != 0 {
		switch {
		case before&cellFloat == 0:
			to.v[i], to.c[i] = from.v[i], from.c[i]
		case c.leaf.op == parser.SUM:
			to.v[i], to.c[i] = kahansum.Inc(from.v[i], to.v[i], to.c[i])
			to.c[i] += from.c[i]
		case c.leaf.op == parser.MIN && (to.v[i] > from.v[i] || math.IsNaN(to.v[i])),
			c.leaf.op == parser.MAX && (to.v[i] < from.v[i] || math.IsNaN(to.v[i])):
			to.v[i] = from.v[i]
		}
	}
	if from.h == nil || from.h[i] == nil {
		return
	}
	if to.h == nil {
		to.h = &[segmentLength]*histogramSum{}
	}
	if to.h[i] == nil {
		to.h[i] = from.h[i]
		return
	}
	bounds, err := to.h[i].join(from.h[i])
	if err != nil {
		to.flags[i] |= cellFailed
		if errors.Is(err, histogram.ErrHistogramsIncompatibleSchema) {
			notes.Add(annotations.NewMixedExponentialCustomHistogramsWarning(c.leaf.name, posrange.PositionRange{}))
		}
	}
	if bounds {
		notes.Add(annotations.NewMismatchedCustomBucketsHistogramsInfo(posrange.PositionRange{}, annotations.HistogramAgg))
	}
}

// series returns the values of the windows that have one.
func (c *leafCells) series(metric labels.Labels, times grid, notes *annotations.Annotations) promql.Series {
	out := promql.Series{Metric: metric}
	floats, histograms := 0, 0
	for _, s := range c.segments {
		if s == nil {
			continue
		}
		for _, flags := range s.flags {
			if flags&cellHistogram != 0 {
				histograms++
			} else if flags != 0 {
				floats++
			}
		}
	}
	if floats > 0 {
		out.Floats = make([]promql.FPoint, 0, floats)
	}
	if histograms > 0 {
		out.Histograms = make([]promql.HPoint, 0, histograms)
	}
	for k, s := range c.segments {
		if s == nil {
			continue
		}
		for i, flags := range s.flags {
			if flags == 0 {
				continue
			}
			t := times.at(k*segmentLength + i)
			switch {
			case flags&cellFloat != 0 && flags&cellHistogram != 0:
				notes.Add(annotations.NewMixedFloatsHistogramsAggWarning(posrange.PositionRange{}))
				continue
			case flags&cellFailed != 0:
				continue
			case flags&cellHistogram != 0:
				out.Histograms = append(out.Histograms, promql.HPoint{T: t, H: s.h[i].histogram().Compact(0)})
			default:
				out.Floats = append(out.Floats, promql.FPoint{T: t, F: c.float(s, i)})
			}
			if flags&cellReset != 0 && flags&cellNotReset != 0 {
				notes.Add(annotations.NewHistogramCounterResetCollisionWarning(posrange.PositionRange{}, annotations.HistogramAgg))
			}
		}
	}
	return out
}

func (c *leafCells) float(s *leafSegment, i int) float64 {
	switch c.leaf.op {
	case parser.SUM:
		return s.v[i] + s.c[i]
	case parser.GROUP:
		return 1
	case parser.COUNT:
		return float64(s.n[i])
	}
	return s.v[i]
}
