package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// question is one query that is measured.
type question struct {
	name     string
	text     string
	timespan string // "" means all
	target   time.Duration
}

const day = "PT24H"

// questions are the ten of docs/logs.md over one day, and some over everything. now stands for the end of the data.
func questions(requestID string) []question {
	const t, c, e = "AmlOnlineEndpointTrafficLog", "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog"
	const aggregate = 200 * time.Millisecond
	return []question{
		{"Q1 latest 100 failed requests", t + ` | where toint(ResponseCode) !in (100, 200) | top 100 by TimeGenerated desc
			| project TimeGenerated, EndpointName, DeploymentName, Method, Path, ResponseCode, ResponseCodeReason, ModelStatusCode, ModelStatusReason, TotalDurationMs, XRequestId, XMSClientRequestId`, day, aggregate},
		{"Q2 latest 100 console lines", c + ` | extend EndpointName = extract(@"(?i)/onlineendpoints/([^/]+)", 1, _ResourceId) | top 100 by TimeGenerated desc
			| project TimeGenerated, EndpointName, DeploymentName, InstanceId, ContainerName, Message`, day, aggregate},
		{"Q3 latest container failures", e + ` | where Message contains "failed" or Name in ("BackOff", "LivenessProbeFailed", "ReadinessProbeFailed") | top 100 by TimeGenerated desc
			| project TimeGenerated, DeploymentName, InstanceId, Name, Message`, day, aggregate},
		{"Q4 successes and failures over time", t + ` | where TimeGenerated > ago(6h)
			| summarize Ok = countif(toint(ResponseCode) < 400), Failed = countif(toint(ResponseCode) >= 400) by DeploymentName, bin(TimeGenerated, 5m)
			| extend FailureRate = round(100.0 * Failed / (Ok + Failed), 2) | render timechart`, day, aggregate},
		{"Q5 why requests fail", t + ` | where TimeGenerated > ago(1d) and toint(ResponseCode) >= 400
			| summarize Requests = count(), Last = max(TimeGenerated) by EndpointName, DeploymentName, ResponseCode, ResponseCodeReason, ModelStatusCode | order by Requests desc`, day, aggregate},
		{"Q6 where the time goes", t + ` | where TimeGenerated > ago(1d)
			| extend UploadMs = RequestDurationMs, ModelWaitMs = ResponseDurationMs - RequestDurationMs, DownloadMs = TotalDurationMs - ResponseDurationMs, ThrottleMs = RequestThrottlingDelayMs + ResponseThrottlingDelayMs
			| summarize percentiles(TotalDurationMs, 50, 95, 99), percentile(ModelWaitMs, 95), avg(UploadMs), avg(DownloadMs), max(ThrottleMs) by EndpointName, DeploymentName`, day, aggregate},
		{"Q7 requests into the container output, one hour", c + ` | extend XRequestId = extract(@"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", 0, Message) | where isnotempty(XRequestId)
			| join kind=inner (` + t + ` | project XRequestId, EndpointName, ResponseCode, TotalDurationMs) on XRequestId
			| project TimeGenerated, EndpointName, InstanceId, XRequestId, ResponseCode, TotalDurationMs, Message`, "PT1H", 0},
		{"Q8 delayed by the bandwidth limit", t + ` | where RequestThrottlingDelayMs > 0 or ResponseThrottlingDelayMs > 0
			| summarize Delayed = count(), WorstMs = max(RequestThrottlingDelayMs + ResponseThrottlingDelayMs), Bytes = sum(RequestPayloadSize + ResponsePayloadSize) by EndpointName, bin(TimeGenerated, 5m)`, day, aggregate},
		{"Q9 instances that keep restarting", e + ` | where TimeGenerated > ago(1d) and Name in ("BackOff", "Killing")
			| summarize Restarts = count(), First = min(TimeGenerated), Last = max(TimeGenerated) by DeploymentName, InstanceId | where Restarts >= 3 | order by Restarts desc`, day, aggregate},
		{"Q10 failure rate with a floor", t + ` | summarize Total = count(), Failed = countif(toint(ResponseCode) >= 500 or toint(ResponseCode) == 424) by EndpointName
			| where Total >= 20 | extend FailureRate = todouble(Failed) / Total`, day, aggregate},
		{"Q10 over everything", t + ` | summarize Total = count(), Failed = countif(toint(ResponseCode) >= 500 or toint(ResponseCode) == 424) by EndpointName
			| where Total >= 20 | extend FailureRate = todouble(Failed) / Total`, "", 0},
		{"latency by endpoint and hour over everything", t + ` | summarize percentiles(TotalDurationMs, 50, 95, 99) by EndpointName, bin(TimeGenerated, 1h)`, "", 0},
		{"one request by XRequestId", fmt.Sprintf(t+" | where XRequestId == %q", requestID), "", 100 * time.Millisecond},
		{"has a rare word, all console lines", c + ` | where Message has "cuda" | count`, "", 0},
		{"has a rare word, latest 100", c + ` | where Message has "traceback" | top 100 by TimeGenerated desc`, "", 0},
		{"contains a part of a word, all console lines", c + ` | where Message contains "shed" | count`, "", 0},
	}
}

// measured is what a question took.
type measured struct {
	question
	rows     int
	p50, p99 time.Duration
}

func measure(ctx context.Context, base string, q question, runs int) (measured, error) {
	out := measured{question: q}
	var took []time.Duration
	for i := range runs + 1 {
		started := time.Now()
		rows, err := ask(ctx, base, q)
		if err != nil {
			return out, fmt.Errorf("%s: %w", q.name, err)
		}
		if i == 0 { // the first opens files
			out.rows = rows
			continue
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	out.p50, out.p99 = took[len(took)/2], took[min(len(took)-1, len(took)*99/100)]
	return out, nil
}

func ask(ctx context.Context, base string, q question) (int, error) {
	in, err := json.Marshal(map[string]string{"query": q.text, "timespan": q.timespan})
	if q.timespan == "" {
		in, err = json.Marshal(map[string]string{"query": q.text})
	}
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/logs/query", bytes.NewReader(in))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %.500s", resp.Status, text)
	}
	var answer struct {
		Tables []struct{ Rows []json.RawMessage }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return 0, err
	}
	return len(answer.Tables[0].Rows), nil
}
