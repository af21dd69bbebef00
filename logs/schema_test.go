package logs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

// TestTablesHaveTheColumnsOfTheirModel compares the declarations with the columns that people's queries name. Ours beyond those are marked +.
func TestTablesHaveTheColumnsOfTheirModel(t *testing.T) {
	const common = "TimeGenerated:datetime OperationName:string _ResourceId:string _SubscriptionId:string TenantId:string SourceSystem:string Type:string " +
		"_BilledSize:real _IsBillable:string +Properties:dynamic "
	for name, columns := range map[string]string{
		traffic: "Method:string Path:string Protocol:string SubscriptionId:string AzureMLWorkspaceId:string AzureMLWorkspaceName:string EndpointName:string " +
			"DeploymentName:string Location:string AuthType:string IdentityData:string ResponseCode:int ResponseCodeReason:string ModelStatusCode:int " +
			"ModelStatusReason:string RequestPayloadSize:int ResponsePayloadSize:int UserAgent:string XRequestId:string XMSClientRequestId:string " +
			"RequestDurationMs:int ResponseDurationMs:int TotalDurationMs:int RequestThrottlingDelayMs:int ResponseThrottlingDelayMs:int +InstanceId:string",
		console: "InstanceId:string DeploymentName:string ContainerName:string ContainerImageName:string Message:string +EndpointName:string",
		events:  "InstanceId:string DeploymentName:string Name:string Message:string +EndpointName:string",
	} {
		var want, got []string
		for _, c := range strings.Fields(common + columns) {
			want = append(want, strings.TrimPrefix(c, "+"))
		}
		for _, s := range Schemas() {
			if s.Name != name {
				continue
			}
			for _, c := range s.Columns {
				got = append(got, c.Name+":"+c.Type.String())
				require.True(t, strings.HasSuffix(c.Help, "."), "%s.%s has no sentence", name, c.Name)
			}
			for _, column := range []string{s.Endpoint, s.Deployment, s.Instance} {
				require.GreaterOrEqual(t, s.Column(column), 0)
			}
		}
		require.ElementsMatch(t, want, got, name)
	}
}

func TestHashesNeverChange(t *testing.T) {
	require.Equal(t, int64(0x8e999), Hash(""), "what is on disk depends on it")
	require.Equal(t, int64(369907), Hash("0f8fad5b-d9cb-469f-a165-70867728950e"))
	hidden, ok := trafficTable().HashColumn("XRequestId")
	require.True(t, ok)
	require.Equal(t, "XRequestId$hash", hidden)
	_, ok = trafficTable().HashColumn("Path")
	require.False(t, ok)
}

func TestComputedColumnsCostNoDisk(t *testing.T) {
	for _, s := range Schemas() {
		for _, c := range s.physicalColumns() {
			require.False(t, s.Computed(c.name), c.name)
		}
		for _, name := range []string{"_ResourceId", "_SubscriptionId", "TenantId", "Type", "_BilledSize", "_IsBillable"} {
			require.True(t, s.Computed(name), name)
		}
	}
}

func TestOnlyTheUsualFormOfAUUIDIsOne(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		var out [16]byte
		require.Equal(t, want, parseUUID(&out, text), text)
	}
	f("0f8fad5b-d9cb-469f-a165-70867728950e", true)
	f("0F8fad5b-d9cb-469f-a165-70867728950e", false)
	f("0f8fad5bd9cb469fa16570867728950e", false)
	f("0f8fad5b-d9cb-469f-a165-70867728950g", false)
	f("0f8fad5b-d9cb-469f-a165+70867728950e", false)
	f("{0f8fad5b-d9cb-469f-a165-70867728950e", false)
	f("", false)
}

func TestIdentityIsQuoted(t *testing.T) {
	s := openStore(t, t.TempDir(), func(o *setup) { o.cfg.Workspace, o.cfg.Subscription = "it's", `a"b'; DROP TABLE rows` })
	put(t, s, traffic, row{"TimeGenerated": s.now(), "EndpointName": "e"})
	rows := ask(t, s, SQL{Table: traffic, Text: `SELECT "TenantId", "_SubscriptionId" FROM {rows}`, Columns: result(logrows.String, logrows.String)})
	require.Equal(t, [][]any{{"it's", `a"b'; DROP TABLE rows`}}, rows)
}
