package evaluate

import (
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/baseline"
)

// unlearned says of how many series of a preview no band was learned at all, and when the first of them has one. A dynamic threshold is alone
// in its rule.
func (r *previewRun) unlearned(sets []*baselineSet) []string {
	without, total := 0, 0
	var since time.Time // of the oldest data
	for key, places := range r.places {
		s := r.out.Series[places[0]]
		if r.plan.criteria[0].Type != alerts.DynamicThreshold {
			return nil
		}
		total++
		if anyValue(s.Lower) || anyValue(s.Upper) {
			continue
		}
		without++
		if l := sets[0].series[key]; l != nil && (since.IsZero() || l.since.Before(since)) {
			since = l.since
		}
	}
	if without == 0 {
		return nil
	}
	text := fmt.Sprintf("%d of %d series have no band in this time, so that nothing of them fires: a dynamic threshold needs three days of data and 30 samples", without, total)
	if since.IsZero() {
		return []string{text + "; there are none of them yet that count"}
	}
	return []string{fmt.Sprintf("%s; theirs begin at %s and span %.1f days at the end of the preview, so the first band comes at %s", text,
		since.UTC().Format(time.RFC3339), r.out.End.Sub(since).Hours()/24, baseline.First(since).UTC().Format(time.RFC3339))}
}

func anyValue(list []*float64) bool {
	for _, v := range list {
		if v != nil {
			return true
		}
	}
	return false
}
