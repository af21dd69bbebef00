package resources

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatDoesNotFitIsNotStored has kinds of which there must be a rule for every group.
func TestWhatDoesNotFitIsNotStored(t *testing.T) {
	var seen []Key
	s, err := Open(t.Context(), DefaultConfig(), Settings{DataDir: t.TempDir(), Kinds: kinds(), Fit: func(ctx context.Context, p *Pending) error {
		seen = p.Changed
		groups, err := p.List(ctx, "action-group")
		if err != nil {
			return err
		}
		for _, g := range groups {
			if _, err := p.Get(ctx, "alert-rule", g.Name); err != nil && !p.Force {
				return &InUseError{Key{"alert-rule", g.Name}, slices.Repeat([]string{"it"}, 12)}
			}
		}
		return nil
	}})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	refused := func(err error) {
		t.Helper()
		var unfit *UnfitError
		var used *InUseError
		require.ErrorAs(t, err, &unfit)
		require.ErrorAs(t, err, &used)
		require.EqualError(t, err, "alert-rule/a is named by it, it, it, it, it, it, it, it, it, it and 2 more: nobody would be told any more; change them first")
	}
	for _, dry := range []bool{true, false} {
		c := group("a", `{}`)
		c.DryRun = dry
		_, err = s.Put(t.Context(), c)
		refused(err)
	}
	_, err = s.Get(t.Context(), "action-group", "a")
	require.ErrorIs(t, err, ErrNotFound)

	_, err = s.PutAll(t.Context(), "anna", false, []Change{group("a", `{}`), rule("a", `{}`)})
	require.NoError(t, err, "it is looked at together")
	require.Equal(t, []Key{{"action-group", "a"}, {"alert-rule", "a"}}, seen)
	seen = nil
	put(t, s, rule("a", `{}`))
	require.Nil(t, seen, "nothing is changed")
	refused(s.Delete(t.Context(), rule("a", "")))
	_, err = s.Get(t.Context(), "alert-rule", "a")
	require.NoError(t, err)
	forced := rule("a", "")
	forced.Force = true
	require.NoError(t, s.Delete(t.Context(), forced))
	_, err = s.Restore(t.Context(), 1, rule("a", ""))
	require.NoError(t, err)

	provision := func(docs ...Document) error {
		_, err := s.Provision(t.Context(), Provisioning{Source: "files", Documents: docs})
		return err
	}
	require.NoError(t, provision(Document{Kind: "alert-rule", Name: "a", Spec: []byte(`{}`)}))
	refused(provision())
	all, err := s.List(t.Context(), "alert-rule")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.NoError(t, provision(Document{Kind: "alert-rule", Name: "a", Spec: []byte(`{"text": "b"}`)}))
}
