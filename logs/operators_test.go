package logs

import (
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql"
)

// Operators that run over rows have inputs that are planned as statements: the answers are those of queries that run as they are written.
func TestOperatorsOverAStoreAnswerLikeThoseOverRows(t *testing.T) {
	s := differentialStore(t, rand.New(rand.NewSource(2)), 400)
	engine, err := kql.NewEngine(NewCatalog(s))
	require.NoError(t, err)
	now := time.Now()
	planned := 0
	for _, query := range []string{
		`| where ResponseCode >= 500 | mv-expand p = Properties | project XRequestId, RequestPayloadSize, p`,
		`| mv-expand kind=array p = Properties | where EndpointName == "a" and array_length(p) == 2 | summarize count() by tostring(p[0])`,
		`| extend l = range(1, ResponseCode / 100, 1) | mv-apply l to typeof(long) on (where l > 2 | summarize n = count(), m = max(l)) | where DeploymentName == "blue" | project RequestPayloadSize, n, m`,
		`| parse Path with "/" part "?" rest | where part != "" | summarize count() by part, rest`,
		`| parse-where kind=regex flags=i Method with "(scor.*)" what:string "f" * | project RequestPayloadSize, what`,
		`| parse-kv Path as (x:long) with (pair_delimiter="?", kv_delimiter="=") | where x == 1 | count`,
		`| make-series n = count(), d = avg(TotalDurationMs) on TimeGenerated from ago(48h) to now() step 6h by EndpointName`,
		`| partition by EndpointName (top 3 by RequestPayloadSize asc | project EndpointName, RequestPayloadSize)`,
		`| where ResponseCode == 404 | partition by DeploymentName { AmlOnlineEndpointTrafficLog | where DeploymentName == toscalar(DeploymentName) | summarize n = count() by d = DeploymentName }`,
		`| top-nested 2 of EndpointName with others = "others" by count(), top-nested 2 of ResponseCode by sum(RequestPayloadSize)`,
		`| top-hitters 3 of ResponseCode by RequestPayloadSize`,
		`| sort by RequestPayloadSize asc | scan with_match_id=id declare (since:long = 0) with (step ok: ResponseCode == 200 => since = RequestPayloadSize; step bad: ResponseCode >= 500 => since = RequestPayloadSize - ok.RequestPayloadSize;) | project RequestPayloadSize, since, id`,
		`| search "failed" | summarize count() by $table, EndpointName`,
		`| search Method:"GET" and ResponseCode == 200 | project RequestPayloadSize`,
		`| evaluate bag_unpack(Properties) | where ResponseCode == 503 | summarize count() by tostring(a), b`,
		`| evaluate bag_unpack(Properties) : (*, a:real) | where a > 1 and EndpointName == "b" | project RequestPayloadSize, a`,
		`| evaluate pivot(EndpointName, count(), ResponseCode) | project ResponseCode, a, b, C`,
		`| project EndpointName, ResponseCode, DeploymentName | evaluate basket(0.1) | project-away SegmentId`,
		`| evaluate activity_counts_metrics(XRequestId, TimeGenerated, ago(52h), now(), 12h, EndpointName) | project EndpointName, dcount, aggregated_dcount`,
		`| evaluate rolling_percentile(RequestPayloadSize, 95, TimeGenerated, 12h, 2, EndpointName)`,
		`| extend r = TotalDurationMs * 1.0 / RequestDurationMs | where r > 5 or r != 0.0 | project RequestPayloadSize, r`,
		`| extend r = TotalDurationMs * 1.0 / RequestDurationMs | top 300 by r desc nulls first, RequestPayloadSize | project RequestPayloadSize`,
		`| summarize a = avgif(TotalDurationMs, ResponseCode > 500) by XRequestId, EndpointName | where a > 5 or XRequestId == "id-1" | project XRequestId, a`,
		`| as T | where RequestPayloadSize == toscalar(T | where EndpointName == "a" | summarize max(RequestPayloadSize)) | project RequestPayloadSize`,
		`| union (AmlOnlineEndpointTrafficLog | mv-expand p = Properties.a | where p == 1) | where DeploymentName == "green" | summarize count(), sum(RequestPayloadSize)`,
	} {
		query = "AmlOnlineEndpointTrafficLog\n" + query
		ask := func(naive bool) *kql.Answer {
			p, err := engine.Prepare(everything(), kql.Request{Query: query, Now: now, Naive: naive})
			require.NoError(t, err, query)
			a, err := p.Collect(everything())
			require.NoError(t, err, query)
			return a
		}
		want, got := ask(true), ask(false)
		require.NotEmpty(t, want.Tables[0].Rows, "%s: an answer without rows shows nothing", query)
		planned += got.Stats.SQL
		if why := difference(want.Tables[0], got.Tables[0], false); why != "" {
			t.Errorf("%s\n%s", query, why)
		}
	}
	require.Greater(t, planned, 15, "inputs are answered by statements")
}
