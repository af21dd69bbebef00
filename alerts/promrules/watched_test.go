package promrules

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
)

func TestWatchedBy(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	for text, want := range map[string]struct {
		expr         string
		lower, upper *float64
	}{
		`a > 5`:                         {"a", nil, number(5)},
		`(a / b) >= 14.4 * (100 - 99)`:  {"(a / b)", nil, number(14.4)},
		`a < -1`:                        {"a", number(-1), nil},
		`0.05 < a`:                      {"a", nil, number(0.05)},
		`10 >= a`:                       {"a", number(10), nil},
		`a == 0`:                        {"a", number(0), number(0)},
		`a != 2 ^ 3`:                    {"a", number(8), number(8)},
		`a > 1 and b > 2`:               {"a", nil, number(1)},
		`(a > 1 and b > 2) unless c`:    {"a", nil, number(1)},
		`sum by (x) (a) > 1 unless b`:   {"sum by (x) (a)", nil, number(1)},
		`a > b`:                         {},
		`a > bool 1`:                    {},
		`a > 1 or b > 2`:                {},
		`absent(a)`:                     {},
		`vector(1) > scalar(b)`:         {},
		`a * 2`:                         {},
		`count_over_time((a > 1)[5m:])`: {},
	} {
		expr, err := query.NewParser().ParseExpr(text)
		require.NoError(t, err, text)
		got, ok := watchedBy(expr)
		require.Equal(t, want.expr != "", ok, text)
		if ok {
			require.Equal(t, want.expr, got.expr.String(), text)
			require.Equal(t, want.lower, got.lower, text)
			require.Equal(t, want.upper, got.upper, text)
		}
	}
}
