import { useEffect, useRef } from 'react';
import { useLocation } from 'react-router';

/** Puts the focus to the content. */
export function focusContent() {
  document.getElementById('content')?.focus({ preventScroll: true });
}

/** After a way to another page, that one begins at its top and has the focus. The first page is left as the browser has it. */
export function useArrival() {
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    window.scrollTo(0, 0);
    focusContent();
  }, [pathname]);
}
