import { afterAll, beforeAll, expect, test } from 'vitest';
import { open, withBrowser } from '../setup/browser.ts';
import { Program } from '../setup/program.ts';

withBrowser();

const prefix = '/monitoring/endscope';
let server: Program;
beforeAll(async () => {
  server = await Program.start({ args: ['serve', '--web.route-prefix', prefix], prefix, ready: async (url) => (await fetch(`${url}/-/ready`)).ok });
});
afterAll(() => server.stop());

test('below a path prefix an empty server says what to do, and its pages open', async () => {
  // Nothing can be watched before anything was sent, which the page says in words.
  const page = await open('/', { url: server.url, refused: (status, path) => status === 404 && path === `${prefix}/api/v1/live` });
  await page.getByText('No endpoint has sent anything yet.').waitFor();
  expect(await page.locator('code').first().innerText()).toContain(`--server ${server.url} `);
  for (const [link, heading] of [['Fleet', 'Fleet'], ['Explore', 'Explore'], ['Dashboards', 'Dashboards'], ['Alerts', 'Alerts'], ['Logs', 'Logs'], ['Live', 'Live'], ['System', 'System']] as const) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: link, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${prefix}/${link.toLowerCase()}`);
  }
});

test('a deep link opens, and its link to another page stays below the prefix', async () => {
  const pushed = await fetch(`${server.url}/api/v1/push/chat/blue/blue-1`, { method: 'POST', body: '# TYPE instance_cpu_utilization_ratio gauge\ninstance_cpu_utilization_ratio 0.5\n' });
  expect(pushed.status, await pushed.text()).toBeLessThan(300);
  const page = await open('/endpoints/chat/blue/blue-1', { url: server.url });
  await page.getByRole('heading', { level: 1, name: 'blue-1' }).waitFor();
  await page.getByRole('link', { name: 'chat', exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: 'chat' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`${prefix}/endpoints/chat`);
});
