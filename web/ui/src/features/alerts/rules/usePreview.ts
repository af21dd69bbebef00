import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, body } from '@/api/client';
import { asProblem, type Mistake } from '@/api/problem';
import type { AlertRule } from '@/api/types';
import type { Asked } from '@/components/Panel';
import { useParamState } from '@/view/params';
import { parseLength } from '@/lib/time';
import { parseISO } from '../duration';
import type { Preview } from '../types';

interface PreviewRange {
  value: string;
  label: string;
  minutes: number;
}

const shortest: PreviewRange = { value: '1h', label: 'the last hour', minutes: 60 };
const ranges: readonly PreviewRange[] = [
  shortest,
  { value: '6h', label: 'the last 6 hours', minutes: 360 },
  { value: '1d', label: 'the last day', minutes: 1440 },
  { value: '7d', label: 'the last 7 days', minutes: 10_080 },
  { value: '30d', label: 'the last 30 days', minutes: 43_200 },
];

/** Series that are drawn; no more are asked for. */
export const mostShown = 20;

// Beyond this many checks answers get larger than anybody can see.
const mostChecks = 12_000;

/** The ranges over which a rule of a frequency can be previewed. */
export function rangesFor(frequency: string | undefined): readonly PreviewRange[] {
  const every = (parseISO(frequency) ?? parseLength(frequency ?? '') ?? 60_000) / 60_000;
  return ranges.filter((r) => r.minutes / every <= mostChecks);
}

export interface RulePreview {
  /** The rule that is asked about. */
  rule: Document | undefined;
  asked: Asked<Preview>;
  over: PreviewRange;
  offered: readonly PreviewRange[];
  setOver: (value: string) => void;
  /** Whether what is shown is of an older question. */
  waiting: boolean;
  /** What is wrong in the rule. */
  mistakes: readonly Mistake[];
}

type Document = Record<string, unknown>;

const frequencyOf = (rule: Document | undefined) => (rule?.evaluationFrequency ?? (rule?.group as { interval?: string } | undefined)?.interval) as string | undefined;

// What a rule is called and whom it tells has no influence on what it would have done, and is no reason to ask again.
const quiet = ['name', 'description', 'severity', 'enabled', 'actions', 'labels', 'customProperties', 'runbookUrl', 'status', 'etag', 'version', 'lastUpdatedTime', 'updatedBy'];

/**
 * What a rule would have done over the last while, asked half a second after its last change; nothing is asked without a rule. A
 * question that nobody waits for any more is aborted: two run at a time on the server, and the next should not wait for one that is
 * out of date.
 */
export function useRulePreview(rule: Document | undefined): RulePreview {
  const { params, set } = useParamState();
  const text = rule === undefined ? '' : JSON.stringify({ ...Object.fromEntries(Object.entries(rule).filter(([field]) => !quiet.includes(field))), enabled: true });
  const [settled] = useDebouncedValue(text, 500);
  const settledRule = useMemo(() => (settled === '' ? undefined : (JSON.parse(settled) as Document)), [settled]);
  const offered = rangesFor(frequencyOf(rule));
  const over = offered.find((r) => r.value === params.get('over')) ?? offered.find((r) => r.value === '1d') ?? shortest;
  const query = useQuery({
    queryKey: ['alert-preview', settled, over.value],
    queryFn: async ({ signal }) => body(await api().POST('/api/v1/alert-rules/preview', { body: { rule: settledRule as AlertRule, start: `now-${over.value}`, end: 'now', top: mostShown }, signal })),
    enabled: settledRule !== undefined && rule !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: (failures, error) => failures < 1 && asProblem(error).temporary,
  });
  const mistakes = query.error === null ? [] : asProblem(query.error).mistakes;
  return {
    rule: settledRule,
    asked: query,
    over,
    offered,
    setOver: (value) => set({ over: value }),
    waiting: rule !== undefined && (query.isFetching || text !== settled),
    mistakes: rule === undefined ? [] : mistakes.map((m) => ({ ...m, ...(m.field === undefined ? {} : { field: m.field.replace(/^rule\./, '') }) })),
  };
}
