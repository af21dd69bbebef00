// Replays every request for logs that shared/reference/azure-clients.md recorded, with the clients as they are published, and prints what each
// returned as one line of JSON: {"name", "result"} or {"name", "error": {"name", "statusCode", "code", "message"}}.
//
//   node logs.mjs SERVER BEGIN
//
// SERVER and BEGIN are those of clients.mjs, and so is what NODE_EXTRA_CA_CERTS names.
import { LogsQueryClient as OldClient } from "@azure/monitor-query";
import { LogsQueryClient as NewClient } from "@azure/monitor-query-logs";

const [server, begin] = process.argv.slice(2);
const at = (minute) => new Date(Number(begin) + minute * 60_000);

const credential = { getToken: async () => ({ token: "anything", expiresOnTimestamp: Date.now() + 3_600_000 }) };
const options = { retryOptions: { maxRetries: 0 } };
const clients = {
  new: new NewClient(credential, { ...options, endpoint: `${server}/v1` }),
  old: new OldClient(credential, { ...options, endpoint: server }),
};

const workspace = "00000000-0000-0000-0000-000000000002";
const endpoint =
  "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/onlineEndpoints/fraud";
const traffic = "AmlOnlineEndpointTrafficLog";
const span = { startTime: at(0), endTime: at(60) };
const day = { duration: "P1D" };

// What is too long to print is counted.
const shortened = (result) => {
  for (const table of [...(result.tables ?? []), ...(result.partialTables ?? [])]) {
    if (table.rows.length > 10) {
      table.rowCount = table.rows.length;
      table.rows = table.rows.slice(0, 1);
    }
  }
  return result;
};

const requests = (client) => ({
  "workspace query": () =>
    client.queryWorkspace(
      workspace,
      `print n=1, l=long(9007199254740993), r=1.5, s="a", t=datetime(2026-03-01T10:00:00Z), b=true, d=dynamic({"k":[1,2]}),
       g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), sp=1h, nul=int(null)`,
      { duration: "PT1H" },
    ),
  "timespan, wait, statistics, visualization": () =>
    client.queryWorkspace(workspace, `${traffic} | count | render table`, span, {
      serverTimeoutInSeconds: 30,
      includeQueryStatistics: true,
      includeVisualization: true,
      additionalWorkspaces: [workspace],
    }),
  "start and duration": () => client.queryWorkspace(workspace, `${traffic} | count`, { startTime: at(0), duration: "PT10S" }),
  "duration and end": () => client.queryWorkspace(workspace, `${traffic} | count`, { duration: "PT1H", endTime: at(0) }),
  "several tables": () => client.queryWorkspace(workspace, "print a=1; print b=2", day),
  "partial error": () => client.queryWorkspace(workspace, "range x from 1 to 600000 step 1", day),
  "syntax error": () => client.queryWorkspace(workspace, "syntax error |||", day),
  "unknown table": () => client.queryWorkspace(workspace, "Nothing | take 1", day),
  "resource query": () => client.queryResource(endpoint, `${traffic} | count`, day),
  "unknown resource": () => client.queryResource(`${endpoint}-not`, `${traffic} | count`, day),
  "batch with one bad query": () =>
    client.queryBatch([
      { workspaceId: workspace, query: "print n=1", timespan: day },
      { workspaceId: workspace, query: "syntax error |||", timespan: day, serverTimeoutInSeconds: 10, includeQueryStatistics: true },
      { workspaceId: workspace, query: `${traffic} | count`, timespan: span },
    ]),
});

for (const [which, client] of Object.entries(clients)) {
  for (const [name, send] of Object.entries(requests(client))) {
    const line = { name: `${which}: ${name}` };
    try {
      line.result = shortened(await send());
    } catch (e) {
      line.error = { name: e.name, statusCode: e.statusCode ?? e.status, code: e.code, message: e.message };
    }
    console.log(JSON.stringify(line));
  }
}
