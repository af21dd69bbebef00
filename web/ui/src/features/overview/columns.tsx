import { Anchor } from '@mantine/core';
import type { Scope } from '@/api/types';
import type { Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Sparkline } from '@/components/Sparkline';
import { Status } from '@/components/Status';
import { scopePath } from '@/lib/scope';
import { formatInstant, formatUTC } from '@/lib/time';
import { Ago } from '@/view/Ago';
import { mostCompared } from '@/view/compare';
import { ViewLink } from '@/view/ViewLink';
import { CompareLink } from '@/panels/CompareLink';
import classes from './columns.module.css';
import { badness, type EndpointRow } from './rows';

export const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

/** What the overview says of each endpoint, and why it does not say how many alerts are open where it does not. */
export function columnsOf(utc: boolean, unknown: string): Column<EndpointRow>[] {
  return [
    { key: 'name', label: 'Endpoint', value: (r) => r.name, render: (r) => <Name row={r} /> },
    { key: 'state', label: 'State', hint: 'Worst: open alerts by severity, then missing instances, then errors', value: badness, render: (r) => <State row={r} unknown={unknown} /> },
    {
      key: 'requests',
      label: 'Requests',
      hint: 'Requests per minute, over the time that has data',
      numeric: true,
      value: (r) => r.requests.now,
      render: (r) => (
        <>
          <Figure value={r.requests.now} before={r.requests.before} unit="CountPerMinute" />
          {r.since !== null && r.requests.now !== null && (
            <div className={classes.note} title={`The first data of the time shown are of ${formatUTC(r.since)}; figures are of the time from then on`}>
              since {formatInstant(r.since, utc, true)}
            </div>
          )}
        </>
      ),
    },
    { key: 'errors', label: 'Errors', hint: 'Share of requests that failed', numeric: true, value: (r) => r.errors.now, render: (r) => <Figure value={r.errors.now} before={r.errors.before} unit="Ratio" /> },
    { key: 'p99', label: 'P99', hint: '99 of 100 requests took less than this', numeric: true, value: (r) => r.p99.now, render: (r) => <Figure value={r.p99.now} before={r.p99.before} unit="Milliseconds" /> },
    { key: 'gpu', label: 'GPU', hint: 'Mean use of its GPUs', numeric: true, value: (r) => r.gpu, render: (r) => <Figure value={r.gpu} unit="Percent" /> },
    { key: 'cpu', label: 'CPU', hint: 'Mean use of its CPUs', numeric: true, value: (r) => r.cpu, render: (r) => <Figure value={r.cpu} unit="Percent" /> },
    { key: 'alerts', label: 'Alerts', hint: 'Open alerts of the endpoint and all below it', numeric: true, value: (r) => r.alerts, render: (r) => <Alerts row={r} unknown={unknown} /> },
    { key: 'traffic', label: 'Requests over time', quiet: true, render: (r) => <Sparkline values={r.trend} label={`Requests of ${r.name} over time`} /> },
  ];
}

function Name({ row: { name, scope } }: { row: EndpointRow }) {
  const deployments = (scope.children ?? []).map((d: Scope) => d.scope);
  return (
    <>
      <Anchor component={ViewLink} to={scopePath(scope.scope)} fw={600}>
        {name}
      </Anchor>
      <div className={classes.note}>
        {count(scope.ready + scope.missing, 'instance')}
        {scope.gpus > 0 && `, ${count(scope.gpus, 'GPU')}`}
        {deployments.length > 1 && deployments.length <= mostCompared && (
          <>
            {' · '}
            <CompareLink scopes={deployments} label={`compare ${deployments.length} deployments of ${name}`}>
              compare {deployments.length} deployments
            </CompareLink>
          </>
        )}
      </div>
    </>
  );
}

function Alerts({ row, unknown }: { row: EndpointRow; unknown: string }) {
  if (row.alerts === null) {
    return (
      <span className={classes.none} title={unknown}>
        –
      </span>
    );
  }
  if (row.alerts === 0) {
    return (
      <span className={classes.none}>
        0
      </span>
    );
  }
  return (
    <Anchor component={ViewLink} to="/alerts" params={{ scope: row.scope.scope }} aria-label={`${count(row.alerts, 'open alert')} of ${row.name}`}>
      {row.alerts}
    </Anchor>
  );
}

function State({ row, unknown }: { row: EndpointRow; unknown: string }) {
  if ((row.alerts ?? 0) > 0) return <Status kind={(row.severity ?? 4) <= 1 ? 'critical' : 'warning'}>{(row.severity ?? 4) <= 1 ? 'in trouble' : 'needs a look'}</Status>;
  if (row.scope.ready === 0) {
    return (
      <Status kind="none">
        silent, last seen <Ago at={Date.parse(row.scope.last_sample)} />
      </Status>
    );
  }
  if (row.scope.missing > 0) return <Status kind="warning">{`${row.scope.missing} missing`}</Status>;
  return row.alerts === null ? (
    <Status kind="none">
      <span title={unknown}>ready, alerts unknown</span>
    </Status>
  ) : (
    <Status kind="ok">ready</Status>
  );
}
