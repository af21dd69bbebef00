import { expect, test } from 'vitest';
import { ask } from '../setup/api.ts';
import { open, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

interface Stored {
  tiles: { x: number; y: number; w: number; h: number }[];
}

test('a dashboard is built from a pinned chart and a text, arranged, and shared', async () => {
  const title = `Mine ${Date.now()}`;
  const page = await open(`/explore?scope=${endpoint}&metric=RequestsPerMinute`);
  await page.getByRole('button', { name: /^Actions of/ }).first().click();
  await page.getByRole('menuitem', { name: /pin/i }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('A new one').click();
  await dialog.getByRole('textbox', { name: 'Title of the dashboard' }).fill(title);
  await dialog.getByRole('button', { name: 'Pin', exact: true }).click();
  await dialog.getByRole('link', { name: title }).click();
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
  await page.locator('.u-over').first().waitFor();

  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const handle = page.getByRole('button', { name: /^Move or resize/ }).first();
  await handle.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('Not saved yet').waitFor();
  await page.getByRole('toolbar').getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Not saved yet').waitFor({ state: 'hidden' });

  const name = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const [tile] = (await ask<Stored>(`/api/v1/dashboards/${name}`)).tiles;
  expect(tile?.x).toBe(1);
  const theirs = await open(`/dashboards/${name}`);
  await theirs.getByRole('heading', { level: 1, name: title }).waitFor();
  await theirs.locator('.u-over').first().waitFor();
});

test('those that come with the server show data at once', async () => {
  const page = await open('/dashboards');
  const table = page.getByRole('table', { name: 'Dashboards' });
  await table.waitFor();
  const links = await table.getByRole('link').all();
  expect(links.length).toBeGreaterThanOrEqual(5);
  await links[0]?.click();
  await page.locator('.u-over, canvas').first().waitFor();
});
