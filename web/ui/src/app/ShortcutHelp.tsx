import { Kbd, Modal, Stack, Table, Text, Title } from '@mantine/core';
import { controlKeys } from './keys';
import { places } from './places';

const groups: { title: string; rows: { keys: string[]; between?: string; what: string }[] }[] = [
  {
    title: 'Everywhere',
    rows: [
      { keys: ['/'], what: 'Find an endpoint, metric, rule, dashboard, query or page' },
      { keys: ['?'], what: 'These shortcuts' },
      { keys: ['Esc'], what: 'Close what is open' },
    ],
  },
  { title: 'The time of the page', rows: controlKeys.map((c) => ({ keys: [c.key], what: c.label })) },
  { title: 'Go to', rows: places.map((p) => ({ keys: ['g', p.key], what: p.label })) },
  {
    title: 'Charts',
    rows: [
      { keys: ['drag'], what: 'Zoom all charts of the page into that time' },
      { keys: ['double-click'], what: 'Back to the time before' },
      { keys: ['←', '→'], between: ' ', what: 'Read the values of a chart that has the focus' },
      { keys: ['Shift ←', 'Shift →'], between: ' ', what: 'Move in time' },
      { keys: ['+', '−'], between: ' ', what: 'Zoom in and out; 0 goes back' },
    ],
  },
];

/** All keys that work on every page. */
export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size="md">
      <Stack gap="md">
        {groups.map((group) => (
          <section key={group.title} aria-label={group.title}>
            <Title order={3} size="sm" mb={4}>
              {group.title}
            </Title>
            <Table withRowBorders={false} verticalSpacing={3} aria-label={group.title}>
              <Table.Tbody>
                {group.rows.map((row) => (
                  <Table.Tr key={row.what}>
                    <Table.Td w={130}>
                      {row.keys.map((k, i) => (
                        <span key={k}>
                          {i > 0 && (
                            <Text span size="xs" c="dimmed">
                              {row.between ?? ' then '}
                            </Text>
                          )}
                          <Kbd>{k}</Kbd>
                        </span>
                      ))}
                    </Table.Td>
                    <Table.Th fw={400} scope="row">
                      {row.what}
                    </Table.Th>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </section>
        ))}
      </Stack>
    </Modal>
  );
}
