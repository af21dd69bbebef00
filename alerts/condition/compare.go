package condition

import (
	"math"

	"github.com/endscope/endscope/alerts"
)

// Compare says whether a value is on the side of a threshold that the operator asks for, as Go compares floats: Equals takes the very
// same number. It is false for a value or threshold that is not finite, and for operators that compare with a band.
func Compare(op alerts.Operator, value, threshold float64) bool {
	if !finite(value) || !finite(threshold) {
		return false
	}
	switch op {
	case alerts.Equals:
		return value == threshold
	case alerts.NotEquals:
		return value != threshold
	case alerts.GreaterThan:
		return value > threshold
	case alerts.GreaterThanOrEqual:
		return value >= threshold
	case alerts.LessThan:
		return value < threshold
	case alerts.LessThanOrEqual:
		return value <= threshold
	}
	return false
}

// Outside says whether a value is outside of a band on a side that the operator asks for, above for GreaterThan, below for LessThan,
// either for GreaterOrLessThan, and returns the bound that it crossed or else the one that is nearest of those. The bound is nil, and
// the value not outside, where no bound that the operator asks for is known. A value on the bound is inside.
func Outside(op alerts.Operator, value float64, lower, upper *float64) (bound *float64, outside bool) {
	if op == alerts.GreaterThan || lower != nil && !finite(*lower) {
		lower = nil
	}
	if op == alerts.LessThan || upper != nil && !finite(*upper) {
		upper = nil
	}
	if op != alerts.GreaterThan && op != alerts.LessThan && op != alerts.GreaterOrLessThan || !finite(value) {
		return nil, false
	}
	switch {
	case upper != nil && value > *upper:
		return upper, true
	case lower != nil && value < *lower:
		return lower, true
	case upper == nil:
		return lower, false
	case lower == nil || math.Abs(*upper-value) <= math.Abs(value-*lower):
		return upper, false
	}
	return lower, false
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Judge compares what one criterion saw: a static one with its threshold, a dynamic one with the band, whose bounds are nil where they
// are not known. A value that is nil, NaN or infinite is NoData; a value without a band is Unjudged.
func Judge(c *alerts.Criterion, value, lower, upper *float64) (Verdict, alerts.CriterionValue) {
	saw := alerts.CriterionValue{Criterion: *c}
	if value != nil && finite(*value) {
		v := *value
		saw.Value = &v
	}
	if c.Type != alerts.DynamicThreshold {
		threshold := c.Threshold
		saw.Threshold = &threshold
		if saw.Value == nil {
			return NoData, saw
		}
		return verdictOf(Compare(c.Operator, *saw.Value, threshold)), saw
	}
	saw.Lower, saw.Upper = lower, upper
	if saw.Value == nil {
		return NoData, saw
	}
	bound, outside := Outside(c.Operator, *saw.Value, lower, upper)
	if bound == nil {
		return Unjudged, saw
	}
	saw.Threshold = bound
	return verdictOf(outside), saw
}
