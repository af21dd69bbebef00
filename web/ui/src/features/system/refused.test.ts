import { expect, it } from 'vitest';
import { parseExposition, Readings } from './exposition';
import { refusals } from './refused';

const text = (n: number) => `endscope_ingest_refused_total{reason="too_old"} ${n}
endscope_ingest_refused_total{reason="format"} 0
endscope_logs_refused_rows_total{table="T",reason="brand_new"} 2
endscope_http_requests_total{route="remote_write",code="429"} 5
endscope_http_requests_total{route="remote_write",code="204"} 500
endscope_http_requests_total{route="metrics_drilldown",code="400"} 9
endscope_query_limited_total{limit="seconds"} 1
`;

it('says what was turned away and why, the most first, and whether it goes on', () => {
  const list = refusals(new Readings(parseExposition(text(60)), parseExposition(text(50)), 10));
  expect(list.map((r) => [r.what, r.reason, r.count, r.perMinute])).toEqual([
    ['samples', 'too old', 60, 60],
    ['pushes to remote write', 'HTTP 429', 5, 0],
    ['rows of T', 'brand new', 2, 0],
    ['queries', 'seconds', 1, 0],
  ]);
  expect(list.map((r) => r.why !== '')).toEqual([true, true, false, true]);
});

it('has nothing where nothing was', () => {
  expect(refusals(new Readings(parseExposition('endscope_ingest_refused_total{reason="format"} 0'), undefined, 0))).toEqual([]);
});
