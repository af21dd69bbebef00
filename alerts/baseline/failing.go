package baseline

import (
	"math"
	"slices"
	"time"

	"github.com/endscope/endscope/alerts"
)

// maxFailing bounds how many checks a rule may look back on; more count as that.
const maxFailing = 100

// failing is what a rule that asks for k of the last n checks sees. It fires on what lasts, so its band is learned from what lasted:
// a series that often leaves the band for one check has a band as narrow as if it never did. For a value v, "k of the last n checks are
// above v" means that the k-th largest of them is.
type failing struct {
	k, n int
	// perSlot is how many checks an hour has. Where the n fit into an hour, k of n is taken of the checks (lasted); otherwise of the
	// hours, each compared with its own season (lastedSlots).
	perSlot int
}

func newFailing(p alerts.FailingPeriods, every time.Duration) failing {
	f := failing{n: min(max(p.NumberOfEvaluationPeriods, 1), maxFailing), perSlot: 1}
	f.k = min(max(p.MinFailingPeriodsToAlert, 1), f.n)
	if every > 0 && every < slotLength {
		f.perSlot = int(slotLength / every)
	}
	return f
}

// within says that the n checks fit into an hour.
func (f failing) within() bool { return f.k > 1 && f.n <= f.perSlot }

// lasted returns the k-th smallest and the k-th largest of the last n values; of fewer than k values the one closest to the others.
func (f failing) lasted(last []float64) (lo, hi float64) {
	if len(last) == 1 {
		return last[0], last[0]
	}
	sorted := slices.Clone(last)
	slices.Sort(sorted)
	k := min(f.k, len(sorted))
	return sorted[k-1], sorted[len(sorted)-k]
}

// lastedSlots replaces how far each hour went beyond what is usual by how far as many hours did as k of n checks need at least. NaNs
// stay, and are passed over.
func (f failing) lastedSlots(over []float64) {
	if f.k == 1 || f.within() {
		return
	}
	k, n := (f.k+f.perSlot-1)/f.perSlot, (f.n-2)/f.perSlot+2
	var last []float64
	sorted := make([]float64, 0, n)
	for i, v := range over {
		if math.IsNaN(v) {
			continue
		}
		if len(last) == n {
			last = append(last[:0], last[1:]...)
		}
		last = append(last, v)
		sorted = append(sorted[:0], last...)
		slices.Sort(sorted)
		over[i] = sorted[len(sorted)-min(k, len(sorted))]
	}
}
