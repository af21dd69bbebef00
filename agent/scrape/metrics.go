package scrape

import (
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/agent"
)

// ownDescs is what the collector says of itself; docs/agent/scrape.md has the same list.
type ownDescs struct{ success, duration, series, dropped, inconsistent *agent.Desc }

func newOwnDescs() ownDescs {
	return ownDescs{
		success:      &agent.Desc{Name: "agent_scrape_success", Type: model.MetricTypeGauge, Help: "1 if the target's last page was fetched and read to its end.", Labels: []string{"kind", targetLabel}},
		duration:     &agent.Desc{Name: "agent_scrape_duration_seconds", Type: model.MetricTypeGauge, Unit: "seconds", Help: "How long the target's last page took to fetch and read.", Labels: []string{targetLabel}},
		series:       &agent.Desc{Name: "agent_scrape_series", Type: model.MetricTypeGauge, Help: "Series on the target's last page, without those that were left out.", Labels: []string{targetLabel}},
		dropped:      &agent.Desc{Name: "agent_scrape_dropped_samples_total", Type: model.MetricTypeCounter, Help: "Samples of the target that were left out, by reason.", Labels: []string{"reason", targetLabel}},
		inconsistent: &agent.Desc{Name: "agent_scrape_inconsistent_total", Type: model.MetricTypeCounter, Help: "Times that a counter of the target fell and soon came back, as when several processes answer for one page in turn.", Labels: []string{targetLabel}},
	}
}

func (d ownDescs) list() []*agent.Desc {
	return []*agent.Desc{d.dropped, d.duration, d.inconsistent, d.series, d.success}
}
