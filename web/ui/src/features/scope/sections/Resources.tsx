import { Group, SimpleGrid, Stack } from '@mantine/core';
import { MetricPanel } from '@/panels/MetricPanel';
import { ByInstance, LookSwitch, useLook } from '../ByInstance';
import type { Facts } from '../facts';

const noAgent = (of: string) => `No agent told of its ${of} in this time.`;

/** CPU, memory, disks and network: by instance where there are several. */
export function Resources({ scope, facts }: { scope: string; facts: Facts }) {
  const { level, marks, instances } = facts;
  const [look, setLook] = useLook(instances.length);
  const several = level !== 'instance' && instances.length > 1;
  return (
    <Stack gap="sm">
      {several && (
        <Group justify="flex-end">
          <LookSwitch look={look} onChange={setLook} />
        </Group>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {several ? (
          <>
            <ByInstance title="CPU by instance" scope={scope} metric="CpuUtilizationPercentage" look={look} marks={marks} empty={noAgent('CPU')} />
            <ByInstance title="Memory by instance" scope={scope} metric="CpuMemoryUtilizationPercentage" look={look} marks={marks} empty={noAgent('memory')} />
            <ByInstance title="Disks by instance" scope={scope} metric="DiskUtilization" look={look} empty={noAgent('disks')} />
          </>
        ) : (
          <>
            <MetricPanel title="CPU" hint="Share of its CPUs that it used; inside a container the limit counts" scope={scope} metric="CpuUtilizationPercentage" marks={marks} empty={noAgent('CPU')} />
            <MetricPanel title="Memory" hint="Share of its memory that it used; inside a container the limit counts" scope={scope} metric="CpuMemoryUtilizationPercentage" marks={marks} empty={noAgent('memory')} />
            <MetricPanel title="Disks" scope={scope} metric="DiskUtilization" split="disk" top={5} empty={noAgent('disks')} />
          </>
        )}
        <MetricPanel title="Bytes" hint="Received and sent by the endpoint" scope={scope} metric="NetworkBytes" split="direction" marks={marks} empty="No traffic in this time." />
        <MetricPanel title="Connections" hint="Open at once" scope={scope} metric="ConnectionsActive" marks={marks} empty="No connections in this time." />
        <MetricPanel title="Size of requests and answers" hint="Mean size of their bodies" scope={scope} metric={['RequestSize', 'ResponseSize']} name={(s) => (s.metric === 'RequestSize' ? 'request' : 'answer')} empty="No requests in this time." />
      </SimpleGrid>
    </Stack>
  );
}
