package pack_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/pack"
)

func TestParametersAreReadBackFromEveryRule(t *testing.T) {
	p := load(t)
	for _, e := range p.Entries() {
		t.Run(e.ID, func(t *testing.T) {
			for _, share := range []float64{0, 0.25} {
				want := map[string]float64{}
				for _, param := range e.Parameters {
					want[param.Name] = param.Default - share*(param.Default-param.Min)
				}
				scope := pattern(t, "credit-1/blue-2")
				rule, err := p.Rule(e, pack.Choice{Scope: scope, Parameters: want, Actions: []alerts.Action{{ActionGroupID: "oncall"}}})
				require.NoError(t, err)
				text, err := alerts.EncodeJSON(rule)
				require.NoError(t, err)
				stored, err := alerts.ParseRule(text)
				require.NoError(t, err)
				stored.Severity, stored.Enabled = 4, false
				got := p.Parameters(e, scope, stored)
				require.Len(t, got, len(want))
				for name, v := range want {
					require.InEpsilon(t, v+1, got[name]+1, 1e-7, name)
				}
			}
		})
	}
}

func TestParametersOfARuleThatAsksSomethingElse(t *testing.T) {
	p := load(t)
	e, err := p.Entry("error-ratio")
	require.NoError(t, err)
	scope := pattern(t, "credit")
	rule, err := p.Rule(e, pack.Choice{Scope: scope})
	require.NoError(t, err)
	text, err := alerts.EncodeJSON(rule)
	require.NoError(t, err)
	for name, change := range map[string][2]string{
		"another operator":    {`"LessThan"`, `"LessThanOrEqual"`},
		"out of the range":    {`"threshold":95`, `"threshold":-300`},
		"another aggregation": {`"Average"`, `"Minimum"`},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		require.NotEqual(t, string(text), changed, name)
		other, err := alerts.ParseRule(json.RawMessage(changed))
		require.NoError(t, err, name)
		require.Nil(t, p.Parameters(e, scope, other), name)
	}
}
