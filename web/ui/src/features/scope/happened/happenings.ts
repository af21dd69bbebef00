/** What happened at a scope, from events, alerts and changes, as one list. */

import type { Span } from '@/lib/time';
import { formatDuration } from '@/lib/units';

/** The rows of the strip, from top to bottom. */
export const lanes = ['alert', 'change', 'restart', 'start', 'event'] as const;

export type Lane = (typeof lanes)[number];

export const laneNames: Record<Lane, string> = { alert: 'Alerts', change: 'Changes', restart: 'Ends and restarts', start: 'Starts', event: 'Other events' };

/** A part of a start, with how long it took. */
export interface Phase {
  name: string;
  ms: number;
  failed: boolean;
}

export interface Happening {
  key: string;
  lane: Lane;
  at: number;
  /** The end of what lasted. */
  until?: number;
  who: string;
  text: string;
  /** Whether it is bad news. */
  bad: boolean;
  /** Whether a container ended with it. What waits for its next start after that ended once only. */
  ended?: boolean;
  /** Whether it had begun before the time that is looked at. */
  already?: boolean;
  /** The page about it, without the view. */
  to?: string;
  /** The scope that it happened at. */
  scope: string;
  phases?: Phase[];
}

/** A row of AmlOnlineEndpointEventLog. */
export interface EventRow {
  at: number;
  deployment: string;
  instance: string;
  name: string;
  message: string;
  properties: Readonly<Record<string, unknown>>;
}

export interface AlertRow {
  id?: string;
  scope?: string;
  alertRule?: string;
  summary?: string;
  firedDateTime?: string;
  resolvedDateTime?: string | null;
  /** Whether its rule tells of a moment: it never resolves. */
  stateless?: boolean;
}

export interface RuleRow {
  name: string;
  version?: number;
  updatedBy?: string;
  lastUpdatedTime?: string;
  createdTime?: string;
}

/** An image that a deployment's containers ran, from when until when. */
export interface ImageRow {
  deployment: string;
  container: string;
  image: string;
  first: number;
  last: number;
}

/** The ends of containers and what leads to them. */
const ends = new Set(['Killing', 'Exited', 'Terminated', 'OOMKilled', 'BackOff', 'Evicted', 'NodeLost', 'CrashLoopBackOff']);
/** Each is a part of a start, which is one happening. */
const startParts = new Set(['StartPhase', 'Created', 'Started', 'Ready', 'Pulling', 'Pulled', 'Scheduled']);

const text = (value: unknown) => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** Why a process ended, as the agent that ran it says, and whether that is bad news. */
const reasons = new Map([
  ['crash', true],
  ['oom', true],
  ['liveness', true],
  ['signal', true],
  ['exit', false],
  ['manual', false],
]);

/** Whether a process ended badly: by the agent's reason, otherwise, as in Kubernetes, by its signal and exit code. What nobody knows is not bad. */
function endedBadly({ reason, signal, exitCode }: EventRow['properties']): boolean {
  return reasons.get(text(reason)) ?? (text(signal) !== '' || (number(exitCode) ?? 0) !== 0);
}

/** Events that are bad news by their name. */
const badNames = new Set(['OOMKilled', 'BackOff', 'Evicted', 'NodeLost']);

function isBad({ name, properties }: EventRow): boolean {
  if (name === 'Exited' || name === 'Terminated') return endedBadly(properties);
  return badNames.has(name) || /failed|unhealthy|notready/i.test(name);
}

/** Starts by instance, container and attempt: their events are one. */
function startsOf(endpoint: string, events: readonly EventRow[]): Happening[] {
  const groups = new Map<string, EventRow[]>();
  for (const e of events) {
    if (!startParts.has(e.name)) continue;
    const container = text(e.properties.container);
    const attempt = text(e.properties.attempt);
    // Without its number an event belongs to no start that could be told.
    const key = attempt === '' ? '' : [e.deployment, e.instance, container, attempt].join('\u0001');
    if (key === '') continue;
    groups.set(key, [...(groups.get(key) ?? []), e]);
  }
  return [...groups].map(([key, parts]): Happening => {
    const [first] = parts;
    const phases: Phase[] = [];
    let total: Phase | undefined;
    let at = Math.min(...parts.map((p) => p.at));
    let until = Math.max(...parts.map((p) => p.at));
    for (const p of [...parts].sort((a, b) => a.at - b.at)) {
      if (p.name !== 'StartPhase') continue;
      const began = Date.parse(text(p.properties.startedAt));
      if (Number.isFinite(began)) at = Math.min(at, began);
      const phase = { name: text(p.properties.phase), ms: (number(p.properties.seconds) ?? 0) * 1000, failed: text(p.properties.outcome) === 'failure' };
      if (phase.name === 'total') {
        total = phase;
        until = p.at;
      } else phases.push(phase);
    }
    const container = text(first?.properties.container);
    const name = `Start ${text(first?.properties.attempt)} of ${container === '' ? 'the container' : container}`;
    const ready = parts.some((p) => p.name === 'Ready');
    const how = total === undefined ? (ready ? 'became ready' : 'is not known to have become ready') : total.failed ? `failed after ${formatDuration(total.ms)}` : `was ready after ${formatDuration(total.ms)}`;
    return { key: `start ${key}`, lane: 'start', at, ...(total !== undefined || ready ? { until: Math.max(at, until) } : {}), who: first?.instance ?? '', text: `${name} ${how}`, bad: total?.failed === true, scope: `${endpoint}/${first?.deployment ?? ''}/${first?.instance ?? ''}`, phases };
  });
}

