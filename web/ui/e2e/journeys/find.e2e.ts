import { expect, test } from 'vitest';
import { slowest } from '../setup/api.ts';
import { open, phone, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

test('the slow instance is three clicks from the overview, and the page says that it is', async () => {
  const { deployment, instance } = await slowest();
  const page = await open('/');
  await page.getByRole('table', { name: 'Endpoints' }).getByRole('link', { name: endpoint, exact: true }).click();
  await page.getByText(new RegExp(`${instance} is slower`)).first().waitFor();
  await page.getByRole('link', { name: deployment, exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: deployment }).waitFor();
  await page.getByRole('link', { name: instance, exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: instance }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/endpoints/${endpoint}/${deployment}/${instance}`);
});

test('on a phone, too', async () => {
  const { instance } = await slowest();
  const page = await open('/', { size: phone });
  await page.getByRole('link', { name: endpoint, exact: true }).first().click();
  await page.getByRole('link', { name: `To ${instance}` }).click();
  await page.getByRole('heading', { level: 1, name: instance }).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
});

test('/ finds it by its name, without a mouse', async () => {
  const { instance } = await slowest();
  const page = await open('/');
  await page.getByRole('table', { name: 'Endpoints' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(instance);
  await page.getByRole('option', { name: new RegExp(instance) }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: instance }).waitFor();
});

test('a deployment that nobody knows is told once, with the way up', async () => {
  const page = await open(`/endpoints/${endpoint}/purple`, { refused: (status) => status === 404 });
  const problem = page.getByRole('alert');
  await problem.first().waitFor();
  expect(await problem.count()).toBe(1);
  await page.getByRole('link', { name: endpoint, exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: endpoint }).waitFor();
});
