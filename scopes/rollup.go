package scopes

import (
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Names of series that only the server writes. Pushes of these names are refused: what the server believes about its
// roll-ups must be its own.
const (
	// RollupPrefix begins the names of the series that say which roll-ups are complete and which must not be used.
	RollupPrefix = "endscope_rollup_"
	// RollupBegun has one sample at the end of each stretch of time that work on roll-ups began with.
	RollupBegun = RollupPrefix + "begun"
	// RollupComplete has one sample at the end of each period whose roll-ups of the series in its label `series` are all there.
	RollupComplete = RollupPrefix + "complete"
	// RollupLate has one sample for each minute whose roll-ups do not say what the raw samples say.
	RollupLate = RollupPrefix + "late"
)

// RollupOps are what a roll-up may hold of a series, by the middle of its name.
var rollupOps = [...]string{"increase", "observations", "total", "sum", "count", "min", "max"}

// RollupName returns the name of a roll-up, in the form of recording rules: `instance:gpu_utilization_ratio:max5m`.
func RollupName(level Level, series, op, resolution string) string {
	return string(level) + ":" + series + ":" + op + resolution
}

// IsRollup says whether the name is that of a roll-up.
func IsRollup(name string) bool {
	level, rest, ok := strings.Cut(name, ":")
	if !ok || level != string(LevelInstance) && level != string(LevelDeployment) {
		return false
	}
	_, op, ok := strings.Cut(rest, ":")
	if !ok {
		return false
	}
	for _, known := range rollupOps {
		if tail, found := strings.CutPrefix(op, known); found && (tail == "1m" || tail == "5m") {
			return true
		}
	}
	return false
}

// Reserved says whether only the server may write the series: marks of roll-ups, and roll-ups of a scope.
func Reserved(ls labels.Labels) bool {
	name := ls.Get(model.MetricNameLabel)
	switch name {
	case RollupBegun, RollupComplete, RollupLate:
		return true
	}
	return IsRollup(name) && ls.Get(LabelEndpoint) != ""
}
