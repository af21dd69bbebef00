import { expect, test } from 'vitest';
import { ask } from '../setup/api.ts';
import { open, withBrowser } from '../setup/browser.ts';

withBrowser();

const query = 'AmlOnlineEndpointTrafficLog | where TimeGenerated > ago(1h) | summarize Requests = count() by EndpointName, bin(TimeGenerated, 1m) | render timechart';

test('a query is written with the editor’s help, asked, and drawn', async () => {
  const page = await open('/logs');
  const editor = page.getByRole('textbox', { name: 'Query in KQL' });
  await editor.waitFor();
  await page.locator('.monaco-editor').first().waitFor(); // the large editor has come
  await page.locator('.monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('AmlOnlineEndpointTr');
  await page.getByRole('option', { name: /AmlOnlineEndpointTrafficLog/ }).first().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(query);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('region', { name: 'Results' }).waitFor();
  await page.locator('.u-over').first().waitFor();
  expect(new URL(page.url()).searchParams.get('query')).toBe(query);
});

test('a mistake is marked where it is', async () => {
  const page = await open(`/logs?query=${encodeURIComponent('AmlOnlineEndpointTrafficLog\n| where Nothing == 1')}`, { refused: (status, path) => status === 400 && path.endsWith('/logs/query') });
  await page.getByText('The query has a mistake, which is marked above.').waitFor();
  await page.getByText(/Nothing/).first().waitFor();
});

test('a row leads to the lines and the minute around it', async () => {
  const { tables } = await ask<{ tables: { rows: unknown[][] }[] }>('/api/v1/logs/query', { query: 'AmlOnlineEndpointTrafficLog | count' });
  expect(Number(tables[0]?.rows[0]?.[0])).toBeGreaterThan(0);
  const page = await open(`/logs?query=${encodeURIComponent('AmlOnlineEndpointTrafficLog | take 20')}`);
  const grid = page.getByRole('grid').or(page.getByRole('table')).first();
  await grid.waitFor();
  await grid.getByRole('row').nth(1).click();
  const metrics = page.getByRole('link', { name: /metrics/i }).first();
  await metrics.waitFor();
  expect(await metrics.getAttribute('href')).toMatch(/endpoints\/credit-default/);
});
