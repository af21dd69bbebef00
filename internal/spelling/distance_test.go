package spelling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"latency", "latency", 0}, {"latncy", "latency", 1}, {"latency", "latancy", 1},
		{"kitten", "sitting", 3}, {"ab", "ba", 2},
	} {
		require.Equal(t, c.want, Distance(c.a, c.b), "%q, %q", c.a, c.b)
		require.Equal(t, c.want, Distance(c.b, c.a), "%q, %q", c.b, c.a)
	}
}
