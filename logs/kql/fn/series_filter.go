package fn

import (
	"fmt"
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesFilterFunctions are linear filters. An element that is no number makes null of every element that it reaches.
func seriesFilterFunctions() []Scalar {
	return []Scalar{
		seriesFunction("series_fir(series: dynamic, filter: dynamic, [normalize: bool], [center: bool]): dynamic",
			"Applies a finite impulse response filter, such as [1,1,1] for a moving average of three.", func(a []value.Value) (value.Value, error) {
				x, _ := floats(a[0])
				filter, ok := finite(a[1])
				if !ok {
					return nil, nil
				}
				if err := filterSize("series_fir", x, filter); err != nil {
					return nil, err
				}
				negative, sum := false, 0.0
				for _, f := range filter {
					negative, sum = negative || f < 0, sum+f
				}
				normalize := !negative
				if len(a) > 2 && a[2] != nil {
					normalize, _ = a[2].(bool)
				}
				if normalize && (negative || sum == 0) {
					return nil, nil
				}
				if !normalize {
					sum = 1
				}
				shift := 0
				if len(a) > 3 && a[3] == true {
					shift = len(filter) / 2
				}
				out := make([]float64, len(x))
				for i := range x {
					for k, f := range filter {
						if j := i + shift - k; j >= 0 && j < len(x) {
							out[i] += f * x[j] / sum
						}
					}
				}
				return series(out), nil
			}),
		seriesFunction("series_iir(series: dynamic, numerators: dynamic, denominators: dynamic): dynamic",
			"Applies an infinite impulse response filter.", func(a []value.Value) (value.Value, error) {
				x, _ := floats(a[0])
				up, ok1 := finite(a[1])
				down, ok2 := finite(a[2])
				if !ok1 || !ok2 || down[0] == 0 {
					return nil, nil
				}
				for _, filter := range [][]float64{up, down} {
					if err := filterSize("series_iir", x, filter); err != nil {
						return nil, err
					}
				}
				out := make([]float64, len(x))
				for i := range x {
					y := 0.0
					for k, b := range up[:min(len(up), i+1)] {
						y += b * x[i-k]
					}
					for k, d := range down[:min(len(down), i+1)] {
						if k > 0 {
							y -= d * out[i-k]
						}
					}
					out[i] = y / down[0]
				}
				return series(out), nil
			}),
		fourier("series_fft", "Applies the discrete Fourier transform to a series of real numbers, or of complex ones given as two series.", false),
		fourier("series_ifft", "Applies the inverse of series_fft.", true),
	}
}

// filterSize refuses filters that would take many seconds, for nothing stops a function while it computes.
func filterSize(name string, x, filter []float64) error {
	const most = 1 << 29
	if len(x)*len(filter) > most {
		return fmt.Errorf("%s(): the lengths of the series and of the filter may multiply to %d (got %d times %d)", name, most, len(x), len(filter))
	}
	return nil
}

func fourier(name, help string, inverse bool) Scalar {
	s := seriesFunction(name+"(series: dynamic, [series_imaginary: dynamic]): dynamic", help, func(a []value.Value) (value.Value, error) {
		re, ok := finite(a[0])
		if !ok {
			return nil, nil
		}
		x := make([]complex128, len(re))
		for i, r := range re {
			x[i] = complex(r, 0)
		}
		if len(a) > 1 && a[1] != nil {
			im, ok := finite(a[1])
			if !ok || len(im) != len(re) {
				return nil, nil
			}
			for i, m := range im {
				x[i] = complex(re[i], m)
			}
		}
		x = fft(x, inverse)
		out, im := make([]float64, len(x)), make([]float64, len(x))
		for i, c := range x {
			out[i], im[i] = real(c), imag(c)
		}
		return value.Array{series(out), series(im)}, nil
	})
	s.Columns = seriesColumns(name, dynamicColumn("real"), dynamicColumn("imag"))
	return s
}

// fft returns the discrete Fourier transform of a series of any length, or its inverse (divided by the length).
func fft(x []complex128, inverse bool) []complex128 {
	n := len(x)
	out := append([]complex128(nil), x...)
	sign := -1.0
	if inverse {
		sign = 1
	}
	if n&(n-1) == 0 {
		fftPower(out, sign)
	} else {
		out = fftAny(out, sign)
	}
	if inverse {
		for i := range out {
			out[i] /= complex(float64(n), 0)
		}
	}
	return out
}

// fftPower transforms a series in place whose length is a power of two (Cooley and Tukey).
func fftPower(x []complex128, sign float64) {
	n := len(x)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	turns := make([]complex128, n/2)
	for k := range turns {
		sin, cos := math.Sincos(sign * 2 * math.Pi * float64(k) / float64(n))
		turns[k] = complex(cos, sin)
	}
	for size := 2; size <= n; size *= 2 {
		half, step := size/2, n/size
		for at := 0; at < n; at += size {
			for k := range half {
				low, high := x[at+k], x[at+k+half]*turns[k*step]
				x[at+k], x[at+k+half] = low+high, low-high
			}
		}
	}
}

// fftAny transforms a series of any length by a convolution of a length that is a power of two (Bluestein).
func fftAny(x []complex128, sign float64) []complex128 {
	n := len(x)
	size := 1
	for size < 2*n-1 {
		size *= 2
	}
	chirp := make([]complex128, n)
	for k := range chirp {
		// k*k modulo 2n keeps the angle small and so exact.
		sin, cos := math.Sincos(sign * math.Pi * float64((k*k)%(2*n)) / float64(n))
		chirp[k] = complex(cos, sin)
	}
	a, b := make([]complex128, size), make([]complex128, size)
	for k := range x {
		a[k] = x[k] * chirp[k]
		back := complex(real(chirp[k]), -imag(chirp[k]))
		b[k] = back
		b[(size-k)%size] = back
	}
	fftPower(a, -1)
	fftPower(b, -1)
	for i := range a {
		a[i] *= b[i]
	}
	fftPower(a, 1)
	out := make([]complex128, n)
	for k := range out {
		out[k] = a[k] * chirp[k] / complex(float64(size), 0)
	}
	return out
}
