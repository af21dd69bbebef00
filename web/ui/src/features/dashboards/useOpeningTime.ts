import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { parseLength } from '@/lib/time';
import { parseView, viewParams, writeView } from '@/lib/urlstate';

/** Gives the page the time that a dashboard opens with, where its address says none. False while it is not there yet, when nothing should be asked. */
export function useOpeningTime({ last, refresh }: { last: string; refresh: string }): boolean {
  const [params, setParams] = useSearchParams();
  const length = parseLength(last);
  const every = refresh === 'off' ? 0 : parseLength(refresh);
  const given = viewParams.some((name) => name !== 'utc' && name !== 'compare' && params.has(name));
  const [pending, setPending] = useState(!given && (length !== undefined || every !== undefined));
  useEffect(() => {
    if (!pending) return;
    setPending(false);
    setParams(
      (before) => {
        const view = parseView(before);
        return writeView(before, { ...view, ...(length === undefined ? {} : { range: { kind: 'relative', length } }), ...(every === undefined ? {} : { refresh: every }) });
      },
      { replace: true },
    );
  }, [pending, length, every, setParams]);
  return !pending;
}
