import { expect, it } from 'vitest';
import { documentOf, nameFor, sharedOf, sortShared } from './shared';

it.each([
  ['Slow requests (P99)', 'slow-requests-p99'],
  ['  Über-Fehler  ', 'uber-fehler'],
  ['…', 'query'],
  ['a'.repeat(59) + ' b c', 'a'.repeat(59)],
])('%s is %s', (title, want) => expect(nameFor(title)).toBe(want));

it('reads what it writes', () => {
  const document = documentOf('Slow requests', ' ', 'T | take 1', 'fraud/blue');
  expect(document).toEqual({ name: 'slow-requests', title: 'Slow requests', query: 'T | take 1', scopes: ['fraud/blue'] });
  expect(sharedOf({ ...document, etag: '"1"', updatedBy: 'ann' })).toEqual({ name: 'slow-requests', title: 'Slow requests', description: '', query: 'T | take 1', scope: 'fraud/blue', by: 'ann', etag: '"1"', provisioned: false });
});

it('has the name where there is no title, and no scope of several', () => {
  const read = sharedOf({ name: 'x', query: 'T', scopes: ['a', 'b'], provisioned: true, source: 'git' });
  expect([read.title, read.scope, read.by]).toEqual(['x', '', 'git']);
});

it('orders by title, numbers as numbers', () => {
  const of = (title: string) => sharedOf({ name: title, title, query: 'T' });
  expect(sortShared([of('Q 10'), of('Q 9'), of('a')]).map((q) => q.title)).toEqual(['a', 'Q 9', 'Q 10']);
});
