package scoring

import (
	"math"
	"math/rand/v2"
)

// Features is the number of values of an applicant.
const Features = 23

// The columns that code refers to by name. The layout is that of the "default of credit card clients" data set: limit, sex, education,
// marriage, age, six months of repayment status, six of bills and six of payments.
const (
	colLimit     = 0
	colSex       = 1
	colEducation = 2
	colMarriage  = 3
	colAge       = 4
	colStatus    = 5  // 5…10: months that the repayment is late, the latest month first; -1 means paid in time
	colBill      = 11 // 11…16
	colPayment   = 17 // 17…22
	months       = 6
)

// Applicant is one row of features in the order of the columns above.
type Applicant [Features]float64

// Generator makes applicants that look like the data set, and knows who of them defaults. Not safe for concurrent use.
type Generator struct{ rng *rand.Rand }

// NewGenerator returns a generator; the same seed gives the same applicants.
func NewGenerator(seed uint64) *Generator { return &Generator{rand.New(rand.NewPCG(seed, 23))} }

// Next returns an applicant and whether the applicant will default. About one in five does.
func (g *Generator) Next() (Applicant, bool) {
	r := g.rng
	var a Applicant
	a[colLimit] = math.Round(math.Exp(11.7+0.8*r.NormFloat64())/1e4) * 1e4
	if r.Float64() < 0.03 {
		a[colLimit] = 0 // no limit was granted yet
	}
	a[colSex] = float64(1 + r.IntN(2))
	a[colEducation] = float64(1 + r.IntN(4))
	a[colMarriage] = float64(1 + r.IntN(3))
	a[colAge] = math.Round(min(79, max(21, 35+9*r.NormFloat64())))

	strain := r.NormFloat64() // how short of money the applicant is, which nobody sees directly
	use := 1 / (1 + math.Exp(-strain))
	base := max(a[colLimit], 2e4)
	for m := range months {
		late := math.Round(0.9*strain + 0.5*r.NormFloat64() - 0.6)
		a[colStatus+m] = min(8, max(-1, late))
		a[colBill+m] = math.Round(base * use * (0.7 + 0.3*r.Float64()))
		a[colPayment+m] = math.Round(a[colBill+m] * min(1, max(0, 0.5-0.25*strain+0.1*r.NormFloat64())))
	}
	risk := -1.9 + 1.1*strain + 0.25*a[colStatus] - 0.004*(a[colAge]-35) - 0.15*math.Log((a[colLimit]+1e4)/1e5)
	return a, r.Float64() < 1/(1+math.Exp(-risk))
}

// sample returns n applicants and their outcomes.
func sample(seed uint64, n int) ([]Applicant, []bool) {
	g := NewGenerator(seed)
	rows, outcomes := make([]Applicant, n), make([]bool, n)
	for i := range rows {
		rows[i], outcomes[i] = g.Next()
	}
	return rows, outcomes
}
