/** Which of all things somebody means by a few letters. */

export const kinds = ['page', 'scope', 'metric', 'rule', 'dashboard', 'query'] as const;

export type Kind = (typeof kinds)[number];

/** Something that can be found. */
export interface Entry {
  kind: Kind;
  /** Tells it from the others of its kind. */
  id: string;
  label: string;
  /** What it is, in a few words. */
  what: string;
  /** Other words by which it is found. */
  words?: string;
  /** The page to open, with parameters of its own if it has some. */
  to: string;
}

export interface Found {
  kind: Kind;
  entries: Entry[];
  /** How many more there are than are shown. */
  more: number;
}

const most = 6;
const mostAlone = 30;

/** How well one word fits a text, 0 for not at all: the whole, its beginning, the beginning of a word in it, anywhere. */
function fit(word: string, text: string): number {
  const lower = text.toLowerCase();
  if (lower === word) return 100;
  const at = lower.indexOf(word);
  if (at < 0) return 0;
  if (at === 0) return 80;
  return startsWord(text, word, at) ? 60 : 30;
}

/** Whether some occurrence begins a word: after what is no letter or digit, or with a capital after a small letter. */
function startsWord(text: string, word: string, first: number): boolean {
  const lower = text.toLowerCase();
  for (let at = first; at >= 0; at = lower.indexOf(word, at + 1)) {
    const [before = '', here = ''] = [text[at - 1], text[at]];
    if (!/[\p{L}\p{N}]/u.test(before) || (/\p{Ll}|\p{N}/u.test(before) && /\p{Lu}/u.test(here))) return true;
  }
  return false;
}

/** How well an entry fits all words; 0 if one does not fit at all. A name counts more than what is said of it, a short one more than a long one. */
export function score(entry: Entry, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const best = Math.max(fit(word, entry.label), fit(word, entry.words ?? '') * 0.5, fit(word, entry.what) * 0.25);
    if (best === 0) return 0;
    sum += best;
  }
  return sum / words.length - Math.min(entry.label.length, 90) / 10;
}

/** What fits a text, by kind, the kind with the best first. Without a text the first of each kind that is worth a look without one. */
export function find(entries: readonly Entry[], text: string): Found[] {
  const words = text.toLowerCase().split(/\s+/).filter((w) => w !== '');
  const scored = entries.map((entry) => ({ entry, score: words.length === 0 ? 1 : score(entry, words) })).filter((s) => s.score > 0);
  const groups = kinds
    .filter((kind) => words.length > 0 || kind === 'page' || kind === 'scope')
    .map((kind) => ({ kind, list: scored.filter((s) => s.entry.kind === kind) }))
    .filter((g) => g.list.length > 0);
  if (words.length > 0) {
    for (const g of groups) g.list.sort((a, b) => b.score - a.score || a.entry.label.localeCompare(b.entry.label, 'en', { numeric: true }));
    groups.sort((a, b) => (b.list[0]?.score ?? 0) - (a.list[0]?.score ?? 0));
  }
  const limit = groups.length === 1 ? mostAlone : words.length === 0 ? 10 : most;
  return groups.map(({ kind, list }) => ({ kind, entries: list.slice(0, limit).map((s) => s.entry), more: Math.max(0, list.length - limit) }));
}
