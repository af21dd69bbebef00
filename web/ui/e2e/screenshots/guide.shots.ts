import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { inject, test } from 'vitest';
import { slowest } from '../setup/api.ts';
import { open, phone, withBrowser } from '../setup/browser.ts';
import { endpoint } from '../setup/demo.ts';

withBrowser();

const folder = fileURLToPath(new URL('../../../../docs/user-guide/', import.meta.url));
const screen = { width: 1280, height: 800 } as const;

/** How long the demo runs before the pictures are taken, so that its charts have something to show. */
const history = 6 * 60_000;

interface Picture {
  name: string;
  path: string;
  dark?: boolean;
  small?: boolean;
  /** What is done before the picture is taken. */
  act?: (page: Page) => Promise<void>;
}

const kql = 'AmlOnlineEndpointTrafficLog\n| where ResponseCode >= 400\n| summarize Failed = count() by DeploymentName, bin(TimeGenerated, 15s)\n| render timechart';
const logs = `/logs?${new URLSearchParams({ query: kql, last: '15m' })}`;

test('pictures of the user guide', async () => {
  if (process.env['ENDSCOPE_URL'] === undefined) await sleep(history);
  const { deployment, instance } = await slowest();
  await makeRule();
  const pictures: Picture[] = [
    { name: 'overview', path: '/?last=15m' },
    { name: 'find', path: '/?last=15m', act: find(instance) },
    { name: 'scope', path: `/endpoints/${endpoint}?last=15m` },
    { name: 'scope-phone', path: `/endpoints/${endpoint}/${deployment}/${instance}?last=15m`, small: true },
    { name: 'explain', path: `/endpoints/${endpoint}?last=2m&explain=1` }, // what it is compared with lies within the history, too
    { name: 'compare', path: `/compare?scope=${endpoint}/blue&scope=${endpoint}/green&last=15m` },
    { name: 'fleet', path: '/fleet?last=15m' },
    { name: 'explore', path: `/explore?scope=${endpoint}/*&metric=RequestsPerMinute&split=statusCodeClass&kind=stack&last=15m` },
    { name: 'dashboard', path: '/dashboards/endscope-gpus?last=15m' },
    { name: 'alerts', path: '/alerts?last=15m' },
    { name: 'rule', path: `/alerts/rules/new?scope=${endpoint}&metric=RequestLatency_P99&threshold=150&last=15m` },
    { name: 'logs', path: logs },
    { name: 'live', path: `/live?scope=${endpoint}`, act: () => sleep(40_000) },
    { name: 'system', path: '/system?last=15m' },
  ];
  await mkdir(folder, { recursive: true });
  for (const { name, path, dark = false, small = false, act } of pictures) {
    const page = await open(path, { size: small ? phone : screen, dark });
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForLoadState('networkidle', { timeout: 15_000 }).catch(() => undefined); // a page that follows what happens is never idle
    await act?.(page);
    await sleep(1500);
    await page.screenshot({ path: `${folder}${name}.png` });
    await page.context().close();
  }
});

const find = (text: string) => async (page: Page) => {
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: /^Find/ }).fill(text);
  await page.getByRole('option', { name: new RegExp(text) }).first().waitFor();
};

/** Something must be fired for the page of the alerts. */
async function makeRule(): Promise<void> {
  const rule = {
    name: 'slow requests',
    description: 'Requests take longer than customers wait.',
    severity: 2,
    scopes: [`${endpoint}/*`],
    windowSize: 'PT1M',
    evaluationFrequency: 'PT15S',
    criteria: { allOf: [{ metricName: 'RequestLatency_P99', operator: 'GreaterThan', threshold: 100, timeAggregation: 'Average' }] },
  };
  const answer = await fetch(`${inject('url')}/api/v1/alert-rules`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(rule) });
  if (!answer.ok && answer.status !== 409) throw new Error(`the rule was refused: ${await answer.text()}`);
  await sleep(120_000);
}
