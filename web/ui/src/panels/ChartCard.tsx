import { Group, Modal, Text, useComputedColorScheme } from '@mantine/core';
import { useViewportSize } from '@mantine/hooks';
import { useMemo, useRef, useState, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { baseURL } from '@/api/client';
import { useServer } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { chartCSV, fileName } from '@/components/chart/csv';
import { ChartTable } from '@/components/chart/ChartTable';
import type { ChartData } from '@/components/chart/model';
import { chartPNG } from '@/components/chart/png';
import { copyText, saveFile } from '@/components/copy';
import { Panel, type Asked } from '@/components/Panel';
import type { ChartSpec } from '@/lib/chartspec';
import { formatLength, rangeLabel } from '@/lib/time';
import { usePageView } from '@/view/view';
import { ChartMenu } from './ChartMenu';
import { grafanaLink } from './grafana';
import { sharedLink } from './links';
import { PlanModal } from './PlanModal';
import { askExpressions, specCSV } from './specQuery';

interface Props<T> {
  title: string;
  hint?: string | undefined;
  asked: Asked<T>;
  isEmpty?: ((answer: T) => boolean) | undefined;
  empty?: ReactNode;
  truncated?: ((answer: T) => string | undefined) | undefined;
  height: number;
  /** What the answer shows, for the table and for files. It should not change from drawing to drawing. */
  read: (answer: T) => ChartData;
  draw: (data: ChartData, height: number, answer: T) => ReactNode;
  /** What it asks, in the explorer's words; without it the chart has no links. */
  spec?: ChartSpec | undefined;
  exploring?: boolean;
  /** More for its menu. */
  more?: ReactNode;
}

/** A chart as a panel, with all that can be done with it. */
export function ChartCard<T>({ title, hint, asked, isEmpty, empty, truncated, height, read, draw, spec, exploring = false, more }: Props<T>) {
  const { view } = usePageView();
  const server = useServer();
  const [search] = useSearchParams();
  const dark = useComputedColorScheme('light') === 'dark';
  const [shown, show] = useState<'expanded' | 'plan'>();
  const [table, setTable] = useState(false);
  const [note, setNote] = useState('');
  const content = useRef<HTMLDivElement>(null);
  const { height: screen } = useViewportSize();
  const data = useMemo(() => (asked.data === undefined ? undefined : read(asked.data)), [asked.data, read]);

  const tell = (text: string) => {
    setNote(text);
    setTimeout(() => setNote(''), 4000);
  };
  // What is asked again has the windows of the chart: another span might have others, where nobody chose their length.
  const asDrawn = (chart: ChartData, of: ChartSpec): ChartSpec => (of.interval === '' && of.promql.length === 0 ? { ...of, interval: formatLength(chart.interval) } : of);
  const attempt = (what: () => Promise<void>) => void what().catch((error: unknown) => tell(asProblem(error).message));
  const name = (suffix: string) => fileName(title, data?.span.end ?? 0, suffix);
  const saveCSV = async (chart: ChartData) => {
    const own = spec === undefined || spec.kind === 'distribution' || spec.promql.length > 0 ? undefined : await specCSV(asDrawn(chart, spec), chart.span, view.compare);
    saveFile(name('csv'), own ?? chartCSV(chart));
  };
  const savePNG = async (chart: ChartData) => {
    if (content.current === null) return;
    const about = [spec?.scopes.join(', ') ?? '', rangeLabel({ kind: 'absolute', ...chart.span }, view.utc), view.utc ? 'UTC' : ''].filter((t) => t !== '').join(' · ');
    const lines = spec?.kind === 'heat' || spec?.kind === 'distribution' || spec?.kind === 'grid' ? [] : chart.series;
    saveFile(name('png'), await chartPNG(content.current, { title, subtitle: about, series: lines, dark }));
  };
  const copyLink = async (chart: ChartData, of: ChartSpec) => {
    const link = baseURL() + sharedLink(search, asDrawn(chart, of), chart.span);
    tell((await copyText(link)) ? 'Link copied' : `Could not copy: ${link}`);
  };
  const grafana = server.data?.grafanaUrl;
  const openGrafana = async (chart: ChartData, of: ChartSpec, url: string) => {
    // Browsers open a page only at once, not after an answer.
    const page = window.open('', '_blank');
    try {
      const { expressions, step } = await askExpressions(asDrawn(chart, of), chart.span, AbortSignal.timeout(10_000));
      const link = grafanaLink({ url, datasource: server.data?.grafanaDatasource ?? '' }, expressions, step, chart.span);
      if (page === null) throw new Error(`the browser opens no page; the link is ${link}`);
      page.opener = null;
      page.location.href = link;
    } catch (error) {
      page?.close();
      throw error;
    }
  };
  const body = (chart: ChartData, answer: T, room: number) => (table ? <ChartTable label={title} data={chart} utc={view.utc} height={room + 120} /> : draw(chart, room, answer));

  return (
    <Panel
      title={title}
      {...(hint === undefined ? {} : { hint })}
      asked={asked}
      {...(isEmpty === undefined ? {} : { isEmpty })}
      empty={empty ?? 'Nothing was measured in this time.'}
      height={height}
      {...(truncated === undefined ? {} : { truncated })}
      actions={
        <Group gap={6} wrap="nowrap">
          <Text size="xs" c="dimmed" role="status" lineClamp={1}>
            {note}
          </Text>
          <ChartMenu
            title={title}
            spec={spec}
            span={data?.span}
            table={table}
            exploring={exploring}
            more={more}
            onExpand={() => show('expanded')}
            onTable={() => setTable(!table)}
            onCSV={() => data !== undefined && attempt(() => saveCSV(data))}
            onPNG={() => data !== undefined && attempt(() => savePNG(data))}
            onPlan={() => show('plan')}
            onGrafana={grafana === undefined || spec === undefined || spec.kind === 'distribution' ? undefined : () => data !== undefined && attempt(() => openGrafana(data, spec, grafana))}
            onCopyLink={() => data !== undefined && spec !== undefined && attempt(() => copyLink(data, spec))}
          />
        </Group>
      }
    >
      {(answer) =>
        data !== undefined && (
          <>
            <div ref={content}>{body(data, answer, height)}</div>
            {shown === 'expanded' && (
              <Modal opened onClose={() => show(undefined)} title={title} fullScreen>
                {body(data, answer, Math.max(240, screen - 300))}
              </Modal>
            )}
            {shown === 'plan' && spec !== undefined && <PlanModal title={title} spec={asDrawn(data, spec)} span={data.span} utc={view.utc} onClose={() => show(undefined)} />}
          </>
        )
      }
    </Panel>
  );
}
