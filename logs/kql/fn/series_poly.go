package fn

import "math"

// polynomial fits a polynomial by least squares and returns its coefficients, the highest power first, and its values at every x. False
// means that there are too few different x for the degree.
func polynomial(x, y []float64, degree int) (coefficients, fitted []float64, ok bool) {
	n, m := len(x), degree+1
	if n < m {
		return nil, nil, false
	}
	low, high := x[0], x[0]
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	if low == high {
		return nil, nil, false
	}
	// With x scaled to [-1, 1] and Chebyshev polynomials as the base, the columns stay nearly independent also at high degrees.
	center, half := (low+high)/2, (high-low)/2
	columns := make([][]float64, m)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i, v := range x {
			t := (v - center) / half
			switch j {
			case 0:
				columns[j][i] = 1
			case 1:
				columns[j][i] = t
			default:
				columns[j][i] = 2*t*columns[j-1][i] - columns[j-2][i]
			}
		}
	}
	c, fitted, ok := leastSquares(columns, y)
	if !ok {
		return nil, nil, false
	}
	return unscale(chebyshevToPowers(c), center, half), fitted, true
}

// leastSquares returns the weights of columns whose sum is closest to y, and that sum (Gram and Schmidt, each column twice for the digits).
func leastSquares(columns [][]float64, y []float64) (weights, fitted []float64, ok bool) {
	m, n := len(columns), len(y)
	q, r := make([][]float64, m), make([][]float64, m)
	for j, column := range columns {
		q[j], r[j] = append([]float64{}, column...), make([]float64, m)
		size := math.Sqrt(dot(column, column))
		for range 2 {
			for k := range j {
				share := dot(q[k], q[j])
				r[k][j] += share
				for i := range n {
					q[j][i] -= share * q[k][i]
				}
			}
		}
		length := math.Sqrt(dot(q[j], q[j]))
		if length <= 1e-13*size {
			return nil, nil, false
		}
		r[j][j] = length
		for i := range n {
			q[j][i] /= length
		}
	}
	fitted, weights = make([]float64, n), make([]float64, m)
	rest := append([]float64{}, y...)
	for j := range m {
		weights[j] = dot(q[j], rest)
		for i := range n {
			fitted[i] += weights[j] * q[j][i]
			rest[i] -= weights[j] * q[j][i]
		}
	}
	for j := m - 1; j >= 0; j-- {
		for k := j + 1; k < m; k++ {
			weights[j] -= r[j][k] * weights[k]
		}
		weights[j] /= r[j][j]
	}
	return weights, fitted, true
}

// chebyshevToPowers turns weights of Chebyshev polynomials into coefficients of powers, the lowest first.
func chebyshevToPowers(c []float64) []float64 {
	out := make([]float64, len(c))
	before, now := make([]float64, len(c)), make([]float64, len(c)) // T(j-1) and T(j), by power
	now[0] = 1
	for j, weight := range c {
		for i, p := range now {
			out[i] += weight * p
		}
		next := make([]float64, len(c))
		double := 2.0
		if j == 0 {
			double = 1
		}
		for i := range len(c) - 1 {
			next[i+1] = double * now[i]
		}
		for i := range next {
			next[i] -= before[i]
		}
		before, now = now, next
	}
	return out
}

// unscale turns coefficients of powers of (x-center)/half, the lowest first, into those of x, the highest first.
func unscale(p []float64, center, half float64) []float64 {
	m := len(p)
	out := make([]float64, m) // by power of x
	for j := m - 1; j >= 0; j-- {
		// Horner's rule on polynomials: out = out*(x-center)/half + p[j].
		for i := m - 1; i >= 0; i-- {
			above := 0.0
			if i > 0 {
				above = out[i-1]
			}
			out[i] = (above - center*out[i]) / half
		}
		out[0] += p[j]
	}
	for i, j := 0, m-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
