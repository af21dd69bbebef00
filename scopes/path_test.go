package scopes

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestValidateNameStatesValueAndRule(t *testing.T) {
	long63, long128 := strings.Repeat("a", 63), strings.Repeat("a", 128)
	for _, tc := range []struct {
		name  string
		level Level
		value string
		rule  string // "" means valid
	}{
		{"shortest", LevelEndpoint, "a", ""},
		{"starts with a digit", LevelDeployment, "0blue", ""},
		{"all marks", LevelEndpoint, "Credit_default.v2-eu", ""},
		{"longest", LevelEndpoint, long63, ""},
		{"longest instance", LevelInstance, long128, ""},
		{"instance with a port", LevelInstance, "10.0.0.7:9100", ""},
		{"empty", LevelEndpoint, "", "1 to 63 characters"},
		{"too long", LevelDeployment, long63 + "a", "1 to 63 characters"},
		{"instance too long", LevelInstance, long128 + "a", "1 to 128 characters"},
		{"starts with a mark", LevelEndpoint, "-a", "starting with a letter or digit"},
		{"colon outside instances", LevelDeployment, "a:1", "A-Z a-z 0-9 . _ -, starting"},
		{"colon first", LevelInstance, ":a", ". _ - :, starting"},
		{"not ASCII", LevelEndpoint, "crédit", "A-Z a-z 0-9"},
		{"a slash", LevelInstance, "a/b", "A-Z a-z 0-9"},
		{"a wildcard", LevelEndpoint, "*", "A-Z a-z 0-9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := ValidateName(tc.level, tc.value)
			if tc.rule == "" {
				require.NoError(t, err)
				return
			}
			var ne *NameError
			require.ErrorAs(t, err, &ne)
			require.Equal(t, tc.value, ne.Value)
			require.ErrorContains(t, err, tc.rule)
			require.ErrorContains(t, err, string(tc.level)+" name ")
		})
	}
	require.ErrorContains(t, ValidateName("workspace", "a"), `level "workspace"`)
}

func TestParsePathRefusesWhatIsNoPath(t *testing.T) {
	for _, text := range []string{"", "/", "a/", "/a", "a//b", "a/b/c/d", "a/b/c/", "*", "a/*", "a b", "a/b/" + strings.Repeat("c", 129)} {
		_, err := ParsePath(text)
		var pe *PathError
		require.ErrorAs(t, err, &pe, text)
		require.Equal(t, text, pe.Value)
	}
	_, err := NewPath("a", "", "i")
	require.ErrorContains(t, err, `scope "a//i": deployment name ""`)
}

