import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconCircleDashed, IconInfoCircleFilled, IconSquareXFilled } from '@tabler/icons-react';

export type StatusKind = 'ok' | 'info' | 'warning' | 'critical' | 'none';

const looks = {
  ok: { icon: IconCircleCheckFilled, colour: 'var(--status-ok)', word: 'ok' },
  info: { icon: IconInfoCircleFilled, colour: 'var(--status-info)', word: 'note' },
  warning: { icon: IconAlertTriangleFilled, colour: 'var(--status-warning)', word: 'warning' },
  critical: { icon: IconSquareXFilled, colour: 'var(--status-critical)', word: 'critical' },
  none: { icon: IconCircleDashed, colour: 'var(--mantine-color-dimmed)', word: 'no data' },
} as const;

/** A state with its colour, its shape and its word. */
export function Status({ kind, children, compact = false }: { kind: StatusKind; children?: ReactNode; compact?: boolean }) {
  const { icon: Icon, colour, word } = looks[kind];
  const text = typeof children === 'string' ? children : word;
  return (
    <Group gap={5} wrap="nowrap" display="inline-flex" component="span" title={text}>
      <Icon size={15} color={colour} aria-hidden={!compact} aria-label={compact ? text : undefined} role={compact ? 'img' : undefined} style={{ flex: 'none' }} />
      {!compact && (
        <Text span size="sm">
          {children ?? word}
        </Text>
      )}
    </Group>
  );
}
