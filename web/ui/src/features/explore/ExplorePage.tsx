import { Button, Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { PageHead } from '@/components/PageHead';
import { emptySpec } from '@/lib/chartspec';
import { ChartEditor } from './ChartEditor';
import { usePageSpecs } from './usePageSpecs';

const most = 12;

/** Any metric of any scope, in as many charts as one needs to see side by side. */
export function Component() {
  const { specs, put, add, remove } = usePageSpecs();
  return (
    <Stack gap="md">
      <PageHead title="Explore" />
      {specs.map((spec, i) => (
        <ChartEditor key={i} number={i + 1} spec={spec} onChange={(part) => put(i, part)} onCopy={() => add(spec)} onRemove={() => remove(i)} />
      ))}
      <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} style={{ alignSelf: 'flex-start' }} disabled={specs.length >= most} onClick={() => add({ ...emptySpec, scopes: specs.at(-1)?.scopes ?? [] })}>
        Add a chart
      </Button>
    </Stack>
  );
}
