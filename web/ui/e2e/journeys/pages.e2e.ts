import { readFileSync } from 'node:fs';
import { matchRoutes } from 'react-router';
import { expect, test } from 'vitest';
import { violations } from '../setup/axe.ts';
import { desk, open, phone, withBrowser } from '../setup/browser.ts';
import { places } from '../setup/places.ts';

withBrowser();

const all = await places();

test('every route has a page here', () => {
  const source = readFileSync(new URL('../../src/app/routes.tsx', import.meta.url), 'utf8');
  const patterns = [...source.matchAll(/path: '([^']+)'/g)].map((m) => `/${m[1] ?? ''}`).filter((p) => p !== '/*');
  expect(patterns.length).toBeGreaterThan(15);
  const routes = patterns.map((path) => ({ path }));
  const reached = new Set(all.map((place) => matchRoutes(routes, new URL(place, 'http://server').pathname)?.at(-1)?.route.path));
  expect(patterns.filter((p) => !reached.has(p))).toEqual([]);
});

test.each(all)('%s is usable by everybody', async (path) => {
  const page = await open(path);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 4_000 }).catch(() => undefined); // a page that follows what happens is never idle
  await page.addStyleTag({ content: '*, *::before, *::after { transition: none !important; animation: none !important; }' }); // colours on their way are no colours
  const found: string[] = [];
  for (const size of [desk, phone]) {
    await page.setViewportSize(size);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.waitForFunction((s) => document.documentElement.dataset['mantineColorScheme'] === s, scheme);
      // What is not of colours is the same in both.
      found.push(...(await violations(page, scheme === 'light')).map((v) => `${size.width} px, ${scheme}: ${v}`));
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) found.push(`${size.width} px: scrolls ${wide} px sideways`);
  }
  expect(found).toEqual([]);
});
