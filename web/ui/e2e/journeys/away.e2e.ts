import { afterAll, beforeAll, expect, test } from 'vitest';
import { open, withBrowser } from '../setup/browser.ts';
import { endpoint, startDemo } from '../setup/demo.ts';
import type { Program } from '../setup/program.ts';

withBrowser();

let demo: Program;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo.stop());

test('a server that goes away is told, what was seen stays, and it goes on when it is back', async () => {
  const page = await open('/?refresh=5s', { url: demo.url, refused: () => true });
  const row = page.getByRole('link', { name: endpoint, exact: true }).first();
  await row.waitFor();
  await demo.down();
  await page.getByText(/not reachable/i).first().waitFor({ timeout: 30_000 });
  expect(await row.isVisible(), 'the last good data stay').toBe(true);
  await page.getByText(/^As of /).first().waitFor({ timeout: 60_000 }); // and say of when they are
  await demo.up();
  await page.getByText(/not reachable/i).first().waitFor({ state: 'hidden', timeout: 60_000 });
  await row.waitFor();
});
