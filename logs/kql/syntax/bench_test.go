package syntax

import "testing"

const benchQuery = `let threshold = 500ms;
AmlOnlineEndpointTrafficLog
| where TimeGenerated > ago(1h) and EndpointName == "chat" // the endpoint
| where ResponseCode !in ("200", "100") and (Path has "/score" or Path startswith "/v1/")
| summarize Count = count(), Failed = countif(ResponseCode >= 500), P95 = percentile(TotalDurationMs, 95)
    by DeploymentName, bin(TimeGenerated, 5m)
| extend Share = round(100.0 * Failed / Count, 2)
| where P95 > threshold / 1ms
| order by TimeGenerated desc
| render timechart with (title="Failures", ycolumns=Share, P95)`

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(benchQuery)))
	for b.Loop() {
		if _, err := Parse(benchQuery); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormat(b *testing.B) {
	q, err := Parse(benchQuery)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if Format(q) == "" {
			b.Fatal("empty")
		}
	}
}
