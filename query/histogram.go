package query

import (
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// histogramForm says in which forms a histogram's series are stored.
type histogramForm struct{}

// observations is the number of observations in the window. The engine sees that only counts are needed and does not decode
// the buckets.
func (o operand) observations(window time.Duration) parser.Expr {
	return o.grouped(parser.SUM, call("histogram_count", call("increase", anchored(o.selector(), window))))
}

// total is the sum of what was observed in the window.
func (o operand) total(window time.Duration) parser.Expr {
	return o.grouped(parser.SUM, call("histogram_sum", call("increase", anchored(o.selector(), window))))
}

// merged is one histogram of all observations in the window.
func (o operand) merged(window time.Duration) parser.Expr {
	return o.grouped(parser.SUM, call("increase", anchored(o.selector(), window)))
}
