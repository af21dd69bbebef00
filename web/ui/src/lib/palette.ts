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

/** Classes of status codes have their meaning's colour. */
const meanings: Record<string, Colour> = {
  '2xx': hues.green,
  '3xx': hues.sky,
  '4xx': hues.orange,
  '5xx': hues.vermilion,
  '1xx': hues.slate,
  other: { light: '#868e96', dark: '#868e96' },
};

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return h >>> 0;
}

/**
 * Colours for the names of one chart, in their order. Two names that would share a colour get different ones, as long as there are
 * some: the later one takes the next free.
 */
export function coloursFor(names: string[]): Colour[] {
  const taken = new Set<Colour>();
  return names.map((name) => {
    const own = meanings[name] ?? named[name.toLowerCase()];
    if (own !== undefined) {
      taken.add(own);
      return own;
    }
    const status = /^[1-5]\d\d$/.test(name) ? meanings[`${name.charAt(0)}xx`] : undefined; // the first of a class has its colour
    if (status !== undefined && !taken.has(status)) {
      taken.add(status);
      return status;
    }
    const start = hash(name) % cycle.length;
    for (let i = 0; i < cycle.length; i++) {
      const colour = cycle[(start + i) % cycle.length];
      if (colour !== undefined && !taken.has(colour)) {
        taken.add(colour);
        return colour;
      }
    }
    return cycle[start] ?? hues.blue;
  });
}
