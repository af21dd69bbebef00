package hub

import (
	"context"

	"github.com/endscope/endscope/alerts"
)

// recheckPage is how many suppressed alerts are looked at together.
const recheckPage = 200

// recheck hands on the alerts that last and that no processing rule suppresses any more: who comes to work after a maintenance window
// has to hear of what the maintenance broke.
func (h *Hub) recheck(ctx context.Context) error {
	var rules []alerts.ProcessingRule
	if h.set.ProcessingRules != nil {
		rules = h.set.ProcessingRules()
	}
	for after := int64(0); ; {
		page, err := h.set.Store.Suppressed(ctx, after, recheckPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			after = r.Seq
			at := h.now()
			actions, entries, suppressed := process(rules, &r.Alert, at)
			if suppressed {
				continue
			}
			labels := cloned(r.Labels)
			setGroups(labels, r.Actions, actions)
			entries = append([]alerts.TimelineEntry{{At: at, Kind: "released", Text: "No processing rule suppresses it any more, and it has not resolved."}}, entries...)
			if _, err := h.set.Store.Release(ctx, r.ID, at, groupNames(actions), labels, entries); err != nil {
				return err
			}
		}
		h.wakeUp()
	}
}
