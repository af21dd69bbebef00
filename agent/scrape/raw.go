package scrape

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/scopes"
)

const jobLabel = "job"

// addRaw adds the page's own series, with their names and labels.
func (t *target) addRaw(now time.Time) {
	if !t.raw {
		return
	}
	for _, s := range t.page.order {
		if s.over {
			continue
		}
		if s.desc == nil {
			t.describe(s)
		}
		r := agent.Reading{Desc: s.desc, LabelValues: s.values, Value: s.value, Hist: s.hist, Exemplars: s.seen}
		switch s.desc.Type {
		case model.MetricTypeCounter, model.MetricTypeHistogram, model.MetricTypeSummary:
			r.Start = t.page.created(s, now)
		}
		if s.at != 0 {
			r.Time = time.UnixMilli(s.at)
		}
		s.hist = nil // the round's from now on
		t.readings = append(t.readings, r)
	}
}

// describe makes the description and label values of the series' raw reading.
func (t *target) describe(s *series) {
	t.key = append(t.key[:0], s.family.name...)
	own := 0
	s.lset.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			t.key = append(append(t.key, 0xff), l.Name...)
			own++
		}
	})
	d := t.descs[string(t.key)]
	if d == nil {
		d = &agent.Desc{Name: s.family.name, Type: s.family.typ()}
		if m := s.family.meta; m != nil {
			d.Help, d.Unit = m.help, m.unit
		}
		taken := func(name string) bool {
			return name == jobLabel || t.several && name == targetLabel || name == scopes.LabelEndpoint || name == scopes.LabelDeployment || name == scopes.LabelInstance
		}
		s.lset.Range(func(l labels.Label) {
			if l.Name == model.MetricNameLabel {
				return
			}
			name := strings.Clone(l.Name)
			for taken(name) || name != l.Name && s.lset.Has(name) {
				name = model.ExportedLabelPrefix + name
			}
			d.Labels = append(d.Labels, name)
		})
		d.Labels = append(d.Labels, jobLabel)
		if t.several {
			d.Labels = append(d.Labels, targetLabel)
		}
		t.descs[string(t.key)] = d
	}
	s.desc, s.values = d, make([]string, 0, own+2)
	s.lset.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			s.values = append(s.values, l.Value)
		}
	})
	s.values = append(s.values, t.label)
	if t.several {
		s.values = append(s.values, t.name)
	}
}
