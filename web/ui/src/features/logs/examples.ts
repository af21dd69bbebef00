/** Queries to begin with, by what they are for. The page's time and scope bound them, so they name neither. */

export interface Example {
  title: string;
  query: string;
}

export interface Purpose {
  purpose: string;
  examples: readonly Example[];
}

export const purposes: readonly Purpose[] = [
  {
    purpose: 'What fails?',
    examples: [
      {
        title: 'Last requests that failed',
        query: `// 100 (Continue) is no failure
AmlOnlineEndpointTrafficLog
| where ResponseCode !in (100, 200)
| top 100 by TimeGenerated desc`,
      },
      {
        title: 'Why requests fail: what endpoint and model answered',
        query: `AmlOnlineEndpointTrafficLog
| where ResponseCode >= 400
| summarize Requests = count(), Last = max(TimeGenerated)
    by EndpointName, DeploymentName, ResponseCode, ResponseCodeReason, ModelStatusCode
| order by Requests desc`,
      },
      {
        title: 'Share of failures over time, by deployment',
        query: `AmlOnlineEndpointTrafficLog
| summarize FailurePercent = round(100.0 * countif(ResponseCode >= 400) / count(), 2)
    by DeploymentName, bin(TimeGenerated, 1m)
| render timechart`,
      },
    ],
  },
  {
    purpose: 'What is slow?',
    examples: [
      {
        title: 'Slowest requests',
        query: `AmlOnlineEndpointTrafficLog
| top 100 by TotalDurationMs desc
| project TimeGenerated, EndpointName, DeploymentName, InstanceId, Path, ResponseCode, TotalDurationMs, XRequestId`,
      },
      {
        title: 'Latency over time: P50, P95, P99',
        query: `AmlOnlineEndpointTrafficLog
| summarize P50Ms = percentile(TotalDurationMs, 50), P95Ms = percentile(TotalDurationMs, 95), P99Ms = percentile(TotalDurationMs, 99)
    by bin(TimeGenerated, 1m)
| render timechart`,
      },
      {
        title: 'Where the time goes, by instance',
        query: `// The three durations begin at the same moment, so each phase is a difference
AmlOnlineEndpointTrafficLog
| summarize UploadMs = avg(RequestDurationMs), ModelMs = avg(ResponseDurationMs - RequestDurationMs),
            DownloadMs = avg(TotalDurationMs - ResponseDurationMs)
    by InstanceId
| render barchart with (kind = stacked)`,
      },
      {
        title: 'How long requests take: a histogram',
        query: `AmlOnlineEndpointTrafficLog
| summarize Requests = count() by Ms = bin(TotalDurationMs, 10)
| order by Ms asc
| render columnchart`,
      },
    ],
  },
  {
    purpose: 'Who asks how much?',
    examples: [
      {
        title: 'Requests over time, by deployment',
        query: `AmlOnlineEndpointTrafficLog
| summarize Requests = count() by DeploymentName, bin(TimeGenerated, 1m)
| render areachart with (kind = stacked)`,
      },
      {
        title: 'Requests by client',
        query: `AmlOnlineEndpointTrafficLog
| summarize Requests = count(), FailurePercent = round(100.0 * countif(ResponseCode >= 400) / count(), 2), P95Ms = percentile(TotalDurationMs, 95)
    by UserAgent
| order by Requests desc`,
      },
      {
        title: 'Answers by status',
        query: `AmlOnlineEndpointTrafficLog
| summarize Requests = count() by Status = tostring(ResponseCode)
| render piechart`,
      },
      {
        title: 'Tokens of streamed answers',
        query: `AmlOnlineEndpointTrafficLog
| where isnotnull(Properties.OutputTokens)
| summarize Requests = count(), InputTokens = sum(tolong(Properties.InputTokens)), OutputTokens = sum(tolong(Properties.OutputTokens)),
            FirstTokenP95Ms = percentile(todouble(Properties.FirstTokenMs), 95)
    by EndpointName, DeploymentName, Model = tostring(Properties.Model)`,
      },
    ],
  },
  {
    purpose: 'What do containers say?',
    examples: [
      {
        title: 'Last lines',
        query: `AmlOnlineEndpointConsoleLog
| top 500 by TimeGenerated desc
| project TimeGenerated, InstanceId, ContainerName, Message`,
      },
      {
        title: 'Errors and tracebacks',
        query: `AmlOnlineEndpointConsoleLog
| where Message has_any ("error", "exception", "traceback", "fatal")
| top 500 by TimeGenerated desc
| project TimeGenerated, InstanceId, ContainerName, Message`,
      },
      {
        title: 'Lines that repeat, with what differs cut out',
        query: `AmlOnlineEndpointConsoleLog
| extend Pattern = replace_regex(Message, @"[0-9a-f-]{8,}|\\d+", "#")
| summarize Lines = count(), Last = max(TimeGenerated), Example = take_any(Message) by Pattern
| top 50 by Lines desc`,
      },
    ],
  },
  {
    purpose: 'What happened to instances?',
    examples: [
      {
        title: 'Events, last first',
        query: `AmlOnlineEndpointEventLog
| top 200 by TimeGenerated desc
| project TimeGenerated, EndpointName, DeploymentName, InstanceId, Name, Message`,
      },
      {
        title: 'Containers that end again and again',
        query: `AmlOnlineEndpointEventLog
| where Name in ("BackOff", "Killing", "Exited")
| summarize Exits = countif(Name == "Exited"), BackOffs = countif(Name == "BackOff"), Kills = countif(Name == "Killing"),
    First = min(TimeGenerated), Last = max(TimeGenerated) by DeploymentName, InstanceId
| where max_of(Exits, BackOffs, Kills) >= 3`,
      },
    ],
  },
];

/** What the editor holds on the first visit. */
export const firstExample = purposes[0]?.examples[0]?.query ?? '';
