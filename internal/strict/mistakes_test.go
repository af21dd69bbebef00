package strict_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/strict"
)

func TestMistakesOfSeveralChecksAreToldTogetherAndOnce(t *testing.T) {
	wrong := func(field, value string) error {
		return &strict.FieldError{Field: field, Value: value, Rule: "is wrong"}
	}
	f := func(told error, more []error, want ...string) {
		t.Helper()
		var got []string
		for _, e := range strict.FieldErrors(strict.AlsoWrong(told, more...)) {
			got = append(got, e.Field)
		}
		require.Equal(t, want, got)
	}
	require.NoError(t, strict.AlsoWrong(nil, nil, nil))
	f(nil, []error{wrong("a", "1"), nil, wrong("b", "2")}, "a", "b")
	f(wrong("a", "1"), []error{wrong("a", "2"), wrong("a.b", "3"), wrong("a[0]", "4"), wrong("ab", "5")}, "a", "ab")
	f(wrong("a[0].b", "1"), []error{wrong("a", ""), wrong("a", "6 of them")}, "a[0].b", "a") // what is missing comes of the first mistake, a number does not
	f(wrong("a", "1"), []error{errors.Join(wrong("b", ""), wrong("b.c", ""))}, "a", "b", "b.c")

	other := errors.New("locked")
	err := strict.AlsoWrong(other, wrong("a", "1"))
	require.ErrorIs(t, err, other)
	require.ErrorContains(t, err, "a: is wrong (got 1)")
}
