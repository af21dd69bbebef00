/** The little of Markdown that run-books and dashboards use: headings, paragraphs, lists, fenced code, tables. */

export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; ordered: boolean; items: string[] }
  | { kind: 'code'; text: string }
  | { kind: 'table'; rows: string[][] };

export type Inline = { kind: 'text' | 'code' | 'strong'; text: string } | { kind: 'link'; text: string; href: string };

const bullet = /^\s*[-*] +/;
const number = /^\s*\d+\. +/;

/** The blocks of a text, in order. */
export function parseBlocks(markdown: string): Block[] {
  const lines = markdown.split(/\r?\n/);
  const out: Block[] = [];
  let i = 0;
  const takeWhile = (holds: (line: string) => boolean) => {
    const taken: string[] = [];
    for (let line = lines[i]; line !== undefined && holds(line); line = lines[++i]) taken.push(line);
    return taken;
  };
  while (i < lines.length) {
    const line = lines[i] ?? '';
    const heading = /^(#{1,6}) +(.*)$/.exec(line);
    if (line.trim() === '') {
      i++;
    } else if (line.startsWith('```')) {
      i++;
      out.push({ kind: 'code', text: takeWhile((l) => !l.startsWith('```')).join('\n') });
      i++;
    } else if (heading !== null) {
      out.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
      i++;
    } else if (bullet.test(line) || number.test(line)) {
      const ordered = number.test(line);
      const items: string[] = [];
      for (const l of takeWhile((x) => x.trim() !== '')) {
        if (bullet.test(l) || number.test(l)) items.push(l.replace(ordered ? number : bullet, ''));
        else items.push(`${items.pop() ?? ''} ${l.trim()}`.trim());
      }
      out.push({ kind: 'list', ordered, items });
    } else if (line.startsWith('|')) {
      const rows = takeWhile((l) => l.startsWith('|')).filter((l) => !/^\|[\s:|-]+\|$/.test(l));
      out.push({ kind: 'table', rows: rows.map((l) => l.replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim())) });
    } else {
      out.push({ kind: 'paragraph', text: takeWhile((l) => l.trim() !== '' && !/^(#{1,6} |```|\|)/.test(l) && !bullet.test(l)).join(' ') });
    }
  }
  return out;
}

/** The parts of a line: text, code, bold, links. */
export function parseInline(text: string): Inline[] {
  const out: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g)) {
    if (match.index > at) out.push({ kind: 'text', text: text.slice(at, match.index) });
    const [whole, code, strong, link, href] = match as unknown as [string, string?, string?, string?, string?];
    if (code !== undefined) out.push({ kind: 'code', text: code });
    else if (strong !== undefined) out.push({ kind: 'strong', text: strong });
    else out.push({ kind: 'link', text: link ?? '', href: href ?? '' });
    at = match.index + whole.length;
  }
  if (at < text.length) out.push({ kind: 'text', text: text.slice(at) });
  return out;
}
