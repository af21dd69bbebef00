import { expect, test } from 'vitest';
import { open, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

test('blue and green are compared from the overview', async () => {
  const page = await open('/');
  await page.getByRole('link', { name: `compare 2 deployments of ${endpoint}` }).click();
  await page.getByRole('heading', { level: 1, name: /blue against .*green/ }).waitFor();
  const figures = page.getByRole('region', { name: 'Figures' });
  await figures.getByText(/P99/).first().waitFor();
  await expect.poll(() => figures.innerText()).toMatch(/[+−-]\d/); // differences are shown as differences
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
