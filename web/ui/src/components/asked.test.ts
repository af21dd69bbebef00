import { expect, it, vi } from 'vitest';
import { asOne } from './asked';

const question = (dataUpdatedAt: number, error: unknown = null) => ({ data: dataUpdatedAt > 0 ? 'x' : undefined, error, dataUpdatedAt, refetch: vi.fn() });

it('has the failure of any question, as old as its answer, and asks all again', () => {
  const [a, b, c] = [question(30), question(10, 'broken'), question(20)];
  const one = asOne('all', [a, b, c]);
  expect(one).toMatchObject({ data: 'all', error: 'broken', dataUpdatedAt: 10 });
  void one.refetch();
  expect([a, b, c].map((q) => q.refetch.mock.calls.length)).toEqual([1, 1, 1]);
});

it('is as old as the first where none failed or what failed never had an answer', () => {
  expect(asOne('all', [question(30), question(10)])).toMatchObject({ error: null, dataUpdatedAt: 30 });
  expect(asOne('all', [question(30), question(0, 'broken')])).toMatchObject({ error: 'broken', dataUpdatedAt: 30 });
  expect(asOne(undefined, [question(0, 'broken'), question(10)]).dataUpdatedAt).toBe(10);
});

it('is overdue with the one that is due first', () => {
  const [often, seldom] = [{ ...question(100_000), refresh: 10_000 }, { ...question(80_000), refresh: 60_000 }];
  expect(asOne('all', [seldom, often])).toMatchObject({ dataUpdatedAt: 100_000, refresh: 10_000 });
  expect(asOne('all', [question(5), question(9)])).toMatchObject({ dataUpdatedAt: 5, refresh: 0 });
});
