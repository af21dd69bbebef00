import { expect, it } from 'vitest';
import { parseBlocks, parseInline } from './parse';

it('reads what run-books are made of', () => {
  expect(parseBlocks('# CPU saturated\n\nBusy\nfor long.\n\n```\na  b\n# no heading\n```\n- one\n  more\n- two\n\n1. first\n2. second\n\n| a | b |\n|---|---|\n| 1 | 2 |\n')).toEqual([
    { kind: 'heading', level: 1, text: 'CPU saturated' },
    { kind: 'paragraph', text: 'Busy for long.' },
    { kind: 'code', text: 'a  b\n# no heading' },
    { kind: 'list', ordered: false, items: ['one more', 'two'] },
    { kind: 'list', ordered: true, items: ['first', 'second'] },
    {
      kind: 'table',
      rows: [
        ['a', 'b'],
        ['1', '2'],
      ],
    },
  ]);
});

it.each(['```\nnot closed', '-', '#', '|', '1.', '* x\n| y'])('comes to an end for %j', (text) => {
  expect(() => parseBlocks(text)).not.toThrow();
});

it('reads code, bold and links in a line', () => {
  expect(parseInline('Look at `P99` and **wait**, or [read](../x.md).')).toEqual([
    { kind: 'text', text: 'Look at ' },
    { kind: 'code', text: 'P99' },
    { kind: 'text', text: ' and ' },
    { kind: 'strong', text: 'wait' },
    { kind: 'text', text: ', or ' },
    { kind: 'link', text: 'read', href: '../x.md' },
    { kind: 'text', text: '.' },
  ]);
});
