import { expect, test } from 'vitest';
import { parseImport } from './dashboardImport';

const f = (text: string) => {
  const got = parseImport(text);
  return 'document' in got ? got.document : got.problem;
};

test('a dashboard as the page exports it, and as answers and files of resources have it', () => {
  const wanted = { name: 'a', title: 'A', tiles: [] };
  expect(f('{"name":"a","title":"A","tiles":[]}')).toEqual(wanted);
  expect(f('{"id":"/x","etag":"\\"1\\"","version":3,"provisioned":true,"source":"files","updatedBy":"me","name":"a","title":"A","tiles":[]}')).toEqual(wanted);
  expect(f('{"kind":"dashboard","name":"a","spec":{"title":"A","tiles":[]}}')).toEqual(wanted);
  expect(f('[{"name":"a","title":"A","tiles":[]}]')).toEqual(wanted);
});

test('what is no dashboard is told', () => {
  expect(f(' ')).toMatch(/nothing in it/);
  expect(f('{"name":')).toMatch(/no JSON/);
  expect(f('3')).toMatch(/must hold a dashboard/);
  expect(f('[{},{}]')).toMatch(/2 documents/);
  expect(f('{"kind":"alert-rule","name":"a","spec":{}}')).toMatch(/alert-rule/);
  expect(f('{"panels":[],"schemaVersion":39}')).toMatch(/Grafana/);
  expect(f('{"name":"a"}')).toMatch(/no tiles/);
});
