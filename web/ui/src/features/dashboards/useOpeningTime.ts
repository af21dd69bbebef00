import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';
import { parseLength } from '@/lib/time';
import { parseView, viewParams, writeView } from '@/lib/urlstate';

/** Gives the page the time that a dashboard opens with, where its address says none. */
export function useOpeningTime({ last, refresh }: { last: string; refresh: string }): void {
  const [params, setParams] = useSearchParams();
  const opened = useRef(false);
  const given = viewParams.some((name) => name !== 'utc' && name !== 'compare' && params.has(name));
  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    const length = parseLength(last);
    const every = refresh === 'off' ? 0 : parseLength(refresh);
    if (given || (length === undefined && every === undefined)) return;
    setParams(
      (before) => {
        const view = parseView(before);
        return writeView(before, { ...view, ...(length === undefined ? {} : { range: { kind: 'relative', length } }), ...(every === undefined ? {} : { refresh: every }) });
      },
      { replace: true },
    );
  }, [given, last, refresh, setParams]);
}
