/** All that a page knows of its scope: its questions to the server, and what they come to. */

import { useMemo } from 'react';
import { useFiredAlerts } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { asOne, problemIn } from '@/components/asked';
import { levelOf } from '@/lib/scope';
import { hour, minute, resolveRange } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';
import type { Scope } from '@/api/types';
import { comparable } from '@/lib/rates';
import { coverageOf, honest } from './coverage';
import { findScope, isInstance, membersOf, useFamily, useTrends } from './family';
import { gapsOf, isSettled } from './happened/gaps';
import { alertsWithin, happeningsOf } from './happened/happenings';
import { marksOf } from './happened/marks';
import { useAlertsOf, useCover, useEvents, useImages, useMeanHops, useModelSummary, useRulesOf, useSummary, useTree } from './queries';
import { summaryOf, together, type Summary } from './summary';
import { wayAt } from './TimePanel';

/** A page whose time ends longer ago than this is about the past: what is so now says nothing of it. */
const isPast = 5 * minute;

export function useFacts(scope: string, view: PageView) {
  const tree = useTree(scope, view);
  const summary = useSummary(scope, view);
  const model = useModelSummary(scope, view);
  const cover = useCover(scope, view);
  const meanHops = useMeanHops(scope, view);
  const family = useFamily(scope, view);
  const trends = useTrends(scope, view);
  const fired = useFiredAlerts(view, scope);
  const alerts = useAlertsOf(scope, view);
  const events = useEvents(scope, view);
  const images = useImages(scope, view);
  const rules = useRulesOf(scope, view);

  const node = findScope(tree.data, scope);
  const readings = useMemo((): Summary => honest(together(summaryOf(summary.data, scope), summaryOf(model.data, scope)), cover.data, scope), [summary.data, model.data, cover.data, scope]);
  const coverage = useMemo(() => (cover.data === undefined ? undefined : coverageOf(cover.data, scope)), [cover.data, scope]);
  const members = useMemo(() => membersOf(family.data, trends.data), [family.data, trends.data]);
  const way = useMemo(() => (meanHops.data === undefined ? undefined : wayAt(meanHops.data, 0)), [meanHops.data]);

  // Of the windows of an answer, so that what is drawn over time does not move with every refresh.
  const asked = resolveRange(view.range, Math.max(events.dataUpdatedAt, alerts.dataUpdatedAt));
  const [start, end] = cover.data === undefined ? [asked.start, asked.end] : [Date.parse(cover.data.start), Date.parse(cover.data.end)];
  const span = useMemo(() => ({ start, end }), [start, end]);
  // An alert that fired before and is open still is a part of this time, too.
  const told = useMemo(() => alertsWithin([...(fired.data?.alerts ?? []), ...(alerts.data?.alerts ?? [])], span), [fired.data, alerts.data, span]);
  const happenings = useMemo(
    () => happeningsOf({ endpoint: scope.split('/')[0] ?? scope, events: events.data?.events ?? [], alerts: told, rules: rules.data?.rules ?? [], images: images.data?.images ?? [] }, span),
    [scope, events.data, told, rules.data, images.data, span],
  );
  const marks = useMemo(() => marksOf(happenings, span), [happenings, span]);

  const past = cover.data !== undefined && cover.dataUpdatedAt - span.end > isPast;
  const openAlerts = past ? alerts.data && { alerts: told, cut: alerts.data.cut } : fired.data;
  const open = (openAlerts?.alerts ?? []).map((a) => ({ name: a.alertRule ?? 'an alert', severity: a.severity ?? 4 }));
  const openAsked = past ? alerts : fired;
  const openProblem = openAlerts === undefined ? problemIn(openAsked) : undefined;
  // That the server knows nothing of an endpoint is an answer.
  const treeProblem = tree.data === undefined ? problemIn(tree) : undefined;
  const unknown = [
    ...(openProblem == null ? [] : [`Whether alerts ${past ? 'were' : 'are'} fired cannot be told: ${asProblem(openProblem).title.toLowerCase()}.`]),
    ...(past || treeProblem == null || asProblem(treeProblem).status === 404 ? [] : [`Whether instances went silent cannot be told: ${asProblem(treeProblem).title.toLowerCase()}.`]),
  ];
  const gaps = gapsOf([
    { what: 'events', asked: events, more: 'There are more events than are shown: these are the newest. A shorter time shows all.' },
    { what: 'alerts', asked: alerts, more: 'There are more alerts than were looked at: these are the newest.' },
    { what: 'alerts that are still open', asked: fired, more: 'There are more open alerts than are shown: these are the most severe.' },
    { what: 'changed alert rules', asked: rules, more: 'There are more alert rules than were looked at.' },
    { what: 'new images', asked: images, more: 'There are more images than were looked at. A shorter time shows all.', skipped: 'New images are looked for only within a day or less.' },
  ]);
  const someKnown = events.data !== undefined || (problemIn(events) != null && alerts.data !== undefined);
  const total = (rate: number | null | undefined) => {
    const minutes = summary.data === undefined ? 0 : (Date.parse(summary.data.end) - Date.parse(summary.data.start)) / minute;
    return rate == null ? null : rate * minutes;
  };
  const raw = useMemo(() => summaryOf(summary.data, scope)('RequestsPerMinute'), [summary.data, scope]);
  const instances = members.filter(isInstance);
  return {
    asked: { tree, summary, model, cover, meanHops, family, trends, open: openAsked, happened: asOne(someKnown ? true : undefined, someKnown ? [events, alerts, fired, rules, images] : [events]) },
    level: levelOf(scope),
    node,
    readings,
    coverage,
    compared: coverage === undefined || (coverage.now.share >= comparable && coverage.before.share >= comparable),
    members,
    instances,
    deployments: members.filter((m) => !isInstance(m)),
    way,
    span,
    happenings,
    marks,
    past,
    open,
    openMore: openAlerts?.cut === true,
    openProblem,
    unknown,
    requests: total(raw.now),
    requestsBefore: total(raw.before),
    silent: past ? [] : silentOf(node, tree.dataUpdatedAt),
    gaps,
    happenedSettled: [events, alerts, fired, rules].every(isSettled),
    healthSettled: (openAlerts !== undefined || openProblem != null) && (tree.data !== undefined || treeProblem != null),
    loaded: summary.data !== undefined && cover.data !== undefined,
  };
}

export type Facts = ReturnType<typeof useFacts>;

/** Instances that stopped reporting within the last hour; those that left before are no news. */
export function silentOf(scope: Scope | undefined, now: number): string[] {
  if (scope === undefined) return [];
  if (scope.level !== 'instance') return (scope.children ?? []).flatMap((c) => silentOf(c, now));
  return scope.state !== 'ready' && now - Date.parse(scope.last_sample) < hour ? [scope.name] : [];
}
