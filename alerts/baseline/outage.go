package baseline

const (
	// minOutageSlots is how long a value must not move at all to count as an outage, and maxOutageSlots after how long that is the new state.
	minOutageSlots = 6
	maxOutageSlots = 3 * day
	// maxOutages is how many there may be: what stands still more often is like that.
	maxOutages = 2
)

// leaveOut says which hours are left out of learning: those of a metric that moves otherwise, but stood still at one value, such as
// zero, for hours, and did so rarely.
func leaveOut(slots []slot) []bool {
	out := make([]bool, len(slots))
	type run struct{ from, to int }
	var runs []run
	for i := 0; i < len(slots); {
		j := i
		for j < len(slots) && slots[j].lo == slots[j].hi && slots[j].lo == slots[i].lo {
			j++
		}
		if j-i >= minOutageSlots {
			runs = append(runs, run{i, j})
		}
		i = max(j, i+1)
	}
	if len(runs) > maxOutages {
		return out
	}
	still := 0
	for _, r := range runs {
		still += r.to - r.from
	}
	if 2*still >= len(slots) {
		return out
	}
	for _, r := range runs {
		for i := r.from; i < min(r.to, r.from+maxOutageSlots); i++ {
			out[i] = true
		}
	}
	return out
}