var nameGen = map[Level]*rapid.Generator[string]{
	LevelEndpoint:   rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,62}`),
	LevelDeployment: rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,62}`),
	LevelInstance:   rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`),
}

func pathGen(t *rapid.T) Path {
	p := Path{Endpoint: nameGen[LevelEndpoint].Draw(t, "endpoint")}
	depth := rapid.IntRange(1, 3).Draw(t, "depth")
	if depth > 1 {
		p.Deployment = nameGen[LevelDeployment].Draw(t, "deployment")
	}
	if depth > 2 {
		p.Instance = nameGen[LevelInstance].Draw(t, "instance")
	}
	return p
}

func TestPathsReadWhatTheyWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pathGen(t)
		got, err := ParsePath(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
		made, err := NewPath(p.Endpoint, p.Deployment, p.Instance)
		require.NoError(t, err)
		require.Equal(t, p, made)
		pattern, err := ParsePattern(p.String())
		require.NoError(t, err)
		concrete, ok := pattern.Concrete()
		require.True(t, ok)
		require.Equal(t, p, concrete)
		if parent, ok := p.Parent(); ok {
			require.True(t, parent.Contains(p))
			require.False(t, p.Contains(parent))
			require.Equal(t, p.String(), parent.String()+"/"+p.Name())
		} else {
			require.Equal(t, LevelEndpoint, p.Level())
		}
	})
}

// A pattern's matchers and its own Covers are two ways to decide the same thing.
func TestMatchersSelectExactlyWhatAPatternCovers(t *testing.T) {
	segment := func(t *rapid.T, label string, extra ...string) string {
		return rapid.SampledFrom(append([]string{"a", "ab", "a.b"}, extra...)).Draw(t, label)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := segment(t, "e", "*")
		if rapid.Bool().Draw(t, "deployment") {
			text += "/" + segment(t, "d", "*")
			if rapid.Bool().Draw(t, "instance") {
				text += "/" + segment(t, "i", "*")
			}
		}
		pattern, err := ParsePattern(text)
		require.NoError(t, err)
		require.Equal(t, text, pattern.String())

		ls := labels.FromStrings(LabelEndpoint, segment(t, "E", ""), LabelDeployment, segment(t, "D", ""), LabelInstance, segment(t, "I"))
		met := true
		for _, m := range pattern.Matchers() {
			met = met && m.Matches(ls.Get(m.Name))
		}
		// Labels with a hole in the middle are no scope, so only whole chains are compared.
		if path := Of(ls); path.Level() == LevelInstance || path.Level() != "" && met {
			require.Equal(t, met, pattern.Covers(path), "%s against %s", pattern, ls)
		}
		require.Equal(t, len(pattern.Wildcards()) == 0, func() bool { _, ok := pattern.Concrete(); return ok }())
	})
}

func TestGrantsMatcherSetsAgreeWithAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) Pattern {
			n := rapid.IntRange(1, 3).Draw(t, "depth")
			var parts []string
			for range n {
				parts = append(parts, rapid.SampledFrom([]string{"a", "b", "*"}).Draw(t, "segment"))
			}
			p, err := ParsePattern(strings.Join(parts, "/"))
			require.NoError(t, err)
			return p
		})
		patterns := rapid.SliceOfN(gen, 0, 4).Draw(t, "patterns")
		grants := GrantScopes(patterns...)
		require.Equal(t, len(patterns) == 0, grants.Empty())
		p := Path{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "e"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "d"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "i")}
		want := false
		for _, q := range patterns {
			want = want || q.Covers(p)
		}
		require.Equal(t, want, grants.Allows(p))
		selected := false
		for _, set := range grants.MatcherSets() {
			met := true
			for _, m := range set {
				met = met && m.Matches(map[string]string{LabelEndpoint: p.Endpoint, LabelDeployment: p.Deployment, LabelInstance: p.Instance}[m.Name])
			}
			selected = selected || met
		}
		require.Equal(t, want, selected)
	})
}

func TestGrantsInAContext(t *testing.T) {
	ctx := t.Context()
	g, err := GrantsFrom(ctx)
	require.ErrorIs(t, err, ErrNoGrants)
	require.True(t, g.Empty())
	require.Empty(t, g.MatcherSets())

	g, err = GrantsFrom(WithGrants(ctx, AllAccess()))
	require.NoError(t, err)
	require.True(t, g.All())
	require.Equal(t, [][]*labels.Matcher{{}}, g.MatcherSets())
}

var pathShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(/[A-Za-z0-9][A-Za-z0-9._-]{0,62}(/[A-Za-z0-9][A-Za-z0-9._:-]{0,127})?)?$`)

// FuzzParsePath compares the parser with the rule written as one regular expression.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"", "credit", "credit/blue", "credit/blue/i-1:80", "*/a", "a//b", "a/b/c/d", "é", "a\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if want := pathShape.MatchString(text); want != (err == nil) {
			t.Fatalf("ParsePath(%q) = %v, %v; the rule says valid=%v", text, p, err, want)
		}
		var pe *PathError
		if err != nil && (!errors.As(err, &pe) || pe.Value != text) {
			t.Fatalf("ParsePath(%q): error %v does not name the value", text, err)
		}
		if err == nil && p.String() != text {
			t.Fatalf("ParsePath(%q).String() = %q", text, p.String())
		}
		if pattern, err := ParsePattern(text); err == nil && pattern.String() != text {
			t.Fatalf("ParsePattern(%q).String() = %q", text, pattern.String())
		}
	})
}
