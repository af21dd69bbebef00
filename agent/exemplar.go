package agent

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// exemplars remembers the newest exemplar that a series sent. A source shows an exemplar until a newer one takes its place, and stores take them in
// the order of time and then of value, so what is not beyond the newest was sent. Not safe for concurrent use.
type exemplars struct {
	any    bool
	newest exemplar.Exemplar // with a time
	timed  bool              // whether the source gave that time
}

// fresh returns those of all that were not sent before, in the order in which stores take them. It reuses the memory of all.
func (x *exemplars) fresh(all []exemplar.Exemplar, at time.Time) []exemplar.Exemplar {
	if len(all) == 0 {
		return nil
	}
	timed := true
	all = slices.DeleteFunc(all, func(e exemplar.Exemplar) bool {
		if !e.HasTs && x.any && !x.timed && e.Value == x.newest.Value && labels.Equal(e.Labels, x.newest.Labels) {
			return true // the one of the round before, which has no time to tell it by
		}
		return math.IsNaN(e.Value) || tooLong(e.Labels)
	})
	for i := range all {
		if !all[i].HasTs {
			all[i].Ts, all[i].HasTs, timed = at.UnixMilli(), true, false
		}
	}
	slices.SortStableFunc(all, beyond)
	out := all[:0]
	for _, e := range all {
		if x.any && beyond(x.newest, e) >= 0 {
			continue
		}
		x.any, x.newest, x.timed = true, e, timed
		out = append(out, e)
	}
	return out
}

// beyond orders exemplars as stores do. Of those with one time and value, a store orders by a hash that is its own, so that only one of them is sent.
func beyond(a, b exemplar.Exemplar) int {
	return cmp.Or(cmp.Compare(a.Ts, b.Ts), cmp.Compare(a.Value, b.Value))
}

// tooLong says whether the labels have more characters than the standard allows for an exemplar.
func tooLong(ls labels.Labels) bool {
	n := 0
	ls.Range(func(l labels.Label) { n += utf8.RuneCountInString(l.Name) + utf8.RuneCountInString(l.Value) })
	return n > exemplar.ExemplarMaxLabelSetLength
}

// addExemplars appends exemplars to the series that was added last.
func (e *encoder) addExemplars(all []exemplar.Exemplar) {
	ts := &e.req.Timeseries[len(e.req.Timeseries)-1]
	for _, x := range all {
		var refs []uint32
		x.Labels.Range(func(l labels.Label) {
			refs = append(refs, e.symbols.Symbolize(strings.ToValidUTF8(l.Name, "\uFFFD")), e.symbols.Symbolize(strings.ToValidUTF8(l.Value, "\uFFFD")))
		})
		ts.Exemplars = append(ts.Exemplars, writev2.Exemplar{LabelsRefs: refs, Value: x.Value, Timestamp: x.Ts})
	}
}
