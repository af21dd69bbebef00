import { Group, Pagination, Text } from '@mantine/core';
import { useState } from 'react';
import { formatInstant, formatUTC } from '@/lib/time';
import { formatChange, formatExact, formatValue } from '@/lib/units';
import classes from './ChartTable.module.css';
import type { ChartData } from './model';

const rowsOnPage = 100;
const most = 50;

/** The values of a chart as a table, the newest first. What runs still is no change against what is whole. */
export function ChartTable({ label, data, utc, height }: { label: string; data: ChartData; utc: boolean; height?: number }) {
  const [page, setPage] = useState(1);
  const pages = Math.max(1, Math.ceil(data.times.length / rowsOnPage));
  const at = Math.min(page, pages);
  const last = data.times.length - (at - 1) * rowsOnPage;
  const rows = Array.from({ length: Math.min(rowsOnPage, last) }, (_, i) => last - 1 - i);
  const series = data.series.slice(0, most);
  return (
    <>
      <div className={classes.scroll} style={height === undefined ? undefined : { maxHeight: height }} tabIndex={0} role="region" aria-label={`${label}, table`}>
        <table className={classes.table}>
          <caption className={classes.caption}>Each row is a window of time, named by its start.</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {series.map((s) => (
                <th key={s.key} scope="col">
                  {s.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((i) => {
              const t = data.times[i] ?? 0;
              const runs = data.partialFrom !== undefined && t >= data.partialFrom;
              return (
                <tr key={t}>
                  <th scope="row" title={formatUTC(t)}>
                    {formatInstant(t, utc)}
                    {runs && <span className={classes.note}> runs still</span>}
                  </th>
                  {series.map((s) => {
                    const value = s.values[i] ?? null;
                    const past = s.past?.[i] ?? null;
                    return (
                      <td key={s.key} title={formatExact(value, s.unit ?? data.unit)}>
                        {formatValue(value, s.unit ?? data.unit)}
                        {s.past !== undefined && (
                          <span className={classes.note}>
                            {' '}
                            {formatValue(past, s.unit ?? data.unit)} {!runs && formatChange(value, past)}
                          </span>
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Group gap="sm" mt={4}>
        {pages > 1 && <Pagination size="xs" total={pages} value={at} onChange={setPage} getControlProps={(control) => ({ 'aria-label': `${control} page` })} />}
        {data.series.length > most && (
          <Text size="xs" c="dimmed">
            Showing {most} of {data.series.length} series; the CSV has all.
          </Text>
        )}
      </Group>
    </>
  );
}
