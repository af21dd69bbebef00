import { expect, it } from 'vitest';
import { queryMistake } from './queryMistake';

it.each([
  ["syntax error at line 1, column 7: 'wher' is not an operator; did you mean 'where'?", { line: 1, column: 7, message: "'wher' is not an operator; did you mean 'where'?" }],
  ['there is no column Foo (line 2, column 11)', { line: 2, column: 11, message: 'there is no column Foo' }],
  ['is required', undefined],
])('%s', (error, want) => expect(queryMistake(error)).toEqual(want));
