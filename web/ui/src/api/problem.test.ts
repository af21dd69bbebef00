import { describe, expect, it } from 'vitest';
import { problemOf, unreachable } from './problem';

const answer = (status: number, body: string, headers: Record<string, string> = {}) => new Response(body, { status, headers });

describe('problemOf', () => {
  it('reads RFC 9457 with each mistake', async () => {
    const text = '{"title":"Bad Request","detail":"two things are wrong","errors":[{"field":"severity","value":"9","rule":"must be 0 to 4"},{"field":"name"}]}';
    const p = await problemOf(answer(400, text));
    expect(p.message).toBe('Bad Request: two things are wrong');
    expect(p.mistakes).toEqual([{ field: 'severity', value: '9', rule: 'must be 0 to 4' }, { field: 'name' }]);
    expect(p.temporary).toBe(false);
  });

  it("reads Prometheus's and Azure's shapes", async () => {
    expect((await problemOf(answer(400, '{"status":"error","errorType":"bad_data","error":"parse error"}'))).detail).toBe('parse error');
    expect((await problemOf(answer(400, '{"error":{"code":"X","message":"no such metric"}}'))).detail).toBe('no such metric');
  });

  it('knows where in a query it is', async () => {
    const p = await problemOf(answer(400, '{"title":"The query cannot be read","detail":"no such operator","line":2,"column":4}'));
    expect(p.place).toEqual({ line: 2, column: 4 });
    expect((await problemOf(answer(400, '{"title":"Bad parameter"}'))).place).toBeUndefined();
  });

  it('shows the text of others, but no pages', async () => {
    expect((await problemOf(answer(502, 'upstream is away'))).detail).toBe('upstream is away');
    expect((await problemOf(answer(502, '<html><body>502</body></html>'))).detail).toBe('');
    expect((await problemOf(answer(500, '[1]'))).detail).toBe('[1]');
  });

  it('knows when to ask again', async () => {
    const p = await problemOf(answer(503, '{"title":"Starting"}', { 'Retry-After': '2' }));
    expect(p.retryAfter).toBe(2000);
    expect(p.temporary).toBe(true);
  });
});

it('tells an answer that is late from a server that is not there', () => {
  expect(unreachable(new DOMException('', 'TimeoutError')).title).toBe('No answer');
  expect(unreachable(new TypeError('Failed to fetch')).title).toBe('Server not reachable');
});
