package scrape

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// feed returns where the series goes, which is decided once. id is the series, or the point that it belongs to.
func (m *mapper) feed(pl *planned, id any, s *series) *feed {
	f := pl.feeds[id]
	if f != nil {
		return f
	}
	f = &feed{}
	pl.feeds[id] = f
	if matches(pl.rule.where, s) {
		m.route(pl, f, s)
	}
	return f
}

func matches(where []condition, s *series) bool {
	for _, c := range where {
		if !c.value.matches(s.lset.Get(c.label)) {
			return false
		}
	}
	return true
}

// route makes f lead to the output that the labels of s belong to.
func (m *mapper) route(pl *planned, f *feed, s *series) {
	d := m.desc(pl.rule.metric)
	values := make([]string, len(d.Labels))
	for _, k := range pl.rule.keep {
		values[pl.rule.label[k.canonical]] = s.lset.Get(k.source)
	}
	for label, v := range pl.rule.Set {
		values[pl.rule.label[label]] = v
	}
	for label, rewrite := range pl.rule.Values {
		at := pl.rule.label[label]
		if to, ok := rewrite[values[at]]; ok {
			values[at] = to
		} else if to, ok := rewrite["*"]; ok {
			values[at] = to
		}
	}
	if m.target != "" {
		values[len(values)-1] = m.target
	}
	m.key = append(append(m.key[:0], pl.rule.To...), 0xff)
	for _, v := range values {
		m.key = append(append(m.key, v...), 0xff)
	}
	key := outputKey{pl.rule, string(m.key)}
	out := m.outputs[key]
	if out == nil {
		for i := range values { // not parts of a page's longer text
			values[i] = strings.Clone(values[i])
		}
		out = &output{metric: pl.rule.metric, values: values, key: key.key}
		m.outputs[key] = out
	}
	f.out = out
	if len(pl.rule.Leaf) == 0 {
		return
	}
	m.key = m.key[:0]
	for _, k := range pl.rule.keep {
		if !slices.Contains(pl.rule.Leaf, k.source) {
			m.key = append(append(m.key, s.lset.Get(k.source)...), 0xff)
		}
	}
	f.whole = m.kin(pl, "whole")
	f.part = slices.ContainsFunc(pl.rule.Leaf, s.lset.Has)
}

// product returns the product of labels that are numbers, and NaN where one is not.
func product(s *series, names []string) float64 {
	v := 1.0
	for _, n := range names {
		f, err := strconv.ParseFloat(s.lset.Get(n), 64)
		if err != nil {
			return math.NaN()
		}
		v *= f
	}
	return v
}
