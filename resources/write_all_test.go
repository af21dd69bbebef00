package resources

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPutAllStoresAllOrNothing(t *testing.T) {
	s := open(t)
	told := 0
	defer s.Subscribe("", func() { told++ })()
	good, bad := []Change{rule("a", `{"severity":3}`), rule("b", `{}`)}, []Change{rule("c", `{}`), rule("d", `{"severity":9}`)}

	results, err := s.PutAll(t.Context(), "anna", true, good)
	require.NoError(t, err)
	require.Len(t, results, 2)
	require.True(t, results[1].Created)
	_, err = s.Get(t.Context(), "alert-rule", "a")
	require.ErrorIs(t, err, ErrNotFound)
	require.Zero(t, told)

	results, err = s.PutAll(t.Context(), "anna", false, good)
	require.NoError(t, err)
	require.Equal(t, "anna", results[0].Resource.UpdatedBy)
	require.Equal(t, 1, told, "once for all")

	_, err = s.PutAll(t.Context(), "anna", false, bad)
	require.ErrorContains(t, err, "alert-rule/d")
	_, err = s.PutAll(t.Context(), "anna", false, []Change{rule("c", `{}`), rule("no/name", `{}`)})
	require.ErrorContains(t, err, "no/name")
	_, err = s.Get(t.Context(), "alert-rule", "c")
	require.ErrorIs(t, err, ErrNotFound)
	require.Equal(t, 1, told)

	results, err = s.PutAll(t.Context(), "anna", false, good)
	require.NoError(t, err)
	require.True(t, results[0].Unchanged)
}
