import { useCallback } from 'react';
import { useSearchParams } from 'react-router';
import type { Sort } from '@/components/DataTable';

/** The parameters of the page's URL, and how to change some of them; null removes one. Changes do not make steps of the history. */
export function useParamState() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Record<string, string | string[] | null>) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            next.delete(name);
            if (Array.isArray(value)) value.forEach((v) => next.append(name, v));
            else if (value !== null && value !== '') next.set(name, value);
          }
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return { params, set };
}

/** How a table is sorted, in the URL: sort=p99 or sort=-p99 for the greatest first. */
export function useSort(initial: Sort, name = 'sort'): [Sort, (sort: Sort) => void] {
  const { params, set } = useParamState();
  const text = params.get(name);
  const sort = text === null ? initial : { key: text.replace(/^-/, ''), descending: text.startsWith('-') };
  return [sort, (s) => set({ [name]: `${s.descending ? '-' : ''}${s.key}` })];
}
