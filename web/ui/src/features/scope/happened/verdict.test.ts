import { expect, it } from 'vitest';
import type { Happening } from './happenings';
import { happenedVerdict } from './verdict';

const restart = (text: string, ended: boolean): Happening => ({ key: text, lane: 'restart', at: 0, who: 'green-2', text, bad: true, ended, scope: 'a/green/green-2' });

it('counts an end once, whatever waits for the next start', () => {
  const { text } = happenedVerdict([restart('exited with 1', true), restart('waits before start 2', false), restart('exited with 1 again', true), restart('waits before start 3', false)]);
  expect(text).toContain('Green-2 ended badly 2 times');
});
