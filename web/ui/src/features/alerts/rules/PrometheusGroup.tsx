import { Badge, Code, Group, Stack, Text } from '@mantine/core';

interface PrometheusRule {
  alert?: string;
  record?: string;
  expr?: string;
  for?: string;
  keep_firing_for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A group of Prometheus rules, as its file has it. It is changed there, or through the API. */
export function PrometheusGroup({ group }: { group: unknown }) {
  const { interval, rules = [] } = (group ?? {}) as { interval?: string; rules?: PrometheusRule[] };
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        A group of Prometheus rules{interval !== undefined && `, evaluated every ${interval}`}. It is changed where it comes from; “Make one like it” is a copy that can be changed here.
      </Text>
      {rules.map((rule, i) => (
        <section key={i} aria-label={rule.alert ?? rule.record}>
          <Group gap="xs" mb={4}>
            <Text fw={600}>{rule.alert ?? rule.record}</Text>
            <Badge variant="default" size="sm" tt="none">
              {rule.alert === undefined ? 'recording rule' : 'alert'}
            </Badge>
            {rule.for !== undefined && <Text size="sm">for {rule.for}</Text>}
            {rule.keep_firing_for !== undefined && <Text size="sm">kept for {rule.keep_firing_for}</Text>}
          </Group>
          <Code block tabIndex={0} style={{ whiteSpace: 'pre-wrap' }}>
            {rule.expr}
          </Code>
          {Object.entries({ ...rule.labels, ...rule.annotations }).map(([name, value]) => (
            <Text key={name} size="sm">
              <Text span c="dimmed">
                {name}:
              </Text>{' '}
              {value}
            </Text>
          ))}
        </section>
      ))}
    </Stack>
  );
}
