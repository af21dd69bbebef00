import { expect, it } from 'vitest';
import { helpByName, helpText, kustoSchema, serverProposals, wordOf, type LogsSchema } from './schema';

const schema: LogsSchema = {
  tables: [{ name: 'T', help: 'rows', columns: [{ name: 'A', type: 'int', help: 'a number' }] }],
  operators: [{ name: 'where', signature: 'where Condition', help: 'Leaves rows.', example: 'where A > 1', aliases: ['filter'] }],
  functions: [{ name: 'ago', signature: 'ago(timespan): datetime', help: 'A time before now.' }],
  aggregates: [],
  plugins: [],
};
const help = helpByName(schema);

it('gives the tables as one database', () => {
  const { database } = kustoSchema(schema);
  expect(database?.tables).toEqual([{ name: 'T', entityType: 'Table', docstring: 'rows', columns: [{ name: 'A', type: 'int', docstring: 'a number' }] }]);
});

it('explains words of the server in its words, and leaves out functions that it does not have', () => {
  const items = [
    { label: 'ago(timespan)', documentation: { value: 'theirs' } },
    { label: 'cursor_after(cursor)', documentation: { value: 'theirs' } },
    { label: 'mine(x)' },
    { label: 'filter', documentation: { value: 'theirs' } },
    { label: 'A' },
  ];
  expect(serverProposals(items, help).map((i) => [i.label, (i.documentation as { value: string } | undefined)?.value])).toEqual([
    ['ago(timespan)', '`ago(timespan): datetime`\n\nA time before now.'],
    ['mine(x)', undefined],
    ['filter', '`where Condition`\n\nLeaves rows.\n\n```\nwhere A > 1\n```'],
    ['A', undefined],
  ]);
});

it('knows the word of a label', () => expect(wordOf('ago(timespan)')).toBe('ago'));

it('writes help as Markdown', () => expect(helpText({ signature: 's', help: 'h' })).toBe('`s`\n\nh'));
