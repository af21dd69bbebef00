package pack_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/scopes"
)

// The rules on XIDs and the agent's table agree: gpu-xid tells of what is critical, gpu-xid-warning of everything else but what is
// info there (what applications cause themselves, and mere notes), and so of codes that nobody knows yet.
func TestXIDsAreThoseOfTheAgent(t *testing.T) {
	known, err := gpu.XIDs()
	require.NoError(t, err)
	var critical, aside []string
	for _, x := range known {
		code := strconv.FormatUint(x.Code, 10)
		if x.Severity == "critical" {
			critical = append(critical, code)
		}
		if x.Severity != "warning" {
			aside = append(aside, code)
		}
	}
	require.Contains(t, critical, "79")
	require.Subset(t, aside, []string{"13", "31", "43", "45"})
	values := func(id string) alerts.Dimension {
		p := load(t)
		e, err := p.Entry(id)
		require.NoError(t, err)
		rule, err := p.Rule(e, pack.Choice{Scope: scopes.Pattern{Endpoint: endpoint}})
		require.NoError(t, err)
		i := slices.IndexFunc(rule.Criteria[0].Dimensions, func(d alerts.Dimension) bool { return d.Name == "xid" })
		require.GreaterOrEqual(t, i, 0)
		return rule.Criteria[0].Dimensions[i]
	}
	require.Equal(t, alerts.Include, values("gpu-xid").Operator)
	require.ElementsMatch(t, critical, values("gpu-xid").Values)
	require.Equal(t, alerts.Exclude, values("gpu-xid-warning").Operator)
	require.ElementsMatch(t, aside, values("gpu-xid-warning").Values)
}
