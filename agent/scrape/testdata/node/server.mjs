// A server with the metrics of Node's Prometheus client, in the format that its first argument names. It prints its address and ends with its stdin.
import { createServer } from 'node:http';
import client from 'prom-client';

const registry = new client.Registry();
if (process.argv[2] === 'openmetrics') registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
client.collectDefaultMetrics({ register: registry });
const requests = new client.Counter({ name: 'x_requests_total', help: 'Requests.', labelNames: ['code'], registers: [registry] });
const running = new client.Gauge({ name: 'x_running', help: 'Requests that run.', registers: [registry] });
const wait = new client.Histogram({ name: 'x_wait_seconds', help: 'Waiting.', buckets: [0.1, 1], enableExemplars: process.argv[2] === 'openmetrics', registers: [registry] });
requests.inc({ code: '200' }, 3);
running.set(2);
for (const v of [0.05, 0.5, 5]) {
  if (process.argv[2] === 'openmetrics') wait.observe({ value: v, exemplarLabels: { request_id: `r${v}` } });
  else wait.observe(v);
}
const server = createServer(async (_, answer) => {
  answer.setHeader('Content-Type', registry.contentType);
  answer.end(await registry.metrics());
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
