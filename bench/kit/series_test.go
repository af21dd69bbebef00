package kit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 18662400: "18,662,400"} {
		require.Equal(t, want, Thousands(n))
	}
}
