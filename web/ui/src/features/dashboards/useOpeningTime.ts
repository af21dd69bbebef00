import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { parseLength } from '@/lib/time';
import { parseView, viewParams, writeView } from '@/lib/urlstate';

interface Time {
  last: string;
  refresh: string;
}

const says = (params: URLSearchParams) => viewParams.some((name) => name !== 'utc' && name !== 'compare' && params.has(name));

/** The parameters with the time that a dashboard opens with. */
function opened(params: URLSearchParams, { last, refresh }: Time): URLSearchParams {
  const view = parseView(params);
  const length = parseLength(last);
  const every = refresh === 'off' ? 0 : parseLength(refresh);
  return writeView(params, { ...view, ...(length === undefined ? {} : { range: { kind: 'relative', length } }), ...(every === undefined ? {} : { refresh: every }) });
}

/** Gives the page the time that a dashboard opens with, where its address says none. False while it is not there yet, when nothing should be asked. */
export function useOpeningTime({ last, refresh }: Time): boolean {
  const [params, setParams] = useSearchParams();
  const [pending, setPending] = useState(() => !says(params) && says(opened(params, { last, refresh })));
  if (pending && says(params)) setPending(false);
  useEffect(() => {
    if (pending) setParams((before) => opened(before, { last, refresh }), { replace: true });
  }, [pending, last, refresh, setParams]);
  return !pending;
}
