package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// mathSpecialFunctions are the gamma, beta and error functions and the test that is built on them.
func mathSpecialFunctions() []Scalar {
	return []Scalar{
		realFunction("gamma", "Returns the gamma function of x.", always(math.Gamma)),
		realFunction("loggamma", "Returns the natural logarithm of the magnitude of the gamma function of x.", always(logGamma)),
		realFunction("erf", "Returns the error function of x.", always(math.Erf)),
		realFunction("erfc", "Returns the complementary error function of x.", always(math.Erfc)),
		beta("beta_cdf(x", "Returns the probability that a beta-distributed number is at most x; NaN for x outside 0 to 1, and for alpha or beta above 10000.",
			func(x, a, b float64) (float64, bool) {
				if !(x >= 0 && x <= 1) || a > 10000 || b > 10000 {
					return math.NaN(), true
				}
				return betaCDF(x, a, b), true
			}),
		beta("beta_pdf(x", "Returns the density of the beta distribution at x; NaN for x outside 0 to 1.",
			func(x, a, b float64) (float64, bool) {
				if !(x > 0 && x < 1) {
					return math.NaN(), true
				}
				return math.Exp((a-1)*math.Log(x) + (b-1)*math.Log1p(-x) - logBeta(a, b)), true
			}),
		beta("beta_inv(probability", "Returns the x whose beta_cdf() is the probability; null for one outside 0 to 1.",
			func(p, a, b float64) (float64, bool) {
				if !(p > 0 && p <= 1) {
					return 0, false
				}
				return betaInverse(p, a, b), true
			}),
		{
			Signature: Signature{
				Text: "welch_test(mean1: number, variance1: number, count1: number, mean2: number, variance2: number, count2: number): real",
				Help: "Returns the p-value of Welch's two-sided t-test of two samples.",
			},
			Make: simple(func(a []value.Value) value.Value {
				var x [6]float64
				for i := range x {
					f, ok := value.ToFloat(a[i])
					if !ok {
						return nil
					}
					x[i] = f
				}
				return welch(x[0], x[1], x[2], x[3], x[4], x[5])
			}),
		},
	}
}

// beta declares a function of the beta distribution, given the beginning of its signature.
func beta(begin, help string, f func(x, alpha, beta float64) (float64, bool)) Scalar {
	return Scalar{
		Signature: Signature{Text: begin + ": number, alpha: number, beta: number): real", Help: help + " NaN where alpha or beta is not above 0."},
		Make: simple(func(args []value.Value) value.Value {
			x, ok := value.ToFloat(args[0])
			a, ok2 := value.ToFloat(args[1])
			b, ok3 := value.ToFloat(args[2])
			if !ok || !ok2 || !ok3 {
				return nil
			}
			if !(a > 0 && b > 0) {
				return math.NaN()
			}
			y, ok := f(x, a, b)
			if !ok {
				return nil
			}
			return y
		}),
	}
}

func logGamma(x float64) float64 {
	l, _ := math.Lgamma(x)
	return l
}

// logBeta is the logarithm of the beta function.
func logBeta(a, b float64) float64 { return logGamma(a) + logGamma(b) - logGamma(a+b) }

// betaCDF is the regularized incomplete beta function for x from 0 to 1 and a, b > 0.
func betaCDF(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	front := math.Exp(a*math.Log(x) + b*math.Log1p(-x) - logBeta(a, b))
	if x <= (a+1)/(a+b+2) { // where the fraction converges fast
		return front / (a * betaFraction(x, a, b))
	}
	return 1 - front/(b*betaFraction(1-x, b, a))
}

// betaFraction evaluates the continued fraction 1 + d1/(1 + d2/(1 + …)) of the incomplete beta function from the front, as a product of
// ratios of its convergents' numerators and denominators (Lentz).
func betaFraction(x, a, b float64) float64 {
	const (
		tiny  = 1e-300
		steps = 100000 // it takes about the root of the larger parameter
	)
	apart := func(v float64) float64 { // from zero
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	f, num, den := 1.0, 1.0, 0.0
	for i := 1; i < steps; i++ {
		m := float64(i / 2)
		d := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		if i%2 == 1 {
			d = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		num = apart(1 + d/num)
		den = 1 / apart(1+d*den)
		f *= num * den
		if math.Abs(num*den-1) < 1e-16 {
			break
		}
	}
	return f
}

// betaInverse returns the x at which betaCDF is p, by halving the interval until no number lies between its ends.
func betaInverse(p, a, b float64) float64 {
	if p >= 1 {
		return 1
	}
	lo, hi := 0.0, 1.0
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi || hi < 1e-300 {
			return mid
		}
		if betaCDF(mid, a, b) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// welch returns the two-sided p-value of Welch's t-test: the share of Student's distribution beyond t on both sides. It is NaN where a
// sample has fewer than two values.
func welch(mean1, variance1, count1, mean2, variance2, count2 float64) float64 {
	if count1 < 2 || count2 < 2 {
		return math.NaN()
	}
	e1, e2 := variance1/count1, variance2/count2 // squares of the standard errors
	t2 := (mean1 - mean2) * (mean1 - mean2) / (e1 + e2)
	freedom := (e1 + e2) * (e1 + e2) / (e1*e1/(count1-1) + e2*e2/(count2-1))
	if math.IsNaN(t2) || math.IsNaN(freedom) {
		return math.NaN()
	}
	return betaCDF(freedom/(freedom+t2), freedom/2, 0.5)
}
