import { useEffect } from 'react';

/** The title of the window: the page and what is above it, widest first, as "fraud › blue – Endscope". */
export function pageTitle(parts: readonly string[]): string {
  const named = parts.filter((p) => p !== '');
  return named.length === 0 ? 'Endscope' : `${named.join(' › ')} – Endscope`;
}

/** Names the window after the page. */
export function usePageTitle(parts: readonly string[]) {
  const title = pageTitle(parts);
  useEffect(() => {
    document.title = title;
  }, [title]);
}
