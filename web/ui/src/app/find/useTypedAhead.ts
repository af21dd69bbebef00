import { useEffect } from 'react';

/** While it is on, keys that reach no dialog are typed into a text: whoever opens the palette types on before its field is there. */
export function useTypedAhead(on: boolean, change: (edit: (text: string) => string) => void) {
  useEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.target instanceof Element && event.target.closest('[role="dialog"]') !== null) return;
      if (event.key === 'Backspace') change((text) => text.slice(0, -1));
      else if (event.key.length === 1) change((text) => text + event.key);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener('keydown', listen, { capture: true });
    return () => document.removeEventListener('keydown', listen, { capture: true });
  }, [on, change]);
}
