import { inject } from 'vitest';
import { ask } from './api.ts';
import { endpoint } from './demo.ts';

/** What pages of single documents need to be there. */
const documents: readonly { path: string; body: { name: string; [field: string]: unknown } }[] = [
  {
    path: '/api/v1/alert-rules',
    body: { name: 'page rule', scopes: [endpoint], severity: 3, windowSize: 'PT1M', evaluationFrequency: 'PT1M', criteria: { allOf: [{ metricName: 'RequestsPerMinute', operator: 'GreaterThan', threshold: 1, timeAggregation: 'Total' }] } },
  },
  { path: '/api/v1/action-groups', body: { name: 'page group', groupShortName: 'page', enabled: true, webhookReceivers: [{ name: 'hook', serviceUri: 'http://127.0.0.1:9/hook' }] } },
  { path: '/api/v1/processing-rules', body: { name: 'page processing', scopes: [endpoint], enabled: false, actions: [{ actionType: 'RemoveAllActionGroups' }] } },
];

/** A path for each route of src/app/routes.tsx but the one of unknown pages; a test holds one against the other. */
export async function places(): Promise<readonly string[]> {
  for (const { path, body } of documents) {
    const answer = await fetch(inject('url') + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok && answer.status !== 409) throw new Error(`${path}: ${await answer.text()}`);
  }
  return [
    '/',
    `/endpoints/${endpoint}`,
    `/endpoints/${endpoint}/blue`,
    `/endpoints/${endpoint}/blue/blue-1`,
    `/compare?scope=${endpoint}/blue&scope=${endpoint}/green`,
    '/fleet',
    '/explore',
    `/explore?scope=${endpoint}/*&metric=RequestsPerMinute`,
    '/graph?g0.expr=up',
    '/dashboards',
    '/dashboards/endscope-traffic',
    '/alerts',
    `/alerts/${await anyAlert()}`,
    '/alerts/rules',
    '/alerts/rules/new',
    '/alerts/rules/page%20rule',
    '/alerts/pack',
    '/alerts/groups',
    '/alerts/groups/new',
    '/alerts/groups/page%20group',
    '/alerts/silences',
    '/alerts/processing',
    '/alerts/processing/new',
    '/alerts/processing/page%20processing',
    '/logs',
    `/live?scope=${endpoint}`,
    '/system',
  ];
}

/** An alert that fires. The demo is busy enough for the rule above. */
async function anyAlert(): Promise<string> {
  for (let i = 0; i < 150; i++) {
    const { value } = await ask<{ value: { id: string }[] }>('/api/v1/alerts', { top: '1' });
    if (value[0] !== undefined) return value[0].id;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error('no alert fired');
}
