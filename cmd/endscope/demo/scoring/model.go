package scoring

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrModel is what a model returns when it cannot score an applicant whose input is well formed.
var ErrModel = errors.New("the model failed")

// Model scores applicants. Its methods are safe for concurrent use.
type Model interface {
	// Score returns the probability of default, in [0, 1], or an error that wraps ErrModel.
	Score(Applicant) (float64, error)
}

const (
	trainingSeed = 2005
	trainingRows = 1500
)

// trainer returns the function that trains the model of that name, and nil when there is none.
func trainer(name string) func() Model {
	switch name {
	case "logistic":
		return func() Model { return TrainLogistic() }
	case "boosted":
		return func() Model { return TrainBoosted() }
	}
	return nil
}

// Logistic is a logistic regression over scaled features.
type Logistic struct {
	mean, scale, weight [Features]float64
	bias                float64
}

// TrainLogistic fits a logistic regression to generated applicants by gradient descent.
func TrainLogistic() *Logistic {
	rows, outcomes := sample(trainingSeed, trainingRows)
	m := &Logistic{}
	for f := range Features {
		sum, squares := 0.0, 0.0
		for _, a := range rows {
			sum += a[f]
			squares += a[f] * a[f]
		}
		m.mean[f] = sum / float64(len(rows))
		m.scale[f] = 1 / max(math.Sqrt(squares/float64(len(rows))-m.mean[f]*m.mean[f]), 1e-9)
	}
	const steps, rate, ridge = 150, 0.3, 1e-3
	for range steps {
		var gradient [Features]float64
		bias := 0.0
		for i, a := range rows {
			off := m.score(a) - truth(outcomes[i])
			bias += off
			for f := range Features {
				gradient[f] += off * (a[f] - m.mean[f]) * m.scale[f]
			}
		}
		for f := range Features {
			m.weight[f] -= rate * (gradient[f]/float64(len(rows)) + ridge*m.weight[f])
		}
		m.bias -= rate * bias / float64(len(rows))
	}
	return m
}

// Score never fails.
func (m *Logistic) Score(a Applicant) (float64, error) { return m.score(a), nil }

func (m *Logistic) score(a Applicant) float64 {
	z := m.bias
	for f := range Features {
		z += m.weight[f] * (a[f] - m.mean[f]) * m.scale[f]
	}
	return sigmoid(z)
}

// Boosted is a sum of stumps, each fitted to what those before it left unexplained.
type Boosted struct {
	bias   float64
	stumps []stump
}

// stump adds low or high, by whether a feature is at most at.
type stump struct {
	feature       int
	at, low, high float64
}

// boostedFeatures are an applicant's values and, derived from them, the used share of the limit in each month.
const boostedFeatures = Features + months

// derive returns the features of the boosted model. The used share of a limit of zero is not a number: that is green's fault in
// the demo, which blue does not have.
func derive(a Applicant) (x [boostedFeatures]float64) {
	copy(x[:], a[:])
	for m := range months {
		x[Features+m] = a[colBill+m] / a[colLimit]
	}
	return x
}

// TrainBoosted fits stumps to generated applicants. Those without a limit were left out of its training, as happens.
func TrainBoosted() *Boosted {
	all, allOutcomes := sample(trainingSeed, trainingRows)
	var rows [][boostedFeatures]float64
	var left []float64 // what is still unexplained
	var outcomes []float64
	for i, a := range all {
		if a[colLimit] > 0 {
			rows, outcomes = append(rows, derive(a)), append(outcomes, truth(allOutcomes[i]))
		}
	}
	left = make([]float64, len(rows))
	z := make([]float64, len(rows))
	cuts := candidates(rows)
	m := &Boosted{}
	positive := 0.0
	for _, y := range outcomes {
		positive += y
	}
	m.bias = math.Log(positive / (float64(len(rows)) - positive))
	const rounds, rate = 60, 0.4
	for range rounds {
		for i := range rows {
			left[i] = outcomes[i] - sigmoid(m.bias+z[i])
		}
		s := bestStump(rows, left, cuts)
		s.low, s.high = s.low*rate*4, s.high*rate*4 // 4: the curvature of the logistic loss is at most a quarter
		m.stumps = append(m.stumps, s)
		for i := range rows {
			z[i] += s.value(rows[i])
		}
	}
	return m
}

// candidates returns eight cuts per feature, at its quantiles.
func candidates(rows [][boostedFeatures]float64) (cuts [boostedFeatures][]float64) {
	column := make([]float64, len(rows))
	for f := range cuts {
		for i := range rows {
			column[i] = rows[i][f]
		}
		slices.Sort(column)
		for q := 1; q <= 8; q++ {
			cuts[f] = append(cuts[f], column[q*len(column)/9])
		}
		cuts[f] = slices.Compact(cuts[f])
	}
	return cuts
}

// bestStump returns the stump with the means of left on both sides that explains most of it.
func bestStump(rows [][boostedFeatures]float64, left []float64, cuts [boostedFeatures][]float64) stump {
	total := 0.0
	for _, v := range left {
		total += v
	}
	best, bestGain := stump{}, -1.0
	for f := range cuts {
		for _, at := range cuts[f] {
			sum, n := 0.0, 0.0
			for i := range rows {
				if rows[i][f] <= at {
					sum += left[i]
					n++
				}
			}
			rest := float64(len(rows)) - n
			if n == 0 || rest == 0 {
				continue
			}
			if gain := sum*sum/n + (total-sum)*(total-sum)/rest; gain > bestGain {
				best, bestGain = stump{f, at, sum / n, (total - sum) / rest}, gain
			}
		}
	}
	return best
}

func (s stump) value(x [boostedFeatures]float64) float64 {
	if x[s.feature] <= s.at {
		return s.low
	}
	return s.high
}

// Score fails for an applicant whose limit is zero.
func (m *Boosted) Score(a Applicant) (float64, error) {
	x := derive(a)
	z := m.bias
	for _, s := range m.stumps {
		if math.IsNaN(x[s.feature]) || math.IsInf(x[s.feature], 0) {
			return 0, fmt.Errorf("%w: feature %d is not finite: division by the applicant's limit, which is 0", ErrModel, s.feature)
		}
		z += s.value(x)
	}
	return sigmoid(z), nil
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func truth(outcome bool) float64 {
	if outcome {
		return 1
	}
	return 0
}
