import { useEffect } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { carryView } from '@/lib/urlstate';
import { patience, readKey, takesKeys } from './keys';

/** Listens for keys on the whole page while nobody types. */
export function useKeys(onFind: () => void, onHelp: () => void) {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  useEffect(() => {
    let g = -patience;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || takesKeys(event.target)) return;
      // A dialog that is open has the page to itself, even where nothing in it has the focus.
      if (document.querySelector('[role="dialog"]') !== null) return;
      const { command, waits } = readKey(event, event.timeStamp - g < patience);
      g = waits ? event.timeStamp : -patience;
      if (command === undefined) return;
      event.preventDefault();
      if (command.do === 'find') onFind();
      else if (command.do === 'help') onHelp();
      else if (command.do === 'go') void navigate(command.to + carryView(search));
      else press(command.key);
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [navigate, search, onFind, onHelp]);
}

/** Presses the page's control that has the key, if there is one. */
function press(key: string) {
  const control = document.querySelector<HTMLElement>(`main [aria-keyshortcuts="${key}"]:not([disabled]):not([data-disabled])`);
  control?.focus();
  control?.click();
}
