package ingest

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/scrape"
)

// Metadata remembers type, unit and help of every metric name that pushes told, the newest of each, up to a number of names. It is
// the MetricMetadataStore behind /api/v1/metadata. It lives in memory: senders repeat their metadata.
type Metadata struct {
	limit   int
	refused atomic.Int64 // names beyond the limit

	mu    sync.RWMutex
	byNam map[string]metadata.Metadata
	size  int
}

func newMetadata(limit int) *Metadata {
	return &Metadata{limit: limit, byNam: map[string]metadata.Metadata{}}
}

func (m *Metadata) put(name string, md metadata.Metadata) {
	m.mu.RLock()
	old, known := m.byNam[name]
	m.mu.RUnlock()
	if known && old == md {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.byNam[name]; !known && len(m.byNam) >= m.limit {
		m.refused.Add(1)
		return
	}
	old = m.byNam[name]
	m.size += len(md.Help) + len(md.Unit) + len(md.Type) - len(old.Help) - len(old.Unit) - len(old.Type)
	m.byNam[name] = md
}

// ListMetadata returns everything that is remembered, in no order.
func (m *Metadata) ListMetadata() []scrape.MetricMetadata {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make([]scrape.MetricMetadata, 0, len(m.byNam))
	for name, md := range m.byNam {
		all = append(all, scrape.MetricMetadata{MetricFamily: name, Type: md.Type, Help: md.Help, Unit: md.Unit})
	}
	return all
}

// GetMetadata returns what is remembered of one metric family.
func (m *Metadata) GetMetadata(family string) (scrape.MetricMetadata, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	md, ok := m.byNam[family]
	return scrape.MetricMetadata{MetricFamily: family, Type: md.Type, Help: md.Help, Unit: md.Unit}, ok
}

// SizeMetadata returns the bytes of all texts.
func (m *Metadata) SizeMetadata() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.size
}

// LengthMetadata returns the number of metric families.
func (m *Metadata) LengthMetadata() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.byNam)
}

// familyName returns the metric family of a series: classic histograms and summaries have series of other names.
func familyName(name string, typ model.MetricType) string {
	var suffixes []string
	switch typ {
	case model.MetricTypeHistogram, model.MetricTypeGaugeHistogram:
		suffixes = []string{"_bucket", "_sum", "_count"}
	case model.MetricTypeSummary:
		suffixes = []string{"_sum", "_count"}
	}
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(name, suffix); ok && base != "" {
			return strings.Clone(base)
		}
	}
	return strings.Clone(name)
}
