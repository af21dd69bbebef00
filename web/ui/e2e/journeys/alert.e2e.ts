import { expect, test } from 'vitest';
import { aMinuteOfRequests, ask } from '../setup/api.ts';
import { open, phone, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

test('a rule is made from a chart, fires, and is acknowledged', { timeout: 360_000 }, async () => {
  const name = `busy ${Date.now()}`;
  await aMinuteOfRequests();
  const page = await open(`/explore?scope=${endpoint}&metric=RequestsPerMinute`);
  await page.getByRole('button', { name: /^Actions of/ }).first().click();
  await page.getByRole('menuitem', { name: 'New alert rule' }).click();

  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await page.getByRole('textbox', { name: 'Threshold' }).fill('1');
  await page.getByRole('combobox', { name: 'Checked every' }).or(page.getByRole('textbox', { name: 'Checked every' })).click();
  await page.getByRole('option', { name: /15 s/ }).click();
  const preview = page.getByRole('group', { name: 'Preview' });
  await preview.getByText(/would have fired/i).first().waitFor({ timeout: 40_000 });
  await page.getByRole('button', { name: 'Make the rule' }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();

  await page.goto(new URL('/alerts?refresh=5s', page.url()).href);
  await page.getByRole('link', { name }).click({ timeout: 150_000 });
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.locator('.u-over').first().waitFor(); // what it looked at, drawn
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByText('Acknowledged').first().waitFor();
  const { value } = await ask<{ value: { alertRule: string; alertState: string }[] }>('/api/v1/alerts', { alertRule: name });
  expect(value.filter((a) => a.alertRule === name).map((a) => a.alertState)).toEqual(['Acknowledged']);

  // From a notification, on a phone.
  const held = await open(new URL(page.url()).pathname, { size: phone });
  await held.getByRole('heading', { level: 1, name }).waitFor();
  expect(await held.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await held.getByRole('link', { name: new RegExp(endpoint) }).first().click();
  await held.getByRole('heading', { level: 1, name: endpoint }).waitFor();
});
