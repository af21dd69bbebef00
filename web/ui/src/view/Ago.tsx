import { formatAgo, formatUTC } from '@/lib/time';
import { useNow } from './now';

/** How long ago an instant was, kept up to date; the instant itself is in the tooltip. */
export function Ago({ at }: { at: number }) {
  const now = useNow();
  return (
    <time dateTime={formatUTC(at)} title={formatUTC(at)}>
      {formatAgo(at, now)}
    </time>
  );
}
