/**
 * How long the browser computes to draw 50 series of 1,440 points, in a server's built UI and Chromium:
 *
 *   node bench/charts.js [URL of a server] [line | area | stack | bar | scatter | heat]
 *
 * The answer is made up, so that any server with the UI will do. Each line has the milliseconds of scripting, of layout, and of all work
 * of the page's thread, in CPU time.
 */
import { chromium } from 'playwright-core';

const [server = 'http://127.0.0.1:9190', kind = 'line'] = process.argv.slice(2);
const [seriesCount, points, minute] = [50, 1440, 60_000];

/** An answer of /api/v1/metrics with gaps; other values each time. */
function answer(round) {
  const end = Math.floor(Date.now() / minute) * minute;
  const timestamps = Array.from({ length: points }, (_, i) => end - (points - i) * minute);
  const value = (k, i) => (i % 97 === k % 97 ? null : 50 * k + 20 * Math.sin(i / 30 + k + round) + Math.random() * 10);
  return {
    start: new Date(end - points * minute).toISOString(),
    end: new Date(end).toISOString(),
    interval: '1m',
    timestamps,
    partial_from: null,
    truncated: null,
    warnings: [],
    series: Array.from({ length: seriesCount }, (_, k) => ({ scope: 'made-up', metric: 'RequestsPerMinute', aggregation: 'average', unit: 'Count', dimensions: { instanceId: `instance-${k}` }, values: timestamps.map((_, i) => value(k, i)) })),
  };
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
let rounds = 0;
await page.route('**/api/v1/metrics', (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify(answer(rounds++)) }));
const session = await page.context().newCDPSession(page);
await session.send('Performance.enable', { timeDomain: 'threadTicks' });

async function spent() {
  const { metrics } = await session.send('Performance.getMetrics');
  return (name) => (metrics.find((m) => m.name === name)?.value ?? 0) * 1000;
}

async function measure(what, act) {
  const before = await spent();
  await act();
  await page.waitForTimeout(3000);
  const after = await spent();
  const ms = (name) => `${Math.round(after(name) - before(name))} ms`;
  console.log(`${what.padEnd(24)} scripting ${ms('ScriptDuration')}, layout ${ms('LayoutDuration')}, all ${ms('TaskDuration')}`);
}

await page.goto(`${server}/explore?last=1d&refresh=off&scope=made-up&metric=RequestsPerMinute&split=instanceId&kind=${kind}`);
const plot = page.locator('.u-over').first();
await plot.waitFor({ timeout: 60_000 });
await page.waitForTimeout(3000);
await measure('nothing', () => Promise.resolve());
for (let i = 0; i < 3; i++) await measure('other data', () => page.getByRole('button', { name: 'Refresh now' }).first().click());
for (const colorScheme of ['dark', 'light', 'dark']) await measure('built anew', () => page.emulateMedia({ colorScheme }));
const box = await plot.boundingBox();
await measure('60 moves of the pointer', async () => {
  for (let i = 0; i < 60; i++) await page.mouse.move((box?.x ?? 0) + 20 + i * 15, (box?.y ?? 0) + 40);
});
if (kind !== 'heat') await measure('one series alone', () => page.locator('table button').nth(3).click());
await browser.close();
