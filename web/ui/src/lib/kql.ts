/** Texts of queries in KQL: blocks of an editor, quoted values, spans of time. */

import { formatUTC, parseInstant, type Span, type TimeRange } from './time';

/** A query of a text of several: as Azure's editors have it, blank lines stand between them. */
export interface Block {
  text: string;
  /** Where it begins in the whole text: its first line, from 1. */
  line: number;
}

/** The queries of a text, without those that are only comments. */
export function blocksOf(text: string): Block[] {
  const out: Block[] = [];
  let lines: string[] = [];
  let first = 1;
  const close = () => {
    if (lines.some((l) => !isComment(l))) out.push({ text: lines.join('\n'), line: first });
    lines = [];
  };
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') {
      close();
      return;
    }
    if (lines.length === 0) first = i + 1;
    lines.push(line);
  });
  close();
  return out;
}

/** The query at a line, or the one before it; the first where there is none before. */
export function blockAt(text: string, line: number): Block | undefined {
  const blocks = blocksOf(text);
  return blocks.findLast((b) => b.line <= line) ?? blocks[0];
}

function isComment(line: string): boolean {
  const trimmed = line.trim();
  return trimmed === '' || trimmed.startsWith('//');
}

/** One query stays one in an editor: its blank lines become empty comments, so that lines keep their numbers. */
export function asOneBlock(query: string): string {
  const trimmed = query.replace(/\r\n?/g, '\n').replace(/^\n+|\s+$/g, '');
  return trimmed.replace(/^[ \t]*$/gm, '//');
}

/** A text as KQL writes it. */
export function quote(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;
}

/** A span as the API and Azure write it. */
export function timespanOf(span: Span): string {
  return `${formatUTC(span.start)}/${formatUTC(span.end)}`;
}

/** Reads a span of a link: two instants, or a length of ISO 8601 that ends now. */
export function parseTimespan(text: string): TimeRange | undefined {
  const [from, to, ...more] = text.split('/');
  if (more.length > 0 || from === undefined) return undefined;
  if (to === undefined) {
    const length = parsePeriod(from);
    return length === undefined ? undefined : { kind: 'relative', length };
  }
  const [a, b] = [parseInstant(from), parseInstant(to)];
  const start = a ?? (b === undefined ? undefined : before(b, parsePeriod(from)));
  const end = b ?? (a === undefined ? undefined : before(a, negative(parsePeriod(to))));
  return start !== undefined && end !== undefined && end > start ? { kind: 'absolute', start, end } : undefined;
}

const before = (at: number, length: number | undefined) => (length === undefined ? undefined : at - length);
const negative = (length: number | undefined) => (length === undefined ? undefined : -length);

/** A period of ISO 8601 without months and years, in milliseconds: PT1H, P1D, PT1H30M. */
export function parsePeriod(text: string): number | undefined {
  const found = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text.trim());
  if (found === null) return undefined;
  const [weeks, days, hours, minutes, seconds] = found.slice(1).map((part: string | undefined) => Number(part ?? 0));
  const total = ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return total > 0 ? total * 1000 : undefined;
}

/** Whether a query has conditions on the time itself. */
export function boundsTime(query: string): boolean {
  return /\bTimeGenerated\b[^|]*(\bago\s*\(|\bnow\s*\(|\bdatetime\s*\(|\bbetween\b|\bstartof)/.test(query.replace(/\/\/.*$/gm, ''));
}
