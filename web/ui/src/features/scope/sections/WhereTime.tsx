import { SimpleGrid } from '@mantine/core';
import type { Mark } from '@/components/chart/model';
import { MetricPanel } from '@/panels/MetricPanel';
import { usePageView } from '@/view/view';
import { useHops } from '../queries';
import { TimePanel } from '../TimePanel';

const phases: Record<string, string> = { UploadLatency_P99: 'upload', ModelLatency_P99: 'model', DownloadLatency_P99: 'download' };
const phase = (s: { metric: string }) => phases[s.metric] ?? s.metric;

/** The hops of the mean request, and the phases of the slow ones. */
export function WhereTime({ scope, marks }: { scope: string; marks: readonly Mark[] }) {
  const { view } = usePageView();
  const hops = useHops(scope, view);
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
      <TimePanel scope={scope} answer={hops} marks={marks} />
      <MetricPanel
        title="Phases of slow requests (P99)"
        hint="99 of 100 uploads, waits for the model and downloads took less. The slow ones of each are not the same requests, so they do not add up."
        scope={scope}
        metric={Object.keys(phases)}
        name={phase}
        marks={marks}
        height={200}
        empty="No request was measured in this time. An agent's proxy measures them: endscope-agent run --proxy.listen …"
      />
    </SimpleGrid>
  );
}
