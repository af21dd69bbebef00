import { Button, Group, List, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { Status } from '@/components/Status';
import { formatValue } from '@/lib/units';

const samples = [
  { value: 'metric-static', label: 'of a metric above its threshold' },
  { value: 'metric-dynamic', label: 'of a metric outside of its band' },
  { value: 'log', label: 'of a log query' },
] as const;

type Sample = (typeof samples)[number]['value'];

/** Really sends a sample alert to the receivers of a group as it is in the form, and says how it went for each. */
export function TestGroup({ group }: { group: { name: string; [field: string]: unknown } }) {
  const [sample, setSample] = useState<Sample>('metric-static');
  const test = useMutation({
    mutationFn: async () => body(await api().POST('/api/v1/action-groups/test', { body: { alertType: sample, group } })),
  });
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-end">
        <Select size="xs" w={250} label="Send a sample alert" data={[...samples]} value={sample} onChange={(v) => setSample(v ?? 'metric-static')} allowDeselect={false} />
        <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        It is really sent, marked as a test, to every receiver as it is here, saved or not.
      </Text>
      {test.error !== null && <ProblemBox problem={asProblem(test.error)} />}
      {test.data !== undefined && (
        <List listStyleType="none" aria-label="Results of the test" role="status">
          {test.data.map((r) => (
            <List.Item key={`${r.type} ${r.receiver}`}>
              <Group gap="xs">
                <Status kind={r.status === 'Success' ? 'ok' : 'critical'}>{r.status === 'Success' ? 'Sent' : 'Failed'}</Status>
                <Text size="sm">
                  {r.receiver} ({r.type}){r.durationSeconds !== undefined && `, ${formatValue(r.durationSeconds, 'Seconds')}`}
                </Text>
                <Text size="sm" c="dimmed">
                  {r.detail}
                </Text>
              </Group>
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
