package scrape

import (
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/agent"
)

// meta is what a page says of one metric family.
type meta struct {
	typ  model.MetricType
	help string
	unit string
}

// family is all series of one name on a page.
type family struct {
	name   string
	bare   string // without a suffix such as _bucket
	hash   uint64
	meta   *meta // nil where the page says nothing
	series []*series
	round  uint64   // in which it was last on the page
	alias  []string // by which each mapping knows it; nil until asked for
	want   int8     // 0: not known yet, 1: a mapping reads it, -1: none does
}

func (f *family) typ() model.MetricType {
	if f.meta == nil || f.meta.typ == "" {
		return model.MetricTypeUnknown
	}
	return f.meta.typ
}

// role is what a series is to the point that it belongs to.
type role int8

const (
	rolePlain role = iota
	roleBucket
	roleQuantile
	roleSum
	roleCount
	roleTotal
	roleCreated
	roleNative
)

// series is one series of a page, with its sample of the last round in which it was there.
type series struct {
	family *family
	lset   labels.Labels
	point  *point // nil for a plain gauge
	native bool
	role   role
	over   bool // beyond the target's limit: read for the canonical series only
	le     float64
	desc   *agent.Desc // of the raw reading; nil until made
	values []string    // one for each of desc.Labels

	round uint64
	value float64
	hist  *histogram.Histogram
	at    int64 // milliseconds; 0 where the page says nothing
	start int64 // milliseconds; 0 where the page says nothing
	gone  bool  // from the page's memory
	seen  []exemplar.Exemplar
}

func (s *series) isGone() bool { return s.gone }

// base is all points of one metric family.
type base struct {
	name   string
	points map[string]*point // by their labels
	list   []*point
}

// point is the series of one histogram, summary or counter: those that differ only in their suffix and bound.
type point struct {
	base    *base
	first   *series   // any of them, for the labels
	buckets []*series // ascending bounds
	sum     *series
	count   *series
	native  *series
	created *series
	value   *series // of a counter
	gone    bool    // from the page's memory
}

// evict forgets the series that are old, and tells whether none is left.
func (pt *point) evict(old func(*series) bool) bool {
	pt.buckets = slices.DeleteFunc(pt.buckets, old)
	left := len(pt.buckets)
	for _, s := range []**series{&pt.sum, &pt.count, &pt.native, &pt.created, &pt.value} {
		if *s != nil && old(*s) {
			*s = nil
		}
		if *s != nil {
			left++
		}
	}
	pt.gone = left == 0
	return pt.gone
}

// roleOf tells the role of a series by its name and labels. The bound is NaN where le is none.
func roleOf(f *family, lset labels.Labels, native bool) (role, float64) {
	suffix := f.name[len(f.bare):]
	switch {
	case native:
		return roleNative, 0
	case suffix == "_bucket" && lset.Has(model.BucketLabel):
		le, err := strconv.ParseFloat(lset.Get(model.BucketLabel), 64)
		if err != nil {
			le = math.NaN()
		}
		return roleBucket, le
	case f.typ() == model.MetricTypeSummary && lset.Has(model.QuantileLabel):
		return roleQuantile, 0
	case suffix == "_sum":
		return roleSum, 0
	case suffix == "_count":
		return roleCount, 0
	case suffix == "_created":
		return roleCreated, 0
	case suffix == "_total":
		return roleTotal, 0
	}
	return rolePlain, 0
}

// join puts s into its point.
func (p *page) join(s *series) {
	if s.role == roleQuantile || s.role == rolePlain && s.family.typ() != model.MetricTypeCounter {
		s.point = nil
		return
	}
	name := s.family.bare
	if s.native {
		name = s.family.name
	}
	b := p.bases[name]
	if b == nil {
		b = &base{name: name, points: map[string]*point{}}
		p.bases[name] = b
	}
	var key []byte
	s.lset.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && l.Name != model.BucketLabel {
			key = append(append(append(append(key, l.Name...), 0xff), l.Value...), 0xff)
		}
	})
	pt := b.points[string(key)]
	if pt == nil {
		pt = &point{base: b, first: s}
		b.points[string(key)] = pt
		b.list = append(b.list, pt)
	}
	s.point = pt
	switch s.role {
	case roleBucket:
		i, _ := slices.BinarySearchFunc(pt.buckets, s.le, func(o *series, le float64) int {
			switch {
			case o.le < le || math.IsNaN(o.le) && !math.IsNaN(le):
				return -1
			case o.le > le:
				return 1
			}
			return 0
		})
		pt.buckets = slices.Insert(pt.buckets, i, s)
	case roleSum:
		pt.sum = s
	case roleCount:
		pt.count = s
	case roleNative:
		pt.native = s
	case roleCreated:
		pt.created = s
	default:
		pt.value = s
	}
}
