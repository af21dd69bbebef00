/** Colours of series. A name has the same colour on every chart; names of colours have their own. */

/** A colour for light and for dark surfaces, both with a contrast of at least 3 against them. */
export interface Colour {
  light: string;
  dark: string;
}

// After Okabe and Ito, who chose them to be told apart by everybody; darker and lighter ones of the same hue for the two surfaces.
const hues = {
  blue: { light: '#0067b1', dark: '#56a8f5' },
  orange: { light: '#b35900', dark: '#f0a030' },
  green: { light: '#00795a', dark: '#2cc48d' },
  purple: { light: '#a03c86', dark: '#e08cc4' },
  vermilion: { light: '#c33c00', dark: '#ff7d4d' },
  sky: { light: '#1a7fa8', dark: '#7fd0f7' },
  olive: { light: '#746800', dark: '#d6c93a' },
  slate: { light: '#56606b', dark: '#a9b4c0' },
  violet: { light: '#6741d9', dark: '#b197fc' },
  brown: { light: '#7f5539', dark: '#d3a585' },
} satisfies Record<string, Colour>;

const cycle: Colour[] = Object.values(hues);

const named: Record<string, Colour> = { ...hues, red: hues.vermilion, yellow: hues.olive, grey: hues.slate, gray: hues.slate, canary: hues.olive };

/** Classes of status codes have their meaning's colour; the codes of one class are told apart by shades of it. */
const classes: Record<string, Colour[]> = {
  '1': [hues.slate],
  '2': [hues.green, { light: '#4f7d00', dark: '#9bd14a' }, { light: '#00706f', dark: '#4fd0cf' }],
  '3': [hues.sky, hues.blue],
  '4': [hues.orange, hues.olive, hues.brown],
  '5': [hues.vermilion, { light: '#9c1f4f', dark: '#ff7fa8' }, { light: '#b3261e', dark: '#ffa69e' }],
};

const rest: Colour = { light: '#868e96', dark: '#868e96' };

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return h >>> 0;
}

/**
 * What a label is coloured by: its last part. A deployment has one colour whether it is called blue, fraud/blue or Requests · blue.
 */
export function colourName(label: string): string {
  return (label.split(' · ').at(-1)?.split('/').at(-1) ?? label).trim();
}

/** The colours that a name may have for what it means, the best first; none where it means nothing. */
function meaningOf(name: string): Colour[] {
  const status = /^([1-5])(\d\d|xx)$/i.exec(name)?.[1];
  if (status !== undefined) return classes[status] ?? [];
  if (/^(other|\d+ others)$/.test(name)) return [rest];
  const own = named[name.toLowerCase()];
  return own === undefined ? [] : [own];
}

/**
 * Colours for the labels of one chart, in their order. Labels get different ones as long as there are some, those with a meaning
 * first. Which is whose depends on which labels there are, not on their order: that changes with every ranking.
 */
export function coloursFor(labels: readonly string[]): Colour[] {
  const uses = new Map<Colour, number>();
  const chosen = new Map<string, Colour>();
  const take = (label: string, from: readonly Colour[]) => {
    const least = Math.min(...from.map((c) => uses.get(c) ?? 0));
    const colour = from.find((c) => (uses.get(c) ?? 0) === least) ?? hues.blue;
    uses.set(colour, least + 1);
    chosen.set(label, colour);
  };
  const sorted = [...new Set(labels)].sort();
  // A name of a colour that has been given to another is coloured like any other; a status never looks like what it does not mean.
  const free: string[] = [];
  for (const label of sorted) {
    const name = colourName(label);
    const meant = meaningOf(name);
    const [first] = meant;
    if (first !== undefined && (named[name.toLowerCase()] === undefined || !uses.has(first))) take(label, meant);
    else free.push(label);
  }
  for (const label of free) {
    const start = hash(colourName(label)) % cycle.length;
    take(label, [...cycle.slice(start), ...cycle.slice(0, start)]);
  }
  return labels.map((label) => chosen.get(label) ?? hues.blue);
}
