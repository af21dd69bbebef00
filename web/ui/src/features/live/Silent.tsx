import { Text } from '@mantine/core';
import { ViewLink } from '@/view/ViewLink';
import { scopePath } from '@/lib/scope';
import type { InstanceRow } from './instances';
import type { SilentReason } from './types';
import { silentWords } from './words';

const reasons: readonly SilentReason[] = ['missing', 'not_connected', 'cannot_filter', 'late'];
const mostNames = 5;

/** Which instances are not in the numbers, and why. */
export function Silent({ rows }: { rows: readonly InstanceRow[] }) {
  const of = (reason: SilentReason) => rows.filter((r) => r.silent === reason);
  return reasons
    .filter((reason) => of(reason).length > 0)
    .map((reason) => {
      const list = of(reason);
      return (
        <Text key={reason} size="sm" role="note">
          Not in these numbers:{' '}
          {list.slice(0, mostNames).map((r, i) => (
            <span key={r.scope}>
              {i > 0 && ', '}
              <ViewLink to={scopePath(r.scope)}>{r.scope}</ViewLink>
            </span>
          ))}
          {list.length > mostNames && ` and ${list.length - mostNames} more`}.{' '}
          <Text span size="sm" c="dimmed">
            {silentWords[reason].why}
          </Text>
        </Text>
      );
    });
}
