package evaluate

import (
	"maps"
	"slices"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// maxLogSlices bounds what is kept in memory while a range is cut into bins, about 48 bytes each.
const maxLogSlices = 2_000_000

// gathered is what the rows of one bin came to.
type gathered struct {
	rows          int64
	n             int64 // rows whose measure is a number
	sum, min, max float64
}

func (g *gathered) add(x float64, is bool) {
	g.rows++
	if !is {
		return
	}
	if g.n == 0 || x < g.min {
		g.min = x
	}
	if g.n == 0 || x > g.max {
		g.max = x
	}
	g.n++
	g.sum += x
}

func (g *gathered) merge(o *gathered) {
	if o.n > 0 {
		if g.n == 0 || o.min < g.min {
			g.min = o.min
		}
		if g.n == 0 || o.max > g.max {
			g.max = o.max
		}
	}
	g.rows, g.n, g.sum = g.rows+o.rows, g.n+o.n, g.sum+o.sum
}

// value returns the measure; nil for no data. Of a series that is told apart by nothing, no rows are a count of 0.
func (g *gathered) value(of scopes.Aggregation, zero bool) *float64 {
	var x float64
	switch {
	case of == scopes.Count:
		if g.rows == 0 && !zero {
			return nil
		}
		x = float64(g.rows)
	case g.n == 0:
		return nil
	case of == scopes.Average:
		x = g.sum / float64(g.n)
	case of == scopes.Minimum:
		x = g.min
	case of == scopes.Maximum:
		x = g.max
	default:
		x = g.sum
	}
	return &x
}

// logGather puts rows of log tables into slices of time of each series.
type logGather struct {
	rule   *alerts.Rule
	c      *criterionPlan
	limit  int
	from   time.Time     // start of slice 0
	grain  time.Duration // length of a slice
	count  int           // slices
	series map[string]*logSeries
	zero   bool // there is one series only, also without rows
}

type logSeries struct {
	identity
	slices []gathered
}

func newLogGather(rule *alerts.Rule, c *criterionPlan, limit int, from time.Time, grain time.Duration, n int) *logGather {
	g := &logGather{rule: rule, c: c, limit: limit, from: from, grain: grain, count: n, series: map[string]*logSeries{}}
	if len(c.Dimensions) == 0 && c.ResourceIDColumn == "" {
		g.zero = true
		g.of(identity{logTarget(rule), map[string]string{}})
	}
	return g
}

func (g *logGather) of(id identity) *logSeries {
	key := alerts.SeriesKey(id.scope, id.dims)
	s := g.series[key]
	if s == nil {
		s = &logSeries{id, make([]gathered, g.count)}
		g.series[key] = s
	}
	return s
}

// add puts the rows of a table into their slices, or all into the given one where it is not negative. It reports whether it could:
// not where the table has no times.
func (g *logGather) add(t *alerts.LogTable, slice int) (bool, error) {
	if t == nil {
		return true, nil
	}
	if err := withinTable(t); err != nil {
		return false, err
	}
	cols, err := columnsOf(t, g.c)
	if err != nil {
		return false, err
	}
	if slice < 0 && cols.time < 0 {
		return false, nil
	}
	for _, r := range t.Rows {
		id, ok := g.identify(r, cols)
		if !ok {
			continue
		}
		i := slice
		if i < 0 {
			at, ok := r[cols.time].(time.Time)
			if !ok || at.Before(g.from) {
				continue
			}
			if i = int(at.Sub(g.from) / g.grain); i >= g.count {
				continue
			}
		}
		s := g.of(id)
		if err := withinSeries(len(g.series), g.limit); err != nil {
			return false, err
		}
		if got := int64(len(g.series)) * int64(g.count); got > maxLogSlices && len(g.series) > 1 {
			return false, &LimitError{Name: "series and times of a log rule, ask for less time", Got: got, Limit: maxLogSlices, Unit: "bins"}
		}
		if cols.measure >= 0 {
			s.slices[i].add(cellNumber(r[cols.measure]))
		} else {
			s.slices[i].add(0, false)
		}
	}
	return true, nil
}

// identify returns which series a row belongs to; false if the dimensions of the criterion do not take it.
func (g *logGather) identify(r []any, cols logColumns) (identity, bool) {
	dims := make(map[string]string, len(cols.dims))
	for i, col := range cols.dims {
		d := &g.c.Dimensions[i]
		v := cellText(r[col])
		if !takes(d, v) {
			return identity{}, false
		}
		dims[d.Name] = v
	}
	scope, _ := scopeOfRow(dims, logTarget(g.rule))
	if cols.resource >= 0 {
		text := cellText(r[cols.resource])
		if p, ok := scopeOfResource(text); ok {
			scope = p
		} else {
			dims[g.c.ResourceIDColumn] = text // a resource of others is told apart, and the target is the rule's
		}
	}
	return identity{scope, dims}, true
}

// answers makes bins of slices: the check at instant i ends with slice last(i), and bins are perBin slices long.
func (g *logGather) answers(n, bins, perBin int, last func(i int) int) []answered {
	out := make([]answered, 0, len(g.series))
	for _, key := range slices.Sorted(maps.Keys(g.series)) {
		s := g.series[key]
		a := answered{s.identity, cells{values: make([]*float64, n), verdicts: make([]condition.Verdict, n)}}
		for i := range n {
			met, empty := 0, 0
			for b := range bins {
				var sum gathered
				end := last(i) - b*perBin
				for k := max(0, end-perBin+1); k <= end; k++ {
					sum.merge(&s.slices[k])
				}
				v := sum.value(g.c.TimeAggregation, g.zero)
				if b == 0 {
					a.values[i] = v
				}
				switch {
				case v == nil:
					empty++
				case condition.Compare(g.c.Operator, *v, g.c.Threshold):
					met++
				}
			}
			a.verdicts[i] = binVerdict(met, empty, g.c.log.failing)
		}
		out = append(out, a)
	}
	return out
}

// binVerdict is Met if enough bins are, NoData if those without data would make them enough, and else Unmet.
func binVerdict(met, empty, failing int) condition.Verdict {
	switch {
	case met >= failing:
		return condition.Met
	case met+empty >= failing:
		return condition.NoData
	}
	return condition.Unmet
}
