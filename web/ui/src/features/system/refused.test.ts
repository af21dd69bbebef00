import { expect, it } from 'vitest';
import { parseExposition, Readings } from './exposition';
import { limitedLogQueries, refusals } from './refused';

const text = (n: number) => `endscope_ingest_refused_total{reason="too_old"} ${n}
endscope_ingest_refused_total{reason="format"} 0
endscope_logs_refused_rows_total{table="T",reason="brand_new"} 2
endscope_http_requests_total{route="remote_write",code="429"} 5
endscope_http_requests_total{route="remote_write",code="204"} 500
endscope_http_requests_total{route="metrics_drilldown",code="400"} 9
endscope_query_limited_total{limit="seconds"} 1
endscope_http_requests_total{route="loki_push",code="400"} 8
endscope_http_requests_total{route="loki_ready",code="503"} 7
endscope_log_query_duration_seconds_count{result="ok"} 90
endscope_log_query_duration_seconds_count{result="partial"} 4
endscope_log_query_duration_seconds_count{result="busy"} 3
`;

it('says what was turned away and why, the most first, and whether it goes on', () => {
  const list = refusals(new Readings(parseExposition(text(60)), parseExposition(text(50)), 10));
  expect(list.map((r) => [r.what, r.reason, r.count, r.perMinute])).toEqual([
    ['samples', 'too old', 60, 60],
    ['pushes to loki push', 'HTTP 400', 8, 0],
    ['pushes to remote write', 'HTTP 429', 5, 0],
    ['log queries', 'queries', 3, 0],
    ['rows of T', 'brand new', 2, 0],
    ['metric queries', 'seconds', 1, 0],
  ]);
  expect(list.map((r) => r.why !== '')).toEqual([true, true, true, true, false, true]);
});

it('has nothing where nothing was', () => {
  expect(refusals(new Readings(parseExposition('endscope_ingest_refused_total{reason="format"} 0'), undefined, 0))).toEqual([]);
});

it('counts log queries that were cut or had no turn', () => {
  expect(limitedLogQueries(new Readings(parseExposition(text(0)), undefined, 0))).toBe(7);
  expect(limitedLogQueries(new Readings([], undefined, 0))).toBeNull();
});