function othersOf(endpoint: string, events: readonly EventRow[]): Happening[] {
  return events.flatMap((e, i): Happening[] => {
    if (startParts.has(e.name) && text(e.properties.attempt) !== '') return [];
    if (e.name === 'Created') return []; // its start follows, and says more
    // A part of a start without its number is none, nor is a server that is ready again.
    const lane: Lane = ends.has(e.name) ? 'restart' : 'event';
    return [{ key: `event ${e.at} ${e.instance} ${e.name} ${i}`, lane, at: e.at, who: e.instance, text: e.message === '' ? e.name : e.message, bad: isBad(e), ended: lane === 'restart' && !e.name.endsWith('BackOff'), scope: `${endpoint}/${e.deployment}/${e.instance}` }];
  });
}

function changesOf(endpoint: string, rules: readonly RuleRow[], images: readonly ImageRow[]): Happening[] {
  const written = rules.map((r): Happening => {
    const made = r.createdTime === r.lastUpdatedTime || r.version === 1;
    const by = r.updatedBy === undefined || r.updatedBy === '' ? '' : ` by ${r.updatedBy}`;
    return { key: `rule ${r.name}`, lane: 'change', at: Date.parse(r.lastUpdatedTime ?? ''), who: 'rule', text: `Alert rule ${r.name} was ${made ? 'made' : `changed${r.version === undefined ? '' : ` (version ${r.version})`}`}${by}`, bad: false, to: `/alerts/rules/${encodeURIComponent(r.name)}`, scope: endpoint };
  });
  // An image is a change where the container ran another before.
  const rolled = images.flatMap((i): Happening[] => {
    const before = images.filter((o) => o.deployment === i.deployment && o.container === i.container && o.first < i.first).sort((a, b) => b.first - a.first)[0];
    if (before === undefined) return [];
    return [{ key: `image ${i.deployment} ${i.container} ${i.image}`, lane: 'change', at: i.first, who: i.deployment, text: `${i.container} of ${i.deployment} runs ${i.image}, before ${before.image}`, bad: false, scope: `${endpoint}/${i.deployment}` }];
  });
  return [...written, ...rolled];
}

/** From when until when an alert was open. What has not resolved lasts. */
function openOf(alert: AlertRow): { at: number; until: number } {
  const at = Date.parse(alert.firedDateTime ?? '');
  const resolved = Date.parse(alert.resolvedDateTime ?? '');
  return { at, until: alert.stateless === true ? at : Number.isFinite(resolved) ? resolved : Infinity };
}

/** The alerts that were open at some moment of a time, each once. */
export function alertsWithin<A extends AlertRow>(alerts: readonly A[], span: Span): A[] {
  const each = new Map(alerts.map((a, i) => [a.id ?? String(i), a]));
  return [...each.values()].filter((a) => isWithin(openOf(a), span));
}

function isWithin({ at, until = at }: { at: number; until?: number }, span: Span): boolean {
  return Number.isFinite(at) && until >= span.start && at <= span.end;
}

function alertsOf(endpoint: string, alerts: readonly AlertRow[], span: Span): Happening[] {
  return alerts.map((a, i): Happening => {
    const { at, until: ended } = openOf(a);
    const until = Number.isFinite(ended) ? ended : Math.max(at, span.end);
    return { key: `alert ${a.id ?? i}`, lane: 'alert', at, until, already: at < span.start, who: 'alert', text: a.summary ?? a.alertRule ?? 'an alert', bad: true, scope: a.scope ?? endpoint, ...(a.id === undefined ? {} : { to: `/alerts/${encodeURIComponent(a.id)}` }) };
  });
}

interface Known {
  endpoint: string;
  events: readonly EventRow[];
  alerts: readonly AlertRow[];
  rules: readonly RuleRow[];
  images: readonly ImageRow[];
}

/** Everything that happened within a time, newest first. */
export function happeningsOf({ endpoint, events, alerts, rules, images }: Known, span: Span): Happening[] {
  const all = [...alertsOf(endpoint, alerts, span), ...changesOf(endpoint, rules, images), ...startsOf(endpoint, events), ...othersOf(endpoint, events)];
  return all.filter((h) => isWithin(h, span)).sort((a, b) => b.at - a.at);
}
