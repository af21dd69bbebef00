package pack_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

func load(t *testing.T) *pack.Pack {
	t.Helper()
	p, err := pack.Load(query.NewParser())
	require.NoError(t, err)
	return p
}

func pattern(t *testing.T, s string) scopes.Pattern {
	t.Helper()
	p, err := scopes.ParsePattern(s)
	require.NoError(t, err)
	return p
}

// definitions is the catalogue as rules ask it.
func definitions(t *testing.T) alerts.MetricFunc {
	t.Helper()
	c, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	return func(name string, level scopes.Level) *scopes.Definition {
		d, _ := c.Lookup(name, level)
		return d
	}
}

func TestEveryRuleIsGoodForEveryScope(t *testing.T) {
	p := load(t)
	require.GreaterOrEqual(t, len(p.Entries()), 25)
	seen := map[string]bool{}
	for _, e := range p.Entries() {
		require.NotEmpty(t, e.Title)
		require.NotEmpty(t, e.Description)
		for _, scope := range []string{"*", "credit", "credit/blue"} {
			rule, err := p.Rule(e, pack.Choice{Scope: pattern(t, scope), Actions: []alerts.Action{{ActionGroupID: "oncall"}}})
			require.NoError(t, err, e.ID)
			require.NoError(t, rule.Validate(definitions(t)), "%s for %s", e.ID, scope)
			require.False(t, seen[rule.Name], rule.Name)
			seen[rule.Name] = true
			if rule.Kind == alerts.KindPrometheus {
				_, err := promrules.ParseGroup(rule.Group, query.NewParser())
				require.NoError(t, err, e.ID)
			}
			for _, param := range e.Parameters {
				for _, v := range []float64{param.Min, param.Max} {
					_, err := p.Rule(e, pack.Choice{Scope: pattern(t, scope), Parameters: map[string]float64{param.Name: v}})
					require.NoError(t, err, "%s with %s=%v", e.ID, param.Name, v)
				}
			}
		}
	}
}

func TestParametersAndScopes(t *testing.T) {
	p := load(t)
	e, err := p.Entry("slo-availability-fast")
	require.NoError(t, err)
	rule, err := p.Rule(e, pack.Choice{Scope: pattern(t, "credit"), Parameters: map[string]float64{"objective": 99}})
	require.NoError(t, err)
	require.Equal(t, "slo-availability-fast~credit", rule.Name)
	require.InDelta(t, 85.6, rule.Criteria[0].Threshold, 1e-9)
	require.Equal(t, "/runbooks/slo-availability-fast", rule.RunbookURL)

	e, err = p.Entry("gpu-row-remap")
	require.NoError(t, err)
	rule, err = p.Rule(e, pack.Choice{Scope: pattern(t, "credit/*")})
	require.NoError(t, err)
	groups, err := promrules.ParseGroup(rule.Group, query.NewParser())
	require.NoError(t, err)
	require.Equal(t, `max by (endpoint, deployment, instance, gpu, uuid) (gpu_remapped_rows{deployment!="",endpoint="credit",kind="pending"}) > 0`, groups.Groups[0].Rules[0].Expr)

	e, err = p.Entry("agent-silent")
	require.NoError(t, err)
	rule, err = p.Rule(e, pack.Choice{Scope: pattern(t, "credit")})
	require.NoError(t, err)
	require.Equal(t, "credit/*/*", rule.Scopes[0].String())

	for _, c := range []struct {
		parameters map[string]float64
		message    string
	}{
		{map[string]float64{"seconds": 29}, "parameters.seconds: must be between 60 and 1800 seconds (got 29 seconds)"},
		{map[string]float64{"seconds": math.NaN()}, "parameters.seconds: must be between"},
		{map[string]float64{"minutes": 1}, "parameters.minutes: is no parameter of agent-silent, which has seconds"},
	} {
		_, err := p.Rule(e, pack.Choice{Scope: pattern(t, "credit"), Parameters: c.parameters})
		var field *alerts.FieldError
		require.ErrorAs(t, err, &field)
		require.ErrorContains(t, err, c.message)
	}
	_, err = p.Entry("nothing")
	require.ErrorIs(t, err, alerts.ErrNotFound)
}
