import { Badge } from '@mantine/core';
import { useFiredTotal } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { problemIn } from '@/components/asked';
import { formatInstant } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';
import { ViewLink } from '@/view/ViewLink';
import classes from './Frame.module.css';

/** How many alerts are fired. That there are none is said by its absence, so it stays where nobody could be asked. */
export function FiredBadge({ view }: { view: PageView }) {
  const alerts = useFiredTotal(view);
  const fired = alerts.data;
  const problem = fired === undefined ? problemIn(alerts) : alerts.error;
  const why = problem == null ? undefined : `${fired === undefined ? 'Never answered' : `As of ${formatInstant(alerts.dataUpdatedAt, view.utc, true)} there ${fired === 1 ? 'was' : 'were'} ${fired}`}: ${asProblem(problem).message}`;
  if (fired === undefined || fired === 0) {
    if (why === undefined) return null;
    return (
      <Badge component={ViewLink} to="/alerts" variant="default" tt="none" c="dimmed" title={why} style={{ cursor: 'pointer' }}>
        alerts unknown
      </Badge>
    );
  }
  return (
    <Badge component={ViewLink} to="/alerts" variant="default" tt="none" className={classes.fired} title={why}>
      {fired.toLocaleString('en-US')} {fired === 1 ? 'alert' : 'alerts'}
    </Badge>
  );
}
