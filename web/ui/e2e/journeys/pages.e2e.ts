import { readFileSync } from 'node:fs';
import { matchPath } from 'react-router';
import { expect, test } from 'vitest';
import { violations } from '../setup/axe.ts';
import { desk, open, phone, withBrowser } from '../setup/browser.ts';
import { places } from '../setup/places.ts';

withBrowser();

test('every route has a page here', () => {
  const source = readFileSync(new URL('../../src/app/routes.tsx', import.meta.url), 'utf8');
  const patterns = [...source.matchAll(/path: '([^']+)'/g)].map((m) => `/${m[1] ?? ''}`).filter((p) => p !== '/*');
  expect(patterns.length).toBeGreaterThan(15);
  const reached = (pattern: string) => places.some((place) => matchPath(pattern, new URL(place, 'http://server').pathname) !== null);
  expect(patterns.filter((p) => !reached(p))).toEqual([]);
});

test.each(places)('%s is usable by everybody', async (path) => {
  const page = await open(path);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 4_000 }).catch(() => undefined); // a page that follows what happens is never idle
  const found: string[] = [];
  for (const size of [desk, phone]) {
    await page.setViewportSize(size);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.waitForFunction((s) => document.documentElement.dataset['mantineColorScheme'] === s, scheme);
      found.push(...(await violations(page)).map((v) => `${size.width} px, ${scheme}: ${v}`));
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) found.push(`${size.width} px: scrolls ${wide} px sideways`);
  }
  expect(found).toEqual([]);
});
