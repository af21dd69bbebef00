import { expect, it } from 'vitest';
import { pageTitle } from './title';

it.each([
  [['fraud', 'blue'], 'fraud › blue – Endscope'],
  [['Overview'], 'Overview – Endscope'],
  [['', 'Logs'], 'Logs – Endscope'],
  [[], 'Endscope'],
])('%j is %s', (parts, title) => expect(pageTitle(parts)).toBe(title));
