import { expect, test } from 'vitest';
import { open, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

test('a shared link shows somebody else the same view', async () => {
  const end = new Date();
  const start = new Date(end.getTime() - 600_000);
  const query = new URLSearchParams({ scope: `${endpoint}/*`, metric: 'RequestsPerMinute', split: 'statusCodeClass', kind: 'stack', start: start.toISOString(), end: end.toISOString() });
  const mine = await open(`/explore?${query}`);
  const legend = (page: typeof mine) => page.getByRole('table').first().innerText();
  await mine.getByText('2xx').first().waitFor();
  const theirs = await open(mine.url().replace(/^https?:\/\/[^/]+/, ''));
  await theirs.getByText('2xx').first().waitFor();
  await expect.poll(() => legend(theirs)).toBe(await legend(mine));
  expect(theirs.url()).toBe(mine.url());
});

test('zooming into one chart moves all of them, and the link has it', async () => {
  const page = await open(`/endpoints/${endpoint}?last=10m`);
  const plot = page.locator('.u-over').first();
  await plot.waitFor();
  const box = await plot.boundingBox();
  if (box === null) throw new Error('the chart is not visible');
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/[?&]start=/);
  const params = new URL(page.url()).searchParams;
  const length = Date.parse(params.get('end') ?? '') - Date.parse(params.get('start') ?? '');
  expect(length).toBeGreaterThan(180_000);
  expect(length).toBeLessThan(300_000);
  await page.goBack();
  await expect.poll(() => new URL(page.url()).searchParams.get('last')).toBe('10m');
});
