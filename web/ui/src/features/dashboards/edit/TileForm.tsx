import { Button, Grid, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { Tile, Variable } from '@/lib/dashboard';
import { referencesIn } from '@/lib/dashboardVariables';
import { useValues } from '../useDashboard';
import { tileHeight } from '../view/TileContent';
import { Expanded } from '../view/TileGrid';
import { ChartFields } from './ChartFields';
import classes from './Edit.module.css';
import { LogsFields } from './LogsFields';

interface Props {
  tile: Tile;
  isNew: boolean;
  variables: readonly Variable[];
  onApply: (tile: Tile) => void;
  onClose: () => void;
}

const kinds = { chart: 'chart', logs: 'query of the logs', text: 'text' } as const;

/** What a tile shows, with how it will look beside it. */
export function TileForm({ tile: given, isNew, variables, onApply, onClose }: Props) {
  const [tile, setTile] = useState(given);
  const { values } = useValues(variables);
  const [later] = useDebouncedValue(tile, 500);
  const change = (part: Partial<Pick<Tile, 'title' | 'description'>>) => setTile((t) => ({ ...t, ...part }));
  const unknown = unknownIn(tile, variables);
  const asksNothing = tile.kind === 'chart' && tile.chart.metrics.length === 0 && tile.chart.promql.every((q) => q.trim() === '');
  return (
    <Modal opened onClose={onClose} title={isNew ? `New ${kinds[tile.kind]}` : `Edit the ${kinds[tile.kind]}`} size={1200}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!asksNothing) onApply(tile);
        }}
      >
        <Grid gap="md">
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Stack gap="sm">
              <TextInput label="Title" data-autofocus maxLength={120} value={tile.title} placeholder={tile.kind === 'chart' ? 'What it asks, in words' : ''} onChange={(e) => change({ title: e.currentTarget.value })} />
              {tile.kind === 'chart' && <ChartFields spec={tile.chart} variables={variables} onChange={(chart) => setTile({ ...tile, chart })} />}
              {tile.kind === 'logs' && <LogsFields logs={tile.logs} variables={variables} onChange={(logs) => setTile({ ...tile, logs })} />}
              {tile.kind === 'text' && <Textarea label="Text in Markdown" autosize minRows={8} maxRows={20} maxLength={10_000} value={tile.text} onChange={(e) => setTile({ ...tile, text: e.currentTarget.value })} />}
              {tile.kind !== 'text' && <TextInput label="Explanation" description="Shown by whoever points at the title" maxLength={1000} value={tile.description} onChange={(e) => change({ description: e.currentTarget.value })} />}
              {variables.length > 0 && (
                <Text size="xs" c="dimmed">
                  {variables.map((v) => `$${v.name}`).join(', ')} {variables.length === 1 ? 'stands' : 'stand'} for what is chosen on the page; $$ is a dollar sign.
                </Text>
              )}
              {unknown.length > 0 && (
                <Text size="sm" c="red" role="alert">
                  {unknown.map((n) => `$${n}`).join(', ')} {unknown.length === 1 ? 'is no variable' : 'are no variables'} of this dashboard.
                </Text>
              )}
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Text size="sm" fw={600} mb={4}>
              Preview
            </Text>
            <div className={classes.content} style={{ height: tileHeight(Math.max(later.h, 4)) }}>
              <Expanded tile={{ ...later, h: Math.max(later.h, 4) }} values={values} near />
            </div>
          </Grid.Col>
        </Grid>
        <Group justify="flex-end" mt="md">
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          {asksNothing && (
            <Text size="xs" c="dimmed">
              Choose a metric, or write an expression.
            </Text>
          )}
          <Button size="xs" type="submit" disabled={asksNothing}>
            {isNew ? 'Add it' : 'Apply'}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

/** Names that stand in what is asked like variables, and are none. */
function unknownIn(tile: Tile, variables: readonly Variable[]): string[] {
  const asked = tile.kind === 'chart' ? [...tile.chart.scopes, tile.chart.filter, ...tile.chart.promql] : tile.kind === 'logs' ? [...tile.logs.scopes, tile.logs.query] : [];
  const words = tile.kind === 'logs' ? ['left', 'right'] : [];
  const names = asked.flatMap(referencesIn).filter((n) => !words.includes(n) && !variables.some((v) => v.name === n));
  return [...new Set(names)];
}
