// Replays every request for metrics that shared/reference/azure-clients.md recorded, with the clients as they are published, and prints what
// each returned as one line of JSON: {"name", "result"} or {"name", "error": {"name", "statusCode", "code", "message"}}.
//
//   node clients.mjs SERVER BEGIN
//
// SERVER is the server's address; BEGIN the time, in milliseconds since 1970, when the story begins that its store holds. NODE_EXTRA_CA_CERTS names
// the certificate of the server.
import { MetricsClient as OldBatchClient, MetricsQueryClient } from "@azure/monitor-query";
import { MetricsClient as NewBatchClient } from "@azure/monitor-query-metrics";

const [server, begin] = process.argv.slice(2);
const at = (minute) => new Date(Number(begin) + minute * 60_000);

const credential = { getToken: async () => ({ token: "anything", expiresOnTimestamp: Date.now() + 3_600_000 }) };
const options = { retryOptions: { maxRetries: 0 } };
const client = new MetricsQueryClient(credential, { ...options, endpoint: server });
const oldBatch = new OldBatchClient(server, credential, options);
const newBatch = new NewBatchClient(server, credential, options);

const workspace =
  "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws";
const endpoint = `${workspace}/onlineEndpoints/fraud`;
const deployment = `${endpoint}/deployments/blue`;
const endpoints = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints";
const span = { startTime: at(0), endTime: at(10) };
const batchOptions = {
  startTime: at(0),
  endTime: at(10),
  interval: "PT5M",
  top: 3,
  orderBy: "average desc",
  filter: "deployment eq '*'",
  rollUpBy: "deployment",
};

const all = async (pages) => {
  const out = [];
  for await (const one of pages) out.push(one);
  return out;
};

const requests = {
  "definitions, endpoint": () => all(client.listMetricDefinitions(endpoint)),
  "definitions, deployment, namespace": () => all(client.listMetricDefinitions(deployment, { metricNamespace: `${endpoints}/deployments` })),
  namespaces: () => all(client.listMetricNamespaces(endpoint, { startTime: at(0).toISOString() })),
  "values, defaults": () => client.queryResource(endpoint, ["RequestsPerMinute"]),
  "values, PT1M average, endpoint": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], {
      timespan: span,
      granularity: "PT1M",
      aggregations: ["Average"],
      metricNamespace: endpoints,
    }),
  "values, split by deployment": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], {
      timespan: span,
      granularity: "PT5M",
      aggregations: ["Average", "Total"],
      top: 5,
      orderBy: "average desc",
      filter: "deployment eq '*'",
    }),
  "values, filter eq or eq": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], {
      timespan: span,
      granularity: "PT1M",
      filter: "deployment eq 'blue' or deployment eq 'green'",
    }),
  "values, filter eq and eq, case-insensitive": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], {
      timespan: span,
      granularity: "PT1M",
      filter: "Deployment eq 'BLUE' and statusCodeClass eq '2xx'",
    }),
  "values, roll-up": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], {
      timespan: span,
      granularity: "PT1M",
      filter: "deployment eq '*'",
      rollUpBy: "deployment",
    }),
  "values, several metrics, all aggregations, deployment": () =>
    client.queryResource(deployment, ["CpuUtilizationPercentage", "GpuUtilizationPercentage"], {
      timespan: { duration: "PT24H" },
      granularity: "PT1H",
      aggregations: ["Average", "Minimum", "Maximum", "Total", "Count"],
    }),
  "values, split by instance": () =>
    client.queryResource(deployment, ["CpuUtilizationPercentage"], {
      timespan: span,
      granularity: "PT1M",
      aggregations: ["Average"],
      filter: "instanceId eq '*'",
    }),
  "values, FULL": () =>
    client.queryResource(deployment, ["CpuUtilizationPercentage"], {
      timespan: span,
      granularity: "FULL",
      aggregations: ["Average"],
    }),
  "values, AutoAdjustTimegrain and ValidateDimensions off": () =>
    client.queryResource(deployment, ["CpuUtilizationPercentage"], {
      timespan: span,
      granularity: "PT2M",
      filter: "nope eq '*'",
      autoAdjustTimegrain: true,
      validateDimensions: false,
    }),
  "values, Metadata": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], {
      timespan: span,
      filter: "deployment eq '*'",
      resultType: "Metadata",
    }),
  "percentile is of all requests": () =>
    client.queryResource(endpoint, ["RequestLatency_P50", "RequestLatency_P99"], {
      timespan: span,
      granularity: "PT5M",
      aggregations: ["Average"],
    }),
  "start and duration": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], { timespan: { startTime: at(0), duration: "PT10M" }, granularity: "PT5M" }),
  "duration and end": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], { timespan: { duration: "PT10M", endTime: at(10) }, granularity: "PT5M" }),
  "queryResources, new client": () =>
    newBatch.queryResources([endpoint, endpoint], ["RequestsPerMinute", "RequestLatency_P99"], endpoints, {
      ...batchOptions,
      aggregation: "average,maximum",
    }),
  "queryResources, old client": () =>
    oldBatch.queryResources([endpoint, endpoint], ["RequestsPerMinute", "RequestLatency_P99"], endpoints, {
      ...batchOptions,
      aggregation: "average,maximum",
    }),
  "an unknown metric": () => client.queryResource(endpoint, ["Nothing"]),
  "an unknown resource": () => client.queryResource(`${workspace}/onlineEndpoints/nobody`, ["RequestsPerMinute"]),
  "an unknown interval": () => client.queryResource(endpoint, ["RequestsPerMinute"], { granularity: "PT2M" }),
  "an unknown dimension": () => client.queryResource(endpoint, ["RequestsPerMinute"], { filter: "nope eq '*'" }),
  "two dimensions in one or": () =>
    client.queryResource(endpoint, ["RequestsPerMinute"], { filter: "deployment eq 'a' or statusCode eq 'b'" }),
  "an unknown resource, new client": () =>
    newBatch.queryResources([`${workspace}/onlineEndpoints/nobody`], ["RequestsPerMinute"], endpoints),
};

for (const [name, send] of Object.entries(requests)) {
  let line;
  try {
    line = { name, result: await send() };
  } catch (e) {
    line = { name, error: { name: e.name, statusCode: e.statusCode ?? e.status, code: e.code, message: e.message } };
  }
  console.log(JSON.stringify(line));
}
