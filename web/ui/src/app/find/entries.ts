/** What can be found, made of what the server knows. */

import type { MetricDefinition, Scope } from '@/api/types';
import { scopePath } from '@/lib/scope';
import { places } from '../places';
import type { Entry } from './rank';

const further: readonly { label: string; to: string; what: string }[] = [
  { label: 'Alert rules', to: '/alerts/rules', what: 'What is watched' },
  { label: 'New alert rule', to: '/alerts/rules/new', what: 'Watch a metric or a log query' },
  { label: 'Starter pack', to: '/alerts/pack', what: 'Rules that are ready to use' },
  { label: 'Action groups', to: '/alerts/groups', what: 'Who is told of alerts' },
  { label: 'Silences', to: '/alerts/silences', what: 'What nobody is told of' },
  { label: 'Processing rules', to: '/alerts/processing', what: 'When alerts are held back or sent elsewhere' },
  { label: 'Compare', to: '/compare', what: 'Endpoints or deployments side by side' },
];

const about: Record<string, string> = {
  '/': 'All endpoints and how they are',
  '/fleet': 'GPUs, what is near its limit, silent agents',
  '/explore': 'Any metric, split and filtered',
  '/dashboards': 'Charts that somebody arranged',
  '/alerts': 'What is wrong now, and what was',
  '/logs': 'Requests, console lines and events, in KQL',
  '/live': 'What happens this second',
  '/system': 'How Endscope itself is',
};

/** The pages there are. */
export function pageEntries(): Entry[] {
  const frame = places.map((p): Entry => ({ kind: 'page', id: p.to, label: p.label, what: about[p.to] ?? '', to: p.to }));
  return [...frame, ...further.map((p): Entry => ({ kind: 'page', id: p.to, label: p.label, what: p.what, to: p.to }))];
}

/** The scopes of a tree, from the widest to the narrowest of each endpoint. */
export function scopeEntries(scopes: readonly Scope[]): Entry[] {
  return scopes.flatMap((s) => [
    { kind: 'scope', id: s.scope, label: s.scope, what: s.state === 'ready' ? s.level : `${s.level}, ${s.state}`, words: s.name, to: scopePath(s.scope) } satisfies Entry,
    ...scopeEntries(s.children ?? []),
  ]);
}

/** The metrics of the catalogue, each once, as charts of a scope. */
export function metricEntries(definitions: readonly MetricDefinition[], scope: string): Entry[] {
  const out = new Map<string, Entry>();
  for (const d of definitions) {
    if (out.has(d.name)) continue;
    const to = `/explore?${new URLSearchParams({ scope, metric: d.name }).toString()}`;
    out.set(d.name, { kind: 'metric', id: d.name, label: d.name, what: d.description.split('. ')[0]?.replace(/\.$/, '') ?? '', words: d.display_name, to });
  }
  return [...out.values()];
}

/** A document that somebody keeps on the server. */
export interface Kept {
  name: string;
  title?: string;
  description?: string;
  query?: string;
  scopes?: string[];
  tags?: string[];
}

const firstLine = (text: string | undefined) => (text ?? '').trim().split(/\n|\. /)[0]?.replace(/\.$/, '') ?? '';
const titleOf = (d: Kept) => (d.title === undefined || d.title === '' ? d.name : d.title);
const wordsOf = (d: Kept) => [d.name, ...(d.tags ?? []), ...(d.scopes ?? [])].join(' ');

export const ruleEntries = (rules: readonly Kept[]): Entry[] =>
  rules.map((r) => ({ kind: 'rule', id: r.name, label: r.name, what: firstLine(r.description), words: wordsOf(r), to: `/alerts/rules/${encodeURIComponent(r.name)}` }));

export const dashboardEntries = (dashboards: readonly Kept[]): Entry[] =>
  dashboards.map((d) => ({ kind: 'dashboard', id: d.name, label: titleOf(d), what: firstLine(d.description), words: wordsOf(d), to: `/dashboards/${encodeURIComponent(d.name)}` }));

export const queryEntries = (queries: readonly Kept[]): Entry[] =>
  queries.map((q) => {
    const params = new URLSearchParams({ query: q.query ?? '' });
    const [scope] = q.scopes ?? [];
    if (scope !== undefined) params.set('scope', scope);
    return { kind: 'query', id: q.name, label: titleOf(q), what: firstLine(q.description) || firstLine(q.query), words: wordsOf(q), to: `/logs?${params.toString()}` };
  });
