import { Anchor, Code, List, Stack, Table, Text, Title, type TitleOrder } from '@mantine/core';
import { parseBlocks, parseInline, type Block } from './parse';

interface Props {
  text: string;
  /** The level that its highest heading has on the page. */
  top: 2 | 3;
}

/** A text in Markdown. HTML in it is text like any other. */
export function Markdown({ text, top }: Props) {
  const blocks = parseBlocks(text);
  const highest = Math.min(...blocks.map((b) => (b.kind === 'heading' ? b.level : 6)));
  return (
    <Stack gap="xs">
      {blocks.map((block, i) => (
        <OneBlock key={i} block={block} deeper={top - highest} />
      ))}
    </Stack>
  );
}

function OneBlock({ block, deeper }: { block: Block; deeper: number }) {
  switch (block.kind) {
    case 'heading':
      return (
        <Title order={Math.min(block.level + deeper, 6) as TitleOrder} size="sm" mt={block.level === 1 ? 0 : 'xs'}>
          <Line text={block.text} />
        </Title>
      );
    case 'code':
      return (
        <Code block tabIndex={0} aria-label="Commands">
          {block.text}
        </Code>
      );
    case 'list':
      return (
        <List size="sm" type={block.ordered ? 'ordered' : 'unordered'}>
          {block.items.map((item, i) => (
            <List.Item key={i}>
              <Line text={item} />
            </List.Item>
          ))}
        </List>
      );
    case 'table':
      return <Rows rows={block.rows} />;
    case 'paragraph':
      return (
        <Text size="sm">
          <Line text={block.text} />
        </Text>
      );
  }
}

function Rows({ rows }: { rows: string[][] }) {
  const [head = [], ...rest] = rows;
  return (
    <Table fz="sm">
      <Table.Thead>
        <Table.Tr>
          {head.map((cell, i) => (
            <Table.Th key={i}>
              <Line text={cell} />
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rest.map((row, i) => (
          <Table.Tr key={i}>
            {row.map((cell, k) => (
              <Table.Td key={k}>
                <Line text={cell} />
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Line({ text }: { text: string }) {
  return parseInline(text).map((part, i) => {
    if (part.kind === 'code') return <Code key={i}>{part.text}</Code>;
    if (part.kind === 'strong') return <strong key={i}>{part.text}</strong>;
    // Links of the repository's pages lead nowhere on a server; only whole addresses do.
    if (part.kind === 'link' && /^https?:/.test(part.href)) {
      return (
        <Anchor key={i} href={part.href} underline="always" target="_blank" rel="noreferrer">
          {part.text}
        </Anchor>
      );
    }
    return <span key={i}>{part.text}</span>;
  });
}
