package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// spreadAggregates are variance, standard deviation and covariance, of a sample (n-1) or, with p at the end of the name, of a population (n).
func spreadAggregates() []Aggregate {
	var all []Aggregate
	add := func(name, help string, population, root bool) {
		a := Aggregate{
			Signature: Signature{Text: name + "(expr: number|dynamic): real", Help: help + "; 0 when there are none."},
			Make:      accumulators(func() Accumulator { return &spread{population: population, root: root} }),
		}
		all = append(all, a)
		if name == "stdevp" {
			return // the language has no stdevpif
		}
		all = append(all, conditional(a, name+"if(expr: number|dynamic, predicate: bool): real", help+" in rows in which a predicate is true.", name+"if", 1))
	}
	add("variance", "Returns the variance of the values as a sample", false, false)
	add("variancep", "Returns the variance of the values as a population", true, false)
	add("stdev", "Returns the standard deviation of the values as a sample", false, true)
	add("stdevp", "Returns the standard deviation of the values as a population", true, true)

	both := func(name, help string, population bool) {
		a := Aggregate{
			Signature:   Signature{Text: name + "(expr1: number|dynamic, expr2: number|dynamic): real", Help: help + "."},
			DefaultName: covarianceName(name),
			Make:        accumulators(func() Accumulator { return &covariance{population: population} }),
		}
		c := conditional(a, name+"if(expr1: number|dynamic, expr2: number|dynamic, predicate: bool): real", help+" in rows in which a predicate is true.", "", 2)
		c.DefaultName = covarianceName(name + "if")
		all = append(all, a, c)
	}
	both("covariance", "Returns the covariance of two expressions as a sample", false)
	both("covariancep", "Returns the covariance of two expressions as a population", true)
	return all
}

// covarianceName names the result for both of its columns.
func covarianceName(name string) func([]Arg, string) string {
	return func(args []Arg, column string) string {
		if len(args) > 1 && args[1].Name != "" {
			return name + "_" + column + "_" + args[1].Name
		}
		return name + "_" + column
	}
}

// spread computes a variance in one pass (Welford), which keeps its digits where the mean is far from 0.
type spread struct {
	population, root bool
	n                int64
	mean, m2         float64
}

func (a *spread) Add(args []value.Value) error {
	if x, ok := value.ToFloat(args[0]); ok {
		a.add(x)
	}
	return nil
}

func (a *spread) add(x float64) {
	a.n++
	d := x - a.mean
	a.mean += d / float64(a.n)
	a.m2 += d * (x - a.mean)
}

func (a *spread) Result() value.Value {
	v := perDegree(a.m2, a.n, a.population)
	if a.root {
		return math.Sqrt(v)
	}
	return v
}

// perDegree divides a sum of squares by the degrees of freedom of n values. Fewer than two values do not spread.
func perDegree(sum float64, n int64, population bool) float64 {
	switch {
	case n < 2:
		return 0
	case population:
		return sum / float64(n)
	}
	return sum / float64(n-1)
}

// covariance is Welford's method for pairs. A row in which one of the two is null does not count.
type covariance struct {
	population        bool
	n                 int64
	meanX, meanY, sum float64
}

func (a *covariance) Add(args []value.Value) error {
	x, okX := value.ToFloat(args[0])
	y, okY := value.ToFloat(args[1])
	if !okX || !okY {
		return nil
	}
	a.n++
	d := x - a.meanX
	a.meanX += d / float64(a.n)
	a.meanY += (y - a.meanY) / float64(a.n)
	a.sum += d * (y - a.meanY)
	return nil
}

// Result returns the covariance, or null when no row counted.
func (a *covariance) Result() value.Value {
	if a.n == 0 {
		return nil
	}
	return perDegree(a.sum, a.n, a.population)
}
