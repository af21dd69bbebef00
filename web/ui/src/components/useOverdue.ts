import { useDocumentVisibility } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { second } from '@/lib/time';

/** How long what just came into sight may take to be asked for again. */
const grace = 10 * second;

/** How old an answer may get that is asked for again every so often. */
export const ageLimit = (refresh: number) => Math.max(3 * refresh, 30 * second);

/**
 * Whether an answer should have been followed by a newer one: its refreshes hang or do not happen. What is not refreshed is never overdue,
 * nor what nobody sees; a page that is looked at again asks first.
 */
export function useOverdue(updatedAt: number, refresh: number): boolean {
  const visible = useDocumentVisibility() !== 'hidden';
  const [late, setLate] = useState('');
  const answer = `${refresh} ${updatedAt}`;
  useEffect(() => {
    if (!visible || refresh === 0 || updatedAt === 0) return;
    const timer = setTimeout(() => setLate(answer), Math.max(updatedAt + ageLimit(refresh) - Date.now(), grace));
    return () => clearTimeout(timer);
  }, [visible, refresh, updatedAt, answer]);
  return late === answer;
}
