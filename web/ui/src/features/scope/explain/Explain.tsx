import { Drawer, NativeSelect, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { Panel } from '@/components/Panel';
import { resolveRange } from '@/lib/time';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { Answer } from './Answer';
import { explained } from './cause';
import { askingOf, askingParams, questionOf, type Asking } from './question';

const forgotten = Object.fromEntries(askingParams.map((name) => [name, null]));

/** Whether the page explains a change, and of what: in its URL, so that an alert's link can lead there. */
export function useExplaining() {
  const { params, set } = useParamState();
  return { asking: askingOf(params), ask: (metric: string) => set({ ...forgotten, explain: metric }), close: () => set({ ...forgotten, explain: null }) };
}

interface Props {
  scope: string;
  asking: Asking | undefined;
  onAsk: (metric: string) => void;
  onClose: () => void;
}

/** What changed in a metric against the time before, and where: the sentence, the way down to the cause, and what moved with it. */
export function Explain({ scope, asking, onAsk, onClose }: Props) {
  const { view } = usePageView();
  const asked = useQuery({
    queryKey: ['explain', scope, asking, view.range, view.compare],
    queryFn: async ({ signal }) => body(await api().POST('/api/v1/explain', { body: questionOf(scope, asking ?? none, resolveRange(view.range, Date.now()), view.compare), signal })),
    enabled: asking !== undefined,
  });
  const { metric, filter } = asking ?? none;
  const choices = metric === '' || explained.some((c) => c.metric === metric) ? explained : [{ metric, label: metric }, ...explained];
  return (
    <Drawer opened={asking !== undefined} onClose={onClose} position="right" size="xl" title="What changed?" closeButtonProps={{ 'aria-label': 'Close' }}>
      <NativeSelect label="In" size="xs" mb="sm" maw={220} value={metric} onChange={(e) => onAsk(e.currentTarget.value)} data={choices.map((c) => ({ value: c.metric, label: c.label }))} />
      {filter !== '' && (
        <Text size="sm" mb="sm">
          Only where {filter}
        </Text>
      )}
      <Panel asked={asked} height={300}>
        {(e) => <Answer explanation={e} filter={filter} />}
      </Panel>
    </Drawer>
  );
}

const none: Asking = { metric: '', aggregation: '', filter: '', baseline: undefined };
