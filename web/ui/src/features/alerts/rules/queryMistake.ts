import type { Place } from '@/components/logs/editor/handle';

/** Where in a query the server found a mistake, out of its words; undefined where they name no place. */
export function queryMistake(error: string): Place | undefined {
  const found = /^(.*?)\s*(?:at|\(|,) ?line (\d+), column (\d+)\)?:?\s*(.*)$/s.exec(error);
  if (found === null) return undefined;
  const [, before = '', line, column, after = ''] = found;
  const message = [before === 'syntax error' ? '' : before, after].filter((part) => part !== '').join(': ');
  return { line: Number(line), column: Number(column), message };
}
