import { expect, test } from 'vitest';
import { ask } from '../setup/api.ts';
import { open, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

test('blue and green are compared from the overview', async () => {
  const page = await open('/');
  await page.getByRole('link', { name: `compare 2 deployments of ${endpoint}` }).click();
  await page.getByRole('heading', { level: 1, name: /blue against .*green/ }).waitFor();
  const figures = page.getByRole('region', { name: 'Figures' });
  await figures.getByText(/P99/).first().waitFor();
  // What green has more than blue, as the API has it.
  const { series } = await ask<{ series: { scope: string; values: number[] }[] }>('/api/v1/metrics', { scope: `${endpoint}/*`, metric: 'RequestLatency_P99', interval: 'full', timespan: 'PT1H' });
  const of = (name: string) => series.find((s) => s.scope.endsWith(name))?.values.at(-1) ?? Number.NaN;
  const row = figures.getByRole('row', { name: /^Latency P99/ });
  await row.waitFor();
  const said = Number(/([+−][\d,.]+)\s*ms/.exec((await row.innerText()).replaceAll('\u00a0', ' '))?.[1]?.replace('−', '-').replace(',', ''));
  expect(said / (of('green') - of('blue'))).toBeCloseTo(1, 0);
});

test('restarts are as many as the API counts', async () => {
  const page = await open(`/compare?scope=${endpoint}/blue&scope=${endpoint}/green`);
  const row = page.getByRole('region', { name: 'Figures' }).getByRole('row', { name: /^Restarts/ });
  await row.waitFor({ timeout: 90_000 }); // green-2 restarts about twice a minute
  const counted = async () => {
    const { series } = await ask<{ series: { values: number[] }[] }>('/api/v1/metrics', { scope: `${endpoint}/green`, metric: 'InstanceRestarts', interval: 'full', timespan: 'PT1H' });
    return series[0]?.values.at(-1) ?? Number.NaN;
  };
  await expect.poll(counted, { timeout: 90_000, interval: 1000 }).toBeGreaterThan(0);
  const shown = async () => Number.parseInt(await row.getByRole('cell').last().innerText(), 10);
  await expect.poll(async () => (await shown()) / (await counted()), { timeout: 60_000, interval: 1000 }).toBe(1); // the page asks every ten seconds
});

test('two endpoints are chosen by their checkboxes', async () => {
  const page = await open('/');
  for (const name of [endpoint, 'this-machine']) {
    const box = page.getByRole('checkbox', { name: `Compare ${name}`, exact: true });
    await box.click();
    await expect.poll(() => box.isChecked()).toBe(true); // once the URL has it
  }
  await page.getByRole('link', { name: 'Compare 2 endpoints' }).click();
  await page.getByRole('heading', { level: 1, name: /credit-default against this-machine/ }).waitFor();
});
