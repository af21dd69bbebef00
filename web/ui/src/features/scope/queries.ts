import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { cursorOf, useMetrics } from '@/api/hooks';
import { refreshed } from '@/api/refreshed';
import type { Scope } from '@/api/types';
import { levels, scopeParts } from '@/lib/scope';
import { day, resolveRange, type Span } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';
import { coverMetrics } from './coverage';
import type { EventRow, ImageRow, RuleRow } from './happened/happenings';
import { hopMetrics } from './hops';
import { modelMetrics, summaryMetrics } from './summary';

/** The endpoint of a scope with everything below it: its ways up, down and aside. */
export function useTree(scope: string, view: PageView) {
  const [endpoint = ''] = scopeParts(scope);
  const query = useQuery({
    queryKey: ['scope', endpoint],
    queryFn: async ({ signal }): Promise<Scope> => body(await api().GET('/api/v1/scopes/{endpoint}', { params: { path: { endpoint } }, signal })),
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

/** One value of each metric that the page speaks of, and of the time before. */
export function useSummary(scope: string, view: PageView) {
  return useMetrics({ scope, metric: summaryMetrics, interval: 'full', compare: view.compare || 'previous' }, view);
}

/** The same of what only some models have. */
export function useModelSummary(scope: string, view: PageView) {
  return useMetrics({ scope, metric: modelMetrics, interval: 'full' }, { ...view, compare: '' });
}

/** For which part of the page's time, and of the one that it is compared with, there are data. */
export function useCover(scope: string, view: PageView) {
  return useMetrics({ scope, metric: coverMetrics, compare: view.compare || 'previous' }, view);
}

/** What the hops of a request are computed from, over the whole time. */
export function useMeanHops(scope: string, view: PageView) {
  return useMetrics({ scope, metric: hopMetrics, aggregation: ['Average', 'Count'], interval: 'full' }, { ...view, compare: '' });
}

/** The same, window by window. */
export function useHops(scope: string, view: PageView) {
  return useMetrics({ scope, metric: hopMetrics, aggregation: ['Average', 'Count'] }, { ...view, compare: '' });
}

/** Columns of the logs that name a scope, by level. */
const columns = { endpoint: 'EndpointName', deployment: 'DeploymentName', instance: 'InstanceId' } as const;

function within(scope: string): string {
  return scopeParts(scope)
    .map((part, i) => `${columns[levels[i] ?? 'instance']} == ${JSON.stringify(part)}`)
    .join(' and ');
}

const timespan = ({ start, end }: Span) => `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;

async function rowsOf(query: string, span: Span, signal: AbortSignal): Promise<{ rows: unknown[][]; cut: boolean }> {
  const answer = body(await api().POST('/api/v1/logs/query', { body: { query, timespan: timespan(span) }, signal }));
  return { rows: answer.tables[0]?.rows ?? [], cut: answer.error !== undefined };
}

/** The most events that a page asks for; a crash loop has more than anybody reads. */
const mostEvents = 500;

/** What happened at a scope: one row for each event of its instances, newest first. */
export function useEvents(scope: string, view: PageView) {
  const query = useQuery({
    queryKey: ['events', scope, view.range],
    queryFn: async ({ signal }): Promise<{ events: EventRow[]; cut: boolean }> => {
      const query = `AmlOnlineEndpointEventLog | where ${within(scope)} | project TimeGenerated, DeploymentName, InstanceId, Name, Message, Properties | order by TimeGenerated desc | take ${mostEvents}`;
      const { rows, cut } = await rowsOf(query, resolveRange(view.range, Date.now()), signal);
      const events = rows.map(([at, deployment, instance, name, message, properties]) => ({ at: Date.parse(String(at)), deployment: String(deployment), instance: String(instance), name: String(name), message: String(message), properties: propertiesOf(properties) }));
      return { events, cut: cut || rows.length >= mostEvents };
    },
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

/** How often what changes seldom, or costs much to ask, is asked again. */
const slow = (view: PageView) => (view.refresh === 0 ? 0 : Math.max(view.refresh, 60_000));

function propertiesOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'string' && value !== '') {
    try {
      return propertiesOf(JSON.parse(value));
    } catch {
      return {};
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Images are looked for in the console's lines, which are many: not over more than this. */
const longestForImages = day;
const mostImages = 200;

/** Which images the containers of a scope ran. */
export function useImages(scope: string, view: PageView) {
  const query = useQuery({
    queryKey: ['images', scope, view.range],
    queryFn: async ({ signal }): Promise<{ images: ImageRow[]; skipped: boolean; cut: boolean }> => {
      const span = resolveRange(view.range, Date.now());
      if (span.end - span.start > longestForImages) return { images: [], skipped: true, cut: false };
      const query = `AmlOnlineEndpointConsoleLog | where ${within(scope)} and ContainerImageName != "" | summarize First = min(TimeGenerated), Last = max(TimeGenerated) by DeploymentName, ContainerName, ContainerImageName | take ${mostImages}`;
      const { rows, cut } = await rowsOf(query, span, signal);
      const images = rows.map(([deployment, container, image, first, last]) => ({ deployment: String(deployment), container: String(container), image: String(image), first: Date.parse(String(first)), last: Date.parse(String(last)) }));
      return { images, skipped: false, cut: cut || rows.length >= mostImages };
    },
    // A new image is no matter of seconds, and the question reads many lines.
    refetchInterval: slow(view) || false,
  });
  return refreshed(query, slow(view));
}

const mostAlerts = 1000;
/** The server asks by when an alert fired. What was open in the page's time may have fired long before; the server keeps what has resolved so long. */
const lookBack = 30 * day;

/** Alerts of a scope that fired in the page's time or up to a month before it, the newest first; cut where there are more. */
export function useAlertsOf(scope: string, view: PageView) {
  const query = useQuery({
    queryKey: ['alerts', scope, view.range],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      const query = { scope, start: new Date(start - lookBack).toISOString(), end: new Date(end).toISOString(), limit: mostAlerts };
      const answer = body(await api().GET('/api/v1/alerts', { params: { query }, signal }));
      return { alerts: answer.value ?? [], cut: cursorOf(answer.nextLink) !== undefined };
    },
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

const mostRules = 1000;

/** The alert rules that watch something of a scope, with when they were last changed. */
export function useRulesOf(scope: string, view: PageView) {
  const query = useQuery({
    queryKey: ['alert-rules', 'scope', scope],
    queryFn: async ({ signal }): Promise<{ rules: RuleRow[]; cut: boolean }> => {
      const rules = body(await api().GET('/api/v1/alert-rules', { params: { query: { scope, limit: mostRules } }, signal })).value as RuleRow[];
      return { rules, cut: rules.length >= mostRules };
    },
    refetchInterval: slow(view) || false,
  });
  return refreshed(query, slow(view));
}
