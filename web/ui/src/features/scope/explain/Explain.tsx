import { Drawer, NativeSelect, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { Panel } from '@/components/Panel';
import { resolveRange } from '@/lib/time';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { Answer } from './Answer';
import { askedMetric, explained } from './cause';

/** Whether the page explains a change, and of what: in its URL, so that an alert's link can lead there. */
export function useExplaining() {
  const { params, set } = useParamState();
  const metric = askedMetric(params.get('explain'), params.get('metric'));
  return { metric, ask: (name: string) => set({ explain: name, metric: null }), close: () => set({ explain: null, metric: null }) };
}

interface Props {
  scope: string;
  metric: string | undefined;
  onAsk: (metric: string) => void;
  onClose: () => void;
}

/** What changed in a metric against the time before, and where: the sentence, the way down to the cause, and what moved with it. */
export function Explain({ scope, metric, onAsk, onClose }: Props) {
  const { view } = usePageView();
  const asked = useQuery({
    queryKey: ['explain', scope, metric, view.range, view.compare],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      const question = { scope, metric: metric ?? '', start: start / 1000, end: end / 1000, baseline: view.compare || 'previous' };
      return body(await api().POST('/api/v1/explain', { body: question, signal }));
    },
    enabled: metric !== undefined,
  });
  const choices = metric === undefined || explained.some((c) => c.metric === metric) ? explained : [{ metric, label: metric }, ...explained];
  return (
    <Drawer opened={metric !== undefined} onClose={onClose} position="right" size="xl" title={<Title order={2} size="h4">What changed?</Title>} closeButtonProps={{ 'aria-label': 'Close' }}>
      <NativeSelect label="In" size="xs" mb="sm" maw={220} value={metric ?? ''} onChange={(e) => onAsk(e.currentTarget.value)} data={choices.map((c) => ({ value: c.metric, label: c.label }))} />
      <Panel asked={asked} height={300}>
        {(e) => <Answer explanation={e} />}
      </Panel>
    </Drawer>
  );
}
