import { ActionIcon, Menu } from '@mantine/core';
import { IconBell, IconChartLine, IconCode, IconDots, IconDownload, IconExternalLink, IconLink, IconListDetails, IconMaximize, IconPhoto, IconPin, IconTable } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { ChartSpec } from '@/lib/chartspec';
import type { Span } from '@/lib/time';
import { exploreLink, logsLink, promRuleLink, ruleLink } from './links';
import { PinDialog } from './pin/PinDialog';

interface Props {
  title: string;
  spec?: ChartSpec | undefined;
  /** The time of what is shown; none while there is nothing. */
  span?: Span | undefined;
  table: boolean;
  onExpand: () => void;
  onTable: () => void;
  onCSV: () => void;
  onPNG: () => void;
  onPlan: () => void;
  onCopyLink: () => void;
  /** Absent where no Grafana is known. */
  onGrafana?: (() => void) | undefined;
  /** In the explorer itself. */
  exploring: boolean;
  more?: ReactNode;
}

const size = { size: 16, 'aria-hidden': true } as const;
const mostRules = 6;

/** What can be done with a chart. */
export function ChartMenu({ title, spec, span, table, onExpand, onTable, onCSV, onPNG, onPlan, onCopyLink, onGrafana, exploring, more }: Props) {
  const [search] = useSearchParams();
  const [pinning, setPinning] = useState(false);
  const none = span === undefined;
  const measured = spec !== undefined && spec.promql.length === 0 ? spec : undefined;
  return (
    <>
      <Menu position="bottom-end" width={230} shadow="md">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Actions of ${title}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown mah="min(80vh, 520px)" style={{ overflowY: 'auto' }}>
          <Menu.Item leftSection={<IconMaximize {...size} />} onClick={onExpand} disabled={none}>
            Expand
          </Menu.Item>
          <Menu.Item leftSection={table ? <IconChartLine {...size} /> : <IconTable {...size} />} onClick={onTable} disabled={none}>
            {table ? 'Show as a chart' : 'Show as a table'}
          </Menu.Item>
          <Menu.Item leftSection={<IconDownload {...size} />} onClick={onCSV} disabled={none}>
            Download CSV
          </Menu.Item>
          <Menu.Item leftSection={<IconPhoto {...size} />} onClick={onPNG} disabled={none || table}>
            Download PNG
          </Menu.Item>
          {spec !== undefined && (
            <>
              <Menu.Divider />
              {!exploring && (
                <Menu.Item leftSection={<IconChartLine {...size} />} component={Link} to={exploreLink(search, spec)}>
                  Open in the explorer
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconCode {...size} />} onClick={onPlan} disabled={none}>
                Show the PromQL
              </Menu.Item>
              {spec.promql.length > 0 && (
                <Menu.Item leftSection={<IconBell {...size} />} component={Link} to={promRuleLink(search, spec)}>
                  New alert rule
                </Menu.Item>
              )}
              {measured?.metrics.slice(0, mostRules).map((line, i) => (
                <Menu.Item key={`${line.name} ${line.aggregation}`} leftSection={<IconBell {...size} />} component={Link} to={ruleLink(search, measured, i)}>
                  {measured.metrics.length === 1 ? 'New alert rule' : `New alert rule: ${line.name}`}
                </Menu.Item>
              ))}
              {measured !== undefined && span !== undefined && (
                <Menu.Item leftSection={<IconListDetails {...size} />} component={Link} to={logsLink(search, measured, span)}>
                  Logs of this scope and time
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconPin {...size} />} onClick={() => setPinning(true)}>
                Pin to a dashboard
              </Menu.Item>
              {onGrafana !== undefined && (
                <Menu.Item leftSection={<IconExternalLink {...size} />} onClick={onGrafana} disabled={none}>
                  Open in Grafana
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconLink {...size} />} onClick={onCopyLink} disabled={none}>
                Copy link
              </Menu.Item>
            </>
          )}
          {more}
        </Menu.Dropdown>
      </Menu>
      {spec !== undefined && <PinDialog pinned={pinning ? { title, content: { kind: 'chart', chart: spec } } : undefined} onClose={() => setPinning(false)} />}
    </>
  );
}
