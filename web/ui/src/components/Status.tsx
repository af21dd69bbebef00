import type { ReactNode } from 'react';
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconCircleDashed, IconInfoCircleFilled, IconSquareXFilled } from '@tabler/icons-react';
import classes from './Status.module.css';

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
    <span className={classes.status} title={text}>
      <Icon size={15} color={colour} aria-hidden={!compact} aria-label={compact ? text : undefined} role={compact ? 'img' : undefined} style={{ flex: 'none' }} />
      {!compact && <span>{children ?? word}</span>}
    </span>
  );
}
