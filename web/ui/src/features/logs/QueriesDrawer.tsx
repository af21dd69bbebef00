import { ActionIcon, Button, Drawer, Group, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { Panel, type Asked } from '@/components/Panel';
import type { LogsSchema } from '@/components/logs/editor/schema';
import { formatAgo } from '@/lib/time';
import { purposes } from './examples';
import type { Kept } from './history';
import { Choice } from './Choice';
import { useKept } from './kept';
import classes from './Logs.module.css';
import { SharedQueries } from './SharedQueries';

interface Props {
  /** The tab that is open; null for none. */
  opened: string | null;
  onTab: (tab: string | null) => void;
  schema: Asked<LogsSchema>;
  /** A query, with the scope that it was kept with; without one the page's stays. */
  onChoose: (query: string, scope?: string) => void;
  onInsert: (word: string) => void;
}

/** Queries to choose from, and the tables that there are. */
export function QueriesDrawer({ opened, onTab, schema, onChoose, onInsert }: Props) {
  return (
    <Drawer opened={opened !== null} onClose={() => onTab(null)} position="right" size="lg" title="Queries">
      <Tabs value={opened ?? 'examples'} onChange={onTab}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="examples">Examples</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="saved">Saved</Tabs.Tab>
          <Tabs.Tab value="tables">Tables</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="examples">
          {purposes.map(({ purpose, examples }) => (
            <section key={purpose} aria-label={purpose}>
              <Title order={3} size="sm" mt="sm">
                {purpose}
              </Title>
              {examples.map((e) => (
                <Choice key={e.title} title={e.title} query={e.query} onChoose={onChoose} />
              ))}
            </section>
          ))}
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <KeptList list="history" empty="Queries that you run are listed here, in this browser only." onChoose={onChoose} />
        </Tabs.Panel>
        <Tabs.Panel value="saved">
          <SharedQueries onChoose={onChoose} />
          <Title order={3} size="sm" mt="md">
            In this browser
          </Title>
          <KeptList list="saved" empty="None. “Save” above the results keeps a query for everybody, or in this browser." onChoose={onChoose} />
        </Tabs.Panel>
        <Tabs.Panel value="tables">
          <Panel title="Tables" asked={schema} height={200}>
            {({ tables }) => (
              <Stack gap={4}>
                {tables.map((t) => (
                  <details key={t.name}>
                    <summary>
                      <strong>{t.name}</strong> <Text span size="xs" c="dimmed">{t.help}</Text>
                    </summary>
                    <Button size="compact-xs" variant="light" my={4} onClick={() => onInsert(`${t.name}\n| take 100`)}>
                      Begin a query
                    </Button>
                    <dl className={classes.columns}>
                      {t.columns.map((c) => (
                        <div key={c.name}>
                          <dt>
                            {c.name} <Text span size="xs" c="dimmed">{c.type}</Text>
                          </dt>
                          <dd>{c.help}</dd>
                        </div>
                      ))}
                    </dl>
                  </details>
                ))}
              </Stack>
            )}
          </Panel>
        </Tabs.Panel>
      </Tabs>
    </Drawer>
  );
}

function KeptList({ list, empty, onChoose }: { list: 'history' | 'saved'; empty: string; onChoose: Props['onChoose'] }) {
  const [kept, setKept] = useKept(list);
  if (kept.length === 0) return <Text size="sm" c="dimmed">{empty}</Text>;
  return (
    <>
      {kept.map((k) => (
        <Group key={`${k.name ?? ''} ${k.at} ${k.query}`} gap={4} wrap="nowrap" align="flex-start">
          <Choice title={k.name ?? said(k)} query={k.query} onChoose={(query) => onChoose(query, k.scope)} />
          <ActionIcon variant="subtle" color="gray" mt={6} aria-label={`Forget ${k.name ?? 'this query'}`} onClick={() => setKept((all) => all.filter((other) => other !== k && (other.at !== k.at || other.query !== k.query)))}>
            <IconTrash size={15} />
          </ActionIcon>
        </Group>
      ))}
      {list === 'history' && (
        <Button size="compact-xs" variant="subtle" mt="xs" onClick={() => setKept([])}>
          Forget all
        </Button>
      )}
    </>
  );
}

const said = (k: Kept) => [formatAgo(k.at, Date.now()), k.scope].filter((part) => part !== '').join(' · ');

