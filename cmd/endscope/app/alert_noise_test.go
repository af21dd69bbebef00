package app

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValuesAreWithoutNoise(t *testing.T) {
	for hundredths := range 100_000 {
		want := float64(hundredths+1) / 1000
		for _, v := range []float64{want, math.Nextafter(want, 1e9), math.Nextafter(want, -1e9), want * (1 + 3e-15)} {
			require.InDelta(t, want, withoutNoise(v), want*1e-15, "%v", v)
			if want != math.Trunc(want) {
				require.Equal(t, want, withoutNoise(v), "%v", v)
			}
		}
	}
	require.Equal(t, 95.0, withoutNoise(94.99999999999999))
	require.Equal(t, 20.0, withoutNoise(20.000000000000004))
	require.Equal(t, -7.11, withoutNoise(-7.109999999999999))
	for _, v := range []float64{0, 1e300, 5e-324, -1e-30, 123456789012.5} {
		require.InEpsilon(t, 1+v, 1+withoutNoise(v), 1e-12)
	}
}
